//! Claude Code's log records (seen with 2.1.197 to 2.1.329).
//!
//! The name is the attribute `event.name` (`user_prompt`); the body repeats it as `claude_code.user_prompt`, the field
//! `event_name` is empty. Every record is numbered by its process (`event.sequence`). Numbers and truth values come as text in
//! some events and as such in others. `tool_result.tool_parameters` and `tool_input` are texts of JSON objects, there only where
//! the user set `OTEL_LOG_TOOL_DETAILS`; MCP tools are all called `mcp_tool` and named in `tool_parameters`.

use record::dictionary::coding_agent_events as events;
use record::json;
use record::otlp::{LogRecord, ResourceGroup, Scope};
use record::rows::Rows;
use record::time::Timestamp;
use record::value::Value;

use crate::cells::Cells;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, held, to};
use crate::level::Level;
use crate::request::Request;
use crate::{event_time, names, tool_call};

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::IDS, OWN]);

const OWN: &[Key] = &[
    ("event.name", held(Held::EventName, 0)),
    ("response", content_to(events::OUTPUT_SNIPPET, 0)),
    ("body", content_to(events::OUTPUT_SNIPPET, 2)),
    ("server_name", to(events::MCP_SERVER, 3)),
];

const PREFIX: &str = "claude_code.";

/// The scope whose version is the client's.
const SCOPE: &str = "com.anthropic.claude_code";

pub(crate) fn write(groups: &[ResourceGroup<'_, LogRecord<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    let mut cells = Cells::new();
    for group in groups {
        let resource = Level::of(&group.resource.attributes);
        for scoped in &group.scopes {
            let scope = Level::of(&scoped.scope.attributes);
            for record in &scoped.records {
                cells.read(&record.attributes, &KEYS);
                write_record(record, &scoped.scope, [&scope, &resource], &mut cells, request, rows);
            }
        }
    }
}

fn write_record<'v, 'a>(
    record: &'v LogRecord<'a>,
    scope: &Scope<'_>,
    levels: [&Level<'v, 'a>; 2],
    cells: &mut Cells<'v, 'a>,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    request.begin(rows);
    let body = record.body.as_str();
    let name = cells.held_text(Held::EventName).or(body.filter(|body| body.starts_with(PREFIX)));
    let name = name.or(Some(record.event_name.as_ref()).filter(|name| !name.is_empty()));
    let name = name.map(|name| name.strip_prefix(PREFIX).unwrap_or(name));
    if let Some(name) = name {
        rows.text(events::EVENT_NAME, name);
    }

    let timestamp = cells.held_text(Held::EventTimestamp);
    let claimed = Timestamp::from_unix_nano(record.time_unix_nano)
        .or_else(|| timestamp.and_then(Timestamp::parse))
        .or_else(|| Timestamp::from_unix_nano(record.observed_time_unix_nano));
    let disbelieved = event_time::write(claimed, request.envelope.received_at, rows);

    if let Some(trace_id) = &record.trace_id {
        rows.text_with(events::TRACE_ID, |out| json::write_hex(trace_id, out));
    }
    if let Some(span_id) = &record.span_id {
        rows.text_with(events::SPAN_ID, |out| json::write_hex(span_id, out));
    }
    cells.write_own(rows);
    if scope.name.starts_with(SCOPE) && !scope.version.is_empty() {
        rows.text(events::AGENT_VERSION, &scope.version);
    }
    cells.inherit(levels, rows);
    let tool_name = cells.text(events::TOOL_NAME);
    tool_call::write(tool_name, cells.held(Held::ToolParameters), cells.held(Held::ToolInput), rows);
    cells.keep(Held::ToolParameters);
    cells.keep(Held::ToolInput);
    cells.keep_unless_text(Held::EventName);
    if timestamp.is_none_or(|_| claimed.is_none()) {
        cells.keep(Held::EventTimestamp);
    }

    let body_is_name = body.is_some_and(|body| Some(body.strip_prefix(PREFIX).unwrap_or(body)) == name);
    cells.write_attributes(levels, rows, |more| {
        if !body_is_name && record.body != Value::Null {
            more.value("body", &record.body);
        }
        more.text("severity_text", &record.severity_text);
        if let Some(original) = disbelieved {
            more.text(event_time::ORIGINAL, &original.to_rfc3339());
        }
    });
    let declared = name.and_then(|name| Declared::of_log(record, name, timestamp, cells));
    request.end(declared, rows);
}
