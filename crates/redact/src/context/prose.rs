//! Secrets in sentences and in lines of words: `the password is x`, `use the token x`, `machine h login u password x`.

use std::ops::Range;

use super::assignment::Named;
use super::extent::{self, End, Extent};
use super::name::{self, Family, Promise, Trust};
use crate::find::Found;
use crate::text::{self, REACH, byte_before, has_at, near, skip_blanks};
use crate::value::{self, Evidence};

/// Words between the name of a secret and its value.
const JOINTS: &[&str] = &[
    "is",
    "was",
    "are",
    "to",
    "be",
    "will be",
    "should be",
    "set to",
    "equals",
    "ist",
    "lautet",
    "->",
    "=>",
    "–",
    "-",
    "→",
    "of",
    "for",
    "provided",
    "provided:",
    "following",
    "below",
    "here",
    "here:",
    "as",
    "value",
    "now",
];

/// The value behind the words that follow a name.
pub(super) fn find(named: &Named<'_>, found: &mut Found) {
    let bytes = named.text.as_bytes();
    let closing =
        text::run(bytes.get(..bytes.len().min(named.range.end + 4)).unwrap_or_default(), named.range.end, |byte| {
            b"`*_\"'".contains(&byte)
        });
    let after = named.range.end + closing;
    let mut at = skip_blanks(bytes, after);
    if at == after || named.is_header() && named.promise.family == Family::Cookie {
        return;
    }
    let mut joints = 0;
    while joints < 3 {
        let word = near(bytes, at, |byte| !byte.is_ascii_whitespace());
        let Some(there) = named.text.get(at..at + word) else { return };
        let plain = there.trim_end_matches([':', ',']);
        if !JOINTS.iter().any(|joint| plain.eq_ignore_ascii_case(joint)) {
            break;
        }
        joints += 1;
        at = skip_blanks(bytes, at + word);
    }
    let is_marked = bytes.get(at).is_some_and(|byte| b"`\"'*".contains(byte));
    let is_literal = closing == 0 && is_keyword(named);
    if joints == 0 && (closing > 0 || is_marked && !is_line(named) && !is_literal) && !named.is_header() {
        return;
    }
    let mark = at + near(bytes, at, |byte| byte == b'*').min(2);
    let extent = match extent::quote_at(bytes, mark) {
        Some((quote, slashes, start)) => {
            Extent::until(named.text, start, End::Quote(quote, slashes), named.promise.family, Evidence::Loose)
        }
        None => Extent::until(named.text, mark, End::Element, named.promise.family, Evidence::Loose),
    };
    let Some(mut extent) = extent else { return };
    if named.is_header() && extent.evidence != Evidence::Strong {
        return;
    }
    extent.evidence = Evidence::Loose;
    if joints == 0 && is_keyword(named) && ends_line(bytes, extent.range.end) && is_line(named) {
        // a line of a configuration: name and value and no more
        extent.evidence = Evidence::Quoted;
    } else if !(is_token(named.text, &extent) || is_marked && is_literal) {
        return;
    }
    named.keep(&extent, false, found);
}

/// The value behind `API key`, `the key is`: two words, or none that says what it opens.
pub(super) fn key(text: &str, literal: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    if !matches!(byte_before(bytes, literal.start), Some(b' '))
        || !matches!(bytes.get(literal.end), Some(b' ' | b':' | b'`' | b'='))
    {
        return;
    }
    let kind_end = literal.start - 1;
    let kind = text::back(bytes, kind_end, 16, |byte| byte.is_ascii_alphabetic());
    let kind = text.get(kind_end - kind..kind_end).unwrap_or_default();
    let is_sure = || name::promise(&format!("{kind}_key")).is_some_and(|promise| promise.trust == Trust::Sure);
    let mut at = literal.end;
    for _ in 0..4 {
        at += near(bytes, at, |byte| b" :=`'".contains(&byte));
        if bytes.get(at) == Some(&b'"') {
            if text::ends_json_string(bytes, at) {
                return;
            }
            at += 1;
        }
        let length = near(bytes, at, |byte| !byte.is_ascii_whitespace() && !b"`\"'<>,;)(\\".contains(&byte));
        let Some(word) = text.get(at..at + length) else { return };
        let value = word.trim_end_matches(['.', ':', '?', '!']);
        let is_hex = value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_joint = JOINTS.iter().any(|joint| value.eq_ignore_ascii_case(joint));
        if !is_joint {
            let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
            let is_secret = value.len() >= 16
                && value::is_secret(value, Promise { family: Family::ApiKey, trust: Trust::Loose }, Evidence::Loose)
                && (!is_hex && value.len() >= 20 && has_digit || is_sure());
            if is_secret {
                let more = if length >= REACH {
                    text::run(bytes, at + length, |byte| byte.is_ascii_graphic() && !b"`\"'<>,;)(\\".contains(&byte))
                } else {
                    0
                };
                found.push(super::found(at, at + value.len() + more, "api_key"));
            }
            return;
        }
        at += length;
    }
}

/// Letters and digits in one word of at least six: what a sentence has nowhere else.
fn is_token(text: &str, extent: &Extent) -> bool {
    let value = text.get(extent.range.clone()).unwrap_or_default().trim_end_matches(['.', ',', '!', '?', ':']);
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    if value.contains('/') && value.len() < 24 || value.contains("::") {
        return false;
    }
    value.len() >= 6 && digits > 0 && letters > 0 && !value.contains(['(', '/', '='])
        || value.len() >= 12 && value::looks_random(value)
}

/// Names that lines of words have in `.netrc`, `redis.conf`, `Dockerfile` and the like.
fn is_keyword(named: &Named<'_>) -> bool {
    let is_long = named.range.len() > "pass".len();
    matches!(named.promise.family, Family::Password | Family::Secret) && !named.is_loose() && is_long
}

/// The name begins its line, or follows the words of `.netrc` and of configuration commands.
fn is_line(named: &Named<'_>) -> bool {
    let bytes = named.text.as_bytes();
    let start = named.range.start;
    if text::is_line_start(bytes, start) {
        return true;
    }
    if !byte_before(bytes, start).is_some_and(text::is_blank) {
        return false;
    }
    let near = bytes.get(start.saturating_sub(96)..start).unwrap_or_default();
    let line = near.len() - memchr::memrchr(b'\n', near).map_or(0, |end| end + 1);
    let before = named.text.get(start - line..start).unwrap_or_default().trim_start();
    before.contains(" login ")
        || ["machine ", "login ", "set ", "setenv ", "ENV ", "export ", "default "]
            .iter()
            .any(|word| before.starts_with(word))
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    let at = skip_blanks(bytes, at);
    bytes.get(at).is_none_or(|byte| *byte == b'\n' || *byte == b'\r') || has_at(bytes, at, "\\n")
}
