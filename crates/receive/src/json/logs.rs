use record::otlp::LogRecord;

use super::attributes::Message;
use super::reader::Reader;
use crate::error::Fault;

impl<'a> Message<'a> for LogRecord<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "observedTimeUnixNano" => self.observed_time_unix_nano = reader.uint64()?,
            "severityNumber" => self.severity_number = reader.enumeration(&SEVERITIES)?,
            "severityText" => self.severity_text = reader.text()?,
            "body" => self.body = reader.message()?,
            "attributes" => self.attributes = reader.messages()?,
            "droppedAttributesCount" => self.dropped_attributes_count = reader.uint32()?,
            "flags" => self.flags = reader.uint32()?,
            "traceId" => self.trace_id = reader.id()?,
            "spanId" => self.span_id = reader.id()?,
            "eventName" => self.event_name = reader.text()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

const SEVERITIES: [&str; 25] = [
    "SEVERITY_NUMBER_UNSPECIFIED",
    "SEVERITY_NUMBER_TRACE",
    "SEVERITY_NUMBER_TRACE2",
    "SEVERITY_NUMBER_TRACE3",
    "SEVERITY_NUMBER_TRACE4",
    "SEVERITY_NUMBER_DEBUG",
    "SEVERITY_NUMBER_DEBUG2",
    "SEVERITY_NUMBER_DEBUG3",
    "SEVERITY_NUMBER_DEBUG4",
    "SEVERITY_NUMBER_INFO",
    "SEVERITY_NUMBER_INFO2",
    "SEVERITY_NUMBER_INFO3",
    "SEVERITY_NUMBER_INFO4",
    "SEVERITY_NUMBER_WARN",
    "SEVERITY_NUMBER_WARN2",
    "SEVERITY_NUMBER_WARN3",
    "SEVERITY_NUMBER_WARN4",
    "SEVERITY_NUMBER_ERROR",
    "SEVERITY_NUMBER_ERROR2",
    "SEVERITY_NUMBER_ERROR3",
    "SEVERITY_NUMBER_ERROR4",
    "SEVERITY_NUMBER_FATAL",
    "SEVERITY_NUMBER_FATAL2",
    "SEVERITY_NUMBER_FATAL3",
    "SEVERITY_NUMBER_FATAL4",
];
