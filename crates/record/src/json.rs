//! Writes trees as JSON text, straight into a byte vector.
//!
//! [`write_value`] writes plain JSON (hooks, the `attributes` column); [`write_otlp`] writes OTLP/JSON as the specification
//! asks: lowerCamelCase keys, ids in lower-case hex, 64-bit integers as strings, enums as integers, defaults left out.

use std::io::Write;

use crate::otlp::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, LogRecord, Metric, MetricData, Number, NumberPoint,
    Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span, SpanEvent, SpanLink, SpanStatus, SummaryPoint,
};
use crate::value::{Attribute, Value};

/// Plain JSON. Bytes become base64 text; doubles that JSON cannot show become `null`.
pub fn write_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => write_int(*int, out),
        Value::Double(double) if double.is_finite() => push_finite(*double, out),
        Value::Double(_) => out.extend_from_slice(b"null"),
        Value::Text(text) => write_str(text, out),
        Value::Bytes(bytes) => write_base64(bytes, out),
        Value::List(items) => write_list(items, out, write_value),
        Value::Map(entries) => write_map(entries, out),
    }
}

/// One JSON object.
pub fn write_map(entries: &[Attribute<'_>], out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    for (key, value) in entries {
        object.key(key);
        write_value(value, object.out);
    }
    object.end();
}

/// A JSON string, quoted and escaped.
pub fn write_str(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = next_escape(rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&byte, behind)) = from.split_first() else { break };
        rest = behind;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => push_fmt(out, format_args!("\\u{byte:04x}")),
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first quote, backslash or control character is. Looks at eight bytes at once: for each of the three, a byte's
/// high bit is set in the mask when the byte is one (or follows one in the same word: only the first counts).
fn next_escape(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero_bytes = |word: u64| word.wrapping_sub(ONES) & !word;
    let (words, tail) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = zero_bytes(word ^ (ONES * u64::from(b'"')));
        let backslash = zero_bytes(word ^ (ONES * u64::from(b'\\')));
        let found = (control | quote | backslash) & HIGH;
        if found != 0 {
            return Some(index * 8 + (found.trailing_zeros() / 8) as usize);
        }
    }
    let at = tail.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')?;
    Some(words.len() * 8 + at)
}

/// Decimal digits of an integer.
pub fn write_int(int: i64, out: &mut Vec<u8>) {
    if int < 0 {
        out.push(b'-');
    }
    write_uint(int.unsigned_abs(), out);
}

/// Decimal digits of an unsigned integer.
pub fn write_uint(mut uint: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (uint % 10) as u8;
        uint /= 10;
        if uint == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A double as OTLP/JSON writes it: a number, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
pub fn write_double(double: f64, out: &mut Vec<u8>) {
    if double.is_finite() {
        push_finite(double, out);
    } else if double.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if double > 0.0 {
        out.extend_from_slice(b"\"Infinity\"");
    } else {
        out.extend_from_slice(b"\"-Infinity\"");
    }
}

/// As the formatter writes it, which whole numbers do not need: bounds of buckets and counts are whole.
fn push_finite(double: f64, out: &mut Vec<u8>) {
    #[expect(clippy::cast_possible_truncation, reason = "compared with the double again")]
    let whole = double as i64;
    #[expect(clippy::cast_precision_loss, reason = "below 10^15")]
    let is_whole = whole.unsigned_abs() < 1_000_000_000_000_000 && (whole as f64).to_bits() == double.to_bits();
    if is_whole {
        write_int(whole, out);
        out.extend_from_slice(b".0");
    } else {
        push_fmt(out, format_args!("{double:?}"));
    }
}

fn push_fmt(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("writing into memory does not fail");
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Lower-case hex digits, without quotes.
pub fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        out.push(HEX[usize::from(byte >> 4)]);
        out.push(HEX[usize::from(byte & 15)]);
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            if digit <= group.len() {
                out.push(BASE64[(word >> (18 - 6 * digit) & 63) as usize]);
            } else {
                out.push(b'=');
            }
        }
    }
    out.push(b'"');
}

