//! `AnyValue`, `KeyValue`, and what carries attributes everywhere.

use std::borrow::Cow;

use record::otlp::{Resource, Scope};
use record::value::{Attribute, Attributes, Value};

use super::wire::{Key, Message, Reader};
use crate::error::Fault;

/// `KeyValue`.
impl<'a> Message<'a> for Attribute<'a> {
    #[inline]
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.0 = reader.text(key, "key")?,
            2 => reader.message(key, "value", &mut self.1)?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }

    #[inline]
    fn at_once(bytes: &'a [u8]) -> Option<Self> {
        short_text(bytes).map(|(key, text)| (Cow::Borrowed(key), Value::Text(Cow::Borrowed(text))))
    }
}

/// Key and text of the attribute that makes up most of all telemetry: `0A n key 12 m 0A k text`, with lengths below
/// 128.
///
/// What stands around key and text is ASCII then, so the whole is UTF-8 exactly if both are, and one check does for
/// both.
#[inline]
fn short_text(bytes: &[u8]) -> Option<(&str, &str)> {
    let [0x0A, key_length @ 0..0x80, rest @ ..] = bytes else { return None };
    let [0x12, value_length, 0x0A, text_length @ 0..0x80, text @ ..] = rest.get(usize::from(*key_length)..)? else {
        return None;
    };
    if *value_length >= 0x80 || *value_length != text_length + 2 || usize::from(*text_length) != text.len() {
        return None;
    }
    let all = str::from_utf8(bytes).ok()?;
    let key_end = 2 + usize::from(*key_length);
    Some((all.get(2..key_end)?, all.get(key_end + 4..)?))
}

/// `AnyValue`: a oneof, so the last field wins, and a list or map that comes twice is continued.
impl<'a> Message<'a> for Value<'a> {
    #[inline]
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => *self = Value::Text(reader.text(key, "string_value")?),
            2 => *self = Value::Bool(reader.bool(key, "bool_value")?),
            3 => *self = Value::Int(reader.int64(key, "int_value")?),
            4 => *self = Value::Double(reader.double(key, "double_value")?),
            5 => {
                let mut list = ArrayValue(if let Value::List(list) = self { std::mem::take(list) } else { Vec::new() });
                reader.nested(key, "array_value", &mut list)?;
                *self = Value::List(list.0);
            }
            6 => {
                let mut map = KeyValueList(if let Value::Map(map) = self { std::mem::take(map) } else { Vec::new() });
                reader.nested(key, "kvlist_value", &mut map)?;
                *self = Value::Map(map.0);
            }
            7 => *self = Value::Bytes(Cow::Borrowed(reader.bytes(key, "bytes_value")?)),
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct ArrayValue<'a>(Vec<Value<'a>>);

impl<'a> Message<'a> for ArrayValue<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => reader.push(key, "values", &mut self.0),
            _ => reader.skip(key),
        }
    }
}

#[derive(Default)]
struct KeyValueList<'a>(Attributes<'a>);

impl<'a> Message<'a> for KeyValueList<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => reader.push(key, "values", &mut self.0),
            _ => reader.skip(key),
        }
    }
}

impl<'a> Message<'a> for Resource<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => reader.push(key, "attributes", &mut self.attributes)?,
            2 => self.dropped_attributes_count = reader.uint32(key, "dropped_attributes_count")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

/// `InstrumentationScope`.
impl<'a> Message<'a> for Scope<'a> {
    fn field(&mut self, key: Key, reader: &mut Reader<'a, '_>) -> Result<(), Fault> {
        match key.number() {
            1 => self.name = reader.text(key, "name")?,
            2 => self.version = reader.text(key, "version")?,
            3 => reader.push(key, "attributes", &mut self.attributes)?,
            4 => self.dropped_attributes_count = reader.uint32(key, "dropped_attributes_count")?,
            _ => reader.skip(key)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
