//! The repository whose settings are meant.

use std::path::{Path, PathBuf};

/// The folder above `start` (or it itself) that git calls a work tree; `start` outside of one.
pub(crate) fn root(start: &Path) -> PathBuf {
    start.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(start).to_path_buf()
}
