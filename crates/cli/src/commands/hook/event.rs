//! An agent's event → the line that is spooled: with what the agent does not say, without what may not leave the laptop.
//!
//! Added, where the event does not say it itself:
//!
//! | key | value |
//! |---|---|
//! | `timestamp` | when the hook ran, RFC 3339 in UTC with milliseconds |
//! | `hook_event_id` | a version 7 UUID, by which the server knows an event that is sent again |
//! | `repo`, `branch` | of the event's folder, see [`git`] |
//! | `modlake_version` | this program's |
//!
//! Then the server's own sanitizer goes over it, so that prompts, outputs, file contents and secrets are gone before anything
//! is written. The server does the same again, which changes nothing (`sanitize`'s promise), unless its policy is stricter.

use std::path::Path;

use receive::DecodeError;
use record::arrival::Payload;
use record::json;
use record::secret::Secret;
use record::time::Timestamp;
use record::value::{self, Attributes, Value};
use redact::{HashKey, Options, Redactor};
use sanitize::capture::Policy;
use sanitize::{Owner, Sanitizer};
use uuid::Uuid;

use super::git::{self, Git};
use crate::agents::Agent;
use crate::spool::RECORD_BYTES;

/// The marker of an event that is not whole: it was too large to be read or spooled, and has its small values only.
pub(super) const CUT: &str = "hook_input_cut";
/// Bytes of a small value.
pub(super) const SMALL_BYTES: usize = 1024;

/// When and which.
pub(super) struct Stamp {
    pub(super) time: Timestamp,
    pub(super) id: Uuid,
}

/// How an event is cleaned.
pub(super) struct Cleaning {
    pub(super) policy: Policy,
    /// Of the placeholders.
    pub(super) key: HashKey,
    /// This laptop's own, which is masked wherever it stands.
    pub(super) api_key: Option<Secret>,
}

/// The records of what an agent wrote, one line each; agents write one event.
pub(super) fn records(
    body: &[u8],
    agent: Agent,
    cleaning: Cleaning,
    stamp: &mut impl FnMut() -> Stamp,
) -> Result<Vec<Vec<u8>>, DecodeError> {
    let mut events = receive::decode_hooks(body)?;
    for event in &mut events {
        if let Value::Map(entries) = event {
            complete(entries, &stamp());
        }
    }
    let mut payload = Payload::Hooks(events);
    let Cleaning { policy, key, api_key } = cleaning;
    let own_keys: Vec<&Secret> = api_key.iter().collect();
    let owner = Owner { key: &key, sessions: None, own_keys: &own_keys };
    let options = Options { short_lived: true, ..Options::default() };
    let redactor = Redactor::with_options(&options).expect("the rules of this version can be used");
    Sanitizer::with_redactor(policy, redactor).sanitize_for(&mut payload, agent.provider(), &owner);
    let Payload::Hooks(events) = payload else { return Ok(Vec::new()) };
    Ok(events.into_iter().map(line).collect())
}

fn complete(entries: &mut Attributes<'_>, stamp: &Stamp) {
    let git = folder(entries).map(|folder| git::find(Path::new(folder))).unwrap_or_default();
    let Git { repo, branch } = git;
    let added = [
        ("timestamp", Some(milliseconds(stamp.time))),
        ("hook_event_id", Some(stamp.id.to_string())),
        ("repo", repo),
        ("branch", branch),
        ("modlake_version", Some(env!("CARGO_PKG_VERSION").to_owned())),
    ];
    for (key, text) in added {
        let Some(text) = text else { continue };
        match entries.iter_mut().find(|(known, _)| known == key) {
            Some((_, value)) if *value == Value::Null => *value = Value::text(text),
            Some(_) => {}
            None => entries.push((key.into(), Value::text(text))),
        }
    }
}

/// `cwd`; Cursor has `workspace_roots` in its place.
fn folder<'e>(entries: &'e Attributes<'_>) -> Option<&'e str> {
    let text = |value: &'e Value<'_>| value.as_str().filter(|text| !text.is_empty());
    value::get(entries, "cwd").and_then(text).or_else(|| match value::get(entries, "workspace_roots")? {
        Value::List(roots) => roots.first().and_then(text),
        _ => None,
    })
}

/// `2026-03-01T09:00:00.123Z`: agents' own precision.
fn milliseconds(time: Timestamp) -> String {
    let micros = time.to_rfc3339();
    match micros.strip_suffix('Z').and_then(|text| text.get(..text.len().saturating_sub(3))) {
        Some(text) if micros.len() == "2026-03-01T09:00:00.123456Z".len() => format!("{text}Z"),
        _ => micros,
    }
}

fn line(mut event: Value<'_>) -> Vec<u8> {
    let mut line = Vec::with_capacity(2 << 10);
    json::write_value(&event, &mut line);
    if line.len() > RECORD_BYTES
        && let Value::Map(entries) = &mut event
    {
        cut(entries);
        line.clear();
        json::write_value(&event, &mut line);
    }
    line
}

/// Small values at the top level alone, as many as fit; ids and names come first with all agents.
fn cut(entries: &mut Attributes<'_>) {
    let mut left = RECORD_BYTES / 8;
    entries.retain(|(key, value)| {
        let bytes = match value {
            Value::Text(text) => text.len(),
            Value::List(_) | Value::Map(_) | Value::Bytes(_) => return false,
            _ => 0,
        };
        let cost = key.len() + bytes + 8;
        let fits = key.len() <= SMALL_BYTES && bytes <= SMALL_BYTES && cost <= left;
        left -= if fits { cost } else { 0 };
        fits || OWN.contains(&key.as_ref())
    });
    entries.push((CUT.into(), Value::Bool(true)));
}

/// What identifies the event; short by construction or by the sanitizer's bounds.
const OWN: &[&str] = &["hook_event_id", "hook_event_name", "modlake_version", "session_id", "timestamp"];

#[cfg(test)]
mod tests;
