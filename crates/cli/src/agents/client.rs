//! Whether an agent is on this machine, and which version.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Agent;
use crate::config::Environment;

/// Longer than any client needs to print its version.
const PATIENCE: Duration = Duration::from_secs(5);

/// An agent that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// The program, or what else tells of it.
    pub(super) found: PathBuf,
    program: bool,
}

impl Client {
    /// Looks for the program on `PATH` and where its installer puts it, then for what the agent leaves in the home folder
    /// when it runs. Settings are no such sign: we write them ourselves.
    pub(super) fn find(agent: Agent, environment: &Environment) -> Option<Self> {
        let (names, places, traces): (&[&str], &[&str], &[&str]) = match agent {
            Agent::Claude => {
                (&["claude"], &[".local/bin/claude", ".claude/local/claude"], &[".claude.json", ".claude/projects"])
            }
            Agent::Codex => (&["codex"], &[".local/bin/codex"], &[".codex/auth.json", ".codex/sessions"]),
            Agent::Cursor => (
                &["cursor", "cursor-agent"],
                &[".local/bin/cursor-agent", "/Applications/Cursor.app/Contents/MacOS/Cursor"],
                &[".cursor/extensions", ".cursor/argv.json", ".cursor/cli-config.json"],
            ),
        };
        if let Some(found) = names.iter().find_map(|name| environment.find_program(name)) {
            return Some(Self { found, program: true });
        }
        let home = environment.home.as_deref()?;
        let at = |place: &&str| Some(home.join(place)).filter(|path| path.exists());
        places
            .iter()
            .find_map(at)
            .map(|found| Self { found, program: true })
            .or_else(|| traces.iter().find_map(at).map(|found| Self { found, program: false }))
    }

    /// What `--version` prints first that looks like a version; `None` when the program says nothing of the kind in time.
    pub(super) fn version(&self) -> Option<Version> {
        if !self.program {
            return None;
        }
        let mut child = Command::new(&self.found)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let started = Instant::now();
        while child.try_wait().ok()?.is_none() {
            if started.elapsed() > PATIENCE {
                child.kill().ok()?;
                child.wait().ok()?;
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().ok()?;
        Version::in_text(&String::from_utf8_lossy(&output.stdout))
    }
}

/// `2.1.329`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) [u32; 3]);

impl Version {
    fn in_text(text: &str) -> Option<Self> {
        text.split(|c: char| c.is_whitespace() || c == 'v').find_map(|word| {
            let mut numbers = word.split('.').map(str::parse);
            let version = Self([numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?]);
            numbers.next().is_none().then_some(version)
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests;
