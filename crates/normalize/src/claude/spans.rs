//! Claude Code's spans (beta): `claude_code.interaction` over `llm_request` and `tool`, a tool's over `tool.blocked_on_user` and
//! `tool.execution`.
//!
//! `tool` lasts from the model's call to the result, the wait for the user's word included; `tool.execution` is the tool's own
//! time, and of a call that was not allowed there is none. A failed execution tells the error's class as `error_class`, beside
//! the `error.type` that is always `tool_error`; where tool details are off, `error` is the class, too, and no message.
//! `interaction` does not name its prompt, nor `tool.blocked_on_user` its call: the one is a turn where no other signal tells of
//! turns, the other is the same call once more.
//! The `gen_ai.…` names repeat Claude Code's own: the second of two equal values goes.

use record::dictionary::coding_agent_events as events;
use record::otlp::{ResourceGroup, Span};
use record::rows::Rows;

use crate::cells::Cells;
use crate::fact::Fact;
use crate::keys::{Key, KeyMap, to};
use crate::names;
use crate::request::Request;
use crate::span::{self, Dialect};

static KEYS: KeyMap =
    KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, names::IDS, names::OTHERS, span::SHARED, OWN]);

const OWN: &[Key] = &[
    ("interaction.duration_ms", to(events::DURATION_MS, 1)),
    ("bash_argv0", to(events::COMMAND, 1)),
    ("anthropic.mcp.server.name", to(events::MCP_SERVER, 3)),
];

pub(crate) fn write(groups: &[ResourceGroup<'_, Span<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    let mut dialect = Dialect { keys: &KEYS, keeps: &mut |_, _| true, tell: &tell };
    span::write(groups, &mut dialect, request, rows);
}

fn tell(span: &Span<'_>, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    match span.name.as_ref() {
        "claude_code.interaction" => Fact::Turn.write(None, rows),
        "claude_code.llm_request" => Fact::ApiRequest.write(cells.text(events::REQUEST_ID), rows),
        "claude_code.tool" => Fact::ToolCall.write_if_told(cells.text(events::TOOL_USE_ID), rows),
        "claude_code.tool.execution" => {
            Fact::ToolCall.write_if_told(cells.text(events::TOOL_USE_ID), rows);
            error_class(cells, rows);
        }
        _ => {}
    }
}

/// Takes an `error` that is a class for the class.
fn error_class(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let Some(error) = cells.text(events::ERROR_MESSAGE) else { return };
    let is_class = error.ends_with("Error") && error.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_class || cells.text(events::ERROR_TYPE) == Some(error) {
        rows.text(events::ERROR_TYPE, error);
        cells.forget(events::ERROR_MESSAGE);
    }
}
