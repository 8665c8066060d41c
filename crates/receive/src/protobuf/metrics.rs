use record::otlp::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Metric, MetricData, Number, NumberPoint, SummaryPoint,
};

use super::wire::{Key, Message, Reader};
use crate::error::Fault;

impl<'a> Message<'a> for Metric<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.name = reader.text(key, "name")?,
            2 => self.description = reader.text(key, "description")?,
            3 => self.unit = reader.text(key, "unit")?,
            5 => read_gauge(&mut self.data, key, reader)?,
            7 => read_sum(&mut self.data, key, reader)?,
            9 => read_histogram(&mut self.data, key, reader)?,
            10 => read_exponential_histogram(&mut self.data, key, reader)?,
            11 => read_summary(&mut self.data, key, reader)?,
            12 => reader.push(key, "metadata", &mut self.metadata)?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

/// The body of all five kinds of data. They have their first `FIELDS` fields: `Gauge` and `Summary` points alone, the
/// histograms also the temporality, `Sum` all three.
struct Data<P, const FIELDS: u32> {
    points: Vec<P>,
    aggregation_temporality: i32,
    is_monotonic: bool,
}

impl<P, const FIELDS: u32> Data<P, FIELDS> {
    fn of(points: Vec<P>, aggregation_temporality: i32, is_monotonic: bool) -> Self {
        Self { points, aggregation_temporality, is_monotonic }
    }
}

impl<P, const FIELDS: u32> Default for Data<P, FIELDS> {
    fn default() -> Self {
        Self::of(Vec::new(), 0, false)
    }
}

impl<'a, P: Message<'a>, const FIELDS: u32> Message<'a> for Data<P, FIELDS> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => reader.push(key, "data_points", &mut self.points)?,
            2 if FIELDS >= 2 => self.aggregation_temporality = reader.int32(key, "aggregation_temporality")?,
            3 if FIELDS >= 3 => self.is_monotonic = reader.bool(key, "is_monotonic")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

// `Metric.data` is a oneof of messages: the same kind twice is merged, another kind replaces it.

fn read_gauge<'a>(data: &mut MetricData<'a>, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
    let mut gauge = match std::mem::take(data) {
        MetricData::Gauge(points) => Data::<_, 1>::of(points, 0, false),
        _ => Data::default(),
    };
    reader.message(key, "gauge", &mut gauge)?;
    *data = MetricData::Gauge(gauge.points);
    Ok(())
}

fn read_sum<'a>(data: &mut MetricData<'a>, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
    let mut sum = match std::mem::take(data) {
        MetricData::Sum { points, aggregation_temporality, is_monotonic } => {
            Data::<_, 3>::of(points, aggregation_temporality, is_monotonic)
        }
        _ => Data::default(),
    };
    reader.message(key, "sum", &mut sum)?;
    let Data { points, aggregation_temporality, is_monotonic } = sum;
    *data = MetricData::Sum { points, aggregation_temporality, is_monotonic };
    Ok(())
}

fn read_histogram<'a>(data: &mut MetricData<'a>, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
    let mut histogram = match std::mem::take(data) {
        MetricData::Histogram { points, aggregation_temporality } => {
            Data::<_, 2>::of(points, aggregation_temporality, false)
        }
        _ => Data::default(),
    };
    reader.message(key, "histogram", &mut histogram)?;
    let Data { points, aggregation_temporality, .. } = histogram;
    *data = MetricData::Histogram { points, aggregation_temporality };
    Ok(())
}

fn read_exponential_histogram<'a>(
    data: &mut MetricData<'a>,
    key: Key,
    reader: &mut Reader<'a, '_>,
) -> Result<(), Fault> {
    let mut histogram = match std::mem::take(data) {
        MetricData::ExponentialHistogram { points, aggregation_temporality } => {
            Data::<_, 2>::of(points, aggregation_temporality, false)
        }
        _ => Data::default(),
    };
    reader.message(key, "exponential_histogram", &mut histogram)?;
    let Data { points, aggregation_temporality, .. } = histogram;
    *data = MetricData::ExponentialHistogram { points, aggregation_temporality };
    Ok(())
}

