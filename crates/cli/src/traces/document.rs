//! One trace file, read: its command's id and time, and its text without secrets.
//!
//! It is read and cleaned as the server does it (`receive`, `sanitize`): by the names of its columns, cell by cell; the rest
//! of the file stays byte for byte. Rows that cannot be read go along: they are the destination's to keep aside.

use std::fs::File;
use std::io::{self, Read as _};

use receive::TraceLimits;
use record::arrival::Payload;
use record::source::Provider;
use record::time::{Clock, Timestamp};
use record::trace::{self, CommandId, CommandType, Trace, sha256};
use redact::HashKey;
use sanitize::Sanitizer;

use crate::traces::queue::{Stamp, TraceFile, is_id};

/// A larger file is no trace: 100,000 repositories make some 50 MiB.
pub(crate) const MAX_BYTES: u64 = 256 << 20;

#[derive(Debug)]
pub(crate) struct Document {
    /// What leaves this machine.
    pub(crate) clean: Vec<u8>,
    /// Of the file as it lies here, in hexadecimal.
    pub(crate) sha256: String,
    /// The command's time, as the server finds it: its latest stage start, else any time that the rows tell; else that of the file.
    pub(crate) at: Timestamp,
    /// The id that the rows tell, or what stands for it.
    pub(crate) id: String,
    pub(crate) stamp: Stamp,
}

#[derive(Debug)]
pub(crate) enum Unfit {
    /// It was written to while it was read, or is gone.
    Changing,
    /// It will never do as it is; why.
    NoTrace(String),
    Unreadable(io::Error),
}

impl Document {
    pub(crate) fn read(file: &TraceFile, sanitizer: &Sanitizer) -> Result<Self, Unfit> {
        let (bytes, stamp) = bytes(file)?;
        let no_trace = |reason: String| Unfit::NoTrace(reason);
        let kind = CommandType::new(&file.kind).map_err(|error| no_trace(error.to_string()))?;
        let id =
            CommandId::new(file.id.as_deref().unwrap_or("unknown")).map_err(|error| no_trace(error.to_string()))?;
        let trace =
            receive::decode_trace(kind, id, &bytes, &TraceLimits::default()).map_err(|error| no_trace(error.reason))?;
        let told = Told::of(&trace, Clock::System.now());
        let sha256 = sha256(&bytes);
        let id = told.id.unwrap_or_else(|| {
            format!("content-{}", self::sha256(first_row(&bytes, &trace)).get(..16).unwrap_or_default())
        });
        let at = told.latest_start.or(told.any_time).unwrap_or(Timestamp(stamp.modified));
        let mut payload = Payload::Trace(Box::new(trace));
        // The hook's key: the server, which has a secret one, leaves placeholders alone.
        sanitizer.sanitize(&mut payload, Provider::Mod, &HashKey::derive(b"", "placeholders"));
        let clean = match &payload {
            Payload::Trace(trace) => trace.to_csv().into_owned(),
            _ => Vec::new(),
        };
        Ok(Self { clean, sha256, at, id, stamp })
    }
}

/// The file's bytes, as they were at one instant.
fn bytes(file: &TraceFile) -> Result<(Vec<u8>, Stamp), Unfit> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Unfit::Changing,
        _ => Unfit::Unreadable(error),
    };
    let mut open = File::open(&file.path).map_err(failed)?;
    let before = Stamp::of(&open.metadata().map_err(failed)?);
    if before.bytes > MAX_BYTES {
        return Err(Unfit::NoTrace(format!("it is larger than {} MiB", MAX_BYTES >> 20)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.bytes).unwrap_or_default());
    open.by_ref().take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    let after = Stamp::of(&open.metadata().map_err(failed)?);
    if before != after || after.bytes != bytes.len() as u64 {
        return Err(Unfit::Changing);
    }
    Ok((bytes, after))
}

/// Header and first row: the same for as long as the file only grows.
fn first_row<'b>(bytes: &'b [u8], trace: &Trace<'_>) -> &'b [u8] {
    let cells = trace.rows.first().map(|row| trace.row_cells(row)).unwrap_or_default();
    let end = cells.last().map_or(bytes.len(), |cell| cell.text.range().end as usize);
    bytes.get(..end).unwrap_or(bytes)
}

/// What the rows tell of their command.
#[derive(Default)]
struct Told {
    id: Option<String>,
    latest_start: Option<Timestamp>,
    any_time: Option<Timestamp>,
}

/// What a column is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Start,
    Time,
    Other,
}

impl Told {
    /// A time that is years off, or to come, is not believed.
    fn of(trace: &Trace<'_>, now: Timestamp) -> Self {
        let kind = trace.command_type.as_str();
        // The first versions called it so.
        let stages: &[&str] = if kind == "sync" { &["sync", "clone"] } else { &[kind] };
        let columns: Vec<Column> = trace
            .header
            .iter()
            .map(|name| {
                let name = name.text.as_str().trim().to_lowercase();
                let own = stages.iter().find_map(|stage| name.strip_prefix(stage));
                match own {
                    Some("id") => Column::Id,
                    Some("starttime") => Column::Start,
                    _ if name.ends_with("starttime") || name.ends_with("endtime") => Column::Time,
                    _ => Column::Other,
                }
            })
            .collect();
        let time = |text: &str| trace::instant(text).filter(|at| at.is_believable(now));
        let mut told = Self::default();
        for cell in &trace.cells {
            let text = cell.text.as_str().trim();
            match columns.get(usize::from(cell.column)) {
                Some(Column::Id) if told.id.is_none() && is_id(text) => told.id = Some(text.to_owned()),
                Some(Column::Start) => told.latest_start = told.latest_start.max(time(text)),
                Some(Column::Time) if told.any_time.is_none() => told.any_time = time(text),
                _ => {}
            }
        }
        told
    }
}

/// The sanitizer of trace files, whose rules have no settings.
pub(crate) fn sanitizer() -> Sanitizer {
    Sanitizer::new(sanitize::capture::Policy::default())
}

#[cfg(test)]
mod tests;
