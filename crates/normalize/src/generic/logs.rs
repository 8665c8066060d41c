//! Log records of any tool, read by the usual names.
//!
//! The name of an event is the attribute `event.name`, else the field `event_name`, unless that is a place in the tool's source
//! (`event otel/src/events/session_telemetry.rs:1200`, as the Rust SDK's bridge fills it), else the body if it is a short line.

use record::dictionary::coding_agent_events as events;
use record::json;
use record::otlp::{LogRecord, ResourceGroup};
use record::rows::Rows;
use record::time::Timestamp;
use record::value::Value;

use crate::cells::Cells;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, held};
use crate::level::Level;
use crate::request::Request;
use crate::{event_time, names, tool_call};

static KEYS: KeyMap = KeyMap::new(&[names::OWNER, names::WORK, names::IDS, names::OTHERS, OWN]);

const OWN: &[Key] = &[
    ("event.name", held(Held::EventName, 0)),
    ("log.record.uid", held(Held::DeclaredId, 0)),
    ("response", content_to(events::OUTPUT_SNIPPET, 0)),
    ("response_text", content_to(events::OUTPUT_SNIPPET, 2)),
];

/// A longer body is a message, not a name.
const LONGEST_NAME: usize = 96;

pub(crate) fn write(groups: &[ResourceGroup<'_, LogRecord<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    let mut cells = Cells::new();
    for group in groups {
        let resource = Level::of(&group.resource.attributes);
        for scoped in &group.scopes {
            let scope = Level::of(&scoped.scope.attributes);
            for record in &scoped.records {
                cells.read(&record.attributes, &KEYS);
                write_record(record, [&scope, &resource], &mut cells, request, rows);
            }
        }
    }
}

fn write_record<'v, 'a>(
    record: &'v LogRecord<'a>,
    levels: [&Level<'v, 'a>; 2],
    cells: &mut Cells<'v, 'a>,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    request.begin(rows);
    let field = Some(record.event_name.as_ref()).filter(|name| !name.is_empty() && !is_source_location(name));
    let named = cells.held_text(Held::EventName).or(field);
    let short_body = record.body.as_str().filter(|body| is_short_line(body));
    let name = named.or(short_body);
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
    cells.inherit(levels, rows);
    let tool_name = cells.text(events::TOOL_NAME);
    tool_call::write(tool_name, cells.held(Held::ToolParameters), cells.held(Held::ToolInput), rows);
    for kept in [Held::ToolParameters, Held::ToolInput, Held::DeclaredId] {
        cells.keep(kept);
    }
    cells.keep_unless_text(Held::EventName);
    if timestamp.is_none_or(|_| claimed.is_none()) {
        cells.keep(Held::EventTimestamp);
    }

    let body_is_name = record.body.as_str().is_some_and(|body| Some(body) == name);
    cells.write_attributes(levels, rows, |more| {
        if !body_is_name && record.body != Value::Null {
            more.value("body", &record.body);
        }
        more.text("severity_text", &record.severity_text);
        if let Some(original) = disbelieved {
            more.text(event_time::ORIGINAL, &original.to_rfc3339());
        }
    });
    request.end(declared(record, named, timestamp, cells), rows);
}

/// A uid, or session, time and number (and the name, if there is one): what a tool without any of these declares is nothing.
fn declared<'v>(
    record: &LogRecord<'_>,
    name: Option<&'v str>,
    timestamp: Option<&'v str>,
    cells: &Cells<'v, '_>,
) -> Option<Declared<'v>> {
    if let Some(uid) = cells.held_text(Held::DeclaredId) {
        return Some(Declared::LogUid { uid });
    }
    Declared::of_log(record, name.unwrap_or_default(), timestamp, cells)
}

/// `event otel/src/events/session_telemetry.rs:1200`
fn is_source_location(name: &str) -> bool {
    let line = name.strip_prefix("event ").and_then(|place| place.rsplit_once(':')).map(|(_, line)| line);
    line.is_some_and(|line| !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_short_line(body: &str) -> bool {
    !body.is_empty() && body.len() <= LONGEST_NAME && !body.contains('\n')
}
