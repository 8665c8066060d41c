//! What hooks left to be sent: `~/.modlake/spool/`, mode 0700, its files 0600.
//!
//! | file | holds |
//! |---|---|
//! | `open.<agent>` | newest records of this agent; hooks append |
//! | `<UUIDv7>.<agent>` | a sealed segment: nobody appends any more, the sender sends and deletes it |
//! | `rejected/<UUIDv7>.<agent>` | one record that the server refused; the newest [`REJECTED_FILES`] of at most [`REJECTED_BYTES`] |
//! | `dropped.json` | `{"records": n}`: how many records ever made room for newer ones |
//! | `status.json` | how sending goes ([`status`]) |
//! | `write.lock`, `send.lock` | empty; locked while writing, and by the one sender as long as it runs |
//! | `….part` | a file being written, renamed when it is whole |
//!
//! A segment is NDJSON: each line one hook event, sanitized, with its `hook_event_id`; it is a request's body as it stands. A
//! line that does not end, or is no event, is what a crash left: readers skip it, and who appends next ends it first. Segments
//! sort by the time they were sealed, so records leave roughly in the order in which they came.
//!
//! Hooks append under `write.lock`, one write a record. Nobody waits for it longer than [`LOCK_PATIENCE`]: a record that cannot
//! be appended becomes a segment of its own. Sealing is a rename under the same lock. Nothing is synced: what the last seconds
//! before a power cut brought may be lost, a hook's answer is not worth 10 ms of the agent's time.
//!
//! Bounds ([`Limits`]): when a segment is sealed the oldest ones are deleted until all fits. How many records went is added to
//! `dropped.json`, and stands in the record that took their place as `spool_dropped`.
//!
//! The sender deletes a segment once the server has taken all of it. Should it die in between, the segment is sent again, and the
//! server knows the records by their ids.

pub(crate) mod status;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use record::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::agents::Agent;
use crate::config::Environment;
use crate::private;

const LOCK_PATIENCE: Duration = Duration::from_millis(4);
const LOCK_RETRY: Duration = Duration::from_micros(200);
/// One record's line. What is longer has to be cut first.
pub(crate) const RECORD_BYTES: usize = 256 << 10;
const REJECTED_FILES: usize = 64;
const REJECTED_BYTES: u64 = 4 << 20;
/// A `….part` file older than this was left by a crash.
const PART_AGE: Duration = Duration::from_mins(1);

/// How much the spool holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// All segments together, open ones at their full size.
    pub(crate) total_bytes: u64,
    /// Sealed segments.
    pub(crate) files: usize,
    /// An open segment is sealed before it grows beyond.
    pub(crate) segment_bytes: u64,
}

impl Default for Limits {
    /// 64 MiB are some 50,000 hook events: weeks without a network.
    fn default() -> Self {
        Self { total_bytes: 64 << 20, files: 4_096, segment_bytes: 512 << 10 }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    limits: Limits,
}

/// A file of records that nobody appends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) agent: Agent,
    path: PathBuf,
    pub(crate) bytes: u64,
}

/// The records of a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Without their line feeds.
    pub(crate) whole: Vec<Vec<u8>>,
    /// Lines that are no event.
    pub(crate) torn: u64,
}

/// What doctor tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) dropped: u64,
    pub(crate) rejected: u64,
}

#[derive(Default, Deserialize, Serialize)]
struct Dropped {
    records: u64,
}

impl Spool {
    /// The spool of this user; `None` without a home folder that is the same from everywhere.
    pub(crate) fn of(environment: &Environment) -> Option<Self> {
        let home = environment.home.as_ref().filter(|home| home.is_absolute())?;
        Some(Self::new(home.join(".modlake").join("spool"), Limits::default()))
    }

    pub(crate) fn new(folder: PathBuf, limits: Limits) -> Self {
        Self { folder, limits }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Adds one record, a JSON object with at least one member on one line, without its line feed.
    pub(crate) fn append(&self, agent: Agent, record: &[u8]) -> io::Result<()> {
        if record.len() > RECORD_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the record is too large for the spool"));
        }
        private::create_folder(&self.folder)?;
        match self.lock("write.lock", LOCK_PATIENCE)? {
            Some(_lock) => self.append_locked(agent, record),
            None => self.append_alone(agent, record),
        }
    }

