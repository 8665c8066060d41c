//! The log on disk: payloads are kept, in order and synced, until they are released.
//!
//! Reading order: [`Journal`] is the surface, `format` the bytes, `recover` what happens at the start, `writer` how a group is kept,
//! [`Reader`] how it comes back, [`disk`] what may fail.
//!
//! # What is promised
//!
//! * `Ok(sequence)` means: written, synced, and found again after any crash, exactly once and in order, until released.
//! * An error means: not kept. One case leaves a remainder that may be found all the same: a group whose write or sync failed, when
//!   the process then stopped before the journal could write again. The same holds, as with any log, for payloads without an answer.
//! * Sequence numbers grow and are never given twice; faults leave gaps.
//!
//! Architecture invariant: this crate knows nothing of what a payload means, and nothing here is async.

use std::io;
use std::path::PathBuf;

use record::time::Timestamp;
use thiserror::Error;

pub mod disk;
mod format;
mod journal;
mod reader;
mod recover;
mod state;
mod writer;

pub use journal::{Held, Journal};
pub use reader::{Reader, Record};
pub use recover::{Damage, Recovery};
pub use state::{State, Status};

/// The number of a record: 1, 2, 3, … with gaps after faults, never given twice in one journal.
pub type Sequence = u64;

/// How many bytes of payloads may wait for the disk; one payload may always.
pub const QUEUE_BYTES: u64 = 64 << 20;

/// Where a journal lies, and its bounds.
#[derive(Clone, Debug)]
pub struct Options {
    /// Made when missing.
    pub dir: PathBuf,
    /// Size of a segment file; at most a quarter of `max_bytes` counts.
    pub segment_bytes: u64,
    /// Bytes of records on disk, those waiting for it included. The folder may be one segment's reserve larger.
    pub max_bytes: u64,
    /// Age of the oldest record not released; `None`: no bound.
    pub max_age_micros: Option<i64>,
    /// Size of one payload; at most half of `max_bytes` counts.
    pub max_record_bytes: u64,
}

impl Options {
    /// Segments of 64 MiB, 4 GiB in all, records of up to 512 MiB, any age.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes: 64 << 20,
            max_bytes: 4 << 30,
            max_age_micros: None,
            max_record_bytes: 512 << 20,
        }
    }
}

/// Why a journal cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("journal {0} is in use by another process: stop that one, or give this one a folder of its own")]
    InUse(PathBuf),
    #[error(
        "journal file {file} has format version {version}, this build reads 1: start the newer build that wrote it"
    )]
    Newer { file: PathBuf, version: u32 },
    #[error("journal {path}: {action} failed: {source}")]
    Disk { path: PathBuf, action: &'static str, source: io::Error },
}

/// Why a payload was not kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum AppendError {
    #[error("journal is full: {bytes} of {max_bytes} bytes wait to be committed; send again later")]
    Full { bytes: u64, max_bytes: u64 },
    #[error("journal is stuck: its oldest record has waited since {oldest} to be committed; send again later", oldest = oldest.to_rfc3339())]
    Aged { oldest: Timestamp },
    #[error("journal is busy: {bytes} of {max_bytes} bytes wait for the disk; send again later")]
    Busy { bytes: u64, max_bytes: u64 },
    #[error("record of {bytes} bytes is larger than the journal takes ({max_bytes}); send it in parts")]
    TooLarge { bytes: u64, max_bytes: u64 },
    #[error("journal cannot write: {reason}; send again later")]
    Disk { reason: String },
    #[error("journal is closing; send again later")]
    Closed,
}

impl AppendError {
    /// The same payload may be taken at another time.
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::TooLarge { .. })
    }
}

/// Why a release was not kept. Nothing is lost: release again.
#[derive(Debug, Error)]
#[error("journal {path}: {action} failed: {source}; what is released stays on disk until the next release")]
pub struct ReleaseError {
    pub path: PathBuf,
    pub action: &'static str,
    pub source: io::Error,
}

/// Why records cannot be read now; the reader stays where it is.
#[derive(Debug, Error)]
#[error("journal file {path} cannot be read: {source}; the records stay, read again later")]
pub struct ReadError {
    pub path: PathBuf,
    pub source: io::Error,
}
