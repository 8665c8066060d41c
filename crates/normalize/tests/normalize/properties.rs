//! Any tree gives one row per record, with columns of equal length and `attributes` that are one JSON object.

use normalize::{Output, normalize};
use proptest::prelude::*;
use record::arrival::Payload;
use record::dictionary::{coding_agent_events as events, coding_agent_metrics as metrics};
use record::otlp::{
    Buckets, ExponentialHistogramPoint, HistogramPoint, LogRecord, Metric, MetricData, Number, NumberPoint, Otlp,
    Resource, ResourceGroup, Scope, ScopeGroup, Span, SpanEvent, SpanStatus, SummaryPoint,
};
use record::source::{Provider, Signal};
use record::value::{Attributes, Value};

use crate::{show, support};

fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        "\\PC{0,12}|mcp__[a-z_]{0,8}|\\{\"command\":.{0,6}".prop_map(Value::text),
        proptest::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::vec(("[a-z]{0,8}".prop_map(Into::into), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    let known = [
        "session.id",
        "event.name",
        "event.timestamp",
        "event.sequence",
        "tool_name",
        "tool_input",
        "tool_parameters",
        "prompt",
        "prompt_text",
        "success",
        "duration_ms",
        "source",
        "decision",
        "user.id",
        "repo",
        "vcs.owner.name",
        "vcs.repository.name",
        "hook",
        "hook_event_name",
        "timestamp",
        "workspace_roots",
        "id",
        "body",
        "cost_usd",
        "event_time_original",
        "log.record.uid",
        "status_code",
        "thread.id",
        "type",
        "model",
        "value",
        "count",
    ];
    prop_oneof![3 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,10}"]
}

fn attributes() -> impl Strategy<Value = Attributes<'static>> {
    proptest::collection::vec((key().prop_map(Into::into), value()), 0..12)
}

fn group<R: Clone + std::fmt::Debug>(
    record: impl Strategy<Value = R>,
) -> impl Strategy<Value = Vec<ResourceGroup<'static, R>>> {
    let scope = (attributes(), "\\PC{0,6}", proptest::collection::vec(record, 0..4)).prop_map(
        |(attributes, version, records)| ScopeGroup {
            scope: Scope {
                name: "com.anthropic.claude_code.events".into(),
                version: version.into(),
                attributes,
                dropped_attributes_count: 0,
            },
            records,
            schema_url: "".into(),
        },
    );
    let group = (attributes(), proptest::collection::vec(scope, 0..3)).prop_map(|(attributes, scopes)| ResourceGroup {
        resource: Resource { attributes, dropped_attributes_count: 0 },
        scopes,
        schema_url: "".into(),
    });
    proptest::collection::vec(group, 0..3)
}

fn log() -> impl Strategy<Value = LogRecord<'static>> {
    (any::<u64>(), any::<u64>(), value(), attributes(), "\\PC{0,10}", any::<Option<[u8; 16]>>()).prop_map(
        |(time_unix_nano, observed_time_unix_nano, body, attributes, event_name, trace_id)| LogRecord {
            time_unix_nano,
            observed_time_unix_nano,
            body,
            attributes,
            event_name: event_name.into(),
            trace_id,
            ..LogRecord::default()
        },
    )
}

fn span() -> impl Strategy<Value = Span<'static>> {
    let ids = (any::<Option<[u8; 16]>>(), any::<Option<[u8; 8]>>());
    (ids, any::<u64>(), any::<u64>(), attributes(), attributes(), any::<i32>()).prop_map(
        |((trace_id, span_id), start_time_unix_nano, end_time_unix_nano, attributes, event, code)| Span {
            trace_id,
            span_id,
            start_time_unix_nano,
            end_time_unix_nano,
            attributes,
            events: vec![SpanEvent { attributes: event, ..SpanEvent::default() }],
            status: SpanStatus { code, message: "".into() },
            ..Span::default()
        },
    )
}

/// The shape of any data point, whatever its kind.
fn histogram_point() -> impl Strategy<Value = HistogramPoint<'static>> {
    let times = (prop_oneof![Just(0), any::<u64>()], prop_oneof![Just(0), any::<u64>()], 0_u32..4);
    let doubles = any::<[Option<f64>; 3]>();
    let buckets = (proptest::collection::vec(any::<u64>(), 0..5), proptest::collection::vec(any::<f64>(), 0..5));
    (times, attributes(), any::<u64>(), doubles, buckets).prop_map(
        |((start, time, flags), attributes, count, [sum, min, max], (bucket_counts, explicit_bounds))| HistogramPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: time,
            count,
            sum,
            bucket_counts,
            explicit_bounds,
            exemplars: Vec::new(),
            flags,
            min,
            max,
        },
    )
}