    fn append_locked(&self, agent: Agent, record: &[u8]) -> io::Result<()> {
        let path = self.open_path(agent);
        let mut file = open_to_append(&path)?;
        let mut length = file.metadata()?.len();
        let mut dropped = 0;
        if length > 0 && length + record.len() as u64 + 2 > self.limits.segment_bytes {
            drop(file);
            self.seal_locked(agent)?;
            dropped = self.make_room()?;
            file = open_to_append(&path)?;
            length = 0;
        }
        let mut bytes = Vec::with_capacity(record.len() + 64);
        if length > 0 && !ends_a_line(&mut file)? {
            bytes.push(b'\n');
        }
        push_line(record, dropped, &mut bytes);
        file.write_all(&bytes).inspect_err(|_| {
            // A full disk took a part of it.
            file.set_len(length).ok();
        })
    }

    /// A segment of its own, for when the lock is not to be had.
    fn append_alone(&self, agent: Agent, record: &[u8]) -> io::Result<()> {
        let dropped = self.make_room()?;
        let mut bytes = Vec::with_capacity(record.len() + 64);
        push_line(record, dropped, &mut bytes);
        write_whole(&self.folder.join(segment_name(agent)), &bytes)
    }

    /// Seals what hooks have appended so far; nothing happens while a hook is writing.
    pub(crate) fn seal(&self) -> io::Result<()> {
        let open: Vec<Agent> = Agent::ALL.into_iter().filter(|agent| self.open_path(*agent).exists()).collect();
        if open.is_empty() {
            return Ok(());
        }
        if let Some(_lock) = self.lock("write.lock", LOCK_PATIENCE)? {
            for agent in open {
                self.seal_locked(agent)?;
            }
        }
        Ok(())
    }

    fn seal_locked(&self, agent: Agent) -> io::Result<()> {
        unless_gone(fs::rename(self.open_path(agent), self.folder.join(segment_name(agent))))
    }

    /// Deletes the oldest sealed segments until the rest and full open ones fit; how many records went.
    fn make_room(&self) -> io::Result<u64> {
        let sealed = self.sealed()?;
        let open = self.limits.segment_bytes * Agent::ALL.len() as u64;
        let mut bytes = open + sealed.iter().map(|segment| segment.bytes).sum::<u64>();
        let mut files = sealed.len();
        let mut dropped = 0;
        for segment in &sealed {
            if bytes <= self.limits.total_bytes && files <= self.limits.files {
                break;
            }
            dropped += segment.read().map_or(0, |lines| lines.whole.len() as u64);
            segment.remove()?;
            bytes -= segment.bytes;
            files -= 1;
        }
        if dropped > 0 {
            let records = self.dropped() + dropped;
            let text = serde_json::to_vec(&Dropped { records })?;
            write_whole(&self.folder.join("dropped.json"), &text)?;
        }
        Ok(dropped)
    }

