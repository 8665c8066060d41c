//! What a point measured, whatever its kind, and the columns that show it.

use record::dictionary::{Column, coding_agent_metrics as metrics};
use record::json;
use record::otlp::{Buckets, ExponentialHistogramPoint, HistogramPoint, MetricData, Number, NumberPoint, SummaryPoint};
use record::rows::Rows;
use record::value::{Attribute, Value};

use crate::cells::More;
use crate::fields::Fields;

/// `buckets` of a row holds at most so many bounds, counts and quantiles. Codex makes up to 1,027, SDKs 31 to 320.
pub(crate) const LONGEST_BUCKETS: usize = 2_048;

/// The bit of `flags` that says that nothing was measured (`DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`).
const NO_RECORDED_VALUE: u32 = 1;

/// Integers up to here are doubles too.
const EXACT_IN_DOUBLE: u64 = 1 << 53;

/// What all points of a metric share.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// As the column `metric_type` spells it.
    pub(crate) name: &'static str,
    /// As sent; 0 where the kind has none.
    pub(crate) aggregation_temporality: i32,
    pub(crate) is_monotonic: Option<bool>,
}

impl Kind {
    pub(crate) fn of(data: &MetricData<'_>) -> Self {
        let (name, aggregation_temporality, is_monotonic) = match data {
            MetricData::None => ("", 0, None),
            MetricData::Gauge(_) => ("gauge", 0, None),
            MetricData::Sum { aggregation_temporality, is_monotonic, .. } => {
                ("sum", *aggregation_temporality, Some(*is_monotonic))
            }
            MetricData::Histogram { aggregation_temporality, .. } => ("histogram", *aggregation_temporality, None),
            MetricData::ExponentialHistogram { aggregation_temporality, .. } => {
                ("exponential_histogram", *aggregation_temporality, None)
            }
            MetricData::Summary(_) => ("summary", 0, None),
        };
        Self { name, aggregation_temporality, is_monotonic }
    }

    /// `None` where the kind has none, or the sender did not say.
    pub(crate) fn temporality(self) -> Option<&'static str> {
        match self.aggregation_temporality {
            1 => Some("delta"),
            2 => Some("cumulative"),
            _ => None,
        }
    }
}

/// One data point.
pub(crate) struct Point<'v, 'a> {
    pub(crate) attributes: &'v [Attribute<'a>],
    pub(crate) start_time_unix_nano: u64,
    pub(crate) time_unix_nano: u64,
    flags: u32,
    measured: Measured<'v, 'a>,
}

enum Measured<'v, 'a> {
    Number(Number),
    Histogram(&'v HistogramPoint<'a>),
    Exponential(&'v ExponentialHistogramPoint<'a>),
    Summary(&'v SummaryPoint<'a>),
}

