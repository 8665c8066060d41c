//! Files that exist to hold secrets: of what is read from them or written into them no value stays, whatever it looks like.
//!
//! The path is known from the same event: an argument of the tool, a key of its answer, a word of the command
//! (`cat .env`, `grep KEY prod.env`, `cat > .npmrc <<EOF`). Names stay, so that one sees what was read: `PORT=[REDACTED:…]`.
//! Templates (`.env.example`) and public keys (`id_rsa.pub`) are ordinary files.

use std::borrow::Cow;

use record::value::{Attribute, Value};

use super::clean::{Cleaner, Consent};
use super::marks::Marks;
use super::tool_input;

mod mask;

use crate::SENSITIVE_FILE as RULE;

/// Names of files, in lower case.
const FILES: [&str; 34] = [
    "_netrc",
    ".boto",
    ".dockercfg",
    ".dockerconfigjson",
    ".env",
    ".envrc",
    ".git-credentials",
    ".htpasswd",
    ".my.cnf",
    ".mylogin.cnf",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".s3cfg",
    ".secrets",
    ".terraformrc",
    ".vault-token",
    ".yarnrc.yml",
    "accesstokens.json",
    "application_default_credentials.json",
    "credentials.tfrc.json",
    "kubeconfig",
    "local.settings.json",
    "pgpass.conf",
    "secrets.json",
    "secrets.toml",
    "secrets.yaml",
    "secrets.yml",
    "shadow",
    "terraform.rc",
    "terraform.tfstate",
    "terraform.tfvars",
    "wp-config.php",
];
/// The last two parts of a path.
const PLACES: [&str; 14] = [
    ".aws/credentials",
    ".azure/credentials",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".codex/auth.json",
    ".docker/config.json",
    ".gem/credentials",
    ".kube/config",
    ".modlake/config.json",
    "composer/auth.json",
    "containers/auth.json",
    "gcloud/credentials.db",
    "gh/hosts.yml",
    "glab-cli/config.yml",
];
const ENDINGS: [&str; 13] = [
    ".env",
    ".jks",
    ".kdbx",
    ".key",
    ".keystore",
    ".kubeconfig",
    ".p12",
    ".p8",
    ".pem",
    ".pfx",
    ".ppk",
    ".tfvars",
    ".keytab",
];
/// Parts of a name that make the file a template.
const TEMPLATES: [&str; 8] = ["default", "defaults", "dist", "example", "sample", "schema", "template", "tmpl"];

/// Keys that hold a path, keys that hold a command line, keys that hold an object with such keys.
const PATHS: [&str; 6] = ["file_path", "filePath", "filepath", "notebook_path", "path", "target_file"];
const COMMANDS: [&str; 4] = ["bash_command", "cmd", "command", "full_command"];
const OBJECTS: [&str; 8] = [
    "arguments",
    "file",
    "function_args",
    "gen_ai.tool.call.arguments",
    "tool_input",
    "tool_output",
    "tool_parameters",
    "tool_response",
];
/// Objects within objects.
const DEPTH: u8 = 3;
/// A larger JSON text is not opened: it is an answer, and the call beside it has the path.
const LARGEST_JSON: usize = 256 << 10;

/// Programs that print what is in a file.
const READERS: [&str; 29] = [
    "ack", "awk", "base64", "bat", "batcat", "cat", "code", "cut", "diff", "egrep", "fgrep", "git", "grep", "head",
    "hexdump", "jq", "less", "more", "nl", "od", "rg", "sed", "sort", "strings", "tac", "tail", "tee", "xxd", "yq",
];

