//! One row: where its cells begin and end.
//!
//! A row is scanned from its first byte, in one way of quoting, and a quote that is open is followed to its end, over lines. Lines
//! of a row that turns out to be none are scanned again, each from its own beginning; a file made for it could have every line
//! lead through all that follow. So what may be scanned is a multiple of the file, and once it is used up no row leaves its line.

use std::cell::Cell;
use std::ops::Range;

use thiserror::Error;

/// How a quote within quotes is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Twice.
    Doubled,
    /// With a backslash before it; twice is understood, too.
    Backslash,
}

impl Dialect {
    /// What the text between two quotes says.
    pub(super) fn unescape(self, raw: &str) -> String {
        let mut out = String::with_capacity(raw.len());
        let mut chars = raw.chars().peekable();
        while let Some(char) = chars.next() {
            let escaped = match (self, char, chars.peek()) {
                (_, '"', Some('"')) => chars.next(),
                (Self::Backslash, '\\', Some('"' | '\\')) => chars.next(),
                _ => None,
            };
            out.push(escaped.unwrap_or(char));
        }
        out
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Bytes of the file, quotes included.
    pub(super) range: Range<usize>,
    pub(super) quoted: bool,
    /// Does it hold anything that [`Dialect::unescape`] changes?
    pub(super) escaped: bool,
}

impl Span {
    /// The bytes without the quotes.
    pub(super) fn content(&self) -> Range<usize> {
        if self.quoted { self.range.start + 1..self.range.end - 1 } else { self.range.clone() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.content().is_empty()
    }
}

/// A row that was scanned.
#[derive(Clone, Debug)]
pub(super) struct Scanned {
    /// Its bytes without the end of the line.
    pub(super) range: Range<usize>,
    /// Where the next row begins.
    pub(super) next: usize,
    pub(super) cells: usize,
    /// No cell beyond the header's columns holds anything.
    pub(super) fits: bool,
    /// Ends of lines within its quotes.
    pub(super) line_ends: u32,
}

impl Scanned {
    /// A line with nothing on it.
    pub(super) fn is_blank(&self, file: &[u8]) -> bool {
        self.cells == 1 && file.get(self.range.clone()).unwrap_or_default().iter().all(u8::is_ascii_whitespace)
    }
}

#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Broken {
    #[error("the quote that opens cell {cell} does not end")]
    Open { cell: usize },
    #[error("text follows the quote that ends cell {cell}")]
    Trailing { cell: usize },
}

/// How often a file may be scanned. One without a broken row is scanned once, with backslashes four times.
const TIMES: usize = 16;

/// The file, and how many columns its header names.
pub(super) struct Scan<'a> {
    pub(super) file: &'a [u8],
    pub(super) width: usize,
    /// Bytes that may still be scanned over line ends.
    patience: Cell<usize>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(file: &'a [u8], width: usize) -> Self {
        Self { file, width, patience: Cell::new(file.len().saturating_mul(TIMES)) }
    }

    /// Scans the row at `start`. `spans` gets its cells, at most as many as the header has.
    pub(super) fn record(&self, start: usize, dialect: Dialect, spans: &mut Vec<Span>) -> Result<Scanned, Broken> {
        spans.clear();
        let end = if self.patience.get() == 0 { self.line(start).range.end } else { self.file.len() };
        let file = self.file.get(..end).unwrap_or_default();
        let (mut at, mut cells, mut fits, mut line_ends) = (start, 0, true, 0);
        loop {
            let span = if file.get(at) == Some(&b'"') {
                let Some(span) = quoted(file, at, dialect) else {
                    self.tire(end - start);
                    return Err(Broken::Open { cell: cells + 1 });
                };
                line_ends += ends_of_lines(file, &span);
                span
            } else {
                bare(file, at)
            };
            at = span.range.end;
            cells += 1;
            if cells <= self.width {
                spans.push(span);
            } else {
                fits &= span.is_empty();
            }
            match file.get(at) {
                Some(b',') => at += 1,
                Some(b'\r' | b'\n') | None => break,
                Some(_) => {
                    self.tire(at - start);
                    return Err(Broken::Trailing { cell: cells });
                }
            }
        }
        self.tire(at - start);
        Ok(Scanned { range: start..at, next: self.behind_line_end(at), cells, fits, line_ends })
    }

    /// The line at `start`, whatever its quotes say.
    pub(super) fn line(&self, start: usize) -> Scanned {
        let rest = self.file.get(start..).unwrap_or_default();
        let end = memchr::memchr2(b'\r', b'\n', rest).map_or(self.file.len(), |length| start + length);
        Scanned { range: start..end, next: self.behind_line_end(end), cells: 0, fits: false, line_ends: 0 }
    }

    fn behind_line_end(&self, end: usize) -> usize {
        match self.file.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => end,
        }
    }

    fn tire(&self, scanned: usize) {
        self.patience.set(self.patience.get().saturating_sub(scanned));
    }
}

fn bare(file: &[u8], start: usize) -> Span {
    let rest = file.get(start..).unwrap_or_default();
    let end = memchr::memchr3(b',', b'\r', b'\n', rest).map_or(file.len(), |length| start + length);
    Span { range: start..end, quoted: false, escaped: false }
}

/// The cell whose opening quote is at `start`; `None`: it does not end.
fn quoted(file: &[u8], start: usize, dialect: Dialect) -> Option<Span> {
    let mut at = start + 1;
    let mut escaped = false;
    loop {
        let rest = file.get(at..)?;
        at += match dialect {
            Dialect::Doubled => memchr::memchr(b'"', rest),
            Dialect::Backslash => memchr::memchr2(b'"', b'\\', rest),
        }?;
        let next = file.get(at + 1);
        match (file.get(at)?, next) {
            (b'"', Some(b'"')) | (b'\\', Some(b'"' | b'\\')) => {
                escaped = true;
                at += 2;
            }
            (b'\\', _) => at += 1,
            _ => return Some(Span { range: start..at + 1, quoted: true, escaped }),
        }
    }
}

fn ends_of_lines(file: &[u8], span: &Span) -> u32 {
    let text = file.get(span.content()).unwrap_or_default();
    let ends = memchr::memchr2_iter(b'\r', b'\n', text)
        .filter(|at| text.get(*at) == Some(&b'\n') || text.get(at + 1) != Some(&b'\n'));
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}
