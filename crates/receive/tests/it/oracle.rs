//! What opentelemetry-proto (prost) makes of a body, as our own tree.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{self as m, exemplar, metric, number_data_point};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::{logs::v1 as l, trace::v1 as t};
use prost::Message;
use record::otlp;
use record::otlp::Otlp;
use record::source::Signal;
use record::value::{Attributes, Value};

/// The tree that prost reads from protobuf; `None` where prost refuses, or an id has a length that it does not check.
pub(crate) fn from_protobuf(signal: Signal, body: &[u8]) -> Option<Otlp<'static>> {
    match signal {
        Signal::Logs => logs(ExportLogsServiceRequest::decode(body).ok()?),
        Signal::Traces => traces(ExportTraceServiceRequest::decode(body).ok()?),
        Signal::Metrics => metrics(ExportMetricsServiceRequest::decode(body).ok()?),
        _ => None,
    }
}

/// The tree that opentelemetry-proto's serde reads from JSON.
pub(crate) fn from_json(signal: Signal, body: &[u8]) -> Option<Otlp<'static>> {
    match signal {
        Signal::Logs => logs(serde_json::from_slice(body).ok()?),
        Signal::Traces => traces(serde_json::from_slice(body).ok()?),
        Signal::Metrics => metrics(serde_json::from_slice(body).ok()?),
        _ => None,
    }
}

fn logs(request: ExportLogsServiceRequest) -> Option<Otlp<'static>> {
    let groups = request.resource_logs.into_iter().map(|group| {
        let scopes = group.scope_logs.into_iter().map(|scope| {
            let records = scope.log_records.into_iter().map(log_record).collect::<Option<_>>()?;
            Some(scope_group(scope.scope, records, scope.schema_url))
        });
        Some(resource_group(group.resource, scopes.collect::<Option<_>>()?, group.schema_url))
    });
    groups.collect::<Option<_>>().map(Otlp::Logs)
}

fn traces(request: ExportTraceServiceRequest) -> Option<Otlp<'static>> {
    let groups = request.resource_spans.into_iter().map(|group| {
        let scopes = group.scope_spans.into_iter().map(|scope| {
            let records = scope.spans.into_iter().map(span).collect::<Option<_>>()?;
            Some(scope_group(scope.scope, records, scope.schema_url))
        });
        Some(resource_group(group.resource, scopes.collect::<Option<_>>()?, group.schema_url))
    });
    groups.collect::<Option<_>>().map(Otlp::Traces)
}

fn metrics(request: ExportMetricsServiceRequest) -> Option<Otlp<'static>> {
    let groups = request.resource_metrics.into_iter().map(|group| {
        let scopes = group.scope_metrics.into_iter().map(|scope| {
            let records = scope.metrics.into_iter().map(one_metric).collect::<Option<_>>()?;
            Some(scope_group(scope.scope, records, scope.schema_url))
        });
        Some(resource_group(group.resource, scopes.collect::<Option<_>>()?, group.schema_url))
    });
    groups.collect::<Option<_>>().map(Otlp::Metrics)
}

fn resource_group<R>(
    resource: Option<Resource>,
    scopes: Vec<otlp::ScopeGroup<'static, R>>,
    schema_url: String,
) -> otlp::ResourceGroup<'static, R> {
    let resource = resource.unwrap_or_default();
    let resource = otlp::Resource {
        attributes: attributes(resource.attributes),
        dropped_attributes_count: resource.dropped_attributes_count,
    };
    otlp::ResourceGroup { resource, scopes, schema_url: schema_url.into() }
}

fn scope_group<R>(
    scope: Option<InstrumentationScope>,
    records: Vec<R>,
    schema_url: String,
) -> otlp::ScopeGroup<'static, R> {
    let scope = scope.unwrap_or_default();
    let scope = otlp::Scope {
        name: scope.name.into(),
        version: scope.version.into(),
        attributes: attributes(scope.attributes),
        dropped_attributes_count: scope.dropped_attributes_count,
    };
    otlp::ScopeGroup { scope, records, schema_url: schema_url.into() }
}

