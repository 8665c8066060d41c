//! Whether the value of a name that promises a secret is one.
//!
//! What must survive: placeholders and variables (`<your-key>`, `${TOKEN}`, `$GITHUB_TOKEN`), counts, paths, words and texts for
//! people in any language, digests, addresses, code that merely names a secret, and our own `[REDACTED:…]`.

use crate::context::name::{Family, Promise, Trust};

mod placeholder;
mod random;

pub(crate) use placeholder::is_placeholder;
pub(crate) use random::{is_gibberish, looks_random};

/// How sure the place is that a value stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// `NAME=value`, a flag, a header, a query parameter.
    Strong,
    /// In quotes, or a map's value.
    Quoted,
    /// `name: value`, `name = value`: may be prose or code.
    Weak,
    /// A literal within an expression, or behind words such as `is`.
    Loose,
    /// A bare word where code would have a variable.
    Code,
}

/// The shortest secret of a name that keeps its promise at times only; a password may be shorter.
const LOOSE: usize = 10;

pub(crate) fn is_secret(value: &str, promise: Promise, evidence: Evidence) -> bool {
    let Promise { family, trust } = promise;
    let value = value.trim();
    if value.len() < 3 {
        return false;
    }
    let is_loose = trust == Trust::Loose || matches!(evidence, Evidence::Loose | Evidence::Code);
    let is_other = !matches!(family, Family::Password | Family::Authorization | Family::Cookie);
    if is_other && is_loose && value.len() < LOOSE {
        return false;
    }
    let shape = Shape::of(value);
    let is_token = matches!(family, Family::Token | Family::ApiKey | Family::Secret);
    // most of what is looked at, and quick to see
    if is_token && evidence != Evidence::Strong && shape.digits == 0 && value.len() < 16 && !is_gibberish(value) {
        return false;
    }
    if is_placeholder(value) || is_path(value) || is_digest(value) || value.starts_with("data:") {
        return false;
    }
    if shape.letters == 0 && shape.others == 0 {
        return shape.marks == 0
            && trust == Trust::Sure
            && (family == Family::Password && value.len() >= 4 || value.len() >= 16 && evidence != Evidence::Weak);
    }
    if evidence == Evidence::Code && (is_named(value) || runs_of_digits(value) < 2)
        || evidence != Evidence::Strong && is_number(value)
    {
        return false;
    }
    match family {
        Family::Cookie => super::context::cookie::is_secret(value),
        Family::Authorization if evidence == Evidence::Strong => value.len() >= 6 && !is_word(value),
        Family::Authorization if shape.spaces > 0 && value.split(' ').count() == 2 => {
            let (scheme, secret) = value.split_once(' ').unwrap_or_default();
            scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_secret(secret, promise, Evidence::Strong)
        }
        Family::Authorization => {
            shape.digits > 0 && shape.spaces <= 1 && value.len() >= 8 && !is_code(value) && !is_named(value)
        }
        Family::Password if is_loose => is_password_like(value, &shape) && !is_code(value),
        Family::Password => match evidence {
            Evidence::Strong => shape.foreign <= shape.digits && !is_word(value),
            Evidence::Quoted => is_quoted_password(value, &shape),
            _ => {
                !is_word(value)
                    && !is_code(value)
                    && !value.starts_with(['*', '&', ':'])
                    && !is_constant(value)
                    && (is_gibberish(value) || !is_identifier(value))
            }
        },
        _ if shape.spaces > 0 || shape.foreign > 0 || is_address(value) => false,
        Family::Credential if value.len() >= 12 && is_basic_credential(value) => true,
        _ if !has_promise(value, &shape, is_loose) => false,
        _ if !matches!(evidence, Evidence::Strong | Evidence::Quoted) && (is_named(value) || is_constant(value)) => {
            false
        }
        _ if is_loose => looks_random(value) && !is_code(value) && !is_uuid(value),
        _ => match evidence {
            Evidence::Strong => (value.len() >= 8 || shape.digits > 0 && value.len() >= 5) && !is_phrase(value, &shape),
            Evidence::Quoted => is_quoted_token(value, &shape),
            _ => {
                (shape.digits > 0 || is_gibberish(value))
                    && value.len() >= 8
                    && !is_code(value)
                    && !is_phrase(value, &shape)
            }
        },
    }
}

