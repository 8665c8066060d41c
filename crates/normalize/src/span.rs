//! The way of a span of any agent to its row: the span's name is the event's name, its start the event's time.
//!
//! `duration_ms` is the attribute of that name, else end minus start; `success` the attribute, else the span's status if it
//! has one; `status_code` the HTTP status of the model's API, else the span's status code.

use record::dictionary::coding_agent_events as events;
use record::json;
use record::otlp::{ResourceGroup, Span};
use record::rows::Rows;
use record::time::Timestamp;
use record::value::Attribute;

use crate::cells::Cells;
use crate::fields::Fields;
use crate::identity::Declared;
use crate::keys::{Held, Key, KeyMap, content_to, to};
use crate::level::Level;
use crate::request::Request;
use crate::{event_time, tool_call};

/// Field names that several agents' spans share.
pub(crate) const SHARED: &[Key] = &[
    ("user_prompt", content_to(events::PROMPT_TEXT, 2)),
    ("user_prompt_length", to(events::PROMPT_LENGTH, 1)),
    ("response.model_output", content_to(events::OUTPUT_SNIPPET, 0)),
    ("query_source_safe", to(events::QUERY_SOURCE, 1)),
];

/// What differs between agents.
pub(crate) struct Dialect<'d> {
    pub(crate) keys: &'static KeyMap,
    /// Whether the span becomes a row.
    pub(crate) keeps: &'d mut dyn FnMut(&Span<'_>, &Cells<'_, '_>) -> bool,
    /// Sets what the span says by being what it is, before its attributes fill their columns.
    pub(crate) tell: &'d dyn Fn(&Span<'_>, &mut Cells<'_, '_>, &mut Rows),
}

/// `SpanStatus::code`
const OK: i32 = 1;
const ERROR: i32 = 2;

pub(crate) fn write(
    groups: &[ResourceGroup<'_, Span<'_>>],
    dialect: &mut Dialect<'_>,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    let mut cells = Cells::new();
    for group in groups {
        let resource = Level::of(&group.resource.attributes);
        for scoped in &group.scopes {
            let scope = Level::of(&scoped.scope.attributes);
            for span in &scoped.records {
                cells.read(&span.attributes, dialect.keys);
                if (dialect.keeps)(span, &cells) {
                    write_span(span, dialect, [&scope, &resource], &mut cells, request, rows);
                }
            }
        }
    }
}

fn write_span<'v, 'a>(
    span: &'v Span<'a>,
    dialect: &Dialect<'_>,
    levels: [&Level<'v, 'a>; 2],
    cells: &mut Cells<'v, 'a>,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    request.begin(rows);
    if !span.name.is_empty() {
        rows.text(events::EVENT_NAME, &span.name);
    }
    let claimed = Timestamp::from_unix_nano(span.start_time_unix_nano)
        .or_else(|| Timestamp::from_unix_nano(span.end_time_unix_nano));
    let disbelieved = event_time::write(claimed, request.envelope.received_at, rows);
    write_ids(span, rows);
    (dialect.tell)(span, cells, rows);
    let tool_name = cells.text(events::TOOL_NAME);
    cells.write_own(rows);
    write_outcome(span, rows);
    cells.inherit(levels, rows);
    tool_call::write(tool_name, cells.held(Held::ToolParameters), cells.held(Held::ToolInput), rows);
    for kept in [Held::ToolParameters, Held::ToolInput, Held::EventTimestamp, Held::Operation] {
        cells.keep(kept);
    }
    cells.write_attributes(levels, rows, |more| {
        if !span.events.is_empty() {
            more.with("span.events", |out| write_events(span, out));
        }
        if !span.links.is_empty() {
            more.with("span.links", |out| write_links(span, out));
        }
        if let Some(original) = disbelieved {
            more.text(event_time::ORIGINAL, &original.to_rfc3339());
        }
    });
    let declared = span.trace_id.zip(span.span_id).map(|(trace_id, span_id)| Declared::Span { trace_id, span_id });
    request.end(declared, rows);
}
fn write_ids(span: &Span<'_>, rows: &mut Rows) {
    if let Some(trace_id) = &span.trace_id {
        rows.text_with(events::TRACE_ID, |out| json::write_hex(trace_id, out));
    }
    for (column, id) in [(events::SPAN_ID, &span.span_id), (events::PARENT_SPAN_ID, &span.parent_span_id)] {
        if let Some(id) = id {
            rows.text_with(column, |out| json::write_hex(id, out));
        }
    }
}

/// What the span's own fields say, where its attributes said nothing.
fn write_outcome(span: &Span<'_>, rows: &mut Rows) {
    if span.start_time_unix_nano != 0
        && let Some(nanos) = span.end_time_unix_nano.checked_sub(span.start_time_unix_nano)
    {
        rows.int(events::DURATION_MS, i64::try_from(nanos / 1_000_000).unwrap_or(i64::MAX));
    }
    match span.status.code {
        OK => rows.bool(events::SUCCESS, true),
        ERROR => rows.bool(events::SUCCESS, false),
        _ => {}
    }
    if span.status.code != 0 {
        rows.int(events::STATUS_CODE, i64::from(span.status.code));
    }
    // where the error's class is all that may be told, agents repeat it as the message
    let message = &span.status.message;
    let repeats = !rows.is_unset(events::ERROR_TYPE) && !message.contains(' ');
    if !message.is_empty() && !repeats {
        rows.text(events::ERROR_MESSAGE, message);
    }
}

/// `[{"name", "time", "attributes"}]`
fn write_events(span: &Span<'_>, out: &mut Vec<u8>) {
    write_array(&span.events, out, |event, fields| {
        fields.text("name", &event.name);
        if let Some(at) = Timestamp::from_unix_nano(event.time_unix_nano) {
            fields.text("time", &at.to_rfc3339());
        }
        write_attributes(&event.attributes, fields);
    });
}

/// `[{"trace_id", "span_id", "attributes"}]`
fn write_links(span: &Span<'_>, out: &mut Vec<u8>) {
    write_array(&span.links, out, |link, fields| {
        let ids = [
            ("trace_id", link.trace_id.as_ref().map(<[u8; 16]>::as_slice)),
            ("span_id", link.span_id.as_ref().map(<[u8; 8]>::as_slice)),
        ];
        for (key, id) in ids {
            if let Some(id) = id {
                fields.with(key, |out| {
                    out.push(b'"');
                    json::write_hex(id, out);
                    out.push(b'"');
                });
            }
        }
        write_attributes(&link.attributes, fields);
    });
}

fn write_attributes(attributes: &[Attribute<'_>], fields: &mut Fields<'_>) {
    if !attributes.is_empty() {
        fields.with("attributes", |out| json::write_map(attributes, out));
    }
}

fn write_array<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Fields<'_>)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let mut fields = Fields::begin(out);
        write(item, &mut fields);
        fields.end();
    }
    out.push(b']');
}
