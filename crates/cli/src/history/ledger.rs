//! `~/.modlake/imported.json`: which session files were sent to which server, so that an import need not send them again.
//!
//! ```json
//! {"version": 1, "servers": {"https://…": {"/home/dev/.claude/…/a.jsonl": {"bytes": 4711, "modified": 1795262002000000}}}}
//! ```
//!
//! A file that has grown since is sent again; the server knows what it has. Losing this file costs time and nothing else, so
//! one that cannot be read counts as empty.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::SessionFile;
use crate::private;

const VERSION: u32 = 1;

#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Ledger {
    version: u32,
    servers: BTreeMap<String, BTreeMap<PathBuf, Sent>>,
}

#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Sent {
    bytes: u64,
    /// Microseconds since 1970.
    modified: u64,
}

impl Ledger {
    pub(crate) fn load(path: &Path) -> Self {
        let read = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        read.filter(|ledger| ledger.version == VERSION).unwrap_or_else(|| Self { version: VERSION, ..Self::default() })
    }

    /// Whether the file was sent to the server as it is now.
    pub(crate) fn has(&self, server: &str, file: &SessionFile) -> bool {
        self.servers.get(server).and_then(|files| files.get(&file.path)) == Some(&Sent::of(file))
    }

    pub(crate) fn add(&mut self, server: &str, file: &SessionFile) {
        self.servers.entry(server.to_owned()).or_default().insert(file.path.clone(), Sent::of(file));
    }

    /// Replaces the file at once.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        private::replace(path, &(serde_json::to_string(self)? + "\n"))
    }
}

impl Sent {
    fn of(file: &SessionFile) -> Self {
        Self { bytes: file.bytes, modified: file.modified }
    }
}
