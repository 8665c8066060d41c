use record::otlp::{Span, SpanEvent, SpanLink, SpanStatus};

use super::attributes::Message;
use super::reader::Reader;
use crate::error::Fault;

impl<'a> Message<'a> for Span<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "traceId" => self.trace_id = reader.id()?,
            "spanId" => self.span_id = reader.id()?,
            "traceState" => self.trace_state = reader.text()?,
            "parentSpanId" => self.parent_span_id = reader.id()?,
            "flags" => self.flags = reader.uint32()?,
            "name" => self.name = reader.text()?,
            "kind" => self.kind = reader.enumeration(&KINDS)?,
            "startTimeUnixNano" => self.start_time_unix_nano = reader.uint64()?,
            "endTimeUnixNano" => self.end_time_unix_nano = reader.uint64()?,
            "attributes" => self.attributes = reader.messages()?,
            "droppedAttributesCount" => self.dropped_attributes_count = reader.uint32()?,
            "events" => self.events = reader.messages()?,
            "droppedEventsCount" => self.dropped_events_count = reader.uint32()?,
            "links" => self.links = reader.messages()?,
            "droppedLinksCount" => self.dropped_links_count = reader.uint32()?,
            "status" => self.status = reader.message()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

impl<'a> Message<'a> for SpanEvent<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "timeUnixNano" => self.time_unix_nano = reader.uint64()?,
            "name" => self.name = reader.text()?,
            "attributes" => self.attributes = reader.messages()?,
            "droppedAttributesCount" => self.dropped_attributes_count = reader.uint32()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for SpanLink<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "traceId" => self.trace_id = reader.id()?,
            "spanId" => self.span_id = reader.id()?,
            "traceState" => self.trace_state = reader.text()?,
            "attributes" => self.attributes = reader.messages()?,
            "droppedAttributesCount" => self.dropped_attributes_count = reader.uint32()?,
            "flags" => self.flags = reader.uint32()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'a> Message<'a> for SpanStatus<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "message" => self.message = reader.text()?,
            "code" => self.code = reader.enumeration(&["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"])?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
