//! The small values of an event that is too large to be held: ids, names, numbers at its top level.

use std::fmt;
use std::io::{Cursor, Read};

use record::json;
use record::value::{Attributes, Value};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::event::{CUT, SMALL_BYTES};

/// What is read beyond the limit of one event, so that the agent can finish writing.
const REST_BYTES: u64 = 64 << 20;
/// Values that are kept.
const VALUES: usize = 64;

/// A JSON object of the small values, and the marker that says so. What comes behind a mistake in the text is not seen.
pub(super) fn small_values(head: &[u8], rest: impl Read) -> Vec<u8> {
    let mut entries = Attributes::new();
    let mut all = Cursor::new(head).chain(rest.take(REST_BYTES));
    let mut reader = serde_json::Deserializer::from_reader(std::io::BufReader::with_capacity(64 << 10, &mut all));
    // The event may end in the middle, or be no JSON behind a point: what was found until then counts.
    reader.deserialize_map(Top(&mut entries)).ok();
    drop(reader);
    std::io::copy(&mut all, &mut std::io::sink()).ok();
    entries.retain(|(key, _)| key != CUT);
    entries.push((CUT.into(), Value::Bool(true)));
    let mut out = Vec::new();
    json::write_map(&entries, &mut out);
    out
}

struct Top<'e>(&'e mut Attributes<'static>);

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Small)?;
            if let Some(value) = value.filter(|_| key.len() <= SMALL_BYTES && self.0.len() < VALUES) {
                self.0.push((key.into(), value));
            }
        }
        Ok(())
    }
}

/// A value, if it is small.
struct Small;

impl<'de> DeserializeSeed<'de> for Small {
    type Value = Option<Value<'static>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Small {
    type Value = Option<Value<'static>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Some(Value::Null))
    }

    fn visit_bool<E: Error>(self, bool: bool) -> Result<Self::Value, E> {
        Ok(Some(Value::Bool(bool)))
    }

    fn visit_i64<E: Error>(self, int: i64) -> Result<Self::Value, E> {
        Ok(Some(Value::Int(int)))
    }

    fn visit_u64<E: Error>(self, uint: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(uint).ok().map(Value::Int))
    }

    fn visit_f64<E: Error>(self, double: f64) -> Result<Self::Value, E> {
        Ok(Some(Value::Double(double)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((text.len() <= SMALL_BYTES).then(|| Value::text(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
