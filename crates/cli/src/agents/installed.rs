//! `~/.modlake/installed.json`: what modlake wrote into the settings of agents, so that it removes that and nothing else.
//!
//! ```json
//! {"files": {"/home/ann/.claude/settings.json": {
//!   "created": false,             there was no file before
//!   "made": ["env"],              containers that were not there
//!   "empty": {"hooks": "{ }"},    containers that were there without members, as they were written
//!   "keys": ["env.OTEL_LOGS_EXPORTER"]
//! }}}
//! ```
//!
//! It holds names, never values of settings, and so no key. Without the file, whatever equals what we write counts as ours.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Environment;
use crate::edit::json::{Json, State, Step};
use crate::edit::{self, Content, Original};
use crate::error::CliError;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Installed {
    /// By the path of the file itself, behind symbolic links.
    #[serde(default)]
    files: BTreeMap<String, Written>,
}

/// What we wrote into one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Written {
    #[serde(default)]
    pub(super) created: bool,
    #[serde(default)]
    made: BTreeSet<String>,
    #[serde(default)]
    empty: BTreeMap<String, String>,
    #[serde(default)]
    keys: BTreeSet<String>,
}

impl Installed {
    pub(crate) fn load(environment: &Environment) -> Result<Self, CliError> {
        let path = path(environment)?;
        let Some(text) = Original::read(&path)?.text else { return Ok(Self::default()) };
        serde_json::from_str(&text).map_err(|error| {
            edit::refused(
                &path,
                &format!("is not as modlake writes it (line {} column {})", error.line(), error.column()),
            )
            .hint("remove it: modlake then takes for its own whatever equals what it writes")
        })
    }

    pub(crate) fn save(&self, environment: &Environment) -> Result<(), CliError> {
        let original = Original::read(&path(environment)?)?;
        let text = serde_json::to_string_pretty(self).expect("texts in maps are JSON") + "\n";
        let content = if self.files.is_empty() { Content::Gone } else { Content::Text(text) };
        original.replace(&content, false).map(|_| ())
    }

    pub(super) fn known(&self, original: &Original) -> Option<&Written> {
        self.files.get(&original.identity())
    }

    /// What is noted of a file that is about to be written.
    pub(super) fn note(&mut self, original: &Original) -> &mut Written {
        let created = original.text.is_none();
        let written = self.files.entry(original.identity()).or_default();
        if created {
            *written = Written { created, ..Written::default() };
        }
        written
    }

    pub(super) fn forget(&mut self, original: &Original) -> Option<Written> {
        self.files.remove(&original.identity())
    }
}

impl Written {
    pub(super) fn own_key(&mut self, name: &str) {
        self.keys.insert(name.to_owned());
    }

    pub(super) fn disown_key(&mut self, name: &str) {
        self.keys.remove(name);
    }

    pub(super) fn owns_key(&self, name: &str) -> bool {
        self.keys.contains(name)
    }

    pub(super) fn own_container(&mut self, name: &str) {
        self.made.insert(name.to_owned());
    }

    pub(super) fn made(&self, name: &str) -> bool {
        self.made.contains(name)
    }

    /// Notes how the container at `path` is before members are put into it.
    pub(super) fn container(&mut self, json: &Json, path: &[&str]) {
        let name = path.join(".");
        match json.state(&keys(path)) {
            State::Absent => {
                self.empty.remove(&name);
                self.made.insert(name);
            }
            State::Empty(text) => {
                self.made.remove(&name);
                self.empty.insert(name, text);
            }
            State::Filled => {}
        }
    }
}

/// Puts a container that lost its last member back as it was: away, or empty as it was written. Without a note it goes.
pub(super) fn restore(json: &mut Json, path: &[&str], written: Option<&Written>) {
    let steps = keys(path);
    let State::Empty(now) = json.state(&steps) else { return };
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    match written.and_then(|written| written.empty.get(&path.join("."))) {
        Some(before) if squeezed(before) == squeezed(&now) => json.replace(&steps, before),
        Some(_) => {}
        // A comment in it is the user's.
        None if squeezed(&now).len() == 2 => json.remove(&steps),
        None => {}
    }
}

fn keys<'a>(path: &[&'a str]) -> Vec<Step<'a>> {
    path.iter().map(|key| Step::Key(key)).collect()
}

fn path(environment: &Environment) -> Result<PathBuf, CliError> {
    let home: &Path = environment.required_home()?;
    Ok(home.join(".modlake").join("installed.json"))
}
