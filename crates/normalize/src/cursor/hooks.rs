//! Cursor's hooks, as its documents and samples describe them: camelCase names, a conversation for the session, a generation for
//! each message of the user, `workspace_roots` for the working directory, `duration` in milliseconds.
//!
//! - A tool call is `preToolUse`, then `postToolUse` or `postToolUseFailure`. `beforeShellExecution`, `afterMCPExecution`,
//!   `afterFileEdit` and the like tell of the same calls once more, without their ids, and so count towards nothing.
//! - `afterAgentResponse` and `stop` may both carry the tokens of a generation, the same ones: the generation is the request, so
//!   that the two are one. Without a generation (it may be empty) only `stop` counts.
//! - MCP tools are called `MCP:name`.

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::fact::Fact;
use crate::hook::{self, Dialect};
use crate::keys::{Held, Key, KeyMap, content_to, held_int, to};
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, hook::SHARED, OWN]);

const OWN: &[Key] = &[
    // both are in session events, and are equal there
    ("conversation_id", to(events::SESSION_ID, 1)),
    ("generation_id", to(events::PROMPT_ID, 1)),
    ("duration", to(events::DURATION_MS, 1)),
    ("failure_type", to(events::ERROR_TYPE, 5)),
    ("subagent_id", to(events::AGENT_ID, 1)),
    ("subagent_type", to(events::AGENT_TYPE, 2)),
    ("cursor_version", to(events::AGENT_VERSION, 2)),
    ("input_tokens", held_int(Held::GrossInput, 0)),
    ("output_tokens", to(events::OUTPUT_TOKENS, 0)),
    ("cache_read_tokens", to(events::CACHE_READ_TOKENS, 0)),
    ("cache_write_tokens", to(events::CACHE_CREATION_TOKENS, 0)),
    ("result_json", content_to(events::OUTPUT_SNIPPET, 5)),
    ("text", content_to(events::OUTPUT_SNIPPET, 6)),
    ("git_branch", to(events::BRANCH, 2)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, tell };

pub(crate) fn write(hooks: &[Value<'_>], request: &mut Request<'_>, rows: &mut Rows) {
    hook::write(hooks, &DIALECT, request, rows);
}

fn tell(event: &str, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let generation = cells.text(events::PROMPT_ID);
    let call = cells.text(events::TOOL_USE_ID);
    let has_tokens = cells.held(Held::GrossInput).is_some() || cells.column(events::OUTPUT_TOKENS).is_some();
    match event {
        "beforeSubmitPrompt" => Fact::Turn.write(generation, rows),
        "preToolUse" => Fact::ToolCall.write_if_told(call, rows),
        "postToolUse" | "postToolUseFailure" => Fact::ToolCall.write(call, rows),
        "stop" if has_tokens => Fact::ApiRequest.write(generation, rows),
        "afterAgentResponse" if has_tokens => Fact::ApiRequest.write_if_told(generation, rows),
        _ => {}
    }
    if let Some(tool) = cells.text(events::TOOL_NAME).and_then(|name| name.strip_prefix("MCP:")) {
        rows.text(events::MCP_TOOL, tool);
    }
    let exit_code = cells.column(events::EXIT_CODE).and_then(Value::to_int);
    let success = match event {
        "postToolUse" => exit_code.is_none_or(|code| code == 0),
        "postToolUseFailure" => false,
        _ => return,
    };
    if cells.column(events::SUCCESS).is_none() {
        rows.bool(events::SUCCESS, success);
    }
}
