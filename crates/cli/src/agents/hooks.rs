//! Hook entries in the JSON of the three agents.
//!
//! Claude Code and Codex: `{"hooks": {"<Event>": [{"matcher": "*", "hooks": [{"type": "command", "command": "…"}]}]}}`;
//! Cursor: `{"version": 1, "hooks": {"<event>": [{"command": "…"}]}}`.

use std::path::{Path, PathBuf};

use jsonc_parser::ast::Value;
use serde::Serialize;

use super::Agent;
use super::installed::{Written, restore};
use super::program::{self, program_of};
use crate::edit::json::{Json, State, Step};
use crate::edit::{Content, Original, refused};
use crate::error::CliError;

/// What a hook of Claude Code or Codex may take, in seconds, before the agent goes on without it. It takes milliseconds; this
/// is for a machine whose disk hangs. Cursor's hooks have Cursor's own limit: its pages and
/// other people's examples do not agree on the unit.
const TIMEOUT: u32 = 5;

/// An event to hook, and whether the agent lets a hook of it choose among tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) of_tools: bool,
}

pub(super) const fn event(name: &'static str) -> Event {
    Event { name, of_tools: false }
}

pub(super) const fn tool_event(name: &'static str) -> Event {
    Event { name, of_tools: true }
}

/// An entry of ours in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) event: String,
    /// Its place in the event's list, and in the group's list where there are groups.
    at: (usize, Option<usize>),
    command: String,
    pub(super) program: PathBuf,
}

impl Entry {
    fn path(&self) -> Vec<Step<'_>> {
        let mut path = vec![Step::Key("hooks"), Step::Key(&self.event), Step::Index(self.at.0)];
        if let Some(index) = self.at.1 {
            path.extend([Step::Key("hooks"), Step::Index(index)]);
        }
        path
    }
}

#[derive(Serialize)]
struct Group<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    matcher: Option<&'static str>,
    hooks: [Grouped<'a>; 1],
}

#[derive(Serialize)]
struct Grouped<'a> {
    r#type: &'static str,
    command: &'a str,
    timeout: u32,
}

#[derive(Serialize)]
struct Flat<'a> {
    command: &'a str,
}

