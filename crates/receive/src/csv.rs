//! Trace files of the `mod` command: CSV, read by the names in its header.
//!
//! How the CLI quotes is written down nowhere and its loaders disagree, so both ways are read: a quote in quotes written twice
//! (RFC 4180), or with a backslash before it. A file without a backslash leaves no question; in one with backslashes each row is
//! read the way by which it has as many cells as the header, and where both ways do or neither does, the way that more rows of
//! the file ask for.
//!
//! | in the file | read as |
//! |---|---|
//! | CR LF, LF, CR | the end of a row, within quotes text |
//! | UTF-8's byte order mark | nothing |
//! | an empty line | nothing |
//! | fewer cells than the header | the rest of the row is empty |
//! | more cells than the header | the same row where they are empty, else rejected |
//! | a quote that does not end, or ends and text follows | the line is rejected, and shorter lines that follow with it, until one is whole |
//! | bytes that are no UTF-8 | U+FFFD |

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use record::dictionary::traces;
use record::trace::{Cell, CommandId, CommandType, Quoting, Rejected, Row, Text, Trace};

use crate::error::{DecodeError, Fault};
use crate::limits::Account;
use scan::{Dialect, Scan, Scanned, Span};

mod body;
mod scan;

pub(crate) use body::{decode, encode};

/// What one trace file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceLimits {
    /// Rows, rejected ones included; a file with more is refused.
    pub rows: usize,
    /// Columns of the header; a file with more is refused.
    pub columns: usize,
    /// Bytes of one cell; a row with a larger one is rejected.
    pub cell_bytes: usize,
}

impl Default for TraceLimits {
    fn default() -> Self {
        Self { rows: 1_000_000, columns: 1_024, cell_bytes: 1 << 20 }
    }
}

pub(crate) fn read<'a>(
    command_type: CommandType,
    command_id: CommandId,
    file: &'a [u8],
    limits: &TraceLimits,
    account: &Account,
) -> Result<Trace<'a>, Fault> {
    let start = text_start(file)?;
    let (header, rest) = header(file, start, limits, account)?;
    let trace =
        Trace { command_type, command_id, file, header, cells: Vec::new(), rows: Vec::new(), rejected: Vec::new() };
    let backslashes = memchr::memchr(b'\\', file).is_some();
    let mut reader = Reader {
        scan: Scan::new(file, trace.header.len()),
        spans: [Vec::new(), Vec::new()],
        dialects: if backslashes { &[Dialect::Doubled, Dialect::Backslash] } else { &[Dialect::Doubled] },
        limits,
        account,
        usual: trace.header.len(),
        broken: false,
        trace,
    };
    if backslashes && reader.asks_for_backslash(rest.at) {
        reader.dialects = &[Dialect::Backslash, Dialect::Doubled];
    }
    reader.rows(rest)?;
    Ok(reader.trace)
}

/// A place in the file.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    /// From 1.
    line: u32,
}

/// Where the text begins: behind UTF-8's byte order mark.
fn text_start(file: &[u8]) -> Result<usize, Fault> {
    if u32::try_from(file.len()).is_err() {
        return Err(Fault::new(0, "a trace file is smaller than 4 GiB"));
    }
    let wide = file.starts_with(&[0xff, 0xfe]) || file.starts_with(&[0xfe, 0xff]);
    if wide || file.iter().take(4).any(|byte| *byte == 0) {
        return Err(Fault::new(
            0,
            "the text is UTF-16 or UTF-32; a trace file is UTF-8: convert it, or send the file that the CLI wrote",
        ));
    }
    let start = if file.starts_with(&[0xef, 0xbb, 0xbf]) { 3 } else { 0 };
    if file.get(start..).unwrap_or_default().iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::new(0, "the file is empty; a trace file begins with a line that names its columns"));
    }
    Ok(start)
}

