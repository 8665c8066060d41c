//! A repository, as far as settings in it are concerned.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Change;
use crate::error::CliError;
use crate::exit::Exit;

/// The folder above `start` (or it itself) that git calls a work tree; `start` outside of one.
pub(crate) fn root(start: &Path) -> PathBuf {
    start.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(start).to_path_buf()
}

/// Refuses to write a key into a file that git keeps, and warns of one that the next `git add` would take: what is
/// committed is read by everybody who has the repository, for as long as its history lasts.
pub(crate) fn check_secret_files(root: &Path, changes: &[Change]) -> Result<Vec<String>, CliError> {
    let mut notes = Vec::new();
    for change in changes {
        let path = &change.original.path;
        let shown = path.strip_prefix(root).unwrap_or(path).display();
        if git_says(root, &["ls-files", "--error-unmatch", "--"], path) == Some(true) {
            return Err(CliError::new(Exit::Config, format!("{shown} is kept by git and would hold the key"))
                .hint(format!("`git rm --cached {shown}`, add it to .gitignore, and run the command again")));
        }
        if git_says(root, &["check-ignore", "-q", "--"], path) == Some(false) {
            notes.push(format!(
                "{shown} is not ignored by git and must not be committed: `echo {shown} >> .git/info/exclude`"
            ));
        }
    }
    Ok(notes)
}

/// Whether git answers yes (0) or no (1); `None` when it answers neither, or is not there.
fn git_says(root: &Path, question: &[&str], path: &Path) -> Option<bool> {
    let status = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(question)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    match status.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}