/// What is quick to see: long enough, and more than a short word.
fn has_promise(value: &str, shape: &Shape, is_loose: bool) -> bool {
    if is_loose { value.len() >= LOOSE } else { shape.digits > 0 || value.len() >= 6 }
}

/// A value behind prose, a flag or a call: letters with digits, no word.
fn is_password_like(value: &str, shape: &Shape) -> bool {
    shape.spaces == 0
        && value.len() >= 5
        && shape.foreign <= shape.digits
        && (shape.digits > 0
            || shape.others > 0 && shape.upper > 0 && shape.upper < shape.letters
            || is_gibberish(value))
        && !is_address(value)
}

fn is_quoted_password(value: &str, shape: &Shape) -> bool {
    if shape.spaces > 0 {
        return shape.spaces < 6 && value.split(' ').any(is_mixed);
    }
    shape.foreign <= shape.digits
        && !is_word(value)
        && !is_address(value)
        && !is_member(value)
        && !names_a_secret(value, shape)
}

/// Letters and digits in one word.
fn is_mixed(word: &str) -> bool {
    word.len() >= 6
        && word.is_ascii()
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().filter(u8::is_ascii_alphabetic).count() > 2
        && !is_code(word)
}

fn is_quoted_token(value: &str, shape: &Shape) -> bool {
    let is_likely = shape.digits >= 2 && value.len() >= 8 && !is_phrase(value, shape)
        || value.len() >= 16 && !is_words(value)
        || value.len() >= 6 && (looks_random(value) || is_gibberish(value));
    // what takes longest is last
    is_likely && !is_code(value) && !is_word(value) && !names_a_secret(value, shape)
}

/// `0x80090003`, `4194304u32`: a number of code.
fn is_number(value: &str) -> bool {
    let hex = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    let hex =
        hex.map(|hex| ["_u32", "u32", "_u64", "u64"].iter().find_map(|kind| hex.strip_suffix(kind)).unwrap_or(hex));
    let is_hex =
        hex.is_some_and(|hex| hex.len() <= 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_'));
    let is_typed = ["u8", "u16", "u32", "u64", "i32", "i64", "usize", "_u32", "UL", "L"].iter().any(|kind| {
        value.strip_suffix(kind).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_'))
    });
    is_hex || is_typed
}

fn runs_of_digits(value: &str) -> usize {
    let bytes = value.as_bytes();
    let ends =
        bytes.windows(2).filter(|two| matches!(two, [a, b] if a.is_ascii_digit() && !b.is_ascii_digit())).count();
    ends + usize::from(bytes.last().is_some_and(u8::is_ascii_digit))
}

/// `MSV1_0_CREDENTIAL_KEY_TYPE`
fn is_constant(value: &str) -> bool {
    value.contains('_')
        && value.starts_with(|first: char| first.is_ascii_uppercase())
        && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && value.bytes().filter(u8::is_ascii_digit).count() * 3 < value.len()
}

/// Mostly words, as names in code are: `Ed25519PublicKey`, `Win32_System_Com`.
pub(crate) fn is_named(value: &str) -> bool {
    let bytes = value.as_bytes();
    let shortest = if value.contains(['_', '-']) { 3 } else { 4 };
    let (mut start, mut named) = (0, 0);
    for at in 1..=bytes.len() {
        let here = bytes.get(at).copied().unwrap_or(b' ');
        let before = bytes.get(at - 1).copied().unwrap_or(b' ');
        let goes_on = here.is_ascii_alphabetic()
            && before.is_ascii_alphabetic()
            && !(here.is_ascii_uppercase() && before.is_ascii_lowercase());
        if !goes_on {
            let word = value.get(start..at).unwrap_or_default();
            let is_word =
                word.len() >= shortest && word.bytes().all(|byte| byte.is_ascii_alphabetic()) && !is_gibberish(word);
            named += if is_word { word.len() } else { 0 };
            start = at;
        }
    }
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    named * 2 > letters
}

/// What a value is made of.
struct Shape {
    letters: usize,
    upper: usize,
    digits: usize,
    spaces: usize,
    /// Marks that stand in numbers: `.,:+-%`.
    marks: usize,
    /// Bytes of other characters than those of ASCII.
    foreign: usize,
    others: usize,
}

impl Shape {
    fn of(value: &str) -> Self {
        let mut shape = Self { letters: 0, upper: 0, digits: 0, spaces: 0, marks: 0, foreign: 0, others: 0 };
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' => shape.letters += 1,
                b'A'..=b'Z' => {
                    shape.letters += 1;
                    shape.upper += 1;
                }
                b'0'..=b'9' => shape.digits += 1,
                b' ' | b'\t' => shape.spaces += 1,
                b'.' | b',' | b':' | b'+' | b'-' | b'%' => shape.marks += 1,
                0x80.. => {
                    shape.foreign += 1;
                    shape.others += 1;
                }
                _ => shape.others += 1,
            }
        }
        shape
    }
}

