//! Edits of files that belong to other programs: read, changed in memory, and replaced at once.
//!
//! A file is only replaced by a rename of a synced temporary file in its own folder, is readable by its owner only
//! afterwards ([`Mode`]), and is kept once as `<file>.modlake-backup` in the state before our first change. A symbolic link stays
//! one: the file that it names is replaced.

pub(crate) mod diff;
pub(crate) mod json;
pub(crate) mod toml;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::CliError;
use crate::exit::Exit;
use crate::private;

/// A file as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Original {
    /// As the user knows it.
    pub(crate) path: PathBuf,
    /// The file itself, behind symbolic links.
    target: PathBuf,
    /// `None`: there is no file.
    pub(crate) text: Option<String>,
    mode: Mode,
}

/// What the file's mode is afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 0600.
    Private,
    /// What it was.
    Kept,
}

/// What a file is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Text(String),
    Gone,
}

/// What writing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Unchanged,
    /// Only the mode was wrong.
    MadePrivate,
    Written,
    Removed,
}

impl Original {
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let target = target(path);
        let text = match fs::read(&target) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                refused(path, &format!("is not UTF-8 text (byte {at})"))
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(CliError::new(Exit::Config, format!("cannot read {}: {error}", path.display()))),
        };
        Ok(Self { path: path.to_path_buf(), target, text, mode: Mode::Private })
    }

    pub(crate) fn with_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// What names this file however it is reached.
    pub(crate) fn identity(&self) -> String {
        self.target.display().to_string()
    }

    pub(crate) fn would_change(&self, content: &Content) -> bool {
        match content {
            Content::Text(text) => self.text.as_ref() != Some(text),
            Content::Gone => self.text.is_some(),
        }
    }

    /// Writes `content`; `backup`: keep the state before, unless an earlier one is kept already.
    pub(crate) fn replace(&self, content: &Content, backup: bool) -> Result<Outcome, CliError> {
        self.try_replace(content, backup)
            .map_err(|error| CliError::new(Exit::Config, format!("cannot write {}: {error}", self.path.display())))
    }

    fn try_replace(&self, content: &Content, backup: bool) -> io::Result<Outcome> {
        if !self.would_change(content) {
            let is_too_open = self.mode == Mode::Private && private::is_open(&self.target);
            return if self.text.is_some() && is_too_open {
                private::close(&self.target)?;
                Ok(Outcome::MadePrivate)
            } else {
                Ok(Outcome::Unchanged)
            };
        }
        let folder = self.target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        if let Some(text) = self.text.as_ref().filter(|_| backup) {
            match private::temporary(folder, text)?.persist_noclobber(self.backup()) {
                Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
                _ => {}
            }
        }
        let written = match content {
            Content::Text(text) => Some(private::temporary(folder, text)?),
            Content::Gone => None,
        };
        // The agent writes its settings itself now and then: what it wrote since we read must not be lost.
        if fs::read_to_string(&self.target).ok() != self.text {
            return Err(io::Error::other("it was changed by another program just now; run the command again"));
        }
        let outcome = if let Some(file) = written {
            if let (Mode::Kept, Ok(metadata)) = (self.mode, fs::metadata(&self.target)) {
                file.as_file().set_permissions(metadata.permissions())?;
            }
            file.persist(&self.target)?;
            Outcome::Written
        } else {
            fs::remove_file(&self.target)?;
            Outcome::Removed
        };
        // Some file systems cannot sync a folder; the file itself is synced.
        fs::File::open(folder).and_then(|folder| folder.sync_all()).ok();
        Ok(outcome)
    }

    /// The state before our first change.
    pub(crate) fn backup(&self) -> PathBuf {
        let mut name = self.target.clone().into_os_string();
        name.push(OsString::from(".modlake-backup"));
        name.into()
    }

    /// Removes the backup once the file is again what it was; tells whether a backup stays.
    pub(crate) fn drop_needless_backup(&self) -> bool {
        let backup = self.backup();
        let Ok(kept) = fs::read(&backup) else { return false };
        fs::read(&self.target).ok() != Some(kept) || fs::remove_file(&backup).is_err()
    }

    /// Whether others may read the file; `None` when there is none.
    pub(crate) fn is_open(&self) -> Option<bool> {
        self.text.as_ref().map(|_| private::is_open(&self.target))
    }
}

/// An error for a file that must not be touched as it is.
pub(crate) fn refused(path: &Path, what: &str) -> CliError {
    CliError::new(Exit::Config, format!("{} {what}", path.display()))
        .hint("correct the file and run the command again; it was left as it is")
}

/// The file behind symbolic links, also when it or its folders are not there yet.
fn target(path: &Path) -> PathBuf {
    if let Ok(found) = fs::canonicalize(path) {
        return found;
    }
    let path = match fs::read_link(path) {
        Ok(named) => path.parent().unwrap_or(Path::new(".")).join(named),
        Err(_) => path.to_path_buf(),
    };
    let there = path.ancestors().skip(1).find_map(|folder| Some((folder, fs::canonicalize(folder).ok()?)));
    match there.and_then(|(folder, found)| Some(found.join(path.strip_prefix(folder).ok()?))) {
        Some(found) => found,
        None => path,
    }
}
