//! The coding agents of this machine: where each keeps its settings, what modlake writes there, and what is there now.
//!
//! | agent | hooks | exporter |
//! |---|---|---|
//! | Claude Code | `settings.json` | `env` of the same file |
//! | Codex | `hooks.json` | `[otel]` of `config.toml` |
//! | Cursor | `hooks.json` | none: it has no exporter |
//!
//! An entry is ours when its command runs `modlake hook --agent X`, or when its key is noted in `~/.modlake/installed.json`
//! and its value is still of the kind that we write. All else belongs to the user and is left as it is.

mod claude;
mod client;
mod codex;
mod cursor;
mod hooks;
mod installed;
mod program;
pub(crate) mod project;
mod state;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use record::secret::Secret;
use record::source::Provider;
use serde::Serialize;

use crate::config::Environment;
use crate::edit::{Content, Original};
use crate::error::CliError;

pub(crate) use installed::Installed;
pub(crate) use program::hook_program;
pub(crate) use state::{AgentState, Exporter, KeyState, Verdict, check};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Agent {
    Claude,
    Codex,
    Cursor,
}

impl Agent {
    pub(crate) const ALL: [Self; 3] = [Self::Claude, Self::Codex, Self::Cursor];

    /// As on the command line, in the server's routes and in file names.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.as_str() == text)
    }

    pub(crate) fn provider(self) -> Provider {
        match self {
            Self::Claude => Provider::ClaudeCode,
            Self::Codex => Provider::Codex,
            Self::Cursor => Provider::Cursor,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Claude => "Claude Code",
            Self::Codex => "Codex",
            Self::Cursor => "Cursor",
        }
    }
}

/// Whose settings: the user's, or those of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    User,
    Project(PathBuf),
}

/// What an installation writes.
pub(crate) struct Wanted {
    /// The command line that runs modlake, quoted for a shell.
    pub(crate) program: String,
    /// Without a slash at the end.
    pub(crate) server: String,
    pub(crate) key: Secret,
    pub(crate) log_prompts: bool,
    pub(crate) log_tool_details: bool,
}

impl Wanted {
    fn endpoint(&self, agent: Agent, signal: &str) -> String {
        format!("{}{}", self.server, route(agent, signal))
    }
}

fn route(agent: Agent, signal: &str) -> String {
    format!("/v1/otel/{}/{signal}", agent.as_str())
}

/// One file and what it is to become.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) original: Original,
    pub(crate) content: Content,
}

impl Change {
    pub(crate) fn is_change(&self) -> bool {
        self.original.would_change(&self.content)
    }
}

/// The changes of one agent's files, and what a person should know of them.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    pub(crate) notes: Vec<String>,
}

/// What installing would change. Nothing is written; `installed` learns what will be ours.
pub(crate) fn install(
    agent: Agent,
    scope: &Scope,
    wanted: &Wanted,
    environment: &Environment,
    installed: &mut Installed,
) -> Result<Plan, CliError> {
    match agent {
        Agent::Claude => claude::install(scope, wanted, environment, installed),
        Agent::Codex => codex::install(scope, wanted, environment, installed),
        Agent::Cursor => cursor::install(scope, wanted, environment, installed),
    }
}

/// What removing all that is ours would change. Nothing is written; `installed` forgets it.
pub(crate) fn uninstall(
    agent: Agent,
    scope: &Scope,
    environment: &Environment,
    installed: &mut Installed,
) -> Result<Plan, CliError> {
    match agent {
        Agent::Claude => claude::uninstall(scope, environment, installed),
        Agent::Codex => codex::uninstall(scope, environment, installed),
        Agent::Cursor => cursor::uninstall(scope, environment, installed),
    }
}

/// The folder of the agent's settings: the repository's, the one that the agent's own variable names, the one in the
/// home folder.
fn folder(scope: &Scope, named: Option<&Path>, usual: &str, environment: &Environment) -> Result<PathBuf, CliError> {
    match (scope, named) {
        (Scope::Project(root), _) => Ok(root.join(usual)),
        (Scope::User, Some(named)) => Ok(named.to_path_buf()),
        (Scope::User, None) => Ok(environment.required_home()?.join(usual)),
    }
}

#[cfg(test)]
mod tests;