fn write_list<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// An object being written: puts the commas, leaves out what OTLP/JSON leaves out.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    fn key(&mut self, key: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        write_str(key, self.out);
        self.out.push(b':');
    }

    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.key(key);
            write_str(text, self.out);
        }
    }

    fn hex(&mut self, key: &str, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            self.key(key);
            self.out.push(b'"');
            write_hex(bytes, self.out);
            self.out.push(b'"');
        }
    }

    fn nanos(&mut self, key: &str, nanos: u64) {
        if nanos != 0 {
            self.uint_text(key, nanos);
        }
    }

    fn uint_text(&mut self, key: &str, uint: u64) {
        self.key(key);
        self.out.push(b'"');
        write_uint(uint, self.out);
        self.out.push(b'"');
    }

    fn int(&mut self, key: &str, int: i64) {
        if int != 0 {
            self.key(key);
            write_int(int, self.out);
        }
    }

    fn bool(&mut self, key: &str, bool: bool) {
        if bool {
            self.key(key);
            self.out.extend_from_slice(b"true");
        }
    }

    fn double(&mut self, key: &str, double: f64) {
        self.key(key);
        write_double(double, self.out);
    }

    fn optional_double(&mut self, key: &str, double: Option<f64>) {
        if let Some(double) = double {
            self.double(key, double);
        }
    }

    fn number(&mut self, number: Number) {
        match number {
            Number::None => {}
            Number::Int(int) => {
                self.key("asInt");
                self.out.push(b'"');
                write_int(int, self.out);
                self.out.push(b'"');
            }
            Number::Double(double) => self.double("asDouble", double),
        }
    }

    fn attributes(&mut self, key: &str, attributes: &[Attribute<'_>]) {
        if !attributes.is_empty() {
            self.key(key);
            write_key_values(attributes, self.out);
        }
    }

    fn list<T>(&mut self, key: &str, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) {
        if !items.is_empty() {
            self.key(key);
            write_list(items, self.out, write);
        }
    }

    fn counts(&mut self, key: &str, counts: &[u64]) {
        self.list(key, counts, |count, out| {
            out.push(b'"');
            write_uint(*count, out);
            out.push(b'"');
        });
    }

    fn end(self) {
        self.out.push(b'}');
    }
}

/// OTLP/JSON of a whole export request.
pub fn write_otlp(otlp: &Otlp<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    match otlp {
        Otlp::Logs(groups) => object.list("resourceLogs", groups, |group, out| {
            write_resource_group(group, "scopeLogs", "logRecords", out, write_log_record);
        }),
        Otlp::Traces(groups) => object.list("resourceSpans", groups, |group, out| {
            write_resource_group(group, "scopeSpans", "spans", out, write_span);
        }),
        Otlp::Metrics(groups) => object.list("resourceMetrics", groups, |group, out| {
            write_resource_group(group, "scopeMetrics", "metrics", out, write_metric);
        }),
    }
    object.end();
}

fn write_resource_group<R>(
    group: &ResourceGroup<'_, R>,
    scopes_key: &str,
    records_key: &str,
    out: &mut Vec<u8>,
    write_record: impl Fn(&R, &mut Vec<u8>) + Copy,
) {
    let mut object = Object::begin(out);
    if group.resource != Resource::default() {
        object.key("resource");
        let mut resource = Object::begin(object.out);
        resource.attributes("attributes", &group.resource.attributes);
        resource.int("droppedAttributesCount", i64::from(group.resource.dropped_attributes_count));
        resource.end();
    }
    object.list(scopes_key, &group.scopes, |scope, out| write_scope_group(scope, records_key, out, write_record));
    object.text("schemaUrl", &group.schema_url);
    object.end();
}

fn write_scope_group<R>(
    group: &ScopeGroup<'_, R>,
    records_key: &str,
    out: &mut Vec<u8>,
    write_record: impl Fn(&R, &mut Vec<u8>),
) {
    let mut object = Object::begin(out);
    if group.scope != Scope::default() {
        object.key("scope");
        let mut scope = Object::begin(object.out);
        scope.text("name", &group.scope.name);
        scope.text("version", &group.scope.version);
        scope.attributes("attributes", &group.scope.attributes);
        scope.int("droppedAttributesCount", i64::from(group.scope.dropped_attributes_count));
        scope.end();
    }
    object.list(records_key, &group.records, write_record);
    object.text("schemaUrl", &group.schema_url);
    object.end();
}