/// The first line that is not empty, and where the rows begin.
fn header<'a>(
    file: &'a [u8],
    start: usize,
    limits: &TraceLimits,
    account: &Account,
) -> Result<(Vec<Cell<'a>>, Place), Fault> {
    let most = limits.columns.min(usize::from(u16::MAX));
    let scan = Scan::new(file, most);
    let mut spans = Vec::new();
    let mut place = Place { at: start, line: 1 };
    loop {
        let scanned = scan.record(place.at, Dialect::Doubled, &mut spans);
        let Ok(scanned) = scanned else {
            return Err(Fault::new(place.at, "a quote in the header does not end").field("header"));
        };
        if scanned.is_blank(file) {
            place = Place { at: scanned.next, line: place.line + 1 };
            continue;
        }
        if scanned.cells > most {
            let reason = format!("{} columns, more than {most}; this is no trace file", scanned.cells);
            return Err(Fault::new(place.at, reason).field("header"));
        }
        let mut cells = Vec::with_capacity(spans.len());
        for (column, span) in spans.iter().enumerate() {
            account.pay::<Cell<'_>>(span.range.start)?;
            cells.push(cell(file, span, column, Dialect::Doubled));
        }
        if !cells.iter().any(|cell| is_known(cell.text.as_str())) {
            let reason = "none of the names is a column of a trace file; its first line names the columns: origin,path,branch,developer,…";
            return Err(Fault::new(place.at, reason).field("header"));
        }
        return Ok((cells, Place { at: scanned.next, line: place.line + 1 + scanned.line_ends }));
    }
}

/// Is it a column of the table? Files of every version of the CLI have some of them (`origin`, `path`, `organization`).
fn is_known(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        traces::TABLE
            .columns
            .iter()
            .take_while(|column| column.index <= traces::ORGANIZATION.index)
            .map(|column| column.name)
            .collect()
    });
    NAMES.contains(name.trim().to_ascii_lowercase().as_str())
}

struct Reader<'a, 'r> {
    scan: Scan<'a>,
    /// Of the two ways of reading a row.
    spans: [Vec<Span>; 2],
    /// The ways to try, the likelier first.
    dialects: &'static [Dialect],
    limits: &'r TraceLimits,
    account: &'r Account,
    /// How many cells the last row had.
    usual: usize,
    /// Is the line above one whose quotes are broken? Then a short line may be the rest of it.
    broken: bool,
    trace: Trace<'a>,
}

impl Reader<'_, '_> {
    /// Do more rows ask for backslashes than for doubled quotes? Looks at the first thousand that ask for anything.
    fn asks_for_backslash(&mut self, start: usize) -> bool {
        const ENOUGH: u32 = 1_000;
        let (mut doubled, mut backslash, mut at) = (0_u32, 0_u32, start);
        while at < self.scan.file.len() && doubled + backslash < ENOUGH {
            let [left, right] = &mut self.spans;
            let left =
                self.scan.record(at, Dialect::Doubled, left).ok().filter(|record| record.cells == self.scan.width);
            let right =
                self.scan.record(at, Dialect::Backslash, right).ok().filter(|record| record.cells == self.scan.width);
            match (&left, &right) {
                (Some(_), None) => doubled += 1,
                (None, Some(_)) => backslash += 1,
                _ => {}
            }
            at = left.or(right).map_or_else(|| self.scan.line(at).next, |record| record.next);
        }
        backslash > doubled
    }

    fn rows(&mut self, mut place: Place) -> Result<(), Fault> {
        while place.at < self.scan.file.len() {
            place = self.row(place)?;
            if self.trace.rows.len() + self.trace.rejected.len() > self.limits.rows {
                let reason = format!("more than {} rows; send the file in parts", self.limits.rows);
                return Err(Fault::new(place.at, reason).field("rows"));
            }
        }
        Ok(())
    }

    /// Reads the row at `place` and tells where the next one begins.
    fn row(&mut self, place: Place) -> Result<Place, Fault> {
        match self.attempt(place.at) {
            Attempt::Fits { record, dialect, spans } => {
                let next = Place { at: record.next, line: place.line + 1 + record.line_ends };
                if record.is_blank(self.scan.file) {
                    return Ok(next);
                }
                if self.broken && record.cells != self.scan.width && record.cells != self.usual {
                    return self.reject(place, "looks like the rest of the broken row above".to_owned());
                }
                if let Some(large) = self.too_large(spans) {
                    let reason = format!("cell {} is larger than {} bytes", large + 1, self.limits.cell_bytes);
                    self.reject_range(place, record.range.clone(), reason)?;
                    return Ok(next);
                }
                self.broken = false;
                self.usual = record.cells;
                self.keep(place, spans, dialect)?;
                Ok(next)
            }
            Attempt::TooMany { record } => {
                let (cells, columns) = (record.cells, self.scan.width);
                let reason = format!("{cells} cells where the header names {columns} columns");
                self.reject_range(place, record.range.clone(), reason)?;
                Ok(Place { at: record.next, line: place.line + 1 + record.line_ends })
            }
            Attempt::Broken(broken) => {
                self.broken = true;
                self.reject(place, broken)
            }
        }
    }

