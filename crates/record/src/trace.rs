//! A trace file of the `mod` command: CSV, one row for each repository that a command went through.
//!
//! `receive` reads a file into a [`Trace`], `sanitize` changes texts in it, and [`Trace::to_csv`] is the file again: byte for
//! byte as it came but for the texts that were changed.

mod time;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::caller::Tenant;
use crate::json;
use crate::source::Source;
use crate::time::Day;

pub use time::instant;

/// What the command did: `sync`, `build`, `run`, … The list is open; 1 to 32 lower-case letters, digits, `-` and `_` that
/// begin with a letter or digit. It is a folder name in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandType(Arc<str>);

/// The command's own id, `20260219145356-EWS22`: 1 to 128 letters, digits, `-`, `_` and `.`, neither beginning with a `.` nor
/// holding `..`. It is a file name in the lake. Its digits are the local time of the machine, so no instant is made of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(Arc<str>);

#[derive(Debug, Error, PartialEq, Eq)]
pub enum InvalidName {
    #[error("command type is not 1 to 32 lower-case letters, digits, `-` and `_` that begin with a letter or digit")]
    CommandType,
    #[error(
        "command id is not 1 to 128 letters, digits, `-`, `_` and `.` that begin with a letter or digit and hold no `..`"
    )]
    CommandId,
}

impl CommandType {
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        let begins_well = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && name.len() <= 32 && name.bytes().all(allowed) {
            Ok(Self(Arc::from(name)))
        } else {
            Err(InvalidName::CommandType)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommandId {
    pub fn new(id: &str) -> Result<Self, InvalidName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let begins_well = id.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && id.len() <= 128 && id.bytes().all(allowed) && !id.contains("..") {
            Ok(Self(Arc::from(id)))
        } else {
            Err(InvalidName::CommandId)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommandType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 in lower-case hexadecimal: what tells versions of a file apart.
pub fn sha256(bytes: &[u8]) -> String {
    let mut hex = Vec::with_capacity(64);
    json::write_hex(&Sha256::digest(bytes), &mut hex);
    String::from_utf8(hex).unwrap_or_default()
}

/// Where a trace file lies below the lake's root, as Hive and its readers expect it:
/// `traces/tenant=acme/source=cli/type=run/year=2026/month=02/day=19/20260219145356-EWS22.csv`.
pub fn object_key(tenant: &Tenant, source: Source, kind: &CommandType, day: Day, id: &CommandId) -> String {
    let Day { year, month, day } = day;
    format!("traces/tenant={tenant}/source={source}/type={kind}/year={year:04}/month={month:02}/day={day:02}/{id}.csv")
}

/// A trace file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace<'a> {
    pub command_type: CommandType,
    pub command_id: CommandId,
    /// The file as it came.
    pub file: &'a [u8],
    /// The names of the columns. [`Cell::column`] counts them from 0; a name may be empty or come twice.
    pub header: Vec<Cell<'a>>,
    /// The cells of all rows that hold something, in the order of the file.
    pub cells: Vec<Cell<'a>>,
    pub rows: Vec<Row>,
    /// Lines that no row could be made of, in the order of the file.
    pub rejected: Vec<Rejected<'a>>,
}

/// A row's part of [`Trace::cells`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of the file it begins at, from 1.
    pub line: u32,
    /// Places in [`Trace::cells`].
    pub cells: Range<u32>,
}

/// One cell that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    pub column: u16,
    pub quoting: Quoting,
    pub text: Text<'a>,
}

/// How a cell is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// As it is, up to the next comma.
    Bare,
    /// In quotes; a quote in it is written twice (RFC 4180), a backslash is a backslash.
    Doubled,
    /// In quotes; quotes and backslashes in it have a backslash before them.
    Backslash,
}

/// Lines that no row could be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected<'a> {
    /// The line of the file, from 1.
    pub line: u32,
    pub reason: String,
    /// The line as it stands in the file, without its end.
    pub text: Text<'a>,
}

/// A text and where in the file it stands, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// Bytes that are no UTF-8 are U+FFFD here and stay as they are in the file.
    value: Cow<'a, str>,
    start: u32,
    end: u32,
    changed: bool,
}

impl<'a> Text<'a> {
    /// `value` is what `range` of the file says.
    pub fn new(value: Cow<'a, str>, range: Range<u32>) -> Self {
        Self { value, start: range.start, end: range.end, changed: false }
    }

    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Bytes of the file.
    pub fn range(&self) -> Range<u32> {
        self.start..self.end
    }

    /// Replaces the value, also in the file that [`Trace::to_csv`] writes.
    pub fn set(&mut self, value: String) {
        self.changed |= self.value != value;
        self.value = Cow::Owned(value);
    }
}

impl Trace<'_> {
    pub fn row_cells(&self, row: &Row) -> &[Cell<'_>] {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        self.cells.get(place(row.cells.start)..place(row.cells.end)).unwrap_or_default()
    }

    /// The file with the texts that were changed in their places.
    pub fn to_csv(&self) -> Cow<'_, [u8]> {
        let cells = self.header.iter().chain(&self.cells).map(|cell| (&cell.text, Some(cell.quoting)));
        let rejected = self.rejected.iter().map(|line| (&line.text, None));
        let mut changed: Vec<_> = cells.chain(rejected).filter(|(text, _)| text.changed).collect();
        if changed.is_empty() {
            return Cow::Borrowed(self.file);
        }
        changed.sort_by_key(|(text, _)| text.start);
        let mut out = Vec::with_capacity(self.file.len());
        let mut copied = 0;
        for (text, quoting) in changed {
            let (start, end) = (text.start as usize, text.end as usize);
            out.extend_from_slice(self.file.get(copied..start).unwrap_or_default());
            match quoting {
                Some(quoting) => quoting.write(&text.value, &mut out),
                None => out.extend_from_slice(text.value.as_bytes()),
            }
            copied = end;
        }
        out.extend_from_slice(self.file.get(copied..).unwrap_or_default());
        Cow::Owned(out)
    }
}

impl Quoting {
    /// Appends a cell; one that was bare gets quotes where it could not stand without them.
    pub fn write(self, text: &str, out: &mut Vec<u8>) {
        let special = |byte: u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
        let quoting = match self {
            Self::Bare if text.bytes().any(special) => Self::Doubled,
            quoting => quoting,
        };
        if quoting == Self::Bare {
            out.extend_from_slice(text.as_bytes());
            return;
        }
        out.push(b'"');
        for byte in text.bytes() {
            match (quoting, byte) {
                (Self::Doubled, b'"') => out.push(b'"'),
                (Self::Backslash, b'"' | b'\\') => out.push(b'\\'),
                _ => {}
            }
            out.push(byte);
        }
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests;