/// A file or an address, not the secret in it.
fn is_path(value: &str) -> bool {
    let bytes = value.as_bytes();
    let is_rooted = ["/", "./", "../", "~/", "\\\\"].iter().any(|root| value.starts_with(root))
        && !value.contains(['+', '='])
        && (value.len() < 32 || memchr::memchr_iter(b'/', bytes).nth(2).is_some());
    let ending =
        bytes.iter().rev().take(5).position(|byte| *byte == b'.').and_then(|back| value.get(value.len() - back..));
    is_rooted || ending.is_some_and(|ending| ENDINGS.contains(&ending)) || bytes.windows(3).any(|three| three == b"://")
}

/// Endings of files that are named where secrets are.
const ENDINGS: &[&str] = &[
    "yaml", "yml", "json", "toml", "txt", "pem", "key", "env", "rs", "py", "ts", "js", "go", "md", "crt", "conf",
    "cfg", "ini", "xml", "sh", "cs", "java", "rb", "php", "html", "css", "tsx", "jsx", "p12", "jks", "pub", "gpg",
    "enc", "csv",
];

/// A digest with the name of its function.
fn is_digest(value: &str) -> bool {
    ["sha1:", "sha1-", "sha256:", "sha256-", "sha384-", "sha512-", "sha512:", "md5:", "h1:"]
        .iter()
        .any(|prefix| placeholder::begins(value.as_bytes(), prefix))
}