fn number_point(point: HistogramPoint<'static>) -> NumberPoint<'static> {
    let HistogramPoint { attributes, start_time_unix_nano, time_unix_nano, flags, count, sum, .. } = point;
    let value = sum.map_or(Number::Int(count.cast_signed()), Number::Double);
    NumberPoint { attributes, start_time_unix_nano, time_unix_nano, value, exemplars: Vec::new(), flags }
}

fn exponential_point(point: HistogramPoint<'static>) -> ExponentialHistogramPoint<'static> {
    let HistogramPoint { attributes, start_time_unix_nano, time_unix_nano, flags, count, sum, min, max, .. } = point;
    ExponentialHistogramPoint {
        attributes,
        start_time_unix_nano,
        time_unix_nano,
        count,
        sum,
        positive: Buckets { offset: -3, bucket_counts: point.bucket_counts },
        flags,
        min,
        max,
        zero_threshold: max.unwrap_or_default(),
        ..ExponentialHistogramPoint::default()
    }
}

fn summary_point(point: HistogramPoint<'static>) -> SummaryPoint<'static> {
    let HistogramPoint { attributes, start_time_unix_nano, time_unix_nano, flags, count, sum, .. } = point;
    let quantile_values = point.explicit_bounds.into_iter().map(|bound| (bound, -bound)).collect();
    SummaryPoint {
        attributes,
        start_time_unix_nano,
        time_unix_nano,
        count,
        sum: sum.unwrap_or_default(),
        quantile_values,
        flags,
    }
}

fn metric() -> impl Strategy<Value = Metric<'static>> {
    let points = proptest::collection::vec(histogram_point(), 0..3);
    (points, 0..6, any::<i32>(), any::<bool>(), "\\PC{0,8}", attributes()).prop_map(
        |(points, kind, aggregation_temporality, is_monotonic, name, metadata)| {
            let points = points.into_iter();
            let data = match kind {
                0 => MetricData::Gauge(points.map(number_point).collect()),
                1 => {
                    let points = points.map(number_point).collect();
                    MetricData::Sum { points, aggregation_temporality, is_monotonic }
                }
                2 => MetricData::Histogram { points: points.collect(), aggregation_temporality },
                3 => {
                    let points = points.map(exponential_point).collect();
                    MetricData::ExponentialHistogram { points, aggregation_temporality }
                }
                4 => MetricData::Summary(points.map(summary_point).collect()),
                _ => MetricData::None,
            };
            Metric { name: name.into(), data, metadata, ..Metric::default() }
        },
    )
}

fn payload() -> impl Strategy<Value = Payload<'static>> {
    let object = attributes().prop_map(Value::Map);
    prop_oneof![
        group(log()).prop_map(|groups| Payload::Otlp(Otlp::Logs(groups))),
        group(span()).prop_map(|groups| Payload::Otlp(Otlp::Traces(groups))),
        group(metric()).prop_map(|groups| Payload::Otlp(Otlp::Metrics(groups))),
        proptest::collection::vec(prop_oneof![4 => object, 1 => value()], 0..5).prop_map(Payload::Hooks),
    ]
}

proptest! {
    #[test]
    fn one_row_per_record(
        payload in payload(),
        provider in proptest::sample::select(Provider::ALL.to_vec()),
        received_at: i64,
    ) {
        // what becomes of logs of browser mods is asked in `product`
        prop_assume!(provider != Provider::BrowserMod);
        let mut envelope = support::envelope(provider, Signal::Logs);
        envelope.received_at = record::time::Timestamp(received_at);
        let mut out = Output::default();
        normalize(&envelope, Some(&payload), &mut out);
        normalize(&envelope, Some(&payload), &mut out);
        let count = payload.record_count();
        prop_assert_eq!(out.raw.len(), 2);
        let is_metrics = matches!(payload, Payload::Otlp(Otlp::Metrics(_)));
        let dropped: u64 = out.dropped.iter().map(|(_, times)| times).sum();
        let (rows, other) = if is_metrics { (out.metrics, out.events) } else { (out.events, out.metrics) };
        let (id, attributes) =
            if is_metrics { (metrics::POINT_ID, metrics::ATTRIBUTES) } else { (events::EVENT_ID, events::ATTRIBUTES) };
        prop_assert_eq!((rows.len() as u64 + dropped, other.len()), (2 * count as u64, 0));
        prop_assert!(dropped == 0 || provider == Provider::Codex);
        let count = rows.len() / 2;
        let mut ids = std::collections::HashSet::new();
        for row in 0..count {
            for column in [Some(attributes), is_metrics.then_some(metrics::BUCKETS)].into_iter().flatten() {
                let Some(text) = rows.get_text(row, column) else { continue };
                let parsed: serde_json::Value = serde_json::from_str(text).expect("JSON");
                prop_assert!(parsed.is_object());
            }
            prop_assert!(rows.get_text(row, attributes).is_some());
            prop_assert!(ids.insert(rows.get_text(row, id)));
            prop_assert_eq!(rows.get_text(row, id), rows.get_text(row + count, id));
            if is_metrics {
                for column in [metrics::VALUE, metrics::MIN, metrics::MAX] {
                    let value = rows.get(row, column);
                    prop_assert!(value == Value::Null || value.to_double().is_some(), "{value:?}");
                }
            }
        }
        let (columns, identities) = rows.into_columns();
        prop_assert_eq!(identities.len(), 2 * count);
        for column in columns {
            prop_assert_eq!(column.validity.len, 2 * count);
        }
    }
}

/// What a client of another version might send instead: the attribute left out, or the same value typed otherwise.
#[derive(Clone, Copy, Debug)]
enum Change {
    None,
    Missing,
    AsText,
    AsNumber,
    AsNull,
    AsMap,
}

fn changed(attributes: &mut Attributes<'static>, changes: &[Change]) {
    let mut at = 0;
    attributes.retain_mut(|(_, value)| {
        let change = changes[at % changes.len()];
        at += 1;
        let text = match &*value {
            Value::Text(text) => text.to_string(),
            Value::Int(int) => int.to_string(),
            Value::Double(double) => double.to_string(),
            Value::Bool(bool) => bool.to_string(),
            _ => String::new(),
        };
        match change {
            Change::None => {}
            Change::Missing => return false,
            Change::AsText => *value = Value::text(text),
            Change::AsNumber => *value = text.parse().map_or(Value::Double(0.5), Value::Int),
            Change::AsNull => *value = Value::Null,
            Change::AsMap => *value = Value::Map(vec![("text".into(), Value::text(text))]),
        }
        true
    });
}

fn every_record(payload: &mut Payload<'static>, mut change: impl FnMut(&mut Attributes<'static>)) {
    match payload {
        Payload::Otlp(Otlp::Logs(groups)) => {
            groups
                .iter_mut()
                .flat_map(|g| &mut g.scopes)
                .flat_map(|s| &mut s.records)
                .for_each(|r| change(&mut r.attributes));
        }
        Payload::Otlp(Otlp::Traces(groups)) => {
            groups
                .iter_mut()
                .flat_map(|g| &mut g.scopes)
                .flat_map(|s| &mut s.records)
                .for_each(|r| change(&mut r.attributes));
        }
        Payload::Otlp(Otlp::Metrics(_)) | Payload::Trace(_) | Payload::Product(_) => {}
        Payload::Hooks(hooks) => {
            for hook in hooks {
                if let Value::Map(entries) = hook {
                    change(entries);
                }
            }
        }
    }
}

