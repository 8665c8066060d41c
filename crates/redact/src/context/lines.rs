//! The lines of a value that has several, in a text whose ends of lines may be escaped, as in a string of JSON.

use std::ops::Range;

use crate::find::Found;
use crate::text::{self, near, skip_blanks};

/// So many lines of one value are looked at, and so many bytes of each.
const LINES: usize = 256;
const LONGEST: usize = 4096;

/// The lines from a place on, all with the same kind of end.
pub(super) struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
    mark: &'t [u8],
    left: usize,
}

/// A line: where it begins, where its text begins and where it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) text: Range<usize>,
}

impl Line {
    /// Blanks before the text.
    pub(super) fn indent(&self) -> usize {
        self.text.start - self.start
    }
}

impl<'t> Lines<'t> {
    /// The lines behind the one that ends at `end`, if one ends there.
    pub(super) fn behind(bytes: &'t [u8], end: usize) -> Option<Self> {
        let slashes = near(bytes, end, |byte| byte == b'\\');
        let length = match (slashes, bytes.get(end + slashes)?) {
            (0, b'\n') => 1,
            (0, b'\r') if bytes.get(end + 1) == Some(&b'\n') => 2,
            (1.., b'n') => slashes + 1,
            _ => return None,
        };
        Some(Self { bytes, at: end + length, mark: bytes.get(end..end + length)?, left: LINES })
    }

    /// The next line, while the text may be looked at.
    pub(super) fn next(&mut self, found: &mut Found) -> Option<Line> {
        let rest = self.bytes.get(self.at..self.bytes.len().min(self.at + LONGEST)).filter(|rest| !rest.is_empty())?;
        let length = memchr::memmem::find(rest, self.mark).unwrap_or(rest.len());
        self.left = self.left.checked_sub(1)?;
        if length == LONGEST || !found.spend(length + 1) {
            return None;
        }
        text::steps::count(length);
        let line = rest.get(..length)?;
        // a string ends there, and the text around it goes on
        let quote = if self.mark.first() == Some(&b'\\') { memchr::memchr(b'"', line) } else { None };
        let line = quote.map_or(line, |end| line.get(..end).unwrap_or(line).trim_ascii_end());
        let slashes = if quote.is_some() { text::back(line, line.len(), 8, |byte| byte == b'\\') } else { 0 };
        let (start, end) = (self.at, self.at + line.trim_ascii_end().len() - slashes);
        self.at = if quote.is_some() { self.bytes.len() } else { start + length + self.mark.len() };
        Some(Line { start, text: skip_blanks(self.bytes, start).min(end)..end })
    }
}

/// The lines of a here-document whose mark begins at `at`.
pub(super) fn document(bytes: &[u8], at: usize, found: &mut Found) -> Vec<Range<usize>> {
    let at = at + usize::from(matches!(bytes.get(at), Some(b'-' | b'~')));
    let open = skip_blanks(bytes, at);
    let open = open + near(bytes, open, |byte| b"\\\"'".contains(&byte)).min(4);
    let length = near(bytes, open, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some(mark) = bytes.get(open..open + length).filter(|mark| !mark.is_empty()) else { return Vec::new() };
    let rest = open + length + near(bytes, open + length, |byte| byte != b'\n' && byte != b'\\');
    // the quote of the mark may be escaped
    let rest = if bytes.get(rest..).is_some_and(|rest| rest.starts_with(b"\\\"") || rest.starts_with(b"\\'")) {
        rest + 2 + near(bytes, rest + 2, |byte| byte != b'\n' && byte != b'\\')
    } else {
        rest
    };
    let behind_mark = bytes.get(open + length..rest).unwrap_or_default();
    let mut quotes = memchr::memchr_iter(b'"', behind_mark).map(|at| open + length + at);
    if quotes.any(|quote| text::ends_json_string(bytes, quote)) {
        return Vec::new();
    }
    let Some(mut lines) = Lines::behind(bytes, rest) else { return Vec::new() };
    let mut inside = Vec::new();
    while let Some(line) = lines.next(found) {
        let text = bytes.get(line.text.clone()).unwrap_or_default();
        let text_start = if text.starts_with(b"\\t") { line.text.start + 2 } else { line.text.start };
        if bytes.get(text_start..line.text.end) == Some(mark) {
            return inside;
        }
        if text_start < line.text.end {
            inside.push(text_start..line.text.end);
        }
    }
    // cut off
    inside
}
