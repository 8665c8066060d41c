//! `name = value`: where a word names a secret, find the value and say whether it is one.
//!
//! The name is the identifier around the word (`db.admin_password`, `X-Api-Key`, `--auth-token`); it counts when the word ends it
//! (`max_tokens`, `password_field` and `secrets.yaml` name none). Between name and value may stand `=`, `:`, `=>`, `:=`, an
//! escaped form of them, the end of an XML tag, or for a flag one space, with quotes at any level of escaping.

use std::ops::Range;

use super::Finding;
use super::formats::{self, found};
use super::value::{self, Evidence};

/// What kind of secret a name promises; also its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Password,
    Token,
    ApiKey,
    Secret,
    Credential,
    Authorization,
    Cookie,
}

/// Words that name a secret, in lower case. The longest at a place wins.
pub(super) const WORDS: &[(&str, Family)] = &[
    ("password", Family::Password),
    ("passwd", Family::Password),
    ("passphrase", Family::Password),
    ("passcode", Family::Password),
    ("pwd", Family::Password),
    ("_pass", Family::Password),
    ("-pass", Family::Password),
    ("token", Family::Token),
    ("secret", Family::Secret),
    ("api_key", Family::ApiKey),
    ("api-key", Family::ApiKey),
    ("apikey", Family::ApiKey),
    ("access_key", Family::ApiKey),
    ("access-key", Family::ApiKey),
    ("accesskey", Family::ApiKey),
    ("secret_key", Family::Secret),
    ("secret-key", Family::Secret),
    ("secretkey", Family::Secret),
    ("private_key", Family::Secret),
    ("private-key", Family::Secret),
    ("privatekey", Family::Secret),
    ("account_key", Family::ApiKey),
    ("accountkey", Family::ApiKey),
    ("auth_key", Family::ApiKey),
    ("authkey", Family::ApiKey),
    ("encryption_key", Family::Secret),
    ("signing_key", Family::Secret),
    ("x-amz-signature", Family::Credential),
    ("credential", Family::Credential),
    ("credentials", Family::Credential),
    ("authorization", Family::Authorization),
    ("bearer", Family::Authorization),
    ("_auth", Family::Credential),
    ("cookie", Family::Cookie),
];

/// Endings that a name may have behind its word: `PASSWORD_PROD`, `api_key_2`.
const STAGES: &[&str] = &["prod", "production", "dev", "staging", "test", "live", "value", "id_token"];

/// Words before which a `token` is no secret but a place in a list, or a piece of text.
const CURSORS: &[&str] = &["next", "page", "continuation", "cancellation", "per", "stop", "eos", "bos", "pad"];

/// The secret that an identifier promises by its last word.
pub(crate) fn family(name: &str) -> Option<Family> {
    let mut name = name.trim_start_matches('-').trim_end_matches(|c: char| c.is_ascii_digit());
    name = name.trim_end_matches(['_', '-', '.']);
    for stage in STAGES {
        if let Some(rest) = strip_suffix_ignore_case(name, stage)
            && let Some(rest) = rest.strip_suffix(['_', '-', '.'])
        {
            name = rest;
            break;
        }
    }
    let (word, family) = WORDS.iter().find(|(word, _)| strip_suffix_ignore_case(name, word).is_some())?;
    let before = strip_suffix_ignore_case(name, word)?.trim_end_matches(['_', '-', '.']);
    let is_cursor = CURSORS.iter().any(|cursor| strip_suffix_ignore_case(before, cursor).is_some());
    (*family != Family::Token || !is_cursor).then_some(*family)
}

fn strip_suffix_ignore_case<'t>(text: &'t str, suffix: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(suffix.len())?;
    text.get(at..)?.eq_ignore_ascii_case(suffix).then(|| text.get(..at)).flatten()
}