const CAPTURES: [(&str, &str, Provider); 7] = [
    ("claude_code/c04_prompts_and_details", "logs.decoded", Provider::ClaudeCode),
    ("claude_code/c06_traces_beta_json", "001_traces", Provider::ClaudeCode),
    ("claude_code/c20_hooks/hooks_stdin", "01", Provider::ClaudeCode),
    ("codex/d10_hooks", "007_logs", Provider::Codex),
    ("codex/d02_all_signals_binary", "002_traces", Provider::Codex),
    ("codex/d10_hooks/hooks_stdin", "03", Provider::Codex),
    ("cursor/h01_by_hand/hooks_stdin", "02", Provider::Cursor),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn other_versions_of_a_client_lose_columns_and_nothing_else(
        capture in proptest::sample::select(CAPTURES.to_vec()),
        changes in proptest::collection::vec(
            proptest::sample::select(vec![
                Change::None, Change::Missing, Change::AsText, Change::AsNumber, Change::AsNull, Change::AsMap,
            ]),
            1..40,
        ),
    ) {
        let (scenario, part, provider) = capture;
        for (_, json) in support::scenario(scenario, part) {
            let mut payload = support::payload(&json);
            every_record(&mut payload, |attributes| changed(attributes, &changes));
            let mut out = Output::default();
            normalize(&support::envelope(provider, Signal::Logs), Some(&payload), &mut out);
            let dropped: u64 = out.dropped.iter().map(|(_, times)| times).sum();
            prop_assert_eq!(out.events.len() as u64 + dropped, payload.record_count() as u64);
            for row in 0..out.events.len() {
                let text = out.events.get_text(row, events::ATTRIBUTES).expect("attributes");
                prop_assert!(serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok());
                let fact = out.events.get_text(row, events::FACT);
                prop_assert!(fact.is_some() || out.events.get_text(row, events::FACT_ID).is_none());
            }
        }
    }
}

#[test]
fn numbers_sent_as_text_give_the_same_columns() {
    for (scenario, part, provider) in CAPTURES {
        for (file, json) in support::scenario(scenario, part) {
            let payload = support::payload(&json);
            let mut spelled = payload.clone();
            every_record(&mut spelled, |attributes| {
                // text under this key is a conversation, a number a thread of the operating system
                for (_, value) in attributes.iter_mut().filter(|(key, _)| key != "thread.id") {
                    if let Value::Int(int) = value {
                        *value = Value::text(int.to_string());
                    } else if let Value::Bool(bool) = value {
                        *value = Value::text(bool.to_string());
                    }
                }
            });
            let [rows, spelled] = [payload, spelled].map(|payload| show::rows_of(&payload, provider));
            assert_eq!(rows.len(), spelled.len());
            for column in rows.table().columns.iter().filter(|column| column.index != events::ATTRIBUTES.index) {
                for row in 0..rows.len() {
                    assert_eq!(rows.get(row, *column), spelled.get(row, *column), "{} in {file}", column.name);
                }
            }
        }
    }
}
