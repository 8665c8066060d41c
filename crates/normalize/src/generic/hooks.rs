//! Hooks of Codex (named as Claude Code's) and Cursor (`postToolUse`, `conversation_id`, `workspace_roots`).

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::value::Value;

use crate::hook::{self, Dialect};
use crate::keys::{Key, KeyMap, content_to, to};
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, hook::SHARED, OWN]);

const OWN: &[Key] = &[
    // Cursor says both in session events, and they are equal there
    ("conversation_id", to(events::SESSION_ID, 1)),
    ("turn_id", to(events::PROMPT_ID, 1)),
    ("generation_id", to(events::PROMPT_ID, 2)),
    ("tool_call_id", to(events::TOOL_USE_ID, 1)),
    ("duration", to(events::DURATION_MS, 1)),
    ("failure_type", to(events::ERROR_TYPE, 5)),
    ("subagent_id", to(events::AGENT_ID, 1)),
    ("subagent_type", to(events::AGENT_TYPE, 2)),
    ("cursor_version", to(events::AGENT_VERSION, 2)),
    ("cache_write_tokens", to(events::CACHE_CREATION_TOKENS, 1)),
    ("result_json", content_to(events::OUTPUT_SNIPPET, 5)),
    ("text", content_to(events::OUTPUT_SNIPPET, 6)),
    ("git_branch", to(events::BRANCH, 2)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, success };

pub(crate) fn write(hooks: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    hook::write(hooks, &DIALECT, request, rows);
}

/// Cursor has an event of its own for failures; Codex fires `PostToolUse` for failed calls too, which says nothing.
fn success(event_name: &str) -> Option<bool> {
    match event_name {
        "postToolUse" => Some(true),
        "postToolUseFailure" => Some(false),
        _ => None,
    }
}