/// Makes sure that each of `events` runs `program` once, and that of our entries no other event has one, unless it is
/// among `tolerated`.
pub(super) fn install(
    json: &mut Json,
    agent: Agent,
    events: &[Event],
    tolerated: &[Event],
    program: &str,
    written: &mut Written,
) {
    let command = program::command(program, agent);
    for name in event_names(json) {
        let named = |event: &Event| event.name == name;
        let keep = usize::from(events.iter().any(named) || tolerated.iter().any(named));
        // From the last to the first: removing one moves those behind it.
        let entries = entries_of(json, agent, &name);
        let needless = entries.get(keep..).unwrap_or_default();
        for entry in needless.iter().rev() {
            remove_entry(json, entry);
        }
        if !needless.is_empty() {
            restore(json, &["hooks", &name], Some(written));
        }
        for entry in entries_of(json, agent, &name).iter().filter(|entry| entry.command != command) {
            json.set(&entry.path(), "command", &command);
        }
    }
    written.container(json, &["hooks"]);
    if json.state(&[Step::Key("hooks")]) == State::Absent {
        json.set(&[], "hooks", &serde_json::Map::new());
    }
    for event in events {
        if !entries_of(json, agent, event.name).is_empty() {
            continue;
        }
        let list = [Step::Key("hooks"), Step::Key(event.name)];
        written.container(json, &["hooks", event.name]);
        if json.state(&list) == State::Absent {
            json.set(&list[..1], event.name, &Vec::<u8>::new());
        }
        let command = command.as_str();
        if agent == Agent::Cursor {
            json.push(&list, &Flat { command });
        } else {
            let matcher = event.of_tools.then_some("*");
            json.push(&list, &Group { matcher, hooks: [Grouped { r#type: "command", command, timeout: TIMEOUT }] });
        }
    }
}

/// Removes all entries of ours, and the containers that were made for them.
pub(super) fn uninstall(json: &mut Json, agent: Agent, written: Option<&Written>) {
    let mut touched = false;
    for name in event_names(json).into_iter().rev() {
        let entries = entries_of(json, agent, &name);
        for entry in entries.iter().rev() {
            remove_entry(json, entry);
        }
        if !entries.is_empty() {
            touched = true;
            restore(json, &["hooks", &name], written);
        }
    }
    if touched {
        restore(json, &["hooks"], written);
    }
}

/// All entries of ours, in the order of the file.
pub(super) fn entries(json: &Json, agent: Agent) -> Vec<Entry> {
    event_names(json).iter().flat_map(|name| entries_of(json, agent, name)).collect()
}

/// The file's JSON with its hooks in the shape that agents take; `None` when there is no file or nothing in it.
pub(super) fn parse(original: &Original) -> Result<Option<Json>, CliError> {
    let Some(text) = original.text.as_ref().filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let json = Json::parse(text).map_err(|reason| refused(&original.path, &reason))?;
    check_shape(&json, &original.path)?;
    Ok(Some(json))
}

/// What stays of a file after ours was removed: nothing when the file was made for ours.
pub(super) fn content(mut json: Json, written: Option<&Written>) -> Content {
    restore(&mut json, &[], written);
    let bare = matches!(json.state(&[]), State::Empty(text) if text.split_whitespace().collect::<String>() == "{}");
    if bare && written.is_some_and(|written| written.created) { Content::Gone } else { Content::Text(json.to_text()) }
}

/// Whether the containers that we would edit are what the agent takes them for.
fn check_shape(json: &Json, path: &Path) -> Result<(), CliError> {
    for key in [&[][..], &[Step::Key("hooks")]] {
        if let Some(name) = json.repeated_key(key) {
            return Err(refused(path, &format!("has the key `{name}` twice")));
        }
    }
    if json.at(&[Step::Key("hooks")], |value| value.as_object().is_none()) == Some(true) {
        return Err(refused(path, "has `hooks` that is not an object"));
    }
    for name in event_names(json) {
        if json.at(&[Step::Key("hooks"), Step::Key(&name)], |value| value.as_array().is_none()) == Some(true) {
            return Err(refused(path, &format!("has `hooks.{name}` that is not a list")));
        }
    }
    Ok(())
}

fn event_names(json: &Json) -> Vec<String> {
    json.at(&[Step::Key("hooks")], |hooks| {
        let names = hooks.as_object()?.properties.iter().map(|property| property.name.as_str().to_owned());
        Some(names.collect())
    })
    .flatten()
    .unwrap_or_default()
}

fn entries_of(json: &Json, agent: Agent, event: &str) -> Vec<Entry> {
    let ours = |value: &Value<'_>, at| {
        let command = value.as_object()?.get_string("command")?.value.to_string();
        let program = program_of(&command, agent)?;
        Some(Entry { event: event.to_owned(), at, command, program })
    };
    json.at(&[Step::Key("hooks"), Step::Key(event)], |list| {
        let groups = list.as_array().map(|list| &*list.elements).unwrap_or_default();
        let mut found = Vec::new();
        for (index, group) in groups.iter().enumerate() {
            found.extend(ours(group, (index, None)));
            let inner = group.as_object().and_then(|group| group.get_array("hooks"));
            let inner = inner.map(|list| &*list.elements).unwrap_or_default();
            found.extend(inner.iter().enumerate().filter_map(|(at, entry)| ours(entry, (index, Some(at)))));
        }
        found
    })
    .unwrap_or_default()
}

/// Removes the entry, and its group with it when nothing else is in there.
fn remove_entry(json: &mut Json, entry: &Entry) {
    let path = entry.path();
    json.remove(&path);
    let (Some(group), Some(list)) = (path.get(..3), path.get(..4)) else { return };
    if let State::Empty(text) = json.state(list) {
        // A comment in it is the user's.
        if text.split_whitespace().collect::<String>() == "[]" {
            json.remove(group);
        }
    }
}