fn write_key_values(attributes: &[Attribute<'_>], out: &mut Vec<u8>) {
    write_list(attributes, out, |(key, value), out| {
        out.extend_from_slice(b"{\"key\":");
        write_str(key, out);
        out.extend_from_slice(b",\"value\":");
        write_any_value(value, out);
        out.push(b'}');
    });
}

fn write_any_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"{"),
        Value::Bool(true) => out.extend_from_slice(b"{\"boolValue\":true"),
        Value::Bool(false) => out.extend_from_slice(b"{\"boolValue\":false"),
        Value::Int(int) => {
            out.extend_from_slice(b"{\"intValue\":\"");
            write_int(*int, out);
            out.push(b'"');
        }
        Value::Double(double) => {
            out.extend_from_slice(b"{\"doubleValue\":");
            write_double(*double, out);
        }
        Value::Text(text) => {
            out.extend_from_slice(b"{\"stringValue\":");
            write_str(text, out);
        }
        Value::Bytes(bytes) => {
            out.extend_from_slice(b"{\"bytesValue\":");
            write_base64(bytes, out);
        }
        Value::List(items) => {
            out.extend_from_slice(b"{\"arrayValue\":{\"values\":");
            write_list(items, out, write_any_value);
            out.push(b'}');
        }
        Value::Map(entries) => {
            out.extend_from_slice(b"{\"kvlistValue\":{\"values\":");
            write_key_values(entries, out);
            out.push(b'}');
        }
    }
    out.push(b'}');
}

fn write_log_record(record: &LogRecord<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.nanos("timeUnixNano", record.time_unix_nano);
    object.nanos("observedTimeUnixNano", record.observed_time_unix_nano);
    object.int("severityNumber", i64::from(record.severity_number));
    object.text("severityText", &record.severity_text);
    if record.body != Value::Null {
        object.key("body");
        write_any_value(&record.body, object.out);
    }
    object.attributes("attributes", &record.attributes);
    object.int("droppedAttributesCount", i64::from(record.dropped_attributes_count));
    object.int("flags", i64::from(record.flags));
    object.hex("traceId", record.trace_id.as_ref().map(<[u8; 16]>::as_slice));
    object.hex("spanId", record.span_id.as_ref().map(<[u8; 8]>::as_slice));
    object.text("eventName", &record.event_name);
    object.end();
}

fn write_span(span: &Span<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.hex("traceId", span.trace_id.as_ref().map(<[u8; 16]>::as_slice));
    object.hex("spanId", span.span_id.as_ref().map(<[u8; 8]>::as_slice));
    object.text("traceState", &span.trace_state);
    object.hex("parentSpanId", span.parent_span_id.as_ref().map(<[u8; 8]>::as_slice));
    object.int("flags", i64::from(span.flags));
    object.text("name", &span.name);
    object.int("kind", i64::from(span.kind));
    object.nanos("startTimeUnixNano", span.start_time_unix_nano);
    object.nanos("endTimeUnixNano", span.end_time_unix_nano);
    object.attributes("attributes", &span.attributes);
    object.int("droppedAttributesCount", i64::from(span.dropped_attributes_count));
    object.list("events", &span.events, write_span_event);
    object.int("droppedEventsCount", i64::from(span.dropped_events_count));
    object.list("links", &span.links, write_span_link);
    object.int("droppedLinksCount", i64::from(span.dropped_links_count));
    if span.status != SpanStatus::default() {
        object.key("status");
        let mut status = Object::begin(object.out);
        status.text("message", &span.status.message);
        status.int("code", i64::from(span.status.code));
        status.end();
    }
    object.end();
}

fn write_span_event(event: &SpanEvent<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.nanos("timeUnixNano", event.time_unix_nano);
    object.text("name", &event.name);
    object.attributes("attributes", &event.attributes);
    object.int("droppedAttributesCount", i64::from(event.dropped_attributes_count));
    object.end();
}

fn write_span_link(link: &SpanLink<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.hex("traceId", link.trace_id.as_ref().map(<[u8; 16]>::as_slice));
    object.hex("spanId", link.span_id.as_ref().map(<[u8; 8]>::as_slice));
    object.text("traceState", &link.trace_state);
    object.attributes("attributes", &link.attributes);
    object.int("droppedAttributesCount", i64::from(link.dropped_attributes_count));
    object.int("flags", i64::from(link.flags));
    object.end();
}

fn write_metric(metric: &Metric<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.text("name", &metric.name);
    object.text("description", &metric.description);
    object.text("unit", &metric.unit);
    match &metric.data {
        MetricData::None => {}
        MetricData::Gauge(points) => {
            write_data(&mut object, "gauge", points, 0, false, write_number_point);
        }
        MetricData::Sum { points, aggregation_temporality, is_monotonic } => {
            write_data(&mut object, "sum", points, *aggregation_temporality, *is_monotonic, write_number_point);
        }
        MetricData::Histogram { points, aggregation_temporality } => {
            write_data(&mut object, "histogram", points, *aggregation_temporality, false, write_histogram_point);
        }
        MetricData::ExponentialHistogram { points, aggregation_temporality } => {
            let write = write_exponential_histogram_point;
            write_data(&mut object, "exponentialHistogram", points, *aggregation_temporality, false, write);
        }
        MetricData::Summary(points) => {
            write_data(&mut object, "summary", points, 0, false, write_summary_point);
        }
    }
    object.attributes("metadata", &metric.metadata);
    object.end();
}

