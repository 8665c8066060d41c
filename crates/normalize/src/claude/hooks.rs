//! Claude Code's hooks: 33 events, named `PostToolUse` and so on, and what scripts make of them.
//!
//! A call that failed fires `PostToolUseFailure`, and not `PostToolUse`; one that the model's own judge forbids `PermissionDenied`.
//! `PermissionRequest` does not name its call, `PostToolBatch` names several: each has hooks of its own. `StopFailure.error` is a
//! code (`server_error`).

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::decision;
use crate::fact::Fact;
use crate::hook::{self, Dialect};
use crate::keys::{Held, Key, KeyMap, content_to, to};
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, hook::SHARED, OWN]);

const OWN: &[Key] = &[
    ("conversation_id", to(events::SESSION_ID, 1)),
    ("compact_summary", content_to(events::OUTPUT_SNIPPET, 5)),
    ("delta", content_to(events::OUTPUT_SNIPPET, 6)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, tell };

pub(crate) fn write(hooks: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    hook::write(hooks, &DIALECT, request, rows);
}

fn tell(event: &str, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let prompt = cells.text(events::PROMPT_ID);
    let call = cells.text(events::TOOL_USE_ID);
    match event {
        "UserPromptSubmit" if cells.column(events::AGENT_ID).is_none() => Fact::Turn.write(prompt, rows),
        // beside the other, for a slash command
        "UserPromptExpansion" => Fact::Turn.write_if_told(prompt, rows),
        "PreToolUse" => Fact::ToolCall.write_if_told(call, rows),
        "PostToolUse" | "PostToolUseFailure" => Fact::ToolCall.write(call, rows),
        "PermissionDenied" => {
            Fact::ToolCall.write_if_told(call, rows);
            if cells.held(Held::Decision).is_none() {
                rows.text(events::DECISION, decision::REJECT);
            }
        }
        "StopFailure" => {
            if let Some(code) = cells.text(events::ERROR_MESSAGE).filter(|code| hook::is_code(code)) {
                rows.text(events::ERROR_TYPE, code);
                cells.forget(events::ERROR_MESSAGE);
            }
        }
        _ => {}
    }
    let success = match event {
        "PostToolUse" => true,
        "PostToolUseFailure" | "StopFailure" => false,
        _ => return,
    };
    if cells.column(events::SUCCESS).is_none() {
        rows.bool(events::SUCCESS, success);
    }
}
