//! Captured requests as trees. The readable views beside the protobuf captures write ids in hex, 64-bit integers as strings and
//! enums as names; the JSON captures write integers as numbers. Both are read here.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use record::arrival::Payload;
use record::caller::{Caller, Scopes, Tenant};
use record::envelope::Envelope;
use record::otlp::{
    HistogramPoint, LogRecord, Metric, MetricData, Number, NumberPoint, Otlp, Resource, ResourceGroup, Scope,
    ScopeGroup, Span, SpanEvent, SpanLink, SpanStatus,
};
use record::source::{Provider, Signal};
use record::time::Timestamp;
use record::value::{Attributes, Value};
use serde_json::Value as Json;

/// Shortly after the captures were made, so that their times are believed.
pub(crate) const RECEIVED_AT: &str = "2026-11-21T12:00:00Z";

pub(crate) fn envelope(provider: Provider, signal: Signal) -> Envelope {
    let tenant = Tenant::new("acme").expect("valid");
    let caller = Caller::new(tenant, Scopes::ALL, "k_01");
    let received_at = Timestamp::parse(RECEIVED_AT).expect("valid");
    let arrival_id = uuid::Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
    Envelope { arrival_id, ..Envelope::accepted(&caller, provider, signal, received_at, 1_234) }
}

/// The captured requests of a scenario whose file names contain `part`, in order.
pub(crate) fn scenario(name: &str, part: &str) -> Vec<(String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents").join(name);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            let stored = path.extension().is_some_and(|extension| extension == "gz");
            let plain = if stored { path.with_extension("") } else { path.clone() };
            plain.extension().is_some_and(|extension| extension == "json")
        })
        .filter(|path| file_name(path).contains(part))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no {part} in {}", folder.display());
    paths
        .iter()
        .map(|path| {
            let name = file_name(path).trim_end_matches(".gz").to_owned();
            (name, serde_json::from_slice(&plain_bytes(path)).expect("JSON"))
        })
        .collect()
}

fn plain_bytes(path: &Path) -> Vec<u8> {
    let stored = std::fs::read(path).expect("readable");
    if !stored.starts_with(&[0x1f, 0x8b]) {
        return stored;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(stored.as_slice()).read_to_end(&mut plain).expect("gzip");
    plain
}

/// With the default policy. One for all tests, because its rules take a while to make.
pub(crate) static SANITIZER: LazyLock<sanitize::Sanitizer> =
    LazyLock::new(|| sanitize::Sanitizer::new(sanitize::capture::Policy::default()));

/// What the default policy leaves of a request.
pub(crate) fn sanitized(mut payload: Payload<'static>, provider: Provider) -> Payload<'static> {
    SANITIZER.sanitize(&mut payload, provider, &redact::HashKey::derive(b"tests", "placeholders"));
    payload
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

pub(crate) fn payload(json: &Json) -> Payload<'static> {
    if let Some(groups) = json.get("resourceLogs") {
        Payload::Otlp(Otlp::Logs(list(groups, |group| resource_group(group, "scopeLogs", "logRecords", log_record))))
    } else if let Some(groups) = json.get("resourceSpans") {
        Payload::Otlp(Otlp::Traces(list(groups, |group| resource_group(group, "scopeSpans", "spans", span))))
    } else if let Some(groups) = json.get("resourceMetrics") {
        Payload::Otlp(Otlp::Metrics(list(groups, |group| resource_group(group, "scopeMetrics", "metrics", metric))))
    } else if let Json::Array(events) = json {
        Payload::Hooks(events.iter().map(plain).collect())
    } else {
        Payload::Hooks(vec![plain(json)])
    }
}

pub(crate) fn plain(json: &Json) -> Value<'static> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Double(number.as_f64().expect("a number")), Value::Int)
        }
        Json::String(text) => Value::text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(plain).collect()),
        Json::Object(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (key.clone().into(), plain(value))).collect())
        }
    }
}

fn resource_group<R>(
    json: &Json,
    scopes: &str,
    records: &str,
    record: impl Fn(&Json) -> R,
) -> ResourceGroup<'static, R> {
    ResourceGroup {
        resource: Resource { attributes: attributes(&json["resource"]["attributes"]), dropped_attributes_count: 0 },
        scopes: list(&json[scopes], |scoped| ScopeGroup {
            scope: Scope {
                name: text(&scoped["scope"]["name"]).into(),
                version: text(&scoped["scope"]["version"]).into(),
                attributes: attributes(&scoped["scope"]["attributes"]),
                dropped_attributes_count: 0,
            },
            records: list(&scoped[records], &record),
            schema_url: text(&scoped["schemaUrl"]).into(),
        }),
        schema_url: text(&json["schemaUrl"]).into(),
    }
}

fn log_record(json: &Json) -> LogRecord<'static> {
    LogRecord {
        time_unix_nano: uint(&json["timeUnixNano"]),
        observed_time_unix_nano: uint(&json["observedTimeUnixNano"]),
        severity_text: text(&json["severityText"]).into(),
        body: any_value(&json["body"]),
        attributes: attributes(&json["attributes"]),
        trace_id: id(&json["traceId"]),
        span_id: id(&json["spanId"]),
        event_name: text(&json["eventName"]).into(),
        ..LogRecord::default()
    }
}

