//! Several values or lines under one name: lists of code, TOML, JSON and YAML, YAML's blocks, quotes over several lines.

use super::assignment::Named;
use super::extent::{self, End, Extent};
use super::lines::{self, Line, Lines};
use super::name::{Family, Promise, Trust};
use crate::find::Found;
use crate::text::{self, byte_before, has_at, near, skip_blanks, skip_space};
use crate::value::Evidence;

/// So many values of a list are looked at, and more while the text may be.
const ITEMS: usize = 16;

impl Named<'_> {
    /// Whether what begins at `at` is a block of lines, or a list with a secret in it.
    pub(super) fn has_many(&self, at: usize, found: &mut Found) -> bool {
        self.block(at, found) || self.list(at, found) || self.document(at, found)
    }

    /// Whether the name is the key of what stands in the lines below it: all of its line but a mark of a list and quotes.
    pub(super) fn has_lines_below(&self, after: usize) -> bool {
        let bytes = self.bytes();
        let quotes = text::back(bytes, self.range.start, 2, |byte| b"\\\"'".contains(&byte));
        text::is_line_start(bytes, self.range.start - quotes)
            && Lines::behind(bytes, skip_blanks(bytes, after)).is_some()
    }

    /// The lines of a block behind `|` or `>`, as YAML has them: when the first is a secret, all of them.
    fn block(&self, at: usize, found: &mut Found) -> bool {
        let bytes = self.bytes();
        if !matches!(bytes.get(at), Some(b'|' | b'>')) {
            return false;
        }
        let mark = at + 1 + near(bytes, at + 1, |byte| b"+-0123456789".contains(&byte)).min(2);
        let Some(mut lines) = Lines::behind(bytes, skip_blanks(bytes, mark)) else { return false };
        let Some(first) = first_line(&mut lines, found) else { return false };
        let extent = Extent { range: first.text.clone(), evidence: Evidence::Quoted, end: End::Word };
        if !self.keep(&extent, false, found) {
            return false;
        }
        if first.indent() > 0 {
            let end = end_of_block(&first, &mut lines, found);
            found.extend(end);
        }
        true
    }

    /// What stands below a name: the items of a list, a value alone on its line, for names of several secrets also a map.
    pub(super) fn below(&self, after: usize, found: &mut Found) {
        let bytes = self.bytes();
        let Some(mut lines) = Lines::behind(bytes, skip_blanks(bytes, after)) else { return };
        let Some(first) = first_line(&mut lines, found) else { return };
        let column = text::back(bytes, self.range.start, 64, |byte| text::is_blank(byte) || b"-\"'".contains(&byte));
        let is_item = |line: &Line| has_at(bytes, line.text.start, "- ");
        if is_item(&first) && first.indent() + 2 >= column {
            let mut next = Some(first.clone());
            while let Some(line) = next.filter(|line| line.indent() == first.indent() && is_item(line)) {
                self.item(skip_blanks(bytes, line.text.start + 1), line.text.end, found);
                next = lines.next(found);
            }
            return;
        }
        if first.indent() <= column {
            return;
        }
        let second = lines.next(found).filter(|line| line.text.start < line.text.end);
        if second.as_ref().is_none_or(|line| line.indent() < first.indent()) {
            self.item(first.text.start, first.text.end, found);
        }
        if self.is_loose() && self.name().ends_with(['s', 'S']) && self.promise.family != Family::Token {
            let mut next = Some(first.clone());
            let mut ahead = second;
            while let Some(line) = next.filter(|line| line.indent() == first.indent()) {
                let inside = bytes.get(line.text.clone()).unwrap_or_default();
                if let Some(colon) = memchr::memmem::find(inside, b": ") {
                    self.item(skip_blanks(bytes, line.text.start + colon + 1), line.text.end, found);
                }
                next = ahead.take().or_else(|| lines.next(found));
            }
        }
    }

    /// A value that ends with its line, in quotes or a word.
    fn item(&self, at: usize, end: usize, found: &mut Found) {
        let bytes = self.bytes();
        let extent = match extent::quote_at(bytes, at) {
            Some((quote, slashes, start)) => {
                Extent::until(self.text, start, End::Quote(quote, slashes), self.promise.family, Evidence::Loose)
            }
            None => Extent::until(self.text, at, End::Element, self.promise.family, Evidence::Loose),
        };
        let Some(extent) = extent else { return };
        let whole = extent.whole(bytes).end;
        let closed = whole + near(bytes, whole, |byte| b"\\\"'".contains(&byte)).min(4);
        let rest = skip_blanks(bytes, closed);
        if rest >= end || bytes.get(rest) == Some(&b'#') && rest > closed {
            self.keep(&Extent { evidence: Evidence::Loose, ..extent }, false, found);
        }
    }

    /// `["a", "b"]`, `("user", "a")`, `[a, b]`
    fn list(&self, at: usize, found: &mut Found) -> bool {
        let bytes = self.bytes();
        match bytes.get(at) {
            Some(b'(') => self.values(at + 1, false, found),
            Some(b'[') => self.values(at + 1, self.is_flow(at + 1), found),
            _ => false,
        }
    }

    /// Literals with commas between.
    pub(super) fn arguments(&self, at: usize, found: &mut Found) -> bool {
        self.values(at, false, found)
    }

    /// Literals with commas between, perhaps also words.
    fn values(&self, at: usize, has_words: bool, found: &mut Found) -> bool {
        let bytes = self.bytes();
        let (mut at, mut any) = (skip_space(bytes, at), false);
        for nth in 0.. {
            let (end, start, quotes) = match extent::quote_at(bytes, at) {
                Some((quote, slashes, start)) => (End::Quote(quote, slashes), start, slashes + 1),
                None if has_words => (End::Element, at, 0),
                None => break,
            };
            let extent = Extent::until(self.text, start, end, self.promise.family, Evidence::Loose);
            let Some(extent) = extent else { break };
            let extent = Extent { evidence: Evidence::Loose, ..extent };
            any |=
                if nth > 0 { self.as_password().keep(&extent, false, found) } else { self.keep(&extent, false, found) };
            let behind = skip_space(bytes, extent.whole(bytes).end + quotes);
            if bytes.get(behind) != Some(&b',') || nth >= ITEMS && !found.spend(extent.range.len() + 16) {
                break;
            }
            at = skip_comment(bytes, skip_space(bytes, behind + 1));
        }
        any
    }

    /// Whether the list that begins at `at` is YAML's: alone on the line of its name, where code goes on.
    fn is_flow(&self, at: usize) -> bool {
        let bytes = self.bytes();
        let close = at + near(bytes, at, |byte| !b"]\n".contains(&byte));
        let behind = skip_blanks(bytes, close + 1);
        let ends_line =
            bytes.get(behind).is_none_or(|byte| b"\n\r#".contains(byte)) || Lines::behind(bytes, behind).is_some();
        let is_key = byte_before(bytes, at - 1).is_some_and(|byte| byte == b' ')
            && byte_before(bytes, at - 2) == Some(b':')
            && text::is_line_start(bytes, self.range.start);
        is_key && ends_line && bytes.get(close) == Some(&b']')
    }

    /// Behind a user's name, the second of a pair of credentials is a password.
    fn as_password(&self) -> Self {
        let promise = match self.promise.family {
            Family::Credential => Promise { family: Family::Password, trust: Trust::Loose },
            _ => self.promise,
        };
        Self { text: self.text, promise, range: self.range.clone() }
    }

    /// Lines between three quotes, or of a here-document: when the first is a secret, all of them.
    fn document(&self, at: usize, found: &mut Found) -> bool {
        let bytes = self.bytes();
        let (first, end) = match bytes.get(at..at + 3) {
            Some(quotes @ (b"\"\"\"" | b"'''")) => {
                let Some(mut lines) = Lines::behind(bytes, at + 3) else { return false };
                let Some(first) = lines.next(found) else { return false };
                let end = self.end_of_lines(first.text.end, quotes, found);
                (first.text, end)
            }
            Some([b'<', b'<', mark]) if mark.is_ascii_alphabetic() || b"-~\"'".contains(mark) => {
                let lines = lines::document(bytes, at + 2, found);
                let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return false };
                (first.clone(), Some(last.end))
            }
            _ => return false,
        };
        let extent = Extent { range: first, evidence: Evidence::Quoted, end: End::Word };
        if !self.keep(&extent, false, found) {
            return false;
        }
        if let Some(end) = end {
            found.extend(end);
        }
        true
    }

    /// Where a value whose first line ends at `end` goes on to, when words alone on their lines follow up to these quotes.
    pub(super) fn end_of_lines(&self, end: usize, quotes: &[u8], found: &mut Found) -> Option<usize> {
        let bytes = self.bytes();
        if !matches!(bytes.get(end), Some(b'\n' | b'\r')) {
            return None;
        }
        let mut lines = Lines::behind(bytes, end)?;
        let mut last = end;
        while let Some(line) = lines.next(found) {
            let inside = bytes.get(line.text.clone())?;
            let close = memchr::memmem::find(inside, quotes);
            let word = inside.get(..close.unwrap_or(inside.len()))?;
            if word.iter().any(u8::is_ascii_whitespace) || word.contains(&b'"') {
                return None;
            }
            if let Some(close) = close {
                return Some(if close == 0 { last } else { line.text.start + close });
            }
            last = line.text.end;
        }
        None
    }
}

/// The first line that is not empty, of the next three.
fn first_line(lines: &mut Lines<'_>, found: &mut Found) -> Option<Line> {
    (0..3).find_map(|_| lines.next(found).filter(|line| !line.text.is_empty()))
}

/// Where the lines end that are as far in as the first one.
fn end_of_block(first: &Line, lines: &mut Lines<'_>, found: &mut Found) -> usize {
    let mut end = first.text.end;
    while let Some(line) = lines.next(found) {
        if line.text.is_empty() {
            continue;
        }
        if line.indent() < first.indent() {
            break;
        }
        end = line.text.end;
    }
    end
}

/// The place behind a comment that ends a line of a list.
fn skip_comment(bytes: &[u8], at: usize) -> usize {
    let is_comment = matches!(bytes.get(at..), Some([b'#', ..] | [b'/', b'/', ..]));
    if is_comment { skip_space(bytes, text::line_end(bytes, at)) } else { at }
}
