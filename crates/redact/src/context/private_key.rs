//! Private keys: PEM (RFC 7468) in lines, with escaped line ends, cut off, within base64; PGP blocks; `PuTTY`'s files.

use super::found;
use crate::text::{ends_json_string, run};
use crate::{Finding, value};

/// From `-----BEGIN … PRIVATE KEY` to the end of its `-----END …` line, or of its last line when it is cut off.
pub(crate) fn pem(text: &str, start: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let dashes = run(bytes, start, |byte| byte == b'-');
    let label_start = start + dashes;
    let window = bytes.get(label_start..bytes.len().min(label_start + 64))?;
    let label = memchr::memmem::find(window, b"----")?;
    if !text.get(label_start..label_start + label)?.to_ascii_uppercase().contains("PRIVATE KEY") {
        return None;
    }
    let body = label_start + label + run(bytes, label_start + label, |byte| byte == b'-');
    let end = block(bytes, body);
    let has_body =
        bytes.get(body..end).is_some_and(|body| body.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() > 3);
    has_body.then(|| found(start, end, "private_key"))
}

/// The end of what may belong to a key that begins at `body`.
fn block(bytes: &[u8], body: usize) -> usize {
    let mut at = body;
    // the end of the last line that was base64 alone
    let mut last = body;
    let mut lines = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'-' if bytes.get(at..at + 4) == Some(b"----") => {
                let dashes = at + run(bytes, at, |byte| byte == b'-');
                let near = bytes.get(..bytes.len().min(dashes + 48)).unwrap_or_default();
                let label = dashes + run(near, dashes, |byte| byte.is_ascii_alphanumeric() || byte == b' ');
                return label + run(bytes, label, |byte| byte == b'-');
            }
            b'"' if ends_json_string(bytes, at) => break,
            b'\n' | b'\r' => lines += 1,
            b' ' | b'\t' if lines > 1 && bytes.get(at - 1).is_some_and(u8::is_ascii_alphanumeric) => {
                // words: the key was cut off before this line
                return last;
            }
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'+'
            | b'/'
            | b'='
            | b'\\'
            | b' '
            | b'\t'
            | b':'
            | b'-'
            | b','
            | b'.'
            | b'_'
            | b'"'
            | b'\'' => {}
            _ => break,
        }
        at += 1;
        if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b',') {
            last = at;
        }
    }
    last
}

/// Base64 of a PEM file.
pub(crate) fn wrapped(text: &str, start: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let head = text.get(start..start + 60)?;
    let is_key = value::base64(head)
        .is_some_and(|plain| plain.starts_with(b"-----BEGIN ") && memchr::memmem::find(&plain, b"PRIVATE").is_some());
    if !is_key {
        return None;
    }
    let length = run(bytes, start, |byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    Some(found(start, start + length, "private_key"))
}

/// The lines behind `Private-Lines: <count>`.
pub(crate) fn putty(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let count = end + run(bytes, end, |byte| byte == b' ' || byte.is_ascii_digit());
    let start = crate::text::skip_space(bytes, count);
    let length = run(bytes, start, |byte| byte.is_ascii_alphanumeric() || b"+/=\r\n\\".contains(&byte));
    let key = text.get(start..start + length)?;
    let key = key
        .rfind("Private")
        .map_or(key, |at| key.get(..at).unwrap_or(key))
        .trim_end_matches(['\\', 'n', 'r', '\n', '\r']);
    (count > end && key.len() >= 16).then(|| found(start, start + key.len(), "private_key"))
}
