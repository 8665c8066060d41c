//! `name = value` where the name is a provider's, which says what its secrets look like: see [`crate::rules::named`].

use std::ops::Range;

use crate::Finding;
use crate::rules;
use crate::text;

/// How far a name is looked for on both sides of its literal.
const NAME: usize = 64;

/// The longest value that is looked at.
const VALUE: usize = 256;

/// The value of the name around a literal, when it has the form of its provider's secrets.
pub(crate) fn find(text: &str, literal: Range<usize>) -> Option<Finding> {
    let bytes = text.as_bytes();
    let near = bytes.get(..bytes.len().min(literal.end + NAME))?;
    let end = literal.end + text::run(near, literal.end, is_name);
    let value = value(bytes, end)?;
    let mut start = literal.start - text::back(bytes, literal.start, NAME, is_name);
    // words apart: `algolia key: …`
    if start > 1 && bytes.get(start - 1) == Some(&b' ') {
        start -= 1 + text::back(bytes, start - 1, NAME, is_name);
    }
    let rule = rules::named(text.get(start..end)?, text.get(value.clone())?)?;
    Some(Finding { range: value, rule: rule.id, quote: "" })
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)
}

/// What is assigned to the name that ends at `end`.
fn value(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let near = bytes.get(..bytes.len().min(end + VALUE + 32))?;
    let is_mark = |byte: u8| b"\\\"'`)] \t".contains(&byte);
    let separator = end + text::run(near, end, is_mark);
    let rest = near.get(separator..)?;
    let length = match rest {
        [b'=', b'=' | b'~', ..] | [b':', b':', ..] => return None,
        [b'=', b'>', ..] | [b':', b'=', ..] => 2,
        [b'=' | b':' | b',', ..] => 1,
        [b'%', b'3', b'D' | b'A' | b'd' | b'a', ..] => 3,
        _ => return None,
    };
    let start = separator + length;
    let start = start + text::run(near, start, |byte| b"\\\"'` \t".contains(&byte));
    let length = text::run(near, start, |byte| byte.is_ascii_alphanumeric() || b"_-.+/=:|*~".contains(&byte));
    (10..=VALUE).contains(&length).then(|| start..start + length)
}
