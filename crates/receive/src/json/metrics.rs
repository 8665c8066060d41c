use record::otlp::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Metric, MetricData, Number, NumberPoint, SummaryPoint,
};

use super::attributes::Message;
use super::reader::Reader;
use crate::error::Fault;

impl<'a> Message<'a> for Metric<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "name" => self.name = reader.text()?,
            "description" => self.description = reader.text()?,
            "unit" => self.unit = reader.text()?,
            "metadata" => self.metadata = reader.messages()?,
            "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary" => {
                // a oneof: the last kind that is not null wins
                if !reader.null()? {
                    self.data = read_data(key, reader)?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn read_data<'a>(kind: &str, reader: &mut Reader<'a, '_>) -> Result<MetricData<'a>, Fault> {
    Ok(match kind {
        "gauge" => MetricData::Gauge(reader.message::<Data<_>>()?.points),
        "sum" => {
            let Data { points, aggregation_temporality, is_monotonic } = reader.message()?;
            MetricData::Sum { points, aggregation_temporality, is_monotonic }
        }
        "histogram" => {
            let Data { points, aggregation_temporality, .. } = reader.message()?;
            MetricData::Histogram { points, aggregation_temporality }
        }
        "exponentialHistogram" => {
            let Data { points, aggregation_temporality, .. } = reader.message()?;
            MetricData::ExponentialHistogram { points, aggregation_temporality }
        }
        _ => MetricData::Summary(reader.message::<Data<_>>()?.points),
    })
}

/// The body of all five kinds of data: each has points, some have the other two.
struct Data<P> {
    points: Vec<P>,
    aggregation_temporality: i32,
    is_monotonic: bool,
}

impl<P> Default for Data<P> {
    fn default() -> Self {
        Self { points: Vec::new(), aggregation_temporality: 0, is_monotonic: false }
    }
}

impl<'a, P: Message<'a>> Message<'a> for Data<P> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "dataPoints" => self.points = reader.messages()?,
            "aggregationTemporality" => self.aggregation_temporality = reader.enumeration(&TEMPORALITIES)?,
            "isMonotonic" => self.is_monotonic = reader.flag()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

const TEMPORALITIES: [&str; 3] =
    ["AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA", "AGGREGATION_TEMPORALITY_CUMULATIVE"];

/// `asInt` or `asDouble`: a oneof, so the last that is not `null` wins.
fn read_number(value: &mut Number, key: &str, reader: &mut Reader<'_, '_>) -> Result<(), Fault> {
    if !reader.null()? {
        *value = if key == "asInt" { Number::Int(reader.int64()?) } else { Number::Double(reader.double()?) };
    }
    Ok(())
}

impl<'a> Message<'a> for NumberPoint<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "attributes" => self.attributes = reader.messages()?,
            "startTimeUnixNano" => self.start_time_unix_nano = reader.uint64()?,
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "asInt" | "asDouble" => read_number(&mut self.value, key, reader)?,
            "exemplars" => self.exemplars = reader.messages()?,
            "flags" => self.flags = reader.uint32()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for HistogramPoint<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "attributes" => self.attributes = reader.messages()?,
            "startTimeUnixNano" => self.start_time_unix_nano = reader.uint64()?,
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "count" => self.count = reader.uint64()?,
            "sum" => self.sum = reader.optional_double()?,
            "bucketCounts" => self.bucket_counts = reader.elements(Reader::uint64)?,
            "explicitBounds" => self.explicit_bounds = reader.elements(Reader::double)?,
            "exemplars" => self.exemplars = reader.messages()?,
            "flags" => self.flags = reader.uint32()?,
            "min" => self.min = reader.optional_double()?,
            "max" => self.max = reader.optional_double()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for ExponentialHistogramPoint<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "attributes" => self.attributes = reader.messages()?,
            "startTimeUnixNano" => self.start_time_unix_nano = reader.uint64()?,
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "count" => self.count = reader.uint64()?,
            "sum" => self.sum = reader.optional_double()?,
            "scale" => self.scale = reader.int32()?,
            "zeroCount" => self.zero_count = reader.uint64()?,
            "positive" => self.positive = reader.message()?,
            "negative" => self.negative = reader.message()?,
            "flags" => self.flags = reader.uint32()?,
            "exemplars" => self.exemplars = reader.messages()?,
            "min" => self.min = reader.optional_double()?,
            "max" => self.max = reader.optional_double()?,
            "zeroThreshold" => self.zero_threshold = reader.double()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for Buckets {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "offset" => self.offset = reader.int32()?,
            "bucketCounts" => self.bucket_counts = reader.elements(Reader::uint64)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for SummaryPoint<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "attributes" => self.attributes = reader.messages()?,
            "startTimeUnixNano" => self.start_time_unix_nano = reader.uint64()?,
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "count" => self.count = reader.uint64()?,
            "sum" => self.sum = reader.double()?,
            "quantileValues" => self.quantile_values = reader.messages()?,
            "flags" => self.flags = reader.uint32()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `ValueAtQuantile`.
impl<'a> Message<'a> for (f64, f64) {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "quantile" => self.0 = reader.double()?,
            "value" => self.1 = reader.double()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for Exemplar<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "filteredAttributes" => self.filtered_attributes = reader.messages()?,
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "asInt" | "asDouble" => read_number(&mut self.value, key, reader)?,
            "spanId" => self.span_id = reader.id()?,
            "traceId" => self.trace_id = reader.id()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
