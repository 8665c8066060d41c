//! Generated trees of every message. Without NaN, which is not equal to itself, and without all-zero ids, which mean
//! none.

use std::borrow::Cow;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use record::otlp::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, LogRecord, Metric, MetricData, Number, NumberPoint,
    Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span, SpanEvent, SpanLink, SpanStatus, SummaryPoint,
};
use record::source::Signal;
use record::value::{Attributes, Value};

pub(crate) fn otlp() -> impl Strategy<Value = (Signal, Otlp<'static>)> {
    prop_oneof![
        groups(log_record()).prop_map(|groups| (Signal::Logs, Otlp::Logs(groups))),
        groups(span()).prop_map(|groups| (Signal::Traces, Otlp::Traces(groups))),
        groups(metric()).prop_map(|groups| (Signal::Metrics, Otlp::Metrics(groups))),
    ]
}

/// A JSON object without equal keys, sometimes with many.
pub(crate) fn hook() -> impl Strategy<Value = Value<'static>> {
    map_of(plain_value(), 40).prop_map(Value::Map)
}

fn plain_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        double().prop_filter("JSON has only finite numbers", |double| double.is_finite()).prop_map(Value::Double),
        text().prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..6).prop_map(Value::List), map_of(inner, 4).prop_map(Value::Map)]
    })
}

fn map_of(inner: impl Strategy<Value = Value<'static>>, size: usize) -> impl Strategy<Value = Attributes<'static>> {
    proptest::collection::btree_map(text(), inner, 0..size).prop_map(|map| map.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        double().prop_map(Value::Double),
        text().prop_map(Value::Text),
        vec(any::<u8>(), 0..200).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::List), vec((text(), inner), 0..4).prop_map(Value::Map),]
    })
}

fn attributes() -> impl Strategy<Value = Attributes<'static>> {
    vec((text(), value()), 0..5)
}

/// Mostly short, sometimes long enough for a length of two bytes or three.
fn text() -> impl Strategy<Value = Cow<'static, str>> {
    prop_oneof![
        8 => ".{0,12}".prop_map(Cow::Owned),
        2 => "[\"\\\\\u{0}-\u{1F}/\u{FEFF}😀]{0,8}".prop_map(Cow::Owned),
        1 => (120..140_usize).prop_map(|length| Cow::Owned("é".repeat(length / 2))),
        1 => (16_370..16_400_usize).prop_map(|length| Cow::Owned("x".repeat(length))),
    ]
}

fn double() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("NaN is not equal to itself", |double| !double.is_nan())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![Just(Number::None), any::<i64>().prop_map(Number::Int), double().prop_map(Number::Double)]
}

fn id<const N: usize>() -> impl Strategy<Value = Option<[u8; N]>> {
    option::of(any::<[u8; N]>().prop_filter("zeros mean none", |id| *id != [0; N]))
}

fn groups<R: Clone + std::fmt::Debug>(
    record: impl Strategy<Value = R>,
) -> impl Strategy<Value = Vec<ResourceGroup<'static, R>>> {
    let scope = (text(), text(), attributes(), any::<u32>()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| Scope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    );
    let scopes = (scope, vec(record, 0..4), text()).prop_map(|(scope, records, schema_url)| ScopeGroup {
        scope,
        records,
        schema_url,
    });
    let resource = (attributes(), any::<u32>())
        .prop_map(|(attributes, dropped_attributes_count)| Resource { attributes, dropped_attributes_count });
    let group = (resource, vec(scopes, 0..3), text()).prop_map(|(resource, scopes, schema_url)| ResourceGroup {
        resource,
        scopes,
        schema_url,
    });
    vec(group, 0..3)
}

fn log_record() -> impl Strategy<Value = LogRecord<'static>> {
    let times = (any::<u64>(), any::<u64>());
    let severity = (any::<i32>(), text());
    (times, severity, value(), attributes(), any::<[u32; 2]>(), id(), id(), text()).prop_map(
        |(times, severity, body, attributes, [dropped_attributes_count, flags], trace_id, span_id, event_name)| {
            LogRecord {
                time_unix_nano: times.0,
                observed_time_unix_nano: times.1,
                severity_number: severity.0,
                severity_text: severity.1,
                body,
                attributes,
                dropped_attributes_count,
                flags,
                trace_id,
                span_id,
                event_name,
            }
        },
    )
}

fn span() -> impl Strategy<Value = Span<'static>> {
    let ids = (id(), id(), id());
    let texts = (text(), text(), text());
    let numbers = (any::<[u32; 4]>(), any::<[i32; 2]>(), any::<[u64; 2]>());
    (ids, texts, numbers, attributes(), vec(span_event(), 0..3), vec(span_link(), 0..3)).prop_map(
        |(ids, (trace_state, name, message), (counts, [kind, code], [start, end]), attributes, events, links)| Span {
            trace_id: ids.0,
            span_id: ids.1,
            trace_state,
            parent_span_id: ids.2,
            flags: counts[0],
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            dropped_attributes_count: counts[1],
            events,
            dropped_events_count: counts[2],
            links,
            dropped_links_count: counts[3],
            status: SpanStatus { message, code },
        },
    )
}

