//! OTLP's messages (opentelemetry-proto 1.11) as borrowed structs, whatever encoding they came in.
//!
//! Names and meanings are the protocol's own. Fields that this version of the protocol does not know are not here: the
//! specification asks receivers to ignore them.

use std::borrow::Cow;

use crate::value::{Attributes, Value};

/// One export request.
#[derive(Clone, Debug, PartialEq)]
pub enum Otlp<'a> {
    Logs(Vec<ResourceGroup<'a, LogRecord<'a>>>),
    Traces(Vec<ResourceGroup<'a, Span<'a>>>),
    Metrics(Vec<ResourceGroup<'a, Metric<'a>>>),
}

/// `ResourceLogs`, `ResourceSpans` or `ResourceMetrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceGroup<'a, R> {
    pub resource: Resource<'a>,
    pub scopes: Vec<ScopeGroup<'a, R>>,
    pub schema_url: Cow<'a, str>,
}

/// `ScopeLogs`, `ScopeSpans` or `ScopeMetrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScopeGroup<'a, R> {
    pub scope: Scope<'a>,
    pub records: Vec<R>,
    pub schema_url: Cow<'a, str>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource<'a> {
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope<'a> {
    pub name: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
}

/// 16 bytes; all-zero and absent are the same: none.
pub type TraceId = Option<[u8; 16]>;

/// 8 bytes; all-zero and absent are the same: none.
pub type SpanId = Option<[u8; 8]>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRecord<'a> {
    pub time_unix_nano: u64,
    pub observed_time_unix_nano: u64,
    pub severity_number: i32,
    pub severity_text: Cow<'a, str>,
    pub body: Value<'a>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub event_name: Cow<'a, str>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span<'a> {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub trace_state: Cow<'a, str>,
    pub parent_span_id: SpanId,
    pub flags: u32,
    pub name: Cow<'a, str>,
    pub kind: i32,
    pub start_time_unix_nano: u64,
    pub end_time_unix_nano: u64,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
    pub events: Vec<SpanEvent<'a>>,
    pub dropped_events_count: u32,
    pub links: Vec<SpanLink<'a>>,
    pub dropped_links_count: u32,
    pub status: SpanStatus<'a>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanEvent<'a> {
    pub time_unix_nano: u64,
    pub name: Cow<'a, str>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanLink<'a> {
    pub trace_id: TraceId,
    pub span_id: SpanId,
    pub trace_state: Cow<'a, str>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
}

/// `code`: 0 unset, 1 ok, 2 error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanStatus<'a> {
    pub message: Cow<'a, str>,
    pub code: i32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric<'a> {
    pub name: Cow<'a, str>,
    pub description: Cow<'a, str>,
    pub unit: Cow<'a, str>,
    pub data: MetricData<'a>,
    pub metadata: Attributes<'a>,
}

/// `aggregation_temporality`: 1 delta, 2 cumulative.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum MetricData<'a> {
    #[default]
    None,
    Gauge(Vec<NumberPoint<'a>>),
    Sum {
        points: Vec<NumberPoint<'a>>,
        aggregation_temporality: i32,
        is_monotonic: bool,
    },
    Histogram {
        points: Vec<HistogramPoint<'a>>,
        aggregation_temporality: i32,
    },
    ExponentialHistogram {
        points: Vec<ExponentialHistogramPoint<'a>>,
        aggregation_temporality: i32,
    },
    Summary(Vec<SummaryPoint<'a>>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Number {
    #[default]
    None,
    Int(i64),
    Double(f64),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberPoint<'a> {
    pub attributes: Attributes<'a>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub value: Number,
    pub exemplars: Vec<Exemplar<'a>>,
    pub flags: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistogramPoint<'a> {
    pub attributes: Attributes<'a>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub count: u64,
    pub sum: Option<f64>,
    pub bucket_counts: Vec<u64>,
    pub explicit_bounds: Vec<f64>,
    pub exemplars: Vec<Exemplar<'a>>,
    pub flags: u32,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialHistogramPoint<'a> {
    pub attributes: Attributes<'a>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub count: u64,
    pub sum: Option<f64>,
    pub scale: i32,
    pub zero_count: u64,
    pub positive: Buckets,
    pub negative: Buckets,
    pub flags: u32,
    pub exemplars: Vec<Exemplar<'a>>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub zero_threshold: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    pub offset: i32,
    pub bucket_counts: Vec<u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SummaryPoint<'a> {
    pub attributes: Attributes<'a>,
    pub start_time_unix_nano: u64,
    pub time_unix_nano: u64,
    pub count: u64,
    pub sum: f64,
    /// `(quantile, value)`
    pub quantile_values: Vec<(f64, f64)>,
    pub flags: u32,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exemplar<'a> {
    pub filtered_attributes: Attributes<'a>,
    pub time_unix_nano: u64,
    pub value: Number,
    pub span_id: SpanId,
    pub trace_id: TraceId,
}

impl Otlp<'_> {
    /// Log records, spans or metric data points: what `partial_success` counts.
    pub fn record_count(&self) -> usize {
        match self {
            Self::Logs(groups) => count(groups, |_| 1),
            Self::Traces(groups) => count(groups, |_| 1),
            Self::Metrics(groups) => count(groups, |metric: &Metric<'_>| match &metric.data {
                MetricData::None => 0,
                MetricData::Gauge(points) | MetricData::Sum { points, .. } => points.len(),
                MetricData::Histogram { points, .. } => points.len(),
                MetricData::ExponentialHistogram { points, .. } => points.len(),
                MetricData::Summary(points) => points.len(),
            }),
        }
    }
}

fn count<R>(groups: &[ResourceGroup<'_, R>], of: impl Fn(&R) -> usize) -> usize {
    groups.iter().flat_map(|group| &group.scopes).flat_map(|scope| &scope.records).map(of).sum()
}
