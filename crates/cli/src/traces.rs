//! The trace files of the `mod` command: found, cleaned, and sent to where `BI_ENDPOINT` says or to modlaked.
//!
//! | module | does |
//! |---|---|
//! | [`setup`] | the variables and files that say what goes where |
//! | [`shell`] | reads those files |
//! | [`queue`] | finds trace files |
//! | [`document`] | reads one: its command's id and time; takes out secrets |
//! | [`ledger`] | what was sent |
//! | [`lease`] | who sends: one process of all machines that share this home |
//! | [`destination`] | a bucket, a folder, an HTTP endpoint, modlaked |
//! | [`push`] | all of it, in order |
//! | [`told`] | the `[telemetry]` lines and what is kept of them |
//! | [`written`] | paths in the files that are kept |
//!
//! Everything is kept in `~/.modlake/traces/`, mode 0700, or beside the queue where the home folder cannot be written to, as in
//! containers whose user has none. Nothing here deletes or changes a file of `mod`'s unless
//! `--delete-sent` asks for it.

pub(crate) mod destination;
pub(crate) mod document;
pub(crate) mod lease;
pub(crate) mod ledger;
pub(crate) mod push;
pub(crate) mod queue;
pub(crate) mod setup;
pub(crate) mod shell;
pub(crate) mod told;
pub(crate) mod written;

use std::io;
use std::path::{Path, PathBuf};

use crate::config::Environment;

/// Where modlake keeps what it knows of trace files; `None` without a home folder that is the same from everywhere.
pub(crate) fn folder(environment: &Environment, queue: &Path) -> Option<PathBuf> {
    let home = folder_at_home(environment)?;
    if !is_forbidden(&home) {
        return Some(home);
    }
    // `mod` writes to its home, or there would be no trace.
    let queue = std::path::absolute(queue).ok();
    let beside = queue.and_then(|queue| Some(queue.parent()?.join(".modlake-traces")));
    Some(beside.filter(|beside| !is_forbidden(beside)).unwrap_or(home))
}

pub(crate) fn folder_at_home(environment: &Environment) -> Option<PathBuf> {
    let home = environment.home.as_ref().filter(|home| home.is_absolute())?;
    Some(home.join(".modlake").join("traces"))
}

/// Whether this user may not write there, which a full disk is not a case of: that passes.
fn is_forbidden(folder: &Path) -> bool {
    let forbids = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
    lease::open(folder).is_err_and(|error| forbids.contains(&error.kind()))
}
