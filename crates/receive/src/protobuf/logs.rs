use record::otlp::LogRecord;

use super::wire::{Key, Message, Reader};
use crate::error::Fault;

impl<'a> Message<'a> for LogRecord<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.time_unix_nano = reader.fixed64(key, "time_unix_nano")?,
            2 => self.severity_number = reader.int32(key, "severity_number")?,
            3 => self.severity_text = reader.text(key, "severity_text")?,
            5 => reader.message(key, "body", &mut self.body)?,
            6 => reader.push(key, "attributes", &mut self.attributes)?,
            7 => self.dropped_attributes_count = reader.uint32(key, "dropped_attributes_count")?,
            8 => self.flags = reader.fixed32(key, "flags")?,
            9 => self.trace_id = reader.id(key, "trace_id")?,
            10 => self.span_id = reader.id(key, "span_id")?,
            11 => self.observed_time_unix_nano = reader.fixed64(key, "observed_time_unix_nano")?,
            12 => self.event_name = reader.text(key, "event_name")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}