fn attributes(attributes: Vec<KeyValue>) -> Attributes<'static> {
    attributes.into_iter().map(|entry| (entry.key.into(), value(entry.value))).collect()
}

fn value(value: Option<AnyValue>) -> Value<'static> {
    match value.and_then(|value| value.value) {
        None | Some(any_value::Value::StringValueStrindex(_)) => Value::Null,
        Some(any_value::Value::StringValue(text)) => Value::Text(text.into()),
        Some(any_value::Value::BoolValue(bool)) => Value::Bool(bool),
        Some(any_value::Value::IntValue(int)) => Value::Int(int),
        Some(any_value::Value::DoubleValue(double)) => Value::Double(double),
        Some(any_value::Value::BytesValue(bytes)) => Value::Bytes(bytes.into()),
        Some(any_value::Value::ArrayValue(list)) => {
            Value::List(list.values.into_iter().map(|item| self::value(Some(item))).collect())
        }
        Some(any_value::Value::KvlistValue(map)) => Value::Map(attributes(map.values)),
    }
}

/// Outer `None`: a length that no id has.
#[expect(clippy::option_option, reason = "a bad id is not an absent one")]
fn id<const N: usize>(bytes: Vec<u8>) -> Option<Option<[u8; N]>> {
    if bytes.is_empty() {
        return Some(None);
    }
    let id = <[u8; N]>::try_from(bytes).ok()?;
    Some((id != [0; N]).then_some(id))
}

fn log_record(record: l::LogRecord) -> Option<otlp::LogRecord<'static>> {
    Some(otlp::LogRecord {
        time_unix_nano: record.time_unix_nano,
        observed_time_unix_nano: record.observed_time_unix_nano,
        severity_number: record.severity_number,
        severity_text: record.severity_text.into(),
        body: value(record.body),
        attributes: attributes(record.attributes),
        dropped_attributes_count: record.dropped_attributes_count,
        flags: record.flags,
        trace_id: id(record.trace_id)?,
        span_id: id(record.span_id)?,
        event_name: record.event_name.into(),
    })
}

fn span(span: t::Span) -> Option<otlp::Span<'static>> {
    let status = span.status.unwrap_or_default();
    Some(otlp::Span {
        trace_id: id(span.trace_id)?,
        span_id: id(span.span_id)?,
        trace_state: span.trace_state.into(),
        parent_span_id: id(span.parent_span_id)?,
        flags: span.flags,
        name: span.name.into(),
        kind: span.kind,
        start_time_unix_nano: span.start_time_unix_nano,
        end_time_unix_nano: span.end_time_unix_nano,
        attributes: attributes(span.attributes),
        dropped_attributes_count: span.dropped_attributes_count,
        events: span.events.into_iter().map(span_event).collect(),
        dropped_events_count: span.dropped_events_count,
        links: span.links.into_iter().map(span_link).collect::<Option<_>>()?,
        dropped_links_count: span.dropped_links_count,
        status: otlp::SpanStatus { message: status.message.into(), code: status.code },
    })
}

fn span_event(event: t::span::Event) -> otlp::SpanEvent<'static> {
    otlp::SpanEvent {
        time_unix_nano: event.time_unix_nano,
        name: event.name.into(),
        attributes: attributes(event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
    }
}

fn span_link(link: t::span::Link) -> Option<otlp::SpanLink<'static>> {
    Some(otlp::SpanLink {
        trace_id: id(link.trace_id)?,
        span_id: id(link.span_id)?,
        trace_state: link.trace_state.into(),
        attributes: attributes(link.attributes),
        dropped_attributes_count: link.dropped_attributes_count,
        flags: link.flags,
    })
}