fn span_event() -> impl Strategy<Value = SpanEvent<'static>> {
    (any::<u64>(), text(), attributes(), any::<u32>()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| SpanEvent {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn span_link() -> impl Strategy<Value = SpanLink<'static>> {
    (id(), id(), text(), attributes(), any::<[u32; 2]>()).prop_map(
        |(trace_id, span_id, trace_state, attributes, [dropped_attributes_count, flags])| SpanLink {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

fn metric() -> impl Strategy<Value = Metric<'static>> {
    (text(), text(), text(), metric_data(), attributes()).prop_map(|(name, description, unit, data, metadata)| Metric {
        name,
        description,
        unit,
        data,
        metadata,
    })
}

fn metric_data() -> impl Strategy<Value = MetricData<'static>> {
    prop_oneof![
        Just(MetricData::None),
        vec(number_point(), 0..3).prop_map(MetricData::Gauge),
        (vec(number_point(), 0..3), any::<i32>(), any::<bool>()).prop_map(
            |(points, aggregation_temporality, is_monotonic)| MetricData::Sum {
                points,
                aggregation_temporality,
                is_monotonic
            }
        ),
        (vec(histogram_point(), 0..3), any::<i32>())
            .prop_map(|(points, aggregation_temporality)| MetricData::Histogram { points, aggregation_temporality }),
        (vec(exponential_histogram_point(), 0..3), any::<i32>()).prop_map(|(points, aggregation_temporality)| {
            MetricData::ExponentialHistogram { points, aggregation_temporality }
        }),
        vec(summary_point(), 0..3).prop_map(MetricData::Summary),
    ]
}

fn exemplar() -> impl Strategy<Value = Exemplar<'static>> {
    (attributes(), any::<u64>(), number(), id(), id()).prop_map(
        |(filtered_attributes, time_unix_nano, value, span_id, trace_id)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            value,
            span_id,
            trace_id,
        },
    )
}

fn number_point() -> impl Strategy<Value = NumberPoint<'static>> {
    (attributes(), any::<[u64; 2]>(), number(), vec(exemplar(), 0..2), any::<u32>()).prop_map(
        |(attributes, [start_time_unix_nano, time_unix_nano], value, exemplars, flags)| NumberPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            value,
            exemplars,
            flags,
        },
    )
}

/// `sum`, `min`, `max`.
fn measures() -> impl Strategy<Value = [Option<f64>; 3]> {
    [option::of(double()), option::of(double()), option::of(double())]
}

fn histogram_point() -> impl Strategy<Value = HistogramPoint<'static>> {
    let buckets = (vec(any::<u64>(), 0..20), vec(double(), 0..20));
    (attributes(), any::<[u64; 3]>(), measures(), buckets, vec(exemplar(), 0..2), any::<u32>()).prop_map(
        |(attributes, numbers, [sum, min, max], (bucket_counts, explicit_bounds), exemplars, flags)| HistogramPoint {
            attributes,
            start_time_unix_nano: numbers[0],
            time_unix_nano: numbers[1],
            count: numbers[2],
            sum,
            bucket_counts,
            explicit_bounds,
            exemplars,
            flags,
            min,
            max,
        },
    )
}

fn exponential_histogram_point() -> impl Strategy<Value = ExponentialHistogramPoint<'static>> {
    let rest = (vec(exemplar(), 0..2), any::<u32>(), double());
    (attributes(), any::<[u64; 4]>(), measures(), any::<i32>(), [buckets(), buckets()], rest).prop_map(
        |(attributes, numbers, [sum, min, max], scale, [positive, negative], (exemplars, flags, zero_threshold))| {
            ExponentialHistogramPoint {
                attributes,
                start_time_unix_nano: numbers[0],
                time_unix_nano: numbers[1],
                count: numbers[2],
                sum,
                scale,
                zero_count: numbers[3],
                positive,
                negative,
                flags,
                exemplars,
                min,
                max,
                zero_threshold,
            }
        },
    )
}

fn buckets() -> impl Strategy<Value = Buckets> {
    (any::<i32>(), vec(any::<u64>(), 0..40)).prop_map(|(offset, bucket_counts)| Buckets { offset, bucket_counts })
}

fn summary_point() -> impl Strategy<Value = SummaryPoint<'static>> {
    (attributes(), any::<[u64; 3]>(), double(), vec((double(), double()), 0..4), any::<u32>()).prop_map(
        |(attributes, [start_time_unix_nano, time_unix_nano, count], sum, quantile_values, flags)| SummaryPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            count,
            sum,
            quantile_values,
            flags,
        },
    )
}
