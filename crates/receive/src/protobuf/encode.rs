//! OTLP as protobuf: what `decode` reads back to the same tree. Default values are left out, as protobuf writers do.

use record::otlp::{
    LogRecord, Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span, SpanEvent, SpanLink, SpanStatus,
};
use record::value::{Attribute, Value};

pub(crate) use self::writer::Writer;

mod metrics;

mod writer;

/// Appends the export request to `out`.
pub(crate) fn otlp(otlp: &Otlp<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out);
    match otlp {
        Otlp::Logs(groups) => write_groups(groups, &mut writer, write_log_record),
        Otlp::Traces(groups) => write_groups(groups, &mut writer, write_span),
        Otlp::Metrics(groups) => write_groups(groups, &mut writer, metrics::write_metric),
    }
}

fn write_groups<R>(
    groups: &[ResourceGroup<'_, R>],
    writer: &mut Writer<'_>,
    write_record: impl Fn(&R, &mut Writer<'_>) + Copy,
) {
    for group in groups {
        writer.large(1, |writer| {
            if group.resource != Resource::default() {
                writer.message(1, |writer| write_resource(&group.resource, writer));
            }
            for scope in &group.scopes {
                writer.large(2, |writer| write_scope_group(scope, writer, write_record));
            }
            writer.text(3, &group.schema_url);
        });
    }
}

fn write_scope_group<R>(
    group: &ScopeGroup<'_, R>,
    writer: &mut Writer<'_>,
    write_record: impl Fn(&R, &mut Writer<'_>) + Copy,
) {
    if group.scope != Scope::default() {
        writer.message(1, |writer| write_scope(&group.scope, writer));
    }
    for record in &group.records {
        writer.medium(2, |writer| write_record(record, writer));
    }
    writer.text(3, &group.schema_url);
}

fn write_resource(resource: &Resource<'_>, writer: &mut Writer<'_>) {
    write_attributes(1, &resource.attributes, writer);
    writer.uint32(2, resource.dropped_attributes_count);
}

fn write_scope(scope: &Scope<'_>, writer: &mut Writer<'_>) {
    writer.text(1, &scope.name);
    writer.text(2, &scope.version);
    write_attributes(3, &scope.attributes, writer);
    writer.uint32(4, scope.dropped_attributes_count);
}

fn write_attributes(number: u32, attributes: &[Attribute<'_>], writer: &mut Writer<'_>) {
    for (key, value) in attributes {
        writer.message(number, |writer| {
            writer.text(1, key);
            if *value != Value::Null {
                writer.message(2, |writer| write_value(value, writer));
            }
        });
    }
}

/// The fields of an `AnyValue`. It is a oneof, so defaults are written.
fn write_value(value: &Value<'_>, writer: &mut Writer<'_>) {
    match value {
        Value::Null => {}
        Value::Text(text) => writer.bytes(1, text.as_bytes()),
        Value::Bool(bool) => writer.varint(2, u64::from(*bool)),
        Value::Int(int) => writer.varint(3, int.cast_unsigned()),
        Value::Double(double) => writer.fixed64(4, double.to_bits()),
        Value::List(items) => writer.message(5, |writer| {
            for item in items {
                writer.message(1, |writer| write_value(item, writer));
            }
        }),
        Value::Map(entries) => writer.message(6, |writer| write_attributes(1, entries, writer)),
        Value::Bytes(bytes) => writer.bytes(7, bytes),
    }
}

fn write_log_record(record: &LogRecord<'_>, writer: &mut Writer<'_>) {
    writer.nonzero_fixed64(1, record.time_unix_nano);
    writer.int32(2, record.severity_number);
    writer.text(3, &record.severity_text);
    if record.body != Value::Null {
        writer.message(5, |writer| write_value(&record.body, writer));
    }
    write_attributes(6, &record.attributes, writer);
    writer.uint32(7, record.dropped_attributes_count);
    writer.nonzero_fixed32(8, record.flags);
    writer.id(9, record.trace_id.as_ref());
    writer.id(10, record.span_id.as_ref());
    writer.nonzero_fixed64(11, record.observed_time_unix_nano);
    writer.text(12, &record.event_name);
}

fn write_span(span: &Span<'_>, writer: &mut Writer<'_>) {
    writer.id(1, span.trace_id.as_ref());
    writer.id(2, span.span_id.as_ref());
    writer.text(3, &span.trace_state);
    writer.id(4, span.parent_span_id.as_ref());
    writer.text(5, &span.name);
    writer.int32(6, span.kind);
    writer.nonzero_fixed64(7, span.start_time_unix_nano);
    writer.nonzero_fixed64(8, span.end_time_unix_nano);
    write_attributes(9, &span.attributes, writer);
    writer.uint32(10, span.dropped_attributes_count);
    for event in &span.events {
        writer.message(11, |writer| write_span_event(event, writer));
    }
    writer.uint32(12, span.dropped_events_count);
    for link in &span.links {
        writer.message(13, |writer| write_span_link(link, writer));
    }
    writer.uint32(14, span.dropped_links_count);
    if span.status != SpanStatus::default() {
        writer.message(15, |writer| {
            writer.text(2, &span.status.message);
            writer.int32(3, span.status.code);
        });
    }
    writer.nonzero_fixed32(16, span.flags);
}

fn write_span_event(event: &SpanEvent<'_>, writer: &mut Writer<'_>) {
    writer.nonzero_fixed64(1, event.time_unix_nano);
    writer.text(2, &event.name);
    write_attributes(3, &event.attributes, writer);
    writer.uint32(4, event.dropped_attributes_count);
}

fn write_span_link(link: &SpanLink<'_>, writer: &mut Writer<'_>) {
    writer.id(1, link.trace_id.as_ref());
    writer.id(2, link.span_id.as_ref());
    writer.text(3, &link.trace_state);
    write_attributes(4, &link.attributes, writer);
    writer.uint32(5, link.dropped_attributes_count);
    writer.nonzero_fixed32(6, link.flags);
}
