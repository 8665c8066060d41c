//! The `[telemetry]` lines, and what is remembered of them.
//!
//! | file in `~/.modlake/traces/` | holds |
//! |---|---|
//! | `status.json` | how the last upload went ([`Status`]) |
//! | `upload.log` | the lines of uploads in the background, with their times; at [`LOG_BYTES`] it becomes `upload.log.1` |
//!
//! Who waits for the upload reads `[telemetry] Uploading X to S3...`, `Uploaded: X` and `Warning: Failed to upload X` as
//! they happen. In the background the first line is told at once, the others go to the log; a failure is told by the next
//! command, in one line.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use record::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::print;
use crate::private;

const LOG_BYTES: u64 = 256 << 10;
/// Characters of a reason that came from elsewhere.
const REASON_CHARS: usize = 300;

/// `status.json`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Status {
    /// RFC 3339, as all times here.
    pub(crate) last_run: Option<String>,
    pub(crate) last_success: Option<String>,
    /// Files that were sent, ever.
    pub(crate) sent: u64,
    /// Files that the last run left to the next one.
    pub(crate) left: u64,
    /// When the newest file was changed that a run has seen, in microseconds since 1970 by the clock of its file system.
    pub(crate) newest: Option<i64>,
    pub(crate) trouble: Option<Trouble>,
    /// The `modsh.env` of the last `modlake exec`, for commands that are not called through the wrapper.
    pub(crate) wrapper_config: Option<PathBuf>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Trouble {
    pub(crate) at: String,
    /// The object's name.
    pub(crate) file: String,
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
    /// Nobody has read of it yet.
    pub(crate) is_news: bool,
}

impl Status {
    /// What the file says; nothing when there is none, or when it cannot be read.
    pub(crate) fn load(folder: &Path) -> Self {
        let bytes = fs::read(folder.join("status.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(crate) fn save(&self, folder: &Path) -> io::Result<()> {
        private::replace(&folder.join("status.json"), &(serde_json::to_string(self)? + "\n"))
    }

    pub(crate) fn failed(&mut self, at: Timestamp, file: &str, error: &CliError, is_news: bool) {
        self.trouble = Some(Trouble {
            at: at.to_rfc3339(),
            file: file.to_owned(),
            reason: error.message.chars().take(REASON_CHARS).collect(),
            hint: error.hint.clone(),
            is_news,
        });
    }
}

/// Who hears of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Standard error.
    People,
    /// The log.
    Log,
}

/// Where lines go.
#[derive(Clone, Debug)]
pub(crate) struct Teller {
    pub(crate) audience: Audience,
    pub(crate) folder: PathBuf,
}

impl Teller {
    pub(crate) fn uploading(&self, name: &str, place: &str) {
        self.line(&uploading(name, place));
    }

    pub(crate) fn uploaded(&self, name: &str) {
        self.line(&format!("Uploaded: {name}"));
    }

    pub(crate) fn failed(&self, name: &str, reason: &str) {
        self.line(&failed(name, reason));
    }

    pub(crate) fn line(&self, line: &str) {
        match self.audience {
            Audience::People => telemetry(line),
            // A full disk, or no right to write: the upload goes on.
            Audience::Log => drop(append(&self.folder.join("upload.log"), line)),
        }
    }
}

/// One line on standard error.
pub(crate) fn telemetry(line: &str) {
    print::note(&format!("[telemetry] {line}"));
}

pub(crate) fn uploading(name: &str, place: &str) -> String {
    format!("Uploading {name} to {place}...")
}

pub(crate) fn failed(name: &str, reason: &str) -> String {
    format!("Warning: Failed to upload {name} ({reason})")
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() >= LOG_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let line = format!("{} {}\n", Clock::System.now().to_rfc3339(), print::printable(line));
    let mut file = private::options(OpenOptions::new().append(true).create(true)).open(path)?;
    file.write_all(line.as_bytes())
}