/// The value of the name around `start..end`.
pub(super) fn assignment(text: &str, start: usize, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let left = bytes.get(..start)?.iter().rev().take(64).take_while(|byte| is_name(**byte)).count();
    let name_end = end + run(bytes, end, is_name);
    let name_start = start - left;
    let name = text.get(name_start..name_end)?.trim_end_matches('.');
    let family = family(name)?;
    let mut value = between(text, name_start, name_start + name.len())?;
    // a type annotation stands where the value would: `password: str = "x"`
    for _ in 0..2 {
        let Extent { mut range, evidence, end } = extent(text, &value, family)?;
        let secret = text.get(range.clone())?;
        if value::is_secret(secret, family, evidence) {
            let bare_number = !value.key_quote.is_empty() && secret.bytes().all(|byte| byte.is_ascii_digit());
            let quote = if bare_number && !matches!(end, End::Quote) { value.key_quote } else { "" };
            if range.len() >= REACH {
                range.end += formats::run(bytes, range.end, |byte| !end.is_at(byte));
            }
            return Some(Finding { range, rule: family.rule(), quote });
        }
        let equals = skip_blanks(bytes, range.end);
        if bytes.get(equals) != Some(&b'=') || matches!(bytes.get(equals + 1), Some(b'=' | b'>')) {
            return None;
        }
        value = Between { at: skip_blanks(bytes, equals + 1), key_quote: "", evidence: Evidence::Weak };
    }
    None
}

/// As far as a place is looked at before it is known to hold a secret, so that no text is slow. A found value is taken whole.
const REACH: usize = 128;

fn run(bytes: &[u8], from: usize, test: impl Fn(u8) -> bool) -> usize {
    let near = bytes.get(..bytes.len().min(from.saturating_add(REACH))).unwrap_or_default();
    formats::run(near, from, test)
}

/// Where the value begins, how the name was quoted, and how sure it is that a value follows.
struct Between {
    at: usize,
    key_quote: &'static str,
    evidence: Evidence,
}

fn between(text: &str, name_start: usize, name_end: usize) -> Option<Between> {
    let bytes = text.as_bytes();
    let closing = run(bytes, name_end, |byte| b"\\\"'`]".contains(&byte)).min(8);
    let key_quote = key_quote(text.get(name_end..name_end + closing)?);
    let after = name_end + closing;
    let separator = skip_blanks(bytes, after);
    let name = text.get(name_start..name_end)?;
    let spaced = separator > after;
    let (length, evidence) = match bytes.get(separator)? {
        b'=' if bytes.get(separator + 1) == Some(&b'>') => (2, Evidence::Weak),
        b'=' if bytes.get(separator + 1) == Some(&b'=') => return None,
        b'=' if !spaced && !bytes.get(separator + 1)?.is_ascii_whitespace() => (1, assigned(bytes, name, name_start)),
        b'=' => (1, Evidence::Weak),
        b':' if bytes.get(separator + 1) == Some(&b':') => return None,
        b':' if bytes.get(separator + 1) == Some(&b'=') => (2, Evidence::Weak),
        b':' => (1, Evidence::Weak),
        b'%' if text.get(separator..separator + 3).is_some_and(|code| code == "%3D" || code == "%3A") => {
            (3, Evidence::Strong)
        }
        b'>' if name_start > 0 && bytes.get(name_start - 1) == Some(&b'<') => (1, Evidence::Strong),
        byte if spaced && closing == 0 && name.starts_with('-') && *byte != b'-' => (0, Evidence::Strong),
        _ => return None,
    };
    Some(Between { at: skip_blanks(bytes, separator + length), key_quote, evidence })
}

/// `NAME=value` in capitals, `--name=value` and `?name=value` are never code.
fn assigned(bytes: &[u8], name: &str, name_start: usize) -> Evidence {
    let before = name_start.checked_sub(1).and_then(|at| bytes.get(at));
    let is_query = matches!(before, Some(b'?' | b'&' | b';'));
    let is_environment = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_query || is_environment || name.starts_with('-') { Evidence::Strong } else { Evidence::Weak }
}

fn key_quote(closing: &str) -> &'static str {
    ["\\\\\\\"", "\\\"", "\""].into_iter().find(|quote| closing.starts_with(quote)).unwrap_or("")
}

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    at + run(bytes, at, |byte| byte == b' ' || byte == b'\t').min(16)
}

/// The value's place, without quotes and without an authorization scheme.
struct Extent {
    range: Range<usize>,
    evidence: Evidence,
    /// What ends it, when it is longer than [`REACH`].
    end: End,
}

/// What ends a value.
#[derive(Clone, Copy)]
enum End {
    /// Found already.
    Quote,
    /// Cookies and whole headers run to the end of their line.
    Line,
    Word,
    /// An element of a list: a comma ends it, too.
    Element,
}

impl End {
    fn of(family: Family) -> Self {
        match family {
            Family::Cookie | Family::Authorization => Self::Line,
            Family::Password => Self::Word,
            _ => Self::Element,
        }
    }

