//! Events and errors of browser mods: rows of `product_events` and `product_errors`.
//!
//! Mods of both generations of field names are read (`extensionId` and `modComponentId`, `blueprintId` and `modId`, …), wherever
//! the field stands: beside the event's name, or in its `data`. Of two that fill one column the outer one wins, then the one named
//! first in [`keys`]; the other stays where it was. So nothing is lost: what fills no column is in `data` (`error_data`) or
//! `attributes`.
//!
//! | rule | |
//! |---|---|
//! | time | the item's `timestamp` (milliseconds or ISO 8601), kept within [`event_time`]'s bounds, else that of receipt |
//! | person | what the item says (`person`, `email`, `user_id`); else the name of the key, where that is an address |
//! | identity | an event's `id`, an error's `uuid`; without one it is this delivery's own, and never merged |
//! | error or event | what came as one; of OpenTelemetry records those with an `exception.…` attribute are errors |

use record::dictionary::Column;
use record::json;
use record::otlp::{LogRecord, ResourceGroup};
use record::rows::Rows;
use record::source::Signal;
use record::time::Timestamp;
use record::value::{self, Attribute, Value};

use crate::cells::{Cells, More};
use crate::event_time;
use crate::fields::Fields;
use crate::identity::Declared;
use crate::keys::Held;
use crate::level::Level;
use crate::request::Request;
use crate::{Output, product::keys::Kind};

mod keys;

/// Where the rows go.
pub(crate) struct Tables<'o> {
    events: &'o mut Rows,
    errors: &'o mut Rows,
}

impl<'o> Tables<'o> {
    pub(crate) fn of(out: &'o mut Output) -> Self {
        Self { events: &mut out.product_events, errors: &mut out.product_errors }
    }
}

/// One event or error, as it came.
#[derive(Clone, Copy)]
struct Item<'v, 'a> {
    /// What it says of itself, outside of its data.
    fields: &'v [Attribute<'a>],
    /// Its data, where that is not one of `fields`.
    data: Option<&'v [Attribute<'a>]>,
    /// An OpenTelemetry log record.
    record: Option<&'v LogRecord<'a>>,
}

pub(crate) fn write(items: &[Value<'_>], request: &mut Request<'_>, tables: &mut Tables<'_>) {
    let mut writer = Writer::new();
    let nothing = Level::default();
    for item in items {
        let fields = item.as_map().map_or(&[][..], Vec::as_slice);
        let is_error = match request.envelope.signal {
            Signal::ProductErrors => true,
            Signal::ProductEvents => false,
            _ => value::get(fields, "attributes").and_then(Value::as_map).is_some_and(|map| is_exception(map)),
        };
        let item = Item { fields, data: None, record: None };
        let (kind, rows) =
            if is_error { (&keys::ERRORS, &mut *tables.errors) } else { (&keys::EVENTS, &mut *tables.events) };
        writer.write(item, kind, [&nothing, &nothing], request, rows);
    }
}

pub(crate) fn write_logs(
    groups: &[ResourceGroup<'_, LogRecord<'_>>],
    request: &mut Request<'_>,
    tables: &mut Tables<'_>,
) {
    let mut writer = Writer::new();
    for group in groups {
        let resource = Levels::of(&group.resource.attributes);
        for scoped in &group.scopes {
            let scope = Levels::of(&scoped.scope.attributes);
            for record in &scoped.records {
                let item = Item { fields: &[], data: Some(&record.attributes), record: Some(record) };
                if is_exception(&record.attributes) {
                    writer.write(item, &keys::ERRORS, [&scope.errors, &resource.errors], request, tables.errors);
                } else {
                    writer.write(item, &keys::EVENTS, [&scope.events, &resource.events], request, tables.events);
                }
            }
        }
    }
}

/// What scope or resource give to the rows of each table.
struct Levels<'v, 'a> {
    events: Level<'v, 'a>,
    errors: Level<'v, 'a>,
}

impl<'v, 'a> Levels<'v, 'a> {
    fn of(attributes: &'v [Attribute<'a>]) -> Self {
        Self {
            events: Level::by(keys::EVENTS.attributes, attributes),
            errors: Level::by(keys::ERRORS.attributes, attributes),
        }
    }
}

