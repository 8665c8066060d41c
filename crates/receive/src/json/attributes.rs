//! `AnyValue`, `KeyValue`, and how a message is read.

use std::borrow::Cow;

use record::otlp::{Resource, Scope};
use record::value::{Attribute, Attributes, Value};

use super::reader::Reader;
use crate::error::Fault;

/// A message that reads one of its fields at a time.
pub(super) trait Message<'a>: Default {
    /// Reads the value of `key`, or leaves it and says `false`.
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault>;
}

impl<'a> Reader<'a, '_> {
    /// One object; `null` is an empty one.
    pub(super) fn message<M: Message<'a>>(&mut self) -> Result<M, Fault> {
        let mut message = M::default();
        if !self.null()? {
            self.fields(|key, reader| message.field(key, reader))?;
        }
        Ok(message)
    }

    /// An array of objects; `null` is an empty one, and a `null` in it is passed over.
    pub(super) fn messages<M: Message<'a>>(&mut self) -> Result<Vec<M>, Fault> {
        self.items(M::default, |message, reader| reader.fields(|key, reader| message.field(key, reader)))
    }

    /// [`Self::messages`] where an element starts as `empty` and `read` knows how to go on.
    pub(super) fn items<T>(
        &mut self,
        empty: impl Fn() -> T,
        read: impl Fn(&mut T, &mut Self) -> Result<(), Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut items = Vec::new();
        if self.null()? {
            return Ok(items);
        }
        self.list(|reader| {
            if reader.null()? {
                return Ok(());
            }
            reader.account.pay::<T>(reader.at())?;
            items.push(empty());
            items.last_mut().map_or(Ok(()), |item| read(item, reader))
        })?;
        Ok(items)
    }

    /// An array in which every element counts; `null` is an empty one.
    pub(super) fn elements<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
        let mut elements = Vec::new();
        if self.null()? {
            return Ok(elements);
        }
        self.list(|reader| {
            reader.account.pay::<T>(reader.at())?;
            elements.push(read(reader)?);
            Ok(())
        })?;
        Ok(elements)
    }

    /// The fields of one object: `field` says of each key whether it knew it.
    #[inline]
    pub(super) fn fields(
        &mut self,
        mut field: impl FnMut(&str, &mut Self) -> Result<bool, Fault>,
    ) -> Result<(), Fault> {
        self.object(|reader, key| match field(&key, reader) {
            Ok(true) => Ok(()),
            Ok(false) => reader.skip(),
            Err(fault) => Err(fault.field(&key)),
        })
    }
}

/// `KeyValue`.
impl<'a> Message<'a> for Attribute<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "key" => self.0 = reader.text()?,
            "value" => self.1 = reader.message()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `AnyValue`: a oneof, so the last field that is not `null` wins.
impl<'a> Message<'a> for Value<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        let known = matches!(
            key,
            "stringValue" | "boolValue" | "intValue" | "doubleValue" | "arrayValue" | "kvlistValue" | "bytesValue"
        );
        if !known || reader.null()? {
            return Ok(known);
        }
        *self = match key {
            "stringValue" => Value::Text(reader.string()?),
            "boolValue" => Value::Bool(reader.bool()?),
            "intValue" => Value::Int(reader.int64()?),
            "doubleValue" => Value::Double(reader.double()?),
            "bytesValue" => Value::Bytes(Cow::Owned(reader.bytes()?)),
            "arrayValue" => {
                let account = reader.account;
                Value::List(account.deeper(reader.at(), || reader.message().map(|ArrayValue(list)| list))?)
            }
            _ => {
                let account = reader.account;
                Value::Map(account.deeper(reader.at(), || reader.message().map(|KeyValueList(map)| map))?)
            }
        };
        Ok(true)
    }
}

#[derive(Default)]
struct ArrayValue<'a>(Vec<Value<'a>>);

impl<'a> Message<'a> for ArrayValue<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        if key == "values" {
            // a null among values is a value, unlike among records
            self.0 = reader.elements(Reader::message)?;
            return Ok(true);
        }
        Ok(false)
    }
}

#[derive(Default)]
struct KeyValueList<'a>(Attributes<'a>);

impl<'a> Message<'a> for KeyValueList<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        if key == "values" {
            self.0 = reader.messages()?;
            return Ok(true);
        }
        Ok(false)
    }
}

impl<'a> Message<'a> for Resource<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "attributes" => self.attributes = reader.messages()?,
            "droppedAttributesCount" => self.dropped_attributes_count = reader.uint32()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `InstrumentationScope`.
impl<'a> Message<'a> for Scope<'a> {
    fn field(&mut self, key: &str, reader: &mut Reader<'a, '_>) -> Result<bool, Fault> {
        match key {
            "name" => self.name = reader.text()?,
            "version" => self.version = reader.text()?,
            "attributes" => self.attributes = reader.messages()?,
            "droppedAttributesCount" => self.dropped_attributes_count = reader.uint32()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}