fn span(json: &Json) -> Span<'static> {
    Span {
        trace_id: id(&json["traceId"]),
        span_id: id(&json["spanId"]),
        parent_span_id: id(&json["parentSpanId"]),
        name: text(&json["name"]).into(),
        start_time_unix_nano: uint(&json["startTimeUnixNano"]),
        end_time_unix_nano: uint(&json["endTimeUnixNano"]),
        attributes: attributes(&json["attributes"]),
        events: list(&json["events"], |event| SpanEvent {
            time_unix_nano: uint(&event["timeUnixNano"]),
            name: text(&event["name"]).into(),
            attributes: attributes(&event["attributes"]),
            dropped_attributes_count: 0,
        }),
        links: list(&json["links"], |link| SpanLink {
            trace_id: id(&link["traceId"]),
            span_id: id(&link["spanId"]),
            attributes: attributes(&link["attributes"]),
            ..SpanLink::default()
        }),
        status: SpanStatus {
            message: text(&json["status"]["message"]).into(),
            code: match &json["status"]["code"] {
                Json::String(name) if name == "STATUS_CODE_OK" => 1,
                Json::String(name) if name == "STATUS_CODE_ERROR" => 2,
                code => i32::try_from(uint(code)).expect("small"),
            },
        },
        ..Span::default()
    }
}

/// A sum or a histogram: the agents send no other kind.
fn metric(json: &Json) -> Metric<'static> {
    let temporality = |json: &Json| match &json["aggregationTemporality"] {
        Json::String(name) if name == "AGGREGATION_TEMPORALITY_DELTA" => 1,
        Json::String(name) if name == "AGGREGATION_TEMPORALITY_CUMULATIVE" => 2,
        number => i32::try_from(uint(number)).expect("small"),
    };
    let data = if let Some(sum) = json.get("sum") {
        MetricData::Sum {
            points: list(&sum["dataPoints"], number_point),
            aggregation_temporality: temporality(sum),
            is_monotonic: sum["isMonotonic"] == true,
        }
    } else {
        let histogram = json.get("histogram").expect("a sum or a histogram");
        MetricData::Histogram {
            points: list(&histogram["dataPoints"], histogram_point),
            aggregation_temporality: temporality(histogram),
        }
    };
    Metric { name: text(&json["name"]).into(), unit: text(&json["unit"]).into(), data, ..Metric::default() }
}

fn number_point(json: &Json) -> NumberPoint<'static> {
    let double = json["asDouble"].as_f64().map(Number::Double);
    let int = || json["asInt"].as_i64().or_else(|| json["asInt"].as_str()?.parse().ok());
    NumberPoint {
        attributes: attributes(&json["attributes"]),
        start_time_unix_nano: uint(&json["startTimeUnixNano"]),
        time_unix_nano: uint(&json["timeUnixNano"]),
        value: double.or_else(|| int().map(Number::Int)).unwrap_or_default(),
        ..NumberPoint::default()
    }
}

fn histogram_point(json: &Json) -> HistogramPoint<'static> {
    HistogramPoint {
        attributes: attributes(&json["attributes"]),
        start_time_unix_nano: uint(&json["startTimeUnixNano"]),
        time_unix_nano: uint(&json["timeUnixNano"]),
        count: uint(&json["count"]),
        sum: json["sum"].as_f64(),
        bucket_counts: list(&json["bucketCounts"], uint),
        explicit_bounds: list(&json["explicitBounds"], |bound| bound.as_f64().expect("a number")),
        min: json["min"].as_f64(),
        max: json["max"].as_f64(),
        ..HistogramPoint::default()
    }
}

fn attributes(json: &Json) -> Attributes<'static> {
    list(json, |entry| (text(&entry["key"]).into(), any_value(&entry["value"])))
}

fn any_value(json: &Json) -> Value<'static> {
    let Some((kind, value)) = json.as_object().and_then(|object| object.iter().next()) else { return Value::Null };
    match kind.as_str() {
        "stringValue" => Value::text(text(value)),
        "boolValue" => Value::Bool(value.as_bool().expect("a truth value")),
        "intValue" => Value::Int(value.as_i64().unwrap_or_else(|| text(value).parse().expect("an integer"))),
        "doubleValue" => Value::Double(value.as_f64().expect("a number")),
        "arrayValue" => Value::List(list(&value["values"], any_value)),
        "kvlistValue" => Value::Map(attributes(&value["values"])),
        other => panic!("{other}"),
    }
}

fn list<T>(json: &Json, read: impl Fn(&Json) -> T) -> Vec<T> {
    json.as_array().map(|items| items.iter().map(read).collect()).unwrap_or_default()
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn uint(json: &Json) -> u64 {
    json.as_u64().or_else(|| json.as_str()?.parse().ok()).unwrap_or(0)
}

fn id<const N: usize>(json: &Json) -> Option<[u8; N]> {
    let hex = json.as_str().filter(|hex| !hex.is_empty())?;
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2).expect("hex digits"), 16).expect("hex");
    }
    Some(bytes)
}