/// By OpenTelemetry's conventions for exceptions.
fn is_exception(attributes: &[Attribute<'_>]) -> bool {
    ["exception.type", "exception.message"].iter().any(|key| value::get(attributes, key).is_some())
}

/// The cells of one item: its fields, its data, its person.
struct Writer<'v, 'a> {
    fields: Cells<'v, 'a>,
    data: Cells<'v, 'a>,
    person: Cells<'v, 'a>,
}

impl<'v, 'a> Writer<'v, 'a> {
    fn new() -> Self {
        Self { fields: Cells::new(), data: Cells::new(), person: Cells::new() }
    }

    fn write(
        &mut self,
        item: Item<'v, 'a>,
        kind: &'static Kind,
        levels: [&Level<'v, 'a>; 2],
        request: &mut Request<'_>,
        rows: &mut Rows,
    ) {
        let Self { fields, data, person } = self;
        fields.read(item.fields, kind.fields);
        let inner = |held: Option<&'v Value<'a>>| held.and_then(Value::as_map).map_or(&[][..], Vec::as_slice);
        // attributes of OpenTelemetry stand for the fields, too
        let is_otel = item.record.is_some() || value::get(item.fields, "attributes").is_some();
        let data_keys = if is_otel { kind.attributes } else { kind.data };
        data.read(item.data.unwrap_or_else(|| inner(fields.held(Held::Data))), data_keys);
        person.read(inner(fields.held(Held::Person)), kind.person);

        begin(kind, request, rows);
        let claimed = item.record.and_then(time_of).or_else(|| {
            [&*fields, &*data].into_iter().find_map(|cells| cells.held(Held::EventTimestamp)?.to_timestamp())
        });
        let disbelieved = event_time::write(claimed, request.envelope.received_at, rows);
        if let Some((column, name)) = kind.name.zip(item.record.and_then(|record| name_of(record, data))) {
            rows.text(column, name);
        }
        for cells in [&mut *fields, &mut *data, &mut *person] {
            fill(cells, rows);
            versions(cells, kind, rows);
        }
        for (column, value) in levels.into_iter().flat_map(|level| &level.columns) {
            rows.value(*column, value);
        }
        let client = &request.envelope.client;
        for (column, text) in [(kind.user_email, &client.email), (kind.user_agent, &client.user_agent)] {
            if let Some(text) = text {
                rows.text(column, text);
            }
        }
        let declared = kind.declared.and_then(|column| fields.text(column));
        let id =
            declared.or_else(|| [&*fields, &*data].into_iter().find_map(|cells| cells.held_text(Held::DeclaredId)));
        for cells in [&mut *fields, &mut *data] {
            if cells.held(Held::EventTimestamp).is_some_and(|time| time.to_timestamp().is_none() || claimed.is_none()) {
                cells.keep(Held::EventTimestamp);
            }
            cells.keep(Held::DeclaredId);
            cells.keep_unless_text(Held::EventName);
        }
        for held in [Held::Data, Held::Person] {
            if fields.held(held).is_some_and(|value| !matches!(value, Value::Map(_) | Value::Null)) {
                fields.keep(held);
            }
        }
        write_data(data, kind, rows);
        let event_name = item.record.filter(|_| kind.name.is_none()).map(|record| record.event_name.as_ref());
        write_attributes([&*fields, &*person], levels, rows, |more| {
            more.text("event_name", event_name.unwrap_or_default());
            if let Some(record) = item.record {
                write_record(record, more);
            }
            if let Some(original) = disbelieved {
                more.text(event_time::ORIGINAL, &original.to_rfc3339());
            }
        });
        request.end_at(kind.id, id.map(|id| Declared::Product { id }), rows);
    }
}

fn begin(kind: &Kind, request: &Request<'_>, rows: &mut Rows) {
    rows.timestamp(kind.received_at, request.envelope.received_at);
    rows.text(kind.arrival_id, &request.arrival_id);
    if let Some(signal) = kind.signal {
        rows.text(signal, request.envelope.signal.as_str());
    }
}

fn time_of(record: &LogRecord<'_>) -> Option<Timestamp> {
    Timestamp::from_unix_nano(record.time_unix_nano)
        .or_else(|| Timestamp::from_unix_nano(record.observed_time_unix_nano))
}

/// The record's event name, else the attribute `event.name`, else a short body.
fn name_of<'v>(record: &'v LogRecord<'_>, data: &Cells<'v, '_>) -> Option<&'v str> {
    let given = Some(record.event_name.as_ref()).filter(|name| !name.is_empty());
    given.or_else(|| data.held_text(Held::EventName)).or_else(|| short_body(record))
}

fn short_body<'v>(record: &'v LogRecord<'_>) -> Option<&'v str> {
    const LONGEST_NAME: usize = 128;
    record.body.as_str().filter(|body| !body.is_empty() && body.len() <= LONGEST_NAME && !body.contains('\n'))
}

/// Fills the columns that are empty; what finds its column filled stays where it is.
fn fill(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let mut late: Vec<Column> = Vec::new();
    for (column, value) in cells.columns() {
        if !rows.is_unset(column) || !rows.value(column, value) {
            late.push(column);
        }
    }
    for column in late {
        cells.displace(column);
    }
}

/// `{id, version}` of what the item is about, or the version alone.
fn versions(cells: &mut Cells<'_, '_>, kind: &Kind, rows: &mut Rows) {
    for (held, id, version) in kind.versions {
        let told = match cells.held(*held) {
            None | Some(Value::Null) => continue,
            Some(Value::Map(entries)) => entries.iter().fold(true, |told, (key, value)| {
                let column = match key.as_ref() {
                    "id" => *id,
                    "version" => *version,
                    _ => return false,
                };
                let fits = matches!(value, Value::Text(_)) && rows.is_unset(column);
                if fits {
                    rows.value(column, value);
                }
                told && fits
            }),
            Some(value @ Value::Text(_)) if rows.is_unset(*version) => rows.value(*version, value),
            Some(_) => false,
        };
        if !told {
            cells.keep(*held);
        }
    }
}

fn write_data(data: &Cells<'_, '_>, kind: &Kind, rows: &mut Rows) {
    if data.rest().next().is_none() {
        return;
    }
    rows.text_with(kind.data_column, |out| {
        let mut object = Fields::begin(out);
        for (nth, (key, value)) in data.rest().enumerate() {
            if !data.rest().take(nth).any(|(earlier, _)| earlier == key) {
                object.value(key, value);
            }
        }
        object.end();
    });
}

/// What is outside of the data and has no column.
fn write_attributes<'v, 'a>(
    [fields, person]: [&Cells<'v, 'a>; 2],
    levels: [&Level<'v, 'a>; 2],
    rows: &mut Rows,
    others: impl FnOnce(&mut More<'_, '_, 'v, 'a>),
) {
    fields.write_attributes(levels, rows, |more| {
        if person.rest().next().is_some() {
            more.with("person", |out| {
                let mut object = Fields::begin(out);
                person.rest().for_each(|(key, value)| object.value(key, value));
                object.end();
            });
        }
        others(more);
    });
}

fn write_record(record: &LogRecord<'_>, more: &mut More<'_, '_, '_, '_>) {
    if record.body != Value::Null {
        more.value("body", &record.body);
    }
    more.text("severity_text", &record.severity_text);
    if let Some(trace_id) = &record.trace_id {
        more.with("trace_id", |out| write_hex_text(trace_id, out));
    }
    if let Some(span_id) = &record.span_id {
        more.with("span_id", |out| write_hex_text(span_id, out));
    }
}

fn write_hex_text(id: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    json::write_hex(id, out);
    out.push(b'"');
}
