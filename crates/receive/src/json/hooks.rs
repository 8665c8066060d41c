//! Hook events: one JSON object, an array of objects, or objects one after the other (NDJSON).

use std::borrow::Cow;
use std::collections::HashSet;

use record::value::{Attributes, Value};

use super::reader::Reader;
use crate::error::Fault;

/// All events of a body. The path of a fault is `events[3]`, or `line 4` in NDJSON.
pub(super) fn events<'a>(reader: &mut Reader<'a, '_>) -> Result<Vec<Value<'a>>, Fault> {
    let mut events = Vec::new();
    match reader.peek() {
        None => return Err(reader.fault("the body is empty; send one hook event as a JSON object")),
        Some(b'[') => {
            reader
                .list(|reader| {
                    reader.account.pay::<Value<'_>>(reader.at())?;
                    events.push(event(reader)?);
                    Ok(())
                })
                .map_err(|fault| fault.field("events"))?;
        }
        Some(_) => {
            while reader.peek().is_some() {
                reader.account.pay::<Value<'_>>(reader.at())?;
                let start = reader.at();
                match event(reader) {
                    Ok(event) => events.push(event),
                    Err(fault) => return Err(fault.field(&format!("line {}", reader.line_of(start)))),
                }
            }
        }
    }
    Ok(events)
}

fn event<'a>(reader: &mut Reader<'a, '_>) -> Result<Value<'a>, Fault> {
    if reader.peek() == Some(b'{') { value(reader) } else { Err(reader.unexpected("a hook event, a JSON object")) }
}

/// Any JSON value. Numbers that are no integer of 64 bits are doubles.
pub(super) fn value<'a>(reader: &mut Reader<'a, '_>) -> Result<Value<'a>, Fault> {
    let account = reader.account;
    match reader.peek() {
        Some(b'{') => account.deeper(reader.at(), || map(reader)).map(Value::Map),
        Some(b'[') => account.deeper(reader.at(), || list(reader)).map(Value::List),
        Some(b'"') => reader.string().map(Value::Text),
        Some(b't' | b'f') => reader.bool().map(Value::Bool),
        Some(b'n') => reader.null().map(|_| Value::Null),
        Some(b'-' | b'0'..=b'9') => number(reader),
        _ => Err(reader.unexpected("a value")),
    }
}

fn number<'a>(reader: &mut Reader<'a, '_>) -> Result<Value<'a>, Fault> {
    let digits = reader.number()?;
    // -0 is a number that integers do not have
    if digits.is_integer
        && digits.text != "-0"
        && let Ok(int) = digits.text.parse()
    {
        return Ok(Value::Int(int));
    }
    match digits.text.parse::<f64>() {
        Ok(double) if double.is_finite() => Ok(Value::Double(double)),
        _ => Err(reader.fault("a number larger than a double holds")),
    }
}

fn list<'a>(reader: &mut Reader<'a, '_>) -> Result<Vec<Value<'a>>, Fault> {
    let mut items = Vec::new();
    reader.list(|reader| {
        reader.account.pay::<Value<'_>>(reader.at())?;
        items.push(value(reader)?);
        Ok(())
    })?;
    Ok(items)
}

fn map<'a>(reader: &mut Reader<'a, '_>) -> Result<Attributes<'a>, Fault> {
    let mut entries = Attributes::new();
    reader.object(|reader, key| {
        reader.account.pay::<(Cow<'_, str>, Value<'_>)>(reader.at())?;
        let value = value(reader)?;
        entries.push((key, value));
        Ok(())
    })?;
    keep_last_of_each_key(&mut entries);
    Ok(entries)
}

/// JSON's readers in the agents' own languages take the last of equal keys; readers of `Value` take the first.
fn keep_last_of_each_key(entries: &mut Attributes<'_>) {
    if !has_equal_keys(entries) {
        return;
    }
    let mut keep: Vec<bool> = {
        let mut later = HashSet::with_capacity(entries.len());
        entries.iter().rev().map(|(key, _)| later.insert(key.as_ref())).collect()
    };
    entries.retain(|_| keep.pop() == Some(true));
}

fn has_equal_keys(entries: &Attributes<'_>) -> bool {
    if entries.len() > 24 {
        let mut keys = HashSet::with_capacity(entries.len());
        return !entries.iter().all(|(key, _)| keys.insert(key.as_ref()));
    }
    entries.iter().enumerate().any(|(at, (key, _))| entries.iter().take(at).any(|(earlier, _)| earlier == key))
}