fn read_summary<'a>(data: &mut MetricData<'a>, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
    let mut summary = match std::mem::take(data) {
        MetricData::Summary(points) => Data::<_, 1>::of(points, 0, false),
        _ => Data::default(),
    };
    reader.message(key, "summary", &mut summary)?;
    *data = MetricData::Summary(summary.points);
    Ok(())
}

impl<'a> Message<'a> for NumberPoint<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            2 => self.start_time_unix_nano = reader.fixed64(key, "start_time_unix_nano")?,
            3 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            4 => self.value = Number::Double(reader.double(key, "as_double")?),
            5 => reader.push(key, "exemplars", &mut self.exemplars)?,
            6 => self.value = Number::Int(reader.fixed64(key, "as_int")?.cast_signed()),
            7 => reader.push(key, "attributes", &mut self.attributes)?,
            8 => self.flags = reader.uint32(key, "flags")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for HistogramPoint<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            2 => self.start_time_unix_nano = reader.fixed64(key, "start_time_unix_nano")?,
            3 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            4 => self.count = reader.fixed64(key, "count")?,
            5 => self.sum = Some(reader.double(key, "sum")?),
            6 => reader.push_fixed64(key, "bucket_counts", &mut self.bucket_counts, |count| count)?,
            7 => reader.push_fixed64(key, "explicit_bounds", &mut self.explicit_bounds, f64::from_bits)?,
            8 => reader.push(key, "exemplars", &mut self.exemplars)?,
            9 => reader.push(key, "attributes", &mut self.attributes)?,
            10 => self.flags = reader.uint32(key, "flags")?,
            11 => self.min = Some(reader.double(key, "min")?),
            12 => self.max = Some(reader.double(key, "max")?),
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for ExponentialHistogramPoint<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => reader.push(key, "attributes", &mut self.attributes)?,
            2 => self.start_time_unix_nano = reader.fixed64(key, "start_time_unix_nano")?,
            3 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            4 => self.count = reader.fixed64(key, "count")?,
            5 => self.sum = Some(reader.double(key, "sum")?),
            6 => self.scale = reader.sint32(key, "scale")?,
            7 => self.zero_count = reader.fixed64(key, "zero_count")?,
            8 => reader.message(key, "positive", &mut self.positive)?,
            9 => reader.message(key, "negative", &mut self.negative)?,
            10 => self.flags = reader.uint32(key, "flags")?,
            11 => reader.push(key, "exemplars", &mut self.exemplars)?,
            12 => self.min = Some(reader.double(key, "min")?),
            13 => self.max = Some(reader.double(key, "max")?),
            14 => self.zero_threshold = reader.double(key, "zero_threshold")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl Message<'_> for Buckets {
    fn field(&mut self, key: Key, reader: &mut Reader<'_, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.offset = reader.sint32(key, "offset")?,
            2 => reader.push_varint(key, "bucket_counts", &mut self.bucket_counts)?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for SummaryPoint<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            2 => self.start_time_unix_nano = reader.fixed64(key, "start_time_unix_nano")?,
            3 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            4 => self.count = reader.fixed64(key, "count")?,
            5 => self.sum = reader.double(key, "sum")?,
            6 => reader.push(key, "quantile_values", &mut self.quantile_values)?,
            7 => reader.push(key, "attributes", &mut self.attributes)?,
            8 => self.flags = reader.uint32(key, "flags")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

/// `ValueAtQuantile`.
impl Message<'_> for (f64, f64) {
    fn field(&mut self, key: Key, reader: &mut Reader<'_, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.0 = reader.double(key, "quantile")?,
            2 => self.1 = reader.double(key, "value")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for Exemplar<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            2 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            3 => self.value = Number::Double(reader.double(key, "as_double")?),
            4 => self.span_id = reader.id(key, "span_id")?,
            5 => self.trace_id = reader.id(key, "trace_id")?,
            6 => self.value = Number::Int(reader.fixed64(key, "as_int")?.cast_signed()),
            7 => reader.push(key, "filtered_attributes", &mut self.filtered_attributes)?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}