/// `name@host.tld`
fn is_address(value: &str) -> bool {
    let Some((name, host)) = value.split_once('@') else { return false };
    let Some((_, ending)) = host.rsplit_once('.') else { return false };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    !name.is_empty()
        && is_plain(name)
        && is_plain(host)
        && (2..=6).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// `8-4-4-4-12` hex digits.
pub(crate) fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Words that stand after the name of a secret in prose, schemas and code; sorted.
const ORDINARY: &[&str] = &[
    "all",
    "and",
    "any",
    "are",
    "auth",
    "authentication",
    "authorization",
    "auto",
    "bar",
    "base64",
    "basic",
    "baz",
    "bearer",
    "bigint",
    "bool",
    "boolean",
    "bytes",
    "char",
    "client",
    "cookie",
    "credential",
    "credentials",
    "default",
    "digest",
    "disabled",
    "dummy",
    "empty",
    "enabled",
    "example",
    "expired",
    "false",
    "field",
    "foo",
    "foobar",
    "for",
    "form",
    "from",
    "function",
    "header",
    "hidden",
    "host",
    "in",
    "incorrect",
    "input",
    "int",
    "integer",
    "invalid",
    "is",
    "key",
    "length",
    "login",
    "matches",
    "method",
    "missing",
    "must",
    "name",
    "new",
    "nil",
    "no",
    "none",
    "not",
    "null",
    "number",
    "object",
    "on",
    "optional",
    "or",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "plain",
    "private",
    "prompt",
    "public",
    "pwd",
    "read",
    "read-only",
    "required",
    "reset",
    "sample",
    "secret",
    "secrets",
    "self",
    "server",
    "set",
    "static",
    "str",
    "string",
    "symbol",
    "test",
    "testing",
    "text",
    "the",
    "this",
    "to",
    "token",
    "tokens",
    "true",
    "type",
    "undefined",
    "unknown",
    "unset",
    "user",
    "username",
    "valid",
    "value",
    "varchar",
    "void",
    "was",
    "with",
    "wrong",
    "yes",
    "your",
];

pub(crate) fn is_word(value: &str) -> bool {
    let word = value.trim_end_matches(['.', ',', '!', '?', ';', ':']);
    let mut lower = [0; 16];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    ORDINARY.binary_search_by(|ordinary| ordinary.as_bytes().cmp(lower)).is_ok()
}

/// `new-password`, `GITHUB_API_TOKEN`, `accessToken`: names a secret instead of being one.
fn names_a_secret(value: &str, shape: &Shape) -> bool {
    let is_compound = value.contains(['_', '-', '.']) || shape.upper > 0 && shape.upper < shape.letters;
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    shape.digits == 0 && is_name && is_compound && crate::context::name::promise(value).is_some()
}

/// Letters and separators alone: a name, not a random text.
fn is_words(value: &str) -> bool {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_-./: ".contains(&byte));
    is_plain && (value.contains(['_', '-', '.', '/', ' ']) || value.len() < 24)
}

/// Several words, perhaps with a number at the end: `not_a_valid_token`, `ACCESS-TOKEN-1`.
fn is_phrase(value: &str, shape: &Shape) -> bool {
    let is_separator = |byte: u8| b"_-./:".contains(&byte);
    shape.digits <= 2
        && value.bytes().any(is_separator)
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_separator(byte))
        && value.split(['_', '-', '.', '/', ':']).all(|word| {
            word.bytes().all(|byte| byte.is_ascii_digit())
                || word.bytes().all(|byte| byte.is_ascii_alphabetic()) && !is_gibberish(word)
        })
}

fn is_identifier(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_.,".contains(&byte))
}

/// A call, an index, a path of names, a type.
pub(crate) fn is_code(value: &str) -> bool {
    let starts_name = value.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || b"_&*!".contains(&byte));
    let has_mark = value.bytes().any(|byte| b"([{<".contains(&byte))
        || value.as_bytes().windows(2).any(|two| matches!(two, b"::" | b"->" | b"?."));
    starts_name && (has_mark || is_member(value))
}

/// `user.password`, `this.token2`
fn is_member(value: &str) -> bool {
    value.contains('.')
        && value.split('.').all(|part| {
            let tail = part.trim_end_matches(|c: char| c.is_ascii_digit());
            !tail.is_empty() && tail.len() <= 24 && tail.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        })
}

/// One word of characters that RFC 6265 allows, no code and no number of attempts.
pub(crate) fn is_cookie_value(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') && !is_code(value) && !is_path(value)
}

/// Base64 that decodes to printable text with a colon in it.
pub(crate) fn is_basic_credential(text: &str) -> bool {
    text.len() >= 6
        && text.len() <= 1024
        && base64(text).is_some_and(|plain| {
            plain.iter().all(|byte| (0x20..0x7f).contains(byte)) && plain.iter().skip(1).any(|byte| *byte == b':')
        })
}

/// The bytes of base64 text (RFC 4648), to its last whole byte.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut word, mut bits) = (0_u32, 0);
    let mut out = Vec::with_capacity(text.len());
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits & 0xff) as u8);
        }
    }
    Some(out)
}