fn one_metric(metric: m::Metric) -> Option<otlp::Metric<'static>> {
    let data = match metric.data {
        None => otlp::MetricData::None,
        Some(metric::Data::Gauge(data)) => otlp::MetricData::Gauge(points(data.data_points, number_point)?),
        Some(metric::Data::Sum(data)) => otlp::MetricData::Sum {
            points: points(data.data_points, number_point)?,
            aggregation_temporality: data.aggregation_temporality,
            is_monotonic: data.is_monotonic,
        },
        Some(metric::Data::Histogram(data)) => otlp::MetricData::Histogram {
            points: points(data.data_points, histogram_point)?,
            aggregation_temporality: data.aggregation_temporality,
        },
        Some(metric::Data::ExponentialHistogram(data)) => otlp::MetricData::ExponentialHistogram {
            points: points(data.data_points, exponential_histogram_point)?,
            aggregation_temporality: data.aggregation_temporality,
        },
        Some(metric::Data::Summary(data)) => otlp::MetricData::Summary(points(data.data_points, summary_point)?),
    };
    Some(otlp::Metric {
        name: metric.name.into(),
        description: metric.description.into(),
        unit: metric.unit.into(),
        data,
        metadata: attributes(metric.metadata),
    })
}

fn points<A, B>(points: Vec<A>, convert: impl Fn(A) -> Option<B>) -> Option<Vec<B>> {
    points.into_iter().map(convert).collect()
}

fn number_point(point: m::NumberDataPoint) -> Option<otlp::NumberPoint<'static>> {
    Some(otlp::NumberPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        value: match point.value {
            None => otlp::Number::None,
            Some(number_data_point::Value::AsInt(int)) => otlp::Number::Int(int),
            Some(number_data_point::Value::AsDouble(double)) => otlp::Number::Double(double),
        },
        exemplars: points(point.exemplars, one_exemplar)?,
        flags: point.flags,
    })
}

fn histogram_point(point: m::HistogramDataPoint) -> Option<otlp::HistogramPoint<'static>> {
    Some(otlp::HistogramPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: point.count,
        sum: point.sum,
        bucket_counts: point.bucket_counts,
        explicit_bounds: point.explicit_bounds,
        exemplars: points(point.exemplars, one_exemplar)?,
        flags: point.flags,
        min: point.min,
        max: point.max,
    })
}

fn exponential_histogram_point(
    point: m::ExponentialHistogramDataPoint,
) -> Option<otlp::ExponentialHistogramPoint<'static>> {
    let buckets = |buckets: Option<m::exponential_histogram_data_point::Buckets>| {
        let buckets = buckets.unwrap_or_default();
        otlp::Buckets { offset: buckets.offset, bucket_counts: buckets.bucket_counts }
    };
    Some(otlp::ExponentialHistogramPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: point.count,
        sum: point.sum,
        scale: point.scale,
        zero_count: point.zero_count,
        positive: buckets(point.positive),
        negative: buckets(point.negative),
        flags: point.flags,
        exemplars: points(point.exemplars, one_exemplar)?,
        min: point.min,
        max: point.max,
        zero_threshold: point.zero_threshold,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of the other points")]
fn summary_point(point: m::SummaryDataPoint) -> Option<otlp::SummaryPoint<'static>> {
    Some(otlp::SummaryPoint {
        attributes: attributes(point.attributes),
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        count: point.count,
        sum: point.sum,
        quantile_values: point.quantile_values.into_iter().map(|entry| (entry.quantile, entry.value)).collect(),
        flags: point.flags,
    })
}

fn one_exemplar(exemplar: m::Exemplar) -> Option<otlp::Exemplar<'static>> {
    Some(otlp::Exemplar {
        filtered_attributes: attributes(exemplar.filtered_attributes),
        time_unix_nano: exemplar.time_unix_nano,
        value: match exemplar.value {
            None => otlp::Number::None,
            Some(exemplar::Value::AsInt(int)) => otlp::Number::Int(int),
            Some(exemplar::Value::AsDouble(double)) => otlp::Number::Double(double),
        },
        span_id: id(exemplar.span_id)?,
        trace_id: id(exemplar.trace_id)?,
    })
}
