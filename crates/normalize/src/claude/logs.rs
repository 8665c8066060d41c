//! Claude Code's log records (seen with 2.1.197 to 2.1.329).
//!
//! The name is the attribute `event.name` (`user_prompt`); the body repeats it as `claude_code.user_prompt`, the field
//! `event_name` is empty. Every record is numbered by its process (`event.sequence`). Numbers and truth values come as text in
//! some events and as such in others. `tool_result.tool_parameters` and `tool_input` are texts of JSON objects, there only where
//! the user set `OTEL_LOG_TOOL_DETAILS`; MCP tools are all called `mcp_tool` and named in `tool_parameters`.
//!
//! A call that was not allowed has a `tool_decision` and no `tool_result`. Of a request that failed again and again there is one
//! `api_error`, with the number of attempts, and `api_retries_exhausted` beside it.

use record::dictionary::coding_agent_events as events;
use record::otlp::{LogRecord, ResourceGroup};
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::fact::Fact;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, held, held_int, to};
use crate::log::{self, Dialect, Event};
use crate::names;
use crate::request::Request;

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, names::IDS, OWN]);

const OWN: &[Key] = &[
    ("event.name", held(Held::EventName, 0)),
    ("response", content_to(events::OUTPUT_SNIPPET, 0)),
    ("body", content_to(events::OUTPUT_SNIPPET, 2)),
    ("server_name", to(events::MCP_SERVER, 3)),
    ("cost_usd_micros", held_int(Held::CostMicros, 0)),
    ("total_attempts", to(events::ATTEMPT, 1)),
];

const PREFIX: &str = "claude_code.";

/// The scope whose version is the client's.
const SCOPE: &str = "com.anthropic.claude_code";

const DIALECT: Dialect = Dialect { keys: &KEYS, prefix: PREFIX, name, tell, declared };

pub(crate) fn write(groups: &[ResourceGroup<'_, LogRecord<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    log::write(groups, &DIALECT, request, rows);
}

fn name<'v>(record: &'v LogRecord<'_>) -> Option<&'v str> {
    let body = record.body.as_str().filter(|body| body.starts_with(PREFIX));
    body.or(Some(record.event_name.as_ref()).filter(|name| !name.is_empty()))
}

fn tell(event: &Event<'_, '_>, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    match event.name {
        Some("user_prompt") => Fact::Turn.write(cells.text(events::PROMPT_ID), rows),
        Some(request @ ("api_request" | "api_error")) => {
            Fact::ApiRequest.write(cells.text(events::REQUEST_ID), rows);
            if cells.column(events::SUCCESS).is_none() {
                rows.bool(events::SUCCESS, request == "api_request");
            }
        }
        // tells the message's id
        Some("api_response_body") => Fact::ApiRequest.write_if_told(cells.text(events::REQUEST_ID), rows),
        Some("tool_result") => Fact::ToolCall.write(cells.text(events::TOOL_USE_ID), rows),
        Some("tool_decision") => Fact::ToolCall.write_if_told(cells.text(events::TOOL_USE_ID), rows),
        Some("skill_activated") => Fact::SkillUse.write(None, rows),
        _ => {}
    }
    if cells.column(events::COST_USD).is_none()
        && let Some(micros) = cells.held(Held::CostMicros).and_then(Value::to_double)
    {
        rows.double(events::COST_USD, micros / 1e6);
    }
    if event.scope.name.starts_with(SCOPE)
        && !event.scope.version.is_empty()
        && cells.column(events::AGENT_VERSION).is_none()
    {
        rows.text(events::AGENT_VERSION, &event.scope.version);
    }
}

fn declared<'v>(event: &Event<'v, '_>, cells: &Cells<'v, '_>) -> Option<Declared<'v>> {
    Declared::of_log(event.record, event.name?, event.timestamp, cells)
}
