//! Log records of any tool, read by the usual names and those of OpenTelemetry's `gen_ai` conventions.
//!
//! The name of an event is the attribute `event.name`, else the field `event_name`, unless that is a place in the tool's source
//! (`event otel/src/events/session_telemetry.rs:1200`, as the Rust SDK's bridge fills it), else the body if it is a short line.
//!
//! Gemini CLI tells of one request by `gemini_cli.api_response` (or `api_error`), which has all its tokens, and by the
//! conventions' event, twice: before the request and after. Only the first is the request.

use record::dictionary::coding_agent_events as events;
use record::json;
use record::otlp::{LogRecord, ResourceGroup};
use record::rows::Rows;
use record::value::{self, Value};

use crate::cells::Cells;
use crate::fact::Fact;
use crate::generic::Operation;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, held, held_int, to};
use crate::log::{self, Dialect, Event};
use crate::request::Request;
use crate::{names, tool_call};

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::TOKENS, names::IDS, names::OTHERS, OWN]);

const OWN: &[Key] = &[
    ("event.name", held(Held::EventName, 0)),
    ("log.record.uid", held(Held::DeclaredId, 0)),
    ("response", content_to(events::OUTPUT_SNIPPET, 0)),
    ("response_text", content_to(events::OUTPUT_SNIPPET, 2)),
    ("function_args", held(Held::ToolInput, 1)),
    ("input_token_count", held_int(Held::GrossInput, 2)),
    ("output_token_count", held_int(Held::NetOutput, 0)),
    ("cached_content_token_count", to(events::CACHE_READ_TOKENS, 2)),
    ("thoughts_token_count", to(events::REASONING_TOKENS, 1)),
];

const DIALECT: Dialect = Dialect { keys: &KEYS, prefix: "", name, tell, declared };

/// A longer body is a message, not a name.
const LONGEST_NAME: usize = 96;

pub(crate) fn write(groups: &[ResourceGroup<'_, LogRecord<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    log::write(groups, &DIALECT, request, rows);
}

fn name<'v>(record: &'v LogRecord<'_>) -> Option<&'v str> {
    field(record).or_else(|| record.body.as_str().filter(|body| is_short_line(body)))
}

fn field<'v>(record: &'v LogRecord<'_>) -> Option<&'v str> {
    Some(record.event_name.as_ref()).filter(|name| !name.is_empty() && !is_source_location(name))
}

fn tell(event: &Event<'_, '_>, cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    match event.name {
        Some("gemini_cli.user_prompt") => Fact::Turn.write(cells.text(events::PROMPT_ID), rows),
        Some(request @ ("gemini_cli.api_response" | "gemini_cli.api_error")) => {
            Fact::ApiRequest.write(None, rows);
            if cells.column(events::SUCCESS).is_none() {
                rows.bool(events::SUCCESS, request == "gemini_cli.api_response");
            }
        }
        Some("gemini_cli.tool_call") => {
            Fact::ToolCall.write(cells.text(events::TOOL_USE_ID), rows);
            tool_call::fail_by_exit_code(cells, rows);
        }
        Some("gen_ai.client.inference.operation.details") if !is_gemini_cli(event) => inference(event, cells, rows),
        _ => {}
    }
}

/// The event beside an inference span, which it lies within: both go by the response's id, or by the span's.
fn inference(event: &Event<'_, '_>, cells: &Cells<'_, '_>, rows: &mut Rows) {
    if Operation::of(cells) != Some(Operation::Inference) {
        return;
    }
    let response = cells.text(events::REQUEST_ID);
    if response.is_some() || event.record.span_id.is_some() {
        Fact::ApiRequest.write(response, rows);
    }
    if let Some(span_id) = event.record.span_id {
        rows.text_with(events::FACT_ID, |out| json::write_hex(&span_id, out));
    }
}

fn is_gemini_cli(event: &Event<'_, '_>) -> bool {
    let service = value::get(&event.resource.attributes, "service.name").and_then(Value::as_str);
    event.scope.name == "gemini-cli" || service == Some("gemini-cli")
}

/// A uid, or session, time and number (and the name, if there is one): what a tool without any of these declares is nothing.
fn declared<'v>(event: &Event<'v, '_>, cells: &Cells<'v, '_>) -> Option<Declared<'v>> {
    if let Some(uid) = cells.held_text(Held::DeclaredId) {
        return Some(Declared::LogUid { uid });
    }
    let name = cells.held_text(Held::EventName).or_else(|| field(event.record)).unwrap_or_default();
    Declared::of_log(event.record, name, event.timestamp, cells)
}

/// `event otel/src/events/session_telemetry.rs:1200`
fn is_source_location(name: &str) -> bool {
    let line = name.strip_prefix("event ").and_then(|place| place.rsplit_once(':')).map(|(_, line)| line);
    line.is_some_and(|line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_short_line(body: &str) -> bool {
    !body.is_empty() && body.len() <= LONGEST_NAME && !body.contains('\n')
}
