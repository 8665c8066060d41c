use record::otlp::{Span, SpanEvent, SpanLink, SpanStatus};

use super::wire::{Key, Message, Reader};
use crate::error::Fault;

impl<'a> Message<'a> for Span<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.trace_id = reader.id(key, "trace_id")?,
            2 => self.span_id = reader.id(key, "span_id")?,
            3 => self.trace_state = reader.text(key, "trace_state")?,
            4 => self.parent_span_id = reader.id(key, "parent_span_id")?,
            5 => self.name = reader.text(key, "name")?,
            6 => self.kind = reader.int32(key, "kind")?,
            7 => self.start_time_unix_nano = reader.fixed64(key, "start_time_unix_nano")?,
            8 => self.end_time_unix_nano = reader.fixed64(key, "end_time_unix_nano")?,
            9 => reader.push(key, "attributes", &mut self.attributes)?,
            10 => self.dropped_attributes_count = reader.uint32(key, "dropped_attributes_count")?,
            11 => reader.push(key, "events", &mut self.events)?,
            12 => self.dropped_events_count = reader.uint32(key, "dropped_events_count")?,
            13 => reader.push(key, "links", &mut self.links)?,
            14 => self.dropped_links_count = reader.uint32(key, "dropped_links_count")?,
            15 => reader.message(key, "status", &mut self.status)?,
            16 => self.flags = reader.fixed32(key, "flags")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for SpanEvent<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            2 => self.name = reader.text(key, "name")?,
            3 => reader.push(key, "attributes", &mut self.attributes)?,
            4 => self.dropped_attributes_count = reader.uint32(key, "dropped_attributes_count")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for SpanLink<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.trace_id = reader.id(key, "trace_id")?,
            2 => self.span_id = reader.id(key, "span_id")?,
            3 => self.trace_state = reader.text(key, "trace_state")?,
            4 => reader.push(key, "attributes", &mut self.attributes)?,
            5 => self.dropped_attributes_count = reader.uint32(key, "dropped_attributes_count")?,
            6 => self.flags = reader.fixed32(key, "flags")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

impl<'a> Message<'a> for SpanStatus<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            2 => self.message = reader.text(key, "message")?,
            3 => self.code = reader.int32(key, "code")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}
