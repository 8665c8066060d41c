//! The agents' own session files, read into flat records: one for each prompt, model request, tool call, skill use and session
//! start. What was said and what tools gave back stays on this machine; a prompt leaves it only when asked for.
//!
//! # What counts once
//!
//! Session files repeat themselves: a message with text and two tool calls is three lines that carry its token counts each, a
//! resumed, forked or delegated session begins with a copy of another one. Every fact therefore has an id made of ids that the
//! file holds (`event_id`), and of several copies the one in the oldest file counts ([`Seen`], [`files`]), which is the session
//! it happened in. The server knows the ids again, so that an import may be repeated.

pub(crate) mod claude;
pub(crate) mod codex;
pub(crate) mod files;
pub(crate) mod ledger;
pub(crate) mod lines;
pub(crate) mod upload;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::args::HistoryAgent;

/// One fact, as `POST /v1/otel/{agent}/history` takes it. Tokens count as everywhere in the lake: `input_tokens` without those
/// of the cache, `output_tokens` with those of reasoning.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Record {
    #[serde(rename = "record")]
    pub(crate) name: &'static str,
    pub(crate) event_id: String,
    /// RFC 3339.
    pub(crate) timestamp: String,
    pub(crate) session_id: String,
    #[serde(flatten)]
    pub(crate) place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<String>,
    #[serde(flatten)]
    pub(crate) tokens: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool_use_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) success: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) skill_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invocation_trigger: Option<&'static str>,
}

/// Where and with what a session ran.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cwd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_version: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Tokens {
    #[serde(rename = "input_tokens")]
    pub(crate) input: u64,
    #[serde(rename = "output_tokens")]
    pub(crate) output: u64,
    #[serde(rename = "cache_read_tokens")]
    pub(crate) cache_read: u64,
    #[serde(rename = "cache_creation_tokens")]
    pub(crate) cache_creation: u64,
    #[serde(rename = "reasoning_tokens", skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<u64>,
}

/// A record, and what else it is known by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    pub(crate) record: Record,
    /// An id of the line that copies keep where they change the ids of the fact.
    pub(crate) line: Option<String>,
}

impl Fact {
    pub(crate) fn new(record: Record) -> Self {
        Self { record, line: None }
    }
}

/// What one file holds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Session {
    pub(crate) facts: Vec<Fact>,
    /// Lines that are no JSON object, or longer than any agent writes.
    pub(crate) unreadable: u64,
}

/// Reads one session file of an agent.
pub(crate) fn read(agent: HistoryAgent, path: &Path, log_prompts: bool) -> io::Result<Session> {
    match agent {
        HistoryAgent::Claude => claude::read(path, log_prompts),
        HistoryAgent::Codex => codex::read(path, log_prompts),
    }
}

/// Where an agent keeps its sessions when nobody says otherwise.
pub(crate) fn folders(agent: HistoryAgent, home: &Path, claude: Option<&Path>, codex: Option<&Path>) -> Vec<PathBuf> {
    match agent {
        HistoryAgent::Claude => vec![claude.map_or_else(|| home.join(".claude"), Path::to_path_buf).join("projects")],
        HistoryAgent::Codex => {
            let folder = codex.map_or_else(|| home.join(".codex"), Path::to_path_buf);
            vec![folder.join("sessions"), folder.join("archived_sessions")]
        }
    }
}

/// The ids of all facts so far, as hashes: eight bytes each, so that years of sessions fit.
#[derive(Default)]
pub(crate) struct Seen(HashSet<u64>);

impl Seen {
    /// Whether the fact is new. Asked file by file, oldest first.
    pub(crate) fn is_new(&mut self, fact: &Fact) -> bool {
        let line_is_new = fact.line.as_ref().is_none_or(|line| self.insert("line", line));
        // A copy under a new id must not take that id from the fact that it belongs to.
        line_is_new && self.insert(fact.record.name, &fact.record.event_id)
    }

    fn insert(&mut self, kind: &str, id: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        (kind, id).hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}

/// JavaScript's length of a text, which is how both agents' servers count prompts.
pub(crate) fn utf16_length(text: &str) -> u64 {
    text.encode_utf16().count() as u64
}

/// The program of a command line, where its first word is plainly one: no variable, quote or operator.
pub(crate) fn program(command: &str) -> Option<String> {
    const LONGEST: usize = 32;
    let word = command.split_whitespace().next()?;
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/+".contains(&byte));
    let name = word.rsplit('/').next().filter(|name| is_plain && !name.is_empty() && name.len() <= LONGEST)?;
    Some(name.to_owned())
}

/// The number behind `marker` in `text`, such as the exit code behind `Exit code `.
pub(crate) fn number_after(text: &str, marker: &str) -> Option<i64> {
    let (_, rest) = text.split_once(marker)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests;
