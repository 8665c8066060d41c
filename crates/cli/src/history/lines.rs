//! The lines of a `.jsonl` file, one at a time, in bounded memory.
//!
//! Agents append to these files while we read: a last line without its end that does not parse is one that is being written,
//! and is left for the next import.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde_json::Value;

/// Longer than any line an agent writes; images in prompts are the largest.
const LONGEST: u64 = 64 << 20;

/// Calls `take` with each line that is a JSON object; returns how many complete lines were none.
pub(crate) fn read(path: &Path, mut take: impl FnMut(&Value)) -> io::Result<u64> {
    let mut reader = BufReader::with_capacity(256 << 10, File::open(path)?);
    let mut line = Vec::new();
    let mut unreadable = 0;
    loop {
        line.clear();
        let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(unreadable);
        }
        let is_whole = line.ends_with(b"\n");
        if !is_whole && line.len() as u64 == LONGEST {
            reader.skip_until(b'\n')?;
            unreadable += 1;
            continue;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Value>(&line) {
            Ok(value) if value.is_object() => take(&value),
            _ if is_whole => unreadable += 1,
            _ => {}
        }
    }
}

/// The first `lines` lines that are JSON objects.
pub(crate) fn head(path: &Path, lines: usize) -> io::Result<Vec<Value>> {
    let reader = BufReader::new(File::open(path)?.take(4 << 20));
    let mut found = Vec::new();
    for line in reader.split(b'\n').take(lines) {
        if let Ok(value) = serde_json::from_slice::<Value>(&line?)
            && value.is_object()
        {
            found.push(value);
        }
    }
    Ok(found)
}
