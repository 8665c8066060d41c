//! Claude Code's hooks: 33 events, named `PostToolUse` and so on, and what scripts make of them.

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::value::Value;

use crate::hook::{self, Dialect};
use crate::keys::{Key, KeyMap, content_to, to};
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, hook::SHARED, OWN]);

const OWN: &[Key] = &[
    ("conversation_id", to(events::SESSION_ID, 1)),
    ("compact_summary", content_to(events::OUTPUT_SNIPPET, 5)),
    ("delta", content_to(events::OUTPUT_SNIPPET, 6)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, success };

pub(crate) fn write(hooks: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    hook::write(hooks, &DIALECT, request, rows);
}

/// A failed call fires `PostToolUseFailure`, and not `PostToolUse`.
fn success(event_name: &str) -> Option<bool> {
    match event_name {
        "PostToolUse" => Some(true),
        "PostToolUseFailure" | "StopFailure" => Some(false),
        _ => None,
    }
}
