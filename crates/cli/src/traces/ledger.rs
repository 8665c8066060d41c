//! `~/.modlake/traces/sent.ndjson`: what was sent where. Lines are added, by the one process that has the [`super::lease`];
//! the last line of a file counts.
//!
//! ```json
//! {"destination": "s3://bucket org=acme", "type": "build", "id": "20260219000719-cYGAL", "path": "/home/dev/.moderne/…csv",
//! "bytes": 4711,
//!  "modified": 1795262002000000, "sha256": "…", "key": "org=acme/type=build/…csv", "ours": true, "state": "sent", "at": "2026-02-19T00:12:48.000000Z"}
//! ```
//!
//! | state | is written |
//! |---|---|
//! | `sending` | before the upload: should this process die in it, the object of this key is known to be ours |
//! | `sent` | afterwards |
//! | `refused` | when the file or the destination will never do, with the `reason`; a file that changes is tried again |
//!
//! A line that does not end, or says something else, is what a crash left, and is skipped. Once half the lines are old, the file
//! is written anew with those that count, without those whose trace file has been gone for [`KEPT`]. Losing this file sends
//! everything again: a destination that can be asked tells what it has.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use record::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::private;
use crate::traces::queue::Stamp;
use crate::traces::written;

/// Microseconds that a line is kept without its trace file.
const KEPT: i64 = 30 * 86_400 * 1_000_000;
/// Old lines that are not worth writing the file anew.
const OLD_LINES: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Sending,
    Sent,
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Entry {
    pub(crate) destination: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: String,
    #[serde(with = "written")]
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) modified: i64,
    /// Of the file as it lies here, in hexadecimal.
    pub(crate) sha256: String,
    /// Of the object, or the route; empty where the destination has none.
    pub(crate) key: String,
    /// The object of this key is known to be ours.
    #[serde(rename = "ours", default)]
    pub(crate) is_ours: bool,
    pub(crate) state: State,
    pub(crate) at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Entry {
    pub(crate) fn is_of(&self, stamp: Stamp) -> bool {
        self.bytes == stamp.bytes && self.modified == stamp.modified
    }
}

#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    entries: Vec<Entry>,
    /// By destination and path.
    by_path: HashMap<(String, PathBuf), usize>,
    /// By destination, type and id: the first file that had the id.
    by_id: HashMap<(String, String, String), usize>,
    lines: usize,
}

impl Ledger {
    /// What the file holds; nothing when there is none.
    pub(crate) fn load(folder: &Path) -> io::Result<Self> {
        let path = folder.join("sent.ndjson");
        let mut ledger = Self { path, entries: Vec::new(), by_path: HashMap::new(), by_id: HashMap::new(), lines: 0 };
        let bytes = match fs::metadata(&ledger.path) {
            Ok(metadata) if metadata.is_file() => fs::read(&ledger.path)?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => Vec::new(),
        };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            ledger.lines += 1;
            if let Ok(entry) = serde_json::from_slice(line) {
                ledger.insert(entry);
            }
        }
        Ok(ledger)
    }

    fn insert(&mut self, entry: Entry) {
        let path = (entry.destination.clone(), entry.path.clone());
        let id = (entry.destination.clone(), entry.kind.clone(), entry.id.clone());
        let at = *self.by_path.entry(path).or_insert(self.entries.len());
        match self.entries.get_mut(at) {
            Some(known) => *known = entry,
            None => self.entries.push(entry),
        }
        self.by_id.entry(id).or_insert(at);
    }

    /// What is known of this file.
    pub(crate) fn of_path(&self, destination: &str, path: &Path) -> Option<&Entry> {
        let at = self.by_path.get(&(destination.to_owned(), path.to_path_buf()))?;
        self.entries.get(*at)
    }

    /// The entry of the file that has this id at the destination.
    pub(crate) fn of_id(&self, destination: &str, kind: &str, id: &str) -> Option<&Entry> {
        let at = self.by_id.get(&(destination.to_owned(), kind.to_owned(), id.to_owned()))?;
        self.entries.get(*at).filter(|entry| entry.kind == kind && entry.id == id)
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, entry: Entry) -> io::Result<()> {
        private::create_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        let mut file = private::options(OpenOptions::new().read(true).append(true).create(true)).open(&self.path)?;
        let length = file.metadata()?.len();
        let mut line = Vec::with_capacity(512);
        if length > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            line.extend((last != [b'\n']).then_some(b'\n'));
        }
        serde_json::to_writer(&mut line, &entry)?;
        line.push(b'\n');
        file.write_all(&line).inspect_err(|_| {
            // A full disk took a part of it.
            file.set_len(length).ok();
        })?;
        self.lines += 1;
        self.insert(entry);
        Ok(())
    }

    /// Writes the file anew when half of its lines count no more.
    pub(crate) fn tidy(&mut self, now: Timestamp) -> io::Result<()> {
        // A file has two lines at least, so that half of them are old when nothing but new files came.
        if self.lines < self.entries.len() + OLD_LINES.max(self.entries.len()) {
            return Ok(());
        }
        let is_kept = |entry: &Entry| {
            let is_young = Timestamp::parse(&entry.at).is_none_or(|at| now.0.saturating_sub(at.0) < KEPT);
            is_young || entry.path.exists()
        };
        let kept: Vec<Entry> = self.entries.drain(..).filter(is_kept).collect();
        let mut text = String::new();
        for entry in &kept {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        private::replace(&self.path, &text)?;
        (self.by_path, self.by_id) = (HashMap::new(), HashMap::new());
        self.lines = kept.len();
        for entry in kept {
            self.insert(entry);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
