//! `name = value` where the name is a provider's, which says what its secrets look like: see [`crate::rules::named`].

use std::ops::Range;

use crate::Finding;
use crate::find::Found;
use crate::rules;
use crate::text::{self, Set};

/// How far a name is looked for on both sides of its literal.
const NAME: usize = 64;

/// The longest value that is looked at.
const VALUE: usize = 256;

/// So many marks stand between a name and its value.
const MARKS: usize = 32;

static NAME_BYTES: Set = Set::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");
static VALUE_BYTES: Set = Set::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.+/=:|*~");
static MARK_BYTES: Set = Set::of(b"\\\"'`)] \t");

/// The value of the name around a literal, when it has the form of its provider's secrets.
pub(crate) fn find(text: &str, literal: Range<usize>, found: &mut Found) -> Option<Finding> {
    let bytes = text.as_bytes();
    let near = bytes.get(..bytes.len().min(literal.end + NAME))?;
    let end = literal.end + text::run(near, literal.end, |byte| NAME_BYTES.has(byte));
    let value = value(bytes, end, &mut found.opaque)?;
    let mut start = literal.start - text::back(bytes, literal.start, NAME, |byte| NAME_BYTES.has(byte));
    // words apart: `algolia key: …`
    if start > 1 && bytes.get(start - 1) == Some(&b' ') {
        start -= 1 + text::back(bytes, start - 1, NAME, |byte| NAME_BYTES.has(byte));
    }
    let rule = rules::named(text.get(start..end)?, text.get(value.clone())?)?;
    Some(Finding { range: value, rule: rule.id, quote: "" })
}

/// What is assigned to the name that ends at `end`. Values of many names in one run of bytes end together: `run` is the last one.
fn value(bytes: &[u8], end: usize, run: &mut Range<usize>) -> Option<Range<usize>> {
    let near = bytes.get(..bytes.len().min(end + MARKS))?;
    let separator = end + text::run(near, end, |byte| MARK_BYTES.has(byte));
    let length = match near.get(separator..)? {
        [b'=', b'=' | b'~', ..] | [b':', b':', ..] => return None,
        [b'=', b'>', ..] | [b':', b'=', ..] => 2,
        [b'=' | b':' | b',', ..] => 1,
        [b'%', b'3', b'D' | b'A' | b'd' | b'a', ..] => 3,
        _ => return None,
    };
    let start = separator + length;
    let near = bytes.get(..bytes.len().min(start + MARKS))?;
    let start = start + text::run(near, start, |byte| MARK_BYTES.has(byte) && !b")]".contains(&byte));
    if !run.contains(&start) {
        *run = start..start + text::run(bytes, start, |byte| VALUE_BYTES.has(byte));
    }
    let value = start..run.end;
    (10..=VALUE).contains(&value.len()).then_some(value)
}
