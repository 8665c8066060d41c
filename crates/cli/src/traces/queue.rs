//! Where `mod` leaves one copy of each command's trace: `<queue>/<type>/`, at any depth below.
//!
//! | name | command id |
//! |---|---|
//! | `trace-<id>.csv`, `<id>.csv` | `<id>` |
//! | `<id>/trace.csv` | `<id>` |
//! | `trace.csv` right below the type | told by its rows |
//!
//! Left alone: everything in folders named `rejected` and `failed`, where `mod` puts what its own upload gave up, links,
//! empty files, and a file with a `.lock` beside it, which `mod` writes to. A lock that is as old as its file, and older
//! than [`STALE_LOCK`], is one that a version before 4.0.3 has forgotten.

use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use record::trace::{CommandId, CommandType};

/// Entries that are looked at whatever the time: it takes a fraction of a millisecond.
const SMALL: usize = 256;
const STALE_LOCK: Duration = Duration::from_mins(10);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceFile {
    /// `build`, `run`, …: the folder right below the queue.
    pub(crate) kind: String,
    pub(crate) path: PathBuf,
    /// The command's id, where the path tells it.
    pub(crate) id: Option<String>,
    pub(crate) stamp: Stamp,
}

/// What tells that a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) bytes: u64,
    /// Microseconds since 1970.
    pub(crate) modified: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Sorted by path.
    pub(crate) files: Vec<TraceFile>,
    /// Files that are being written.
    pub(crate) locked: u64,
    pub(crate) empty: u64,
    /// Folders that could not be read.
    pub(crate) unreadable: Vec<(PathBuf, String)>,
    /// The time was over before all was seen.
    pub(crate) is_cut: bool,
    looked_at: usize,
}

/// Which files are wanted, and how long looking may take in a queue that is not small.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Changed at this time or later.
    pub(crate) since: Option<SystemTime>,
    pub(crate) until: Option<Instant>,
}

/// The trace files of all types. A queue that is not there has none.
pub(crate) fn find(queue: &Path, wanted: Wanted) -> Found {
    let mut found = Found::default();
    for (path, entry) in entries(queue, &mut found) {
        let kind = entry.file_name().to_str().filter(|name| is_kind(name)).map(str::to_owned);
        if let Some(kind) = kind
            && is_folder(&entry)
        {
            walk(&path, &kind, wanted, &mut found);
        }
    }
    found.files.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn walk(folder: &Path, kind: &str, wanted: Wanted, found: &mut Found) {
    for (path, entry) in entries(folder, found) {
        found.looked_at += 1;
        if found.looked_at > SMALL && wanted.until.is_some_and(|until| Instant::now() >= until) {
            found.is_cut = true;
            return;
        }
        if is_folder(&entry) {
            if !is_given_up(&entry) {
                walk(&path, kind, wanted, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "csv")
            && let Ok(metadata) = entry.metadata()
            && metadata.is_file()
        {
            if !wanted.since.is_none_or(|since| metadata.modified().is_ok_and(|at| at >= since)) {
                continue;
            }
            if metadata.len() == 0 {
                found.empty += 1;
            } else if is_locked(&path, &metadata) {
                found.locked += 1;
            } else {
                let id = id_of(&path, folder, kind);
                found.files.push(TraceFile { kind: kind.to_owned(), path, id, stamp: Stamp::of(&metadata) });
            }
        }
    }
}

/// One after the other, as the folder is read: it may hold years.
fn entries(folder: &Path, found: &mut Found) -> impl Iterator<Item = (PathBuf, DirEntry)> + use<> {
    let read = match fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                found.unreadable.push((folder.to_path_buf(), error.to_string()));
            }
            None
        }
    };
    read.into_iter().flatten().filter_map(Result::ok).map(|entry| (entry.path(), entry))
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn is_given_up(entry: &DirEntry) -> bool {
    ["rejected", "failed"].iter().any(|name| entry.file_name() == *name)
}

/// A command's type, and none of the folders that are left alone.
fn is_kind(name: &str) -> bool {
    CommandType::new(name).is_ok() && !["rejected", "failed"].contains(&name)
}

/// Whether a text may be a command's id in a key.
pub(crate) fn is_id(text: &str) -> bool {
    CommandId::new(text).is_ok()
}

fn id_of(path: &Path, folder: &Path, kind: &str) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let named = match stem {
        "trace" => folder.file_name()?.to_str().filter(|name| *name != kind)?,
        stem => stem.strip_prefix("trace-").unwrap_or(stem),
    };
    is_id(named).then(|| named.to_owned())
}

fn is_locked(path: &Path, file: &Metadata) -> bool {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let Ok(lock) = fs::metadata(PathBuf::from(lock)) else { return false };
    let age = |metadata: &Metadata| metadata.modified().ok().and_then(|at| now().duration_since(at).ok());
    ![&lock, file].into_iter().all(|metadata| age(metadata).is_some_and(|age| age > STALE_LOCK))
}

#[expect(clippy::disallowed_methods, reason = "compared with what the file system says, which has no other clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let modified = modified.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or_default();
        Self { bytes: metadata.len(), modified }
    }
}

#[cfg(test)]
mod tests;
