use record::otlp::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Metric, MetricData, Number, NumberPoint, SummaryPoint,
};

use super::{Writer, write_attributes};

pub(super) fn write_metric(metric: &Metric<'_>, writer: &mut Writer<'_>) {
    writer.text(1, &metric.name);
    writer.text(2, &metric.description);
    writer.text(3, &metric.unit);
    match &metric.data {
        MetricData::None => {}
        MetricData::Gauge(points) => write_data(5, points, 0, false, writer, write_number_point),
        MetricData::Sum { points, aggregation_temporality, is_monotonic } => {
            write_data(7, points, *aggregation_temporality, *is_monotonic, writer, write_number_point);
        }
        MetricData::Histogram { points, aggregation_temporality } => {
            write_data(9, points, *aggregation_temporality, false, writer, write_histogram_point);
        }
        MetricData::ExponentialHistogram { points, aggregation_temporality } => {
            write_data(10, points, *aggregation_temporality, false, writer, write_exponential_histogram_point);
        }
        MetricData::Summary(points) => write_data(11, points, 0, false, writer, write_summary_point),
    }
    write_attributes(12, &metric.metadata, writer);
}

fn write_data<P>(
    number: u32,
    points: &[P],
    aggregation_temporality: i32,
    is_monotonic: bool,
    writer: &mut Writer<'_>,
    write_point: impl Fn(&P, &mut Writer<'_>),
) {
    writer.medium(number, |writer| {
        for point in points {
            writer.message(1, |writer| write_point(point, writer));
        }
        writer.int32(2, aggregation_temporality);
        if is_monotonic {
            writer.varint(3, 1);
        }
    });
}

fn write_number_point(point: &NumberPoint<'_>, writer: &mut Writer<'_>) {
    writer.nonzero_fixed64(2, point.start_time_unix_nano);
    writer.nonzero_fixed64(3, point.time_unix_nano);
    write_number(4, 6, point.value, writer);
    write_exemplars(5, &point.exemplars, writer);
    write_attributes(7, &point.attributes, writer);
    writer.uint32(8, point.flags);
}

fn write_histogram_point(point: &HistogramPoint<'_>, writer: &mut Writer<'_>) {
    writer.nonzero_fixed64(2, point.start_time_unix_nano);
    writer.nonzero_fixed64(3, point.time_unix_nano);
    writer.nonzero_fixed64(4, point.count);
    write_optional(5, point.sum, writer);
    writer.packed_fixed64(6, point.bucket_counts.iter().copied());
    writer.packed_fixed64(7, point.explicit_bounds.iter().map(|bound| bound.to_bits()));
    write_exemplars(8, &point.exemplars, writer);
    write_attributes(9, &point.attributes, writer);
    writer.uint32(10, point.flags);
    write_optional(11, point.min, writer);
    write_optional(12, point.max, writer);
}

fn write_exponential_histogram_point(point: &ExponentialHistogramPoint<'_>, writer: &mut Writer<'_>) {
    write_attributes(1, &point.attributes, writer);
    writer.nonzero_fixed64(2, point.start_time_unix_nano);
    writer.nonzero_fixed64(3, point.time_unix_nano);
    writer.nonzero_fixed64(4, point.count);
    write_optional(5, point.sum, writer);
    writer.sint32(6, point.scale);
    writer.nonzero_fixed64(7, point.zero_count);
    write_buckets(8, &point.positive, writer);
    write_buckets(9, &point.negative, writer);
    writer.uint32(10, point.flags);
    write_exemplars(11, &point.exemplars, writer);
    write_optional(12, point.min, writer);
    write_optional(13, point.max, writer);
    writer.nonzero_fixed64(14, point.zero_threshold.to_bits());
}

fn write_buckets(number: u32, buckets: &Buckets, writer: &mut Writer<'_>) {
    if *buckets != Buckets::default() {
        writer.message(number, |writer| {
            writer.sint32(1, buckets.offset);
            writer.packed_varints(2, &buckets.bucket_counts);
        });
    }
}

fn write_summary_point(point: &SummaryPoint<'_>, writer: &mut Writer<'_>) {
    writer.nonzero_fixed64(2, point.start_time_unix_nano);
    writer.nonzero_fixed64(3, point.time_unix_nano);
    writer.nonzero_fixed64(4, point.count);
    writer.nonzero_fixed64(5, point.sum.to_bits());
    for (quantile, value) in &point.quantile_values {
        writer.message(6, |writer| {
            writer.nonzero_fixed64(1, quantile.to_bits());
            writer.nonzero_fixed64(2, value.to_bits());
        });
    }
    write_attributes(7, &point.attributes, writer);
    writer.uint32(8, point.flags);
}

fn write_exemplars(number: u32, exemplars: &[Exemplar<'_>], writer: &mut Writer<'_>) {
    for exemplar in exemplars {
        writer.message(number, |writer| {
            writer.nonzero_fixed64(2, exemplar.time_unix_nano);
            write_number(3, 6, exemplar.value, writer);
            writer.id(4, exemplar.span_id.as_ref());
            writer.id(5, exemplar.trace_id.as_ref());
            write_attributes(7, &exemplar.filtered_attributes, writer);
        });
    }
}

/// A oneof: zero is written too.
fn write_number(double_field: u32, int_field: u32, value: Number, writer: &mut Writer<'_>) {
    match value {
        Number::None => {}
        Number::Int(int) => writer.fixed64(int_field, int.cast_unsigned()),
        Number::Double(double) => writer.fixed64(double_field, double.to_bits()),
    }
}

fn write_optional(number: u32, double: Option<f64>, writer: &mut Writer<'_>) {
    if let Some(double) = double {
        writer.fixed64(number, double.to_bits());
    }
}