fn write_data<P>(
    metric: &mut Object<'_>,
    key: &str,
    points: &[P],
    aggregation_temporality: i32,
    is_monotonic: bool,
    write: impl Fn(&P, &mut Vec<u8>),
) {
    metric.key(key);
    let mut object = Object::begin(metric.out);
    object.list("dataPoints", points, write);
    object.int("aggregationTemporality", i64::from(aggregation_temporality));
    object.bool("isMonotonic", is_monotonic);
    object.end();
}

fn write_number_point(point: &NumberPoint<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.attributes("attributes", &point.attributes);
    object.nanos("startTimeUnixNano", point.start_time_unix_nano);
    object.nanos("timeUnixNano", point.time_unix_nano);
    object.number(point.value);
    object.list("exemplars", &point.exemplars, write_exemplar);
    object.int("flags", i64::from(point.flags));
    object.end();
}

fn write_histogram_point(point: &HistogramPoint<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.attributes("attributes", &point.attributes);
    object.nanos("startTimeUnixNano", point.start_time_unix_nano);
    object.nanos("timeUnixNano", point.time_unix_nano);
    object.uint_text("count", point.count);
    object.optional_double("sum", point.sum);
    object.counts("bucketCounts", &point.bucket_counts);
    object.list("explicitBounds", &point.explicit_bounds, |bound, out| write_double(*bound, out));
    object.list("exemplars", &point.exemplars, write_exemplar);
    object.int("flags", i64::from(point.flags));
    object.optional_double("min", point.min);
    object.optional_double("max", point.max);
    object.end();
}

fn write_exponential_histogram_point(point: &ExponentialHistogramPoint<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.attributes("attributes", &point.attributes);
    object.nanos("startTimeUnixNano", point.start_time_unix_nano);
    object.nanos("timeUnixNano", point.time_unix_nano);
    object.uint_text("count", point.count);
    object.optional_double("sum", point.sum);
    object.int("scale", i64::from(point.scale));
    object.uint_text("zeroCount", point.zero_count);
    write_buckets(&mut object, "positive", &point.positive);
    write_buckets(&mut object, "negative", &point.negative);
    object.int("flags", i64::from(point.flags));
    object.list("exemplars", &point.exemplars, write_exemplar);
    object.optional_double("min", point.min);
    object.optional_double("max", point.max);
    if point.zero_threshold != 0.0 {
        object.double("zeroThreshold", point.zero_threshold);
    }
    object.end();
}

fn write_buckets(point: &mut Object<'_>, key: &str, buckets: &Buckets) {
    if *buckets == Buckets::default() {
        return;
    }
    point.key(key);
    let mut object = Object::begin(point.out);
    object.int("offset", i64::from(buckets.offset));
    object.counts("bucketCounts", &buckets.bucket_counts);
    object.end();
}

fn write_summary_point(point: &SummaryPoint<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.attributes("attributes", &point.attributes);
    object.nanos("startTimeUnixNano", point.start_time_unix_nano);
    object.nanos("timeUnixNano", point.time_unix_nano);
    object.uint_text("count", point.count);
    object.double("sum", point.sum);
    object.list("quantileValues", &point.quantile_values, |(quantile, value), out| {
        let mut object = Object::begin(out);
        object.double("quantile", *quantile);
        object.double("value", *value);
        object.end();
    });
    object.int("flags", i64::from(point.flags));
    object.end();
}

fn write_exemplar(exemplar: &Exemplar<'_>, out: &mut Vec<u8>) {
    let mut object = Object::begin(out);
    object.attributes("filteredAttributes", &exemplar.filtered_attributes);
    object.nanos("timeUnixNano", exemplar.time_unix_nano);
    object.number(exemplar.value);
    object.hex("spanId", exemplar.span_id.as_ref().map(<[u8; 8]>::as_slice));
    object.hex("traceId", exemplar.trace_id.as_ref().map(<[u8; 16]>::as_slice));
    object.end();
}

#[cfg(test)]
mod tests;
