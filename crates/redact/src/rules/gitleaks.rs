//! Rules in the form of gitleaks (`[[rules]]` with `id`, `regex`, `keywords`, `secretGroup`, `entropy`, `allowlists`).
//!
//! What speaks of files and commits (`path`, allowed paths and commits) has no place here, where there is only text: a rule that
//! has nothing else is refused where it is not disabled, an allowance that has nothing else is left out.

use serde::Deserialize;

use super::CustomRule;
use crate::RuleError;

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    rules: Vec<Entry>,
    #[serde(default)]
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    regex: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    secret_group: Option<usize>,
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allowlist {
    #[serde(default)]
    condition: String,
    #[serde(default)]
    regex_target: String,
    #[serde(default)]
    regexes: Vec<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    commits: Vec<String>,
}

impl Allowlist {
    /// Whether it speaks of the secret alone: not of its line, nor of its file as well.
    fn is_of_secret(&self) -> bool {
        let of_files = !self.paths.is_empty() || !self.commits.is_empty();
        self.regex_target.is_empty() && !(self.condition.eq_ignore_ascii_case("and") && of_files)
    }
}

impl CustomRule {
    /// The rules of a file in the form of gitleaks; dashes of their ids become underscores.
    pub fn from_gitleaks(text: &str) -> Result<Vec<Self>, RuleError> {
        let file: File = toml::from_str(text).map_err(|error| RuleError::Toml { reason: error.to_string() })?;
        let general: Vec<Allowlist> = file.allowlist.into_iter().chain(file.allowlists).collect();
        Ok(file.rules.into_iter().map(|entry| from_entry(entry, &general)).collect())
    }
}

fn from_entry(entry: Entry, general: &[Allowlist]) -> CustomRule {
    let own = entry.allowlist.into_iter().chain(entry.allowlists);
    let (mut allow, mut stopwords) = (Vec::new(), Vec::new());
    for list in own.chain(general.iter().cloned()).filter(Allowlist::is_of_secret) {
        allow.extend(list.regexes.iter().map(|pattern| from_go(pattern)));
        stopwords.extend(list.stopwords);
    }
    CustomRule {
        id: entry.id.to_ascii_lowercase().replace(['-', '.', ' '], "_"),
        description: entry.description,
        keywords: entry.keywords,
        pattern: entry.regex.as_deref().map(from_go).unwrap_or_default(),
        group: entry.secret_group,
        entropy: entry.entropy,
        allow,
        stopwords,
        ..CustomRule::default()
    }
}

/// A pattern of Go in the syntax of the `regex` crate, which takes no bare `{`, nor `[`, `&&`, `--` and `~~` within a class.
fn from_go(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut class = None;
    let mut rest = pattern.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let behind = pattern.get(at + c.len_utf8()..).unwrap_or_default();
        let is_repeated = out.ends_with(c) && class.is_some_and(|start| at > start + 1);
        match c {
            '\\' => {
                out.push(c);
                let Some((_, escaped)) = rest.next() else { break };
                out.push(escaped);
                if "pPx".contains(escaped) && rest.peek().is_some_and(|(_, next)| *next == '{') {
                    out.extend(rest.next().map(|(_, brace)| brace));
                }
                continue;
            }
            '[' if class.is_none() => {
                class = Some(at + usize::from(behind.starts_with('^')));
            }
            '[' if behind.starts_with(':') => {
                let name = behind.split_inclusive(']').next().unwrap_or_default();
                out.extend(["[", name]);
                for _ in name.chars() {
                    rest.next();
                }
                continue;
            }
            '[' => out.push('\\'),
            ']' if class.is_some_and(|start| at > start + 1) => class = None,
            '{' if class.is_none() && !is_repetition(behind) => out.push('\\'),
            '&' | '~' | '-' if is_repeated => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Whether `n}`, `n,}` or `n,m}` follows.
fn is_repetition(text: &str) -> bool {
    let Some((inside, _)) = text.split_once('}') else { return false };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    !least.is_empty() && least.bytes().chain(most.bytes()).all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::from_go;

    #[test]
    fn patterns_of_go_are_put_into_our_syntax() {
        for (go, ours) in [
            (r"^\$(?:\d+|{\d+})$", r"^\$(?:\d+|\{\d+})$"),
            (r"a{2}b{3,}c{4,5}\p{Greek}\x{41}", r"a{2}b{3,}c{4,5}\p{Greek}\x{41}"),
            (r"[[{]{2}[^]]", r"[\[{]{2}[^]]"),
            (r"[[:alpha:]&&]", r"[[:alpha:]&\&]"),
            (r"\[x\]{", r"\[x\]\{"),
        ] {
            assert_eq!(from_go(go), ours);
            assert!(regex::bytes::Regex::new(ours).is_ok(), "{ours}");
        }
    }
}