    fn dropped(&self) -> u64 {
        let bytes = fs::read(self.folder.join("dropped.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or(Dropped::default()).records
    }

    /// The sealed segments, oldest first.
    pub(crate) fn sealed(&self) -> io::Result<Vec<Segment>> {
        segments(&self.folder)
    }

    /// Puts a record that the server refuses where it stops nothing.
    pub(crate) fn set_aside(&self, agent: Agent, record: &[u8]) -> io::Result<()> {
        let folder = self.folder.join("rejected");
        private::create_folder(&folder)?;
        let mut bytes = Vec::new();
        push_line(record, 0, &mut bytes);
        write_whole(&folder.join(segment_name(agent)), &bytes)?;
        let all = segments(&folder)?;
        let mut held: u64 = all.iter().map(|file| file.bytes).sum();
        for (at, file) in all.iter().enumerate() {
            if all.len() - at <= REJECTED_FILES && held <= REJECTED_BYTES {
                break;
            }
            held -= file.bytes;
            file.remove()?;
        }
        Ok(())
    }

    /// The right to send, which one process has; `None` when another one has it, or when there is no spool. Given back when the
    /// file is closed.
    pub(crate) fn lock_sending(&self) -> io::Result<Option<File>> {
        match self.lock("send.lock", Duration::ZERO) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            lock => lock,
        }
    }

    /// Deletes what a crash left half written.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "compared with what the file system says, which has no other clock"
        )]
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let is_part = entry.path().extension().is_some_and(|extension| extension == "part");
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
            if is_part && age.is_some_and(|age| age > PART_AGE) {
                unless_gone(fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> io::Result<State> {
        if !self.folder.exists() {
            return Ok(State::default());
        }
        let open = Agent::ALL.into_iter().filter_map(|agent| {
            let path = self.open_path(agent);
            let bytes = fs::metadata(&path).ok()?.len();
            Some(Segment { agent, path, bytes })
        });
        let mut state = State { dropped: self.dropped(), ..State::default() };
        for segment in self.sealed()?.into_iter().chain(open) {
            let lines = segment.read()?;
            state.records += lines.whole.len() as u64;
            state.bytes += segment.bytes;
            let first = lines.whole.first().and_then(|line| time_of(line));
            state.oldest = [state.oldest, first].into_iter().flatten().min();
        }
        let rejected = self.folder.join("rejected");
        if rejected.exists() {
            state.rejected = segments(&rejected)?.len() as u64;
        }
        Ok(state)
    }

    fn open_path(&self, agent: Agent) -> PathBuf {
        self.folder.join(format!("open.{}", agent.as_str()))
    }

    fn lock(&self, name: &str, patience: Duration) -> io::Result<Option<File>> {
        let file = private::options(OpenOptions::new().write(true).create(true).truncate(false))
            .open(self.folder.join(name))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(LOCK_RETRY),
                Err(TryLockError::WouldBlock) => return Ok(None),
                // A file system without locks has no second writer that could be asked to wait.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

impl Segment {
    /// Its records; none when it is gone, because it had to make room.
    pub(crate) fn read(&self) -> io::Result<Lines> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(lines(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lines::default()),
            Err(error) => Err(error),
        }
    }

    /// Deletes it: the server has its records.
    pub(crate) fn remove(&self) -> io::Result<()> {
        unless_gone(fs::remove_file(&self.path))
    }

    /// Leaves these records alone in it.
    pub(crate) fn keep(&self, records: &[Vec<u8>]) -> io::Result<()> {
        let mut bytes = Vec::new();
        for record in records {
            push_line(record, 0, &mut bytes);
        }
        write_whole(&self.path, &bytes)
    }
}

/// Sorted by name, which is by time.
fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((id, agent)) = name.to_str().and_then(|name| name.split_once('.')) else { continue };
        let (Ok(_), Some(agent)) = (Uuid::try_parse(id), Agent::parse(agent)) else { continue };
        // Gone since the folder was listed.
        let Ok(metadata) = entry.metadata() else { continue };
        found.push(Segment { agent, path: entry.path(), bytes: metadata.len() });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn segment_name(agent: Agent) -> String {
    format!("{}.{}", Uuid::now_v7(), agent.as_str())
}

fn lines(bytes: &[u8]) -> Lines {
    let mut lines = Lines::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        // The server's own reader judges.
        match receive::decode_hooks(line).as_deref() {
            _ if line.is_empty() => {}
            Ok([_]) => lines.whole.push(line.to_vec()),
            _ => lines.torn += 1,
        }
    }
    lines
}

fn time_of(line: &[u8]) -> Option<Timestamp> {
    let events = receive::decode_hooks(line).ok()?;
    events.first()?.get("timestamp")?.as_str().and_then(Timestamp::parse)
}

/// The record and its line feed; with `dropped` records told in it.
fn push_line(record: &[u8], dropped: u64, bytes: &mut Vec<u8>) {
    match record.strip_suffix(b"}") {
        Some(members) if dropped > 0 => {
            bytes.extend_from_slice(members);
            bytes.extend_from_slice(format!(",\"spool_dropped\":{dropped}}}").as_bytes());
        }
        _ => bytes.extend_from_slice(record),
    }
    bytes.push(b'\n');
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

fn open_to_append(path: &Path) -> io::Result<File> {
    private::options(OpenOptions::new().read(true).append(true).create(true)).open(path)
}

/// Readers see the whole file or none.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let part = folder.join(format!("{}.part", Uuid::now_v7()));
    let written = private::options(OpenOptions::new().write(true).create_new(true))
        .open(&part)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        fs::remove_file(&part).ok();
    }
    written
}

fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests;
