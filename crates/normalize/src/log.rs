//! The way of a log record of any agent to its row.

use record::dictionary::coding_agent_events as events;
use record::json;
use record::otlp::{LogRecord, Resource, ResourceGroup, Scope};
use record::rows::Rows;
use record::time::Timestamp;
use record::value::Value;

use crate::cells::Cells;
use crate::identity::Declared;
use crate::keys::{Held, KeyMap};
use crate::level::Level;
use crate::request::Request;
use crate::{event_time, tool_call};

/// What differs between agents.
pub(crate) struct Dialect {
    pub(crate) keys: &'static KeyMap,
    /// The namespace that is taken off the event's name.
    pub(crate) prefix: &'static str,
    /// What an event without the attribute `event.name` is called.
    pub(crate) name: for<'v> fn(&'v LogRecord<'_>) -> Option<&'v str>,
    /// Sets what the event says by being what it is, before its attributes fill their columns.
    pub(crate) tell: fn(&Event<'_, '_>, &mut Cells<'_, '_>, &mut Rows),
    pub(crate) declared: for<'v> fn(&Event<'v, '_>, &Cells<'v, '_>) -> Option<Declared<'v>>,
}

/// One record among those around it.
pub(crate) struct Event<'v, 'a> {
    pub(crate) record: &'v LogRecord<'a>,
    pub(crate) scope: &'v Scope<'a>,
    pub(crate) resource: &'v Resource<'a>,
    /// Without the agent's namespace.
    pub(crate) name: Option<&'v str>,
    /// `event.timestamp` as sent.
    pub(crate) timestamp: Option<&'v str>,
}

pub(crate) fn write(
    groups: &[ResourceGroup<'_, LogRecord<'_>>],
    dialect: &Dialect,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    let mut cells = Cells::new();
    for group in groups {
        let resource = Level::of(&group.resource.attributes);
        for scoped in &group.scopes {
            let scope = Level::of(&scoped.scope.attributes);
            for record in &scoped.records {
                cells.read(&record.attributes, dialect.keys);
                let strip = |name| str::strip_prefix(name, dialect.prefix).unwrap_or(name);
                let event = Event {
                    record,
                    scope: &scoped.scope,
                    resource: &group.resource,
                    name: cells.held_text(Held::EventName).or_else(|| (dialect.name)(record)).map(strip),
                    timestamp: cells.held_text(Held::EventTimestamp),
                };
                write_record(&event, dialect, [&scope, &resource], &mut cells, request, rows);
            }
        }
    }
}

fn write_record<'v, 'a>(
    event: &Event<'v, 'a>,
    dialect: &Dialect,
    levels: [&Level<'v, 'a>; 2],
    cells: &mut Cells<'v, 'a>,
    request: &mut Request<'_>,
    rows: &mut Rows,
) {
    let Event { record, name, timestamp, .. } = *event;
    request.begin(rows);
    if let Some(name) = name {
        rows.text(events::EVENT_NAME, name);
    }
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

    (dialect.tell)(event, cells, rows);
    let tool_name = cells.text(events::TOOL_NAME);
    cells.write_own(rows);
    cells.inherit(levels, rows);
    tool_call::write(tool_name, cells.held(Held::ToolParameters), cells.held(Held::ToolInput), rows);
    for kept in [Held::ToolParameters, Held::ToolInput, Held::DeclaredId, Held::Operation, Held::CostMicros] {
        cells.keep(kept);
    }
    for kept in [Held::AgentName, Held::ToolNamespace, Held::EventKind] {
        cells.keep(kept);
    }
    cells.keep_unless_text(Held::EventName);
    if timestamp.is_none_or(|_| claimed.is_none()) {
        cells.keep(Held::EventTimestamp);
    }

    let body = record.body.as_str();
    let body_is_name = body.is_some_and(|body| Some(body.strip_prefix(dialect.prefix).unwrap_or(body)) == name);
    cells.write_attributes(levels, rows, |more| {
        if !body_is_name && record.body != Value::Null {
            more.value("body", &record.body);
        }
        more.text("severity_text", &record.severity_text);
        if let Some(original) = disbelieved {
            more.text(event_time::ORIGINAL, &original.to_rfc3339());
        }
    });
    request.end((dialect.declared)(event, cells), rows);
}
