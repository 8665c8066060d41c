//! The session files of a folder, oldest first.
//!
//! Which of several copies of a fact counts depends on this order. A file is as old as its first line with a time: current
//! clients begin a forked session with lines of its own. Where that is equal, because the copies come first and keep their
//! times, a file that names the session it was forked from, or is a sub-agent's, is the younger one, then the one that was
//! created later.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::lines;

/// Lines that are looked at to tell a file's age.
const HEAD: usize = 32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionFile {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// Microseconds since 1970.
    pub(crate) modified: u64,
}

/// Every `.jsonl` file below `folders`, oldest first. A folder that is not there has none.
pub(crate) fn list(folders: &[PathBuf]) -> io::Result<Vec<SessionFile>> {
    let mut found = Vec::new();
    for folder in folders {
        if folder.is_file() {
            found.push(folder.clone());
        } else if folder.exists() {
            walk(folder, &mut found)?;
        }
    }
    let mut aged = found.into_iter().map(aged).collect::<io::Result<Vec<_>>>()?;
    aged.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.path.cmp(&b.path)));
    Ok(aged.into_iter().map(|(_, file)| file).collect())
}

pub(super) fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        // A link may lead in a circle.
        if kind.is_dir() {
            walk(&entry.path(), found)?;
        } else if kind.is_file() && entry.path().extension().is_some_and(|extension| extension == "jsonl") {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// First time, goes on from another session or belongs to one, creation.
pub(super) type Age = (String, bool, u64);

pub(super) fn aged(path: PathBuf) -> io::Result<(Age, SessionFile)> {
    let metadata = fs::metadata(&path)?;
    let modified = metadata.modified().map_or(0, micros);
    let created = metadata.created().map_or(modified, micros);
    let head = lines::head(&path, HEAD)?;
    let first = head.iter().find_map(|line| line.get("timestamp").and_then(Value::as_str));
    let is_derived = head
        .iter()
        .any(|line| line.get("forkedFrom").is_some() || line.get("isSidechain").and_then(Value::as_bool) == Some(true));
    // Without any time it is read last: `~` comes after every digit.
    let age = (first.unwrap_or("~").to_owned(), is_derived, created);
    Ok((age, SessionFile { path, bytes: metadata.len(), modified }))
}

fn micros(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