/// Whether an event reads or writes such a file; looked for only where the text of a file could stay.
pub(super) fn is_touched(consent: Consent, attributes: &[Attribute<'_>]) -> bool {
    consent.outputs && touches(attributes, 0)
}

impl Cleaner<'_> {
    /// Secrets that the rules know keep the name of their rule; then all other values go. Whether it was cut: behind a whole line,
    /// because what is left of one would be taken for a value the next time.
    pub(super) fn mask_file(&self, text: &mut Cow<'_, str>, marks: &mut Marks) -> bool {
        if !self.redact(text, marks) {
            return false;
        }
        let masked = mask::mask_text(text, &mut self.putter(marks));
        let end = masked.char_indices().nth(self.policy.max_text_chars).map(|(end, _)| end);
        let kept = end.and_then(|end| masked.get(..end)).map(|kept| {
            let line = kept.rfind('\n').map(|at| at + 1).max(kept.rfind("\\n").map(|at| at + 2));
            kept.get(..line.unwrap_or(0)).unwrap_or_default().to_owned()
        });
        let was_cut = kept.is_some();
        let masked = kept.unwrap_or(masked);
        if masked != *text {
            *text = Cow::Owned(masked);
        }
        was_cut
    }

    /// What a command writes into such a file from its own text.
    pub(super) fn mask_heredoc(&self, text: &mut Cow<'_, str>, marks: &mut Marks) {
        if self.masks_files
            && text.contains("<<")
            && reads(text)
            && self.redact(text, marks)
            && let Some(masked) = mask::mask_heredoc(text, &mut self.putter(marks))
        {
            *text = Cow::Owned(masked);
        }
    }

    fn putter(&self, marks: &mut Marks) -> impl FnMut(&str) -> String {
        |value| {
            marks.redactions.add(RULE, 1);
            self.redactor.key().placeholder(RULE, value)
        }
    }
}

fn touches(attributes: &[Attribute<'_>], depth: u8) -> bool {
    attributes.iter().any(|(key, value)| {
        let key = key.as_ref();
        match value {
            Value::Text(text) if PATHS.contains(&key) => is_sensitive(text),
            Value::Text(text) if COMMANDS.contains(&key) => reads(text),
            Value::List(words) if COMMANDS.contains(&key) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                reads(&words.join(" "))
            }
            Value::Map(inner) if OBJECTS.contains(&key) && depth < DEPTH => touches(inner, depth + 1),
            Value::Text(text) if OBJECTS.contains(&key) && depth < DEPTH && text.len() <= LARGEST_JSON => {
                tool_input::object(text).is_some_and(|inner| touches(&inner, depth + 1))
            }
            _ => false,
        }
    })
}

/// Whether a path names a file that exists to hold secrets.
fn is_sensitive(path: &str) -> bool {
    if path.len() > 4096 {
        return false;
    }
    let path = path.trim().replace('\\', "/").to_ascii_lowercase();
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let place = parts.next().map(|folder| format!("{folder}/{name}"));
    if name.split(['.', '-', '_']).any(|part| TEMPLATES.contains(&part))
        || name.rsplit_once('.').is_some_and(|(_, ending)| ending == "pub")
    {
        return false;
    }
    FILES.contains(&name)
        || name.starts_with(".env.")
        || is_identity(name)
        || ENDINGS.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
        || place.is_some_and(|place| PLACES.contains(&place.as_str()))
}

/// `id_rsa`, `id_ed25519_sk`, `id_work`: keys of ssh, which have no ending.
fn is_identity(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("id_") else { return false };
    ["rsa", "dsa", "ecdsa", "ed25519"].iter().any(|kind| rest == *kind || rest.starts_with(&format!("{kind}_")))
        || !rest.is_empty()
            && !rest.contains('.')
            && name.len() <= 24
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a command line prints such a file, or writes it from its own text.
fn reads(line: &str) -> bool {
    line.split(['&', '|', ';', '\n', '(', ')', '`']).take(64).any(|segment| {
        let mut words = segment.split([' ', '\t', '<', '>', '=']).map(bare).filter(|word| !word.is_empty()).take(64);
        let is_reader = words.by_ref().any(|word| READERS.contains(&word.rsplit('/').next().unwrap_or(word)));
        is_reader
            && words.any(|word| is_sensitive(word) || word.split_once(':').is_some_and(|(_, path)| is_sensitive(path)))
    })
}

fn bare(word: &str) -> &str {
    word.trim_matches(['"', '\'', '\\', ','])
}

#[cfg(test)]
mod tests;