/// Hands each data point to `write`, in order.
pub(crate) fn each<'v, 'a>(data: &'v MetricData<'a>, mut write: impl FnMut(&Point<'v, 'a>)) {
    macro_rules! each {
        ($points:ident, $measured:expr) => {
            for point in $points {
                write(&Point {
                    attributes: &point.attributes,
                    start_time_unix_nano: point.start_time_unix_nano,
                    time_unix_nano: point.time_unix_nano,
                    flags: point.flags,
                    measured: $measured(point),
                });
            }
        };
    }
    match data {
        MetricData::None => {}
        MetricData::Gauge(points) | MetricData::Sum { points, .. } => {
            each!(points, |point: &NumberPoint<'_>| Measured::Number(point.value));
        }
        MetricData::Histogram { points, .. } => each!(points, Measured::Histogram),
        MetricData::ExponentialHistogram { points, .. } => each!(points, Measured::Exponential),
        MetricData::Summary(points) => each!(points, Measured::Summary),
    }
}

impl Point<'_, '_> {
    fn has_no_value(&self) -> bool {
        self.flags & NO_RECORDED_VALUE != 0
    }

    /// `(sum, min, max)` of a kind that has them.
    fn totals(&self) -> [(&'static str, Column, Option<f64>); 3] {
        let (sum, min, max) = match &self.measured {
            Measured::Number(_) => (None, None, None),
            Measured::Histogram(point) => (point.sum, point.min, point.max),
            Measured::Exponential(point) => (point.sum, point.min, point.max),
            Measured::Summary(point) => (Some(point.sum), None, None),
        };
        [("sum", metrics::VALUE, sum), ("min", metrics::MIN, min), ("max", metrics::MAX, max)]
    }

    fn count(&self) -> Option<u64> {
        match &self.measured {
            Measured::Number(_) => None,
            Measured::Histogram(point) => Some(point.count),
            Measured::Exponential(point) => Some(point.count),
            Measured::Summary(point) => Some(point.count),
        }
    }

    /// How many bounds, counts and quantiles it has.
    fn bucket_numbers(&self) -> usize {
        match &self.measured {
            Measured::Number(_) => 0,
            Measured::Histogram(point) => point.bucket_counts.len() + point.explicit_bounds.len(),
            Measured::Exponential(point) => point.positive.bucket_counts.len() + point.negative.bucket_counts.len(),
            Measured::Summary(point) => 2 * point.quantile_values.len(),
        }
    }

    /// Appends what was measured, so that equal bytes are equal measurements.
    pub(crate) fn push_measurement(&self, out: &mut Vec<u8>) {
        let push_counts = |counts: &[u64], out: &mut Vec<u8>| {
            out.extend_from_slice(&(counts.len() as u64).to_le_bytes());
            out.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        };
        out.push(u8::from(self.has_no_value()));
        for (_, _, total) in self.totals() {
            out.push(u8::from(total.is_some()));
            out.extend_from_slice(&total.unwrap_or_default().to_le_bytes());
        }
        out.extend_from_slice(&self.count().unwrap_or_default().to_le_bytes());
        match &self.measured {
            Measured::Number(Number::None) => out.push(0),
            Measured::Number(Number::Int(int)) => {
                out.push(1);
                out.extend_from_slice(&int.to_le_bytes());
            }
            Measured::Number(Number::Double(double)) => {
                out.push(2);
                out.extend_from_slice(&double.to_le_bytes());
            }
            Measured::Histogram(point) => push_counts(&point.bucket_counts, out),
            Measured::Exponential(point) => {
                out.extend_from_slice(&point.zero_count.to_le_bytes());
                push_counts(&point.positive.bucket_counts, out);
                push_counts(&point.negative.bucket_counts, out);
            }
            Measured::Summary(point) => {
                out.extend(
                    point.quantile_values.iter().flat_map(|(quantile, value)| {
                        [quantile.to_le_bytes(), value.to_le_bytes()].into_iter().flatten()
                    }),
                );
            }
        }
    }
}

/// Fills `value`, `count`, `min`, `max`, `buckets` and `no_value`.
pub(crate) fn write(point: &Point<'_, '_>, rows: &mut Rows) {
    rows.bool(metrics::NO_VALUE, point.has_no_value());
    if point.has_no_value() {
        return;
    }
    match point.measured {
        Measured::Number(Number::Double(double)) if double.is_finite() => rows.double(metrics::VALUE, double),
        #[expect(clippy::cast_precision_loss, reason = "what is lost stays in attributes")]
        Measured::Number(Number::Int(int)) => rows.double(metrics::VALUE, int as f64),
        _ => {}
    }
    for (_, column, total) in point.totals() {
        if let Some(total) = total.filter(|total| total.is_finite()) {
            rows.double(column, total);
        }
    }
    if let Some(count) = point.count().and_then(|count| i64::try_from(count).ok()) {
        rows.int(metrics::COUNT, count);
    }
    if point.bucket_numbers() <= LONGEST_BUCKETS {
        write_buckets(point, rows);
    }
}

/// Adds what the columns cannot hold.
pub(crate) fn write_more(point: &Point<'_, '_>, more: &mut More<'_, '_, '_, '_>) {
    if point.has_no_value() {
        return;
    }
    match point.measured {
        Measured::Number(Number::Int(int)) if int.unsigned_abs() > EXACT_IN_DOUBLE => {
            more.value("value", &Value::Int(int));
        }
        Measured::Number(Number::Double(double)) if !double.is_finite() => {
            more.with("value", |out| json::write_double(double, out));
        }
        _ => {}
    }
    for (key, _, total) in point.totals() {
        if let Some(total) = total.filter(|total| !total.is_finite()) {
            more.with(key, |out| json::write_double(total, out));
        }
    }
    if let Some(count) = point.count().filter(|count| i64::try_from(*count).is_err()) {
        more.text("count", &count.to_string());
    }
    if point.bucket_numbers() > LONGEST_BUCKETS {
        more.with("buckets_omitted", |out| json::write_uint(point.bucket_numbers() as u64, out));
    }
}

/// Null for a histogram or summary that has none.
fn write_buckets(point: &Point<'_, '_>, rows: &mut Rows) {
    match &point.measured {
        Measured::Histogram(point) if !point.bucket_counts.is_empty() => rows.text_with(metrics::BUCKETS, |out| {
            let mut fields = Fields::begin(out);
            fields.with("bounds", |out| write_list(&point.explicit_bounds, out, json::write_double));
            fields.with("counts", |out| write_list(&point.bucket_counts, out, json::write_uint));
            fields.end();
        }),
        Measured::Exponential(point) => rows.text_with(metrics::BUCKETS, |out| {
            let mut fields = Fields::begin(out);
            fields.with("scale", |out| json::write_int(i64::from(point.scale), out));
            fields.with("zero_count", |out| json::write_uint(point.zero_count, out));
            fields.with("zero_threshold", |out| json::write_double(point.zero_threshold, out));
            fields.with("positive", |out| write_side(&point.positive, out));
            fields.with("negative", |out| write_side(&point.negative, out));
            fields.end();
        }),
        Measured::Summary(point) if !point.quantile_values.is_empty() => rows.text_with(metrics::BUCKETS, |out| {
            let mut fields = Fields::begin(out);
            fields.with("quantiles", |out| write_list(&point.quantile_values, out, write_quantile));
            fields.end();
        }),
        Measured::Number(_) | Measured::Histogram(_) | Measured::Summary(_) => {}
    }
}

fn write_side(buckets: &Buckets, out: &mut Vec<u8>) {
    let mut fields = Fields::begin(out);
    fields.with("offset", |out| json::write_int(i64::from(buckets.offset), out));
    fields.with("counts", |out| write_list(&buckets.bucket_counts, out, json::write_uint));
    fields.end();
}

/// `{"quantile", "value"}`
fn write_quantile((quantile, value): (f64, f64), out: &mut Vec<u8>) {
    let mut fields = Fields::begin(out);
    fields.with("quantile", |out| json::write_double(quantile, out));
    fields.with("value", |out| json::write_double(value, out));
    fields.end();
}

fn write_list<T: Copy>(items: &[T], out: &mut Vec<u8>, write: impl Fn(T, &mut Vec<u8>)) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(*item, out);
    }
    out.push(b']');
}
