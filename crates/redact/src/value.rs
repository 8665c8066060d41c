//! Whether the value of a name that promises a secret is one.
//!
//! What must survive: placeholders and variables (`<your-key>`, `${TOKEN}`, `$GITHUB_TOKEN`), counts, paths, words, code that
//! merely names a secret, and our own `[REDACTED:…]`.

use super::naming::Family;

/// How sure the place is that a value stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// `NAME=value`, a flag, a header, a query parameter.
    Strong,
    /// In quotes, or a map's value.
    Quoted,
    /// `name: value`, `name = value`: may be prose or code.
    Weak,
}

pub(super) fn is_secret(value: &str, family: Family, evidence: Evidence) -> bool {
    let value = value.trim();
    if value.len() < 3 || is_placeholder(value) || is_path(value) {
        return false;
    }
    if value.bytes().all(|byte| byte.is_ascii_digit() || b".,:+-%".contains(&byte)) {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        return digits
            && (family == Family::Password && value.len() >= 4 || value.len() >= 16 && evidence != Evidence::Weak);
    }
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    let spaces = value.bytes().filter(|byte| *byte == b' ').count();
    match family {
        Family::Cookie if value.contains('=') => true,
        Family::Authorization if evidence == Evidence::Strong => true,
        Family::Authorization => has_digit && spaces <= 1 && value.len() >= 8 && !is_code(value),
        Family::Password => match evidence {
            Evidence::Strong => true,
            Evidence::Quoted => spaces < 3 && !is_word(value),
            Evidence::Weak => !is_word(value) && !is_code(value) && !is_identifier(value),
        },
        _ if spaces > 0 => false,
        _ => match evidence {
            Evidence::Strong => value.len() >= 8 || has_digit && value.len() >= 5,
            Evidence::Quoted => {
                has_digit && value.len() >= 6 && !is_code(value)
                    || value.len() >= 16 && !is_code(value) && !is_words(value)
            }
            Evidence::Weak => has_digit && value.len() >= 8 && !is_code(value),
        },
    }
}

/// Stands for a value without being one.
pub(super) fn is_placeholder(value: &str) -> bool {
    let mut bytes = value.bytes();
    let first = bytes.next().unwrap_or(b' ');
    let second = bytes.next().unwrap_or(b' ');
    let is_reference = match first {
        b'$' => second.is_ascii_alphabetic() || b"{(_".contains(&second),
        b'%' => value.len() > 2 && value.ends_with('%'),
        b'<' | b'{' | b'[' | b'(' => true,
        b'#' | b'@' => second == b'{',
        _ => false,
    };
    let starts = |prefix: &str| value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    is_reference
        || value.contains("[REDACTED")
        || value.contains("***")
        || value.contains("${")
        || value.contains("{{")
        || starts("xxx")
        || starts("your-")
        || starts("your_")
        || starts("process.env")
        || starts("os.environ")
        || starts("os.getenv")
        || starts("env.")
        || starts("env[")
        || starts("secrets.")
        || value.bytes().all(|byte| byte == first)
        || value.bytes().all(|byte| b".*-_xX".contains(&byte))
}

/// A file or an address, not the secret in it.
fn is_path(value: &str) -> bool {
    let is_rooted =
        ["/", "./", "../", "~/", "\\\\"].iter().any(|root| value.starts_with(root)) && !value.contains(['+', '=']);
    let is_rooted = is_rooted && (value.len() < 32 || value.bytes().filter(|byte| *byte == b'/').count() > 2);
    let ending = value.rsplit_once('.').map_or("", |(_, ending)| ending);
    is_rooted
        || value.contains("://")
        || ["yaml", "yml", "json", "toml", "txt", "pem", "key", "env", "rs", "py", "ts", "js", "go", "md"]
            .contains(&ending)
}

/// Words that stand after the name of a secret in prose, schemas and code.
const ORDINARY: &[&str] = &[
    "any",
    "boolean",
    "bytes",
    "default",
    "disabled",
    "enabled",
    "empty",
    "expired",
    "false",
    "hidden",
    "incorrect",
    "input",
    "invalid",
    "missing",
    "nil",
    "none",
    "null",
    "number",
    "object",
    "optional",
    "password",
    "passwd",
    "required",
    "secret",
    "set",
    "str",
    "string",
    "text",
    "token",
    "true",
    "type",
    "undefined",
    "unset",
    "valid",
    "wrong",
];

fn is_word(value: &str) -> bool {
    let word = value.trim_end_matches(['.', ',', '!', '?', ';', ':']);
    ORDINARY.iter().any(|ordinary| word.eq_ignore_ascii_case(ordinary))
}

/// Letters and separators alone: a name, not a random text.
fn is_words(value: &str) -> bool {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-./: ".contains(&byte));
    is_plain && (value.contains(['_', '-', '.', '/', ' ']) || value.len() < 24)
}

fn is_identifier(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_.,".contains(&byte))
}

/// A call, an index, a path of names, a type.
fn is_code(value: &str) -> bool {
    let starts_name = value.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || b"_&*!".contains(&byte));
    let has_mark =
        value.contains(['(', '[', '{', '<']) || value.contains("::") || value.contains("->") || value.contains("?.");
    let is_member = value.contains('.')
        && value.split('.').all(|part| {
            let tail = part.trim_end_matches(|c: char| c.is_ascii_digit());
            !tail.is_empty() && tail.len() <= 24 && tail.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        });
    starts_name && (has_mark || is_member)
}