    fn is_at(self, byte: u8) -> bool {
        match self {
            Self::Quote => true,
            Self::Line => b"\r\n\"'`\\<>".contains(&byte),
            Self::Word => byte.is_ascii_whitespace() || b"\"'`;&<>)]}|\\".contains(&byte),
            Self::Element => byte == b',' || Self::Word.is_at(byte),
        }
    }
}

fn extent(text: &str, value: &Between, family: Family) -> Option<Extent> {
    let bytes = text.as_bytes();
    let slashes = run(bytes, value.at, |byte| byte == b'\\').min(8);
    let quote = bytes.get(value.at + slashes).copied().filter(|byte| b"\"'`".contains(byte));
    let (start, mut end, mut evidence) = match quote {
        Some(_) => (value.at + slashes + 1, End::Quote, Evidence::Quoted),
        None => (value.at, End::of(family), value.evidence),
    };
    let mut start = start;
    let stop = quote.map(|quote| closing(bytes, start, quote, slashes));
    if family == Family::Authorization {
        let scheme = run(bytes, start, |byte| byte.is_ascii_alphabetic());
        let word = text.get(start..start + scheme)?;
        if bytes.get(start + scheme) == Some(&b' ') && is_scheme(word) {
            start = skip_blanks(bytes, start + scheme);
            evidence = Evidence::Strong;
            if quote.is_none() && !word.eq_ignore_ascii_case("digest") {
                end = End::Word;
            }
        }
    }
    let stop = stop.unwrap_or_else(|| start + run(bytes, start, |byte| !end.is_at(byte)));
    (start < stop).then_some(Extent { range: start..stop, evidence, end })
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "token", "apikey", "digest", "key", "negotiate"]
        .iter()
        .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The closing quote at the same level of escaping, the end of the line when there is none.
fn closing(bytes: &[u8], start: usize, quote: u8, slashes: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    for at in memchr::memchr2_iter(quote, b'\n', rest) {
        if rest.get(at) == Some(&b'\n') {
            return start + at;
        }
        let escapes = rest.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count();
        if escapes <= slashes {
            return start + at - escapes;
        }
    }
    start + rest.len()
}

/// `Bearer <token>` without a name before it.
pub(super) fn bearer(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let start = skip_blanks(bytes, end);
    let length = formats::run(bytes, start, |byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte));
    let secret = text.get(start..start + length)?.trim_end_matches('.');
    let random = secret.bytes().any(|byte| byte.is_ascii_digit()) || secret.len() >= 32;
    (start > end && secret.len() >= 8 && random && !value::is_placeholder(secret))
        .then(|| found(start, start + secret.len(), "bearer"))
}

/// `Basic <base64 of user:password>`.
pub(super) fn basic(text: &str, end: usize) -> Option<Finding> {
    let start = skip_blanks(text.as_bytes(), end);
    let length = formats::run(text.as_bytes(), start, |byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    let secret = text.get(start..start + length)?;
    is_basic_credential(secret).then(|| found(start, start + length, "basic"))
}

/// Base64 that decodes to printable text with a colon in it.
fn is_basic_credential(text: &str) -> bool {
    let mut word = 0_u32;
    let mut bits = 0;
    let mut colon = false;
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let decoded = word >> bits & 0xff;
            if !(0x20..0x7f).contains(&decoded) {
                return false;
            }
            colon |= decoded == u32::from(b':');
        }
    }
    colon && text.len() >= 6
}

/// `curl … -u user:password`, within the same command.
pub(super) fn curl_user(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let near = bytes.get(..bytes.len().min(end + 4 * REACH))?;
    let command = near.get(end..end + formats::run(near, end, |byte| !b"\n|;".contains(&byte)))?;
    let (flag, at) = [" -u ", " -u", " --user ", " --user=", " -U ", " --proxy-user "]
        .iter()
        .filter_map(|flag| memchr::memmem::find(command, flag.as_bytes()).map(|at| (*flag, at)))
        .max_by_key(|(flag, _)| flag.len())?;
    let start = end + at + flag.len();
    let start = start + run(bytes, start, |byte| b"\\\"'".contains(&byte)).min(4);
    let length = formats::run(bytes, start, |byte| !byte.is_ascii_whitespace() && !b"\\\"'".contains(&byte));
    let colon = text.get(start..start + length)?.find(':')?;
    let secret = text.get(start + colon + 1..start + length)?;
    let is_user = !secret.is_empty() && !secret.starts_with("//") && !value::is_placeholder(secret);
    is_user.then(|| found(start + colon + 1, start + length, "curl_user"))
}