    /// Reads a row in the ways there are: the first by which it is as wide as the header, else the first that it is not broken by.
    fn attempt(&mut self, at: usize) -> Attempt {
        let mut otherwise = None;
        let mut broken = None;
        for (nth, dialect) in self.dialects.iter().copied().enumerate() {
            match self.scan.record(at, dialect, &mut self.spans[nth]) {
                Ok(record) if record.cells == self.scan.width || record.is_blank(self.scan.file) => {
                    return Attempt::Fits { record, dialect, spans: nth };
                }
                Ok(record) if record.fits => {
                    otherwise.get_or_insert(Attempt::Fits { record, dialect, spans: nth });
                }
                Ok(record) => {
                    otherwise.get_or_insert(Attempt::TooMany { record });
                }
                Err(reason) => {
                    broken.get_or_insert(Attempt::Broken(reason.to_string()));
                }
            }
        }
        otherwise.or(broken).unwrap_or_else(|| Attempt::Broken("the row cannot be read".to_owned()))
    }

    fn too_large(&self, spans: usize) -> Option<usize> {
        self.spans[spans].iter().position(|span| span.range.len() > self.limits.cell_bytes)
    }

    fn keep(&mut self, place: Place, spans: usize, dialect: Dialect) -> Result<(), Fault> {
        self.account.pay::<Row>(place.at)?;
        let first = count(self.trace.cells.len());
        for (column, span) in self.spans[spans].iter().enumerate() {
            if !span.is_empty() {
                self.account.pay::<Cell<'_>>(span.range.start)?;
                self.trace.cells.push(cell(self.scan.file, span, column, dialect));
            }
        }
        let cells = first..count(self.trace.cells.len());
        self.trace.rows.push(Row { line: place.line, cells });
        Ok(())
    }

    /// Puts one line aside, whatever its quotes say.
    fn reject(&mut self, place: Place, reason: String) -> Result<Place, Fault> {
        let line = self.scan.line(place.at);
        self.reject_range(place, line.range, reason)?;
        Ok(Place { at: line.next, line: place.line + 1 })
    }

    fn reject_range(&mut self, place: Place, range: Range<usize>, reason: String) -> Result<(), Fault> {
        self.account.pay::<Rejected<'_>>(place.at)?;
        let value = String::from_utf8_lossy(self.scan.file.get(range.clone()).unwrap_or_default());
        let text = Text::new(value, count(range.start)..count(range.end));
        self.trace.rejected.push(Rejected { line: place.line, reason, text });
        Ok(())
    }
}

enum Attempt {
    Fits {
        record: Scanned,
        dialect: Dialect,
        /// Place in [`Reader::spans`].
        spans: usize,
    },
    TooMany {
        record: Scanned,
    },
    Broken(String),
}

fn cell<'a>(file: &'a [u8], span: &Span, column: usize, dialect: Dialect) -> Cell<'a> {
    let quoting = match (span.quoted, dialect) {
        (false, _) => Quoting::Bare,
        (true, Dialect::Doubled) => Quoting::Doubled,
        (true, Dialect::Backslash) => Quoting::Backslash,
    };
    let raw = String::from_utf8_lossy(file.get(span.content()).unwrap_or_default());
    let value = if span.escaped { Cow::Owned(dialect.unescape(&raw)) } else { raw };
    let text = Text::new(value, count(span.range.start)..count(span.range.end));
    Cell { column: u16::try_from(column).unwrap_or(u16::MAX), quoting, text }
}

/// A file is smaller than 4 GiB: [`text_start`].
fn count(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

pub(crate) fn error(fault: Fault) -> DecodeError {
    fault.into_error(0)
}

#[cfg(test)]
mod tests;
