//! `~/.modlake/hook.log`: why events were lost, never what was in them. A line is a time and a sentence; a file that has grown
//! to [`BYTES`] becomes `hook.log.1`, in place of the one before.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use record::time::Clock;

use crate::config::Environment;
use crate::print;
use crate::private;

const BYTES: u64 = 64 << 10;

pub(super) struct Log {
    /// `None` without a home folder: then there is nobody to tell.
    path: Option<PathBuf>,
}

impl Log {
    pub(super) fn of(environment: &Environment) -> Self {
        Self { path: environment.home.as_ref().map(|home| home.join(".modlake").join("hook.log")) }
    }

    pub(super) fn write(&self, sentence: &str) {
        if let Some(path) = &self.path {
            // A full disk, or no right to write: the agent goes on.
            append(path, sentence).ok();
        }
    }
}

fn append(path: &Path, sentence: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        private::create_folder(folder)?;
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() >= BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let line = format!("{} {}\n", Clock::System.now().to_rfc3339(), print::printable(sentence));
    let mut file = private::options(OpenOptions::new().append(true).create(true)).open(path)?;
    file.write_all(line.as_bytes())
}
