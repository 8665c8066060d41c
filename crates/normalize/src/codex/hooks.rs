//! Codex's hooks: 12 events, named as Claude Code's.
//!
//! `PostToolUse` fires for calls that failed, too, and says nothing of it but what `tool_response` tells: for `apply_patch` an
//! exit code, which the sanitizer reads. A sub-agent's hooks name the session of the agent that started it; its log records,
//! spans and session file have its own, which the hooks call `agent_id`. Here it is the session, as everywhere else, and the
//! parent's stays in `attributes` as `session_id`. What a sub-agent is told is no turn of a user.

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::fact::Fact;
use crate::hook::{self, Dialect};
use crate::keys::{Key, KeyMap, content_to, text_to, to};
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, hook::SHARED, OWN]);

const OWN: &[Key] = &[
    ("turn_id", to(events::PROMPT_ID, 1)),
    ("call_id", to(events::TOOL_USE_ID, 1)),
    // the `notify` program's, which is no hook
    ("type", to(events::EVENT_NAME, 2)),
    ("thread-id", text_to(events::SESSION_ID, 1)),
    ("turn-id", to(events::PROMPT_ID, 2)),
    ("last-assistant-message", content_to(events::OUTPUT_SNIPPET, 5)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, tell };

pub(crate) fn write(hooks: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    hook::write(hooks, &DIALECT, request, rows);
}

fn tell(event: &str, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let agent = cells.text(events::AGENT_ID);
    let turn = cells.text(events::PROMPT_ID);
    let call = cells.text(events::TOOL_USE_ID);
    match event {
        "UserPromptSubmit" if agent.is_none() => Fact::Turn.write(turn, rows),
        "PreToolUse" | "PermissionRequest" => Fact::ToolCall.write_if_told(call, rows),
        "PostToolUse" => {
            Fact::ToolCall.write(call, rows);
            let exit_code = cells.column(events::EXIT_CODE).and_then(Value::to_int);
            if let Some(code) = exit_code.filter(|_| cells.column(events::SUCCESS).is_none()) {
                rows.bool(events::SUCCESS, code == 0);
            }
        }
        _ => {}
    }
    if let Some(agent) = agent.filter(|agent| Some(*agent) != cells.text(events::SESSION_ID)) {
        rows.text(events::SESSION_ID, agent);
        cells.keep_column(events::SESSION_ID);
    }
}
