//! Hook events: the JSON object that an agent hands to a hook, or that a hook script makes of it.
//!
//! No agent puts a time, the outcome or the repository into it; scripts add `timestamp`, `success`, `repo` and `branch`, and say
//! `hook` for `hook_event_name`. All are read.

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::time::Timestamp;
use record::value::{Attribute, Value};

use crate::cells::{Cells, More};
use crate::event_time;
use crate::fields::Fields;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, held, to};
use crate::level::Level;
use crate::request::Request;
use crate::tool_call::{self, Moved};

/// Field names that all agents' hooks share.
pub(crate) const SHARED: &[Key] = &[
    ("hook", to(events::EVENT_NAME, 0)),
    ("hook_event_name", to(events::EVENT_NAME, 1)),
    ("hook_event_id", held(Held::DeclaredId, 0)),
    ("event_id", held(Held::DeclaredId, 1)),
    ("id", held(Held::DeclaredId, 2)),
    ("timestamp", held(Held::EventTimestamp, 0)),
    ("session_id", to(events::SESSION_ID, 0)),
    ("prompt_id", to(events::PROMPT_ID, 0)),
    ("user_id", to(events::USER_ID, 3)),
    ("user_email", to(events::USER_EMAIL, 2)),
    ("commit_sha", to(events::COMMIT_SHA, 1)),
    ("agent_version", to(events::AGENT_VERSION, 1)),
    ("command", to(events::COMMAND, 1)),
    ("output_snippet", content_to(events::OUTPUT_SNIPPET, 0)),
    ("tool_response", content_to(events::OUTPUT_SNIPPET, 2)),
    ("tool_output", content_to(events::OUTPUT_SNIPPET, 3)),
    ("last_assistant_message", content_to(events::OUTPUT_SNIPPET, 4)),
    ("workspace_roots", held(Held::WorkspaceRoots, 0)),
];

/// The sanitizer's marker of a prompt that it cut: what is left does not tell the length.
const TRUNCATED: &str = "prompt_text_truncated";

/// What differs between agents.
pub(crate) struct Dialect {
    pub(crate) keys: &'static KeyMap,
    /// Sets what an event of this name says by being what it is, before its fields fill their columns.
    pub(crate) tell: fn(&str, &mut Cells<'_, '_>, &mut Rows),
}

pub(crate) fn write(hooks: &[Value<'_>], dialect: &Dialect, request: &mut Request<'_>, rows: &mut Rows) {
    let mut cells = Cells::new();
    for hook in hooks {
        let attributes: &[Attribute<'_>] = hook.as_map().map_or(&[], Vec::as_slice);
        cells.read(attributes, dialect.keys);
        write_hook(hook, dialect, &mut cells, request, rows);
    }
}

fn write_hook<'v, 'a>(
    hook: &'v Value<'a>,
    dialect: &Dialect,
    cells: &mut Cells<'v, 'a>,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    request.begin(rows);
    let claimed = cells.held_text(Held::EventTimestamp).and_then(Timestamp::parse);
    let disbelieved = event_time::write(claimed, request.envelope.received_at, rows);
    if claimed.is_none() {
        cells.keep(Held::EventTimestamp);
    }
    let name = cells.text(events::EVENT_NAME);
    (dialect.tell)(name.unwrap_or_default(), cells, rows);
    let tool_name = cells.text(events::TOOL_NAME);
    cells.write_own(rows);
    let nothing = Level::default();
    cells.inherit([&nothing, &nothing], rows);

    let is_whole = !cells.rest().any(|(key, _)| key == TRUNCATED);
    if let Some(prompt) = cells.text(events::PROMPT_TEXT).filter(|_| is_whole) {
        rows.int(events::PROMPT_LENGTH, utf16_length(prompt));
    }
    write_cwd(cells, rows);
    let tool_input = cells.held(Held::ToolInput);
    let moved = tool_call::write(tool_name, cells.held(Held::ToolParameters), tool_input, rows);
    cells.keep(Held::ToolParameters);
    cells.keep(Held::DeclaredId);

    cells.write_attributes([&nothing, &nothing], rows, |more| {
        if let Some(input) = tool_input {
            write_tool_input(input, moved, more);
        }
        if hook.as_map().is_none() {
            more.value("payload", hook);
        }
        if let Some(original) = disbelieved {
            more.text(event_time::ORIGINAL, &original.to_rfc3339());
        }
    });
    request.end(declared(name, cells), rows);
}

/// The id that the sender gave the event. `tool_use_id` and name are none: an agent may run a hook twice for one call.
fn declared<'v>(name: Option<&'v str>, cells: &Cells<'v, '_>) -> Option<Declared<'v>> {
    let id = cells.held_text(Held::DeclaredId)?;
    Some(Declared::Hook {
        session: cells.text(events::SESSION_ID).unwrap_or_default(),
        name: name.unwrap_or_default(),
        id,
    })
}

/// `workspace_roots` (Cursor) stands for `cwd`: its first folder; more than one stay.
fn write_cwd(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let roots = match cells.held(Held::WorkspaceRoots) {
        Some(Value::List(roots)) => roots.as_slice(),
        _ => &[],
    };
    let first = roots.first().and_then(Value::as_str).filter(|root| !root.is_empty());
    let moved = rows.is_unset(events::CWD) && roots.len() == 1;
    if let Some(first) = first {
        rows.text(events::CWD, first);
    }
    if !moved || first.is_none() {
        cells.keep(Held::WorkspaceRoots);
    }
}

/// The tool's input without what has moved to a column.
fn write_tool_input(input: &Value<'_>, moved: Moved, more: &mut More<'_, '_, '_, '_>) {
    let Value::Map(entries) = input else {
        more.value("tool_input", input);
        return;
    };
    let stays = |(key, _): &&Attribute<'_>| !(moved.command && key == "command" || moved.skill && key == "skill");
    if entries.is_empty() || entries.iter().any(|entry| stays(&entry)) {
        more.with("tool_input", |out| {
            let mut fields = Fields::begin(out);
            for (key, value) in entries.iter().filter(stays) {
                fields.value(key, value);
            }
            fields.end();
        });
    }
}

/// One word: no sentence that somebody said.
pub(crate) fn is_code(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// JavaScript's length, as Claude Code's own `prompt_length` counts.
fn utf16_length(text: &str) -> i64 {
    i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX)
}
