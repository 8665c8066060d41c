//! Events and errors of browser mods.
//!
//! The public clients differ from the published schema and from each other, so what is lenient is a decision:
//!
//! | field | asked |
//! |---|---|
//! | `event` (`name` of a plain event) | text of 1 to 255 characters |
//! | `uuid`, `class_name`, `message` of an error | text; the first not empty, the second at most 255 characters |
//! | `email` of an external event | text with an `@` |
//! | `timestamp` | absent, null, milliseconds as a number, or ISO 8601 |
//! | `id`, `uid` | absent, null, or text of at most 200 bytes |
//! | `data`, `attributes`, `person`, `error_data`, `…_version` | absent, null, or an object |
//! | `is_application_error` | absent, null, true or false |
//! | everything else (`platform_name`, `user_agent`, `extension_uuid`, unknown fields, …) | nothing |

use std::borrow::Cow;

use record::value::{self, Attribute, Value};

use super::hooks;
use super::reader::Reader;
use crate::ProductForm;
use crate::error::Fault;

/// Characters of an event's name, and of an error's class.
const NAME_CHARS: usize = 255;
/// Bytes of an id.
const ID_BYTES: usize = 200;

pub(super) fn items<'a>(form: ProductForm, reader: &mut Reader<'a, '_>) -> Result<Vec<Value<'a>>, Fault> {
    match form {
        ProductForm::Events => events(reader),
        ProductForm::Errors => one_or_many(reader, "an error, a JSON object, or a list of them", check_error),
        ProductForm::PlainEvents => {
            let wanted = "an event, a JSON object, or a list of them";
            one_or_many(reader, wanted, |item, at| check_event("name", item, at))
        }
        ProductForm::ExternalEvent => item(reader, "an event, a JSON object", check_external).map(|event| vec![event]),
        ProductForm::Identify => {
            let mut known = item(reader, "an object with `uid`", check_identify)?;
            if let Value::Map(entries) = &mut known {
                entries.retain(|(key, _)| key != "event");
                entries.insert(0, (Cow::Borrowed("event"), Value::text("$identify")));
            }
            Ok(vec![known])
        }
    }
}

/// Stops at the first key that tells.
pub(super) fn is_plain_event(reader: &mut Reader<'_, '_>) -> bool {
    if reader.peek() == Some(b'[') {
        return true;
    }
    let mut told = None;
    // the end of the walk, not a fault of the body: whoever decodes it finds those
    let _ended = reader.object(|reader, key| {
        told = match key.as_ref() {
            "resourceLogs" => Some(false),
            "name" | "attributes" => Some(true),
            _ => None,
        };
        if told.is_some() { Err(reader.fault("told")) } else { reader.skip() }
    });
    told.unwrap_or_default()
}

fn events<'a>(reader: &mut Reader<'a, '_>) -> Result<Vec<Value<'a>>, Fault> {
    if reader.peek() != Some(b'{') {
        return Err(reader.unexpected("an object with `events`, a list"));
    }
    let mut events = None;
    let mut sent_at = Value::Null;
    reader.object(|reader, key| match key.as_ref() {
        "events" => {
            events =
                Some(list(reader, &|item, at| check_event("event", item, at)).map_err(|fault| fault.field("events"))?);
            Ok(())
        }
        "timestamp" => {
            let at = reader.at();
            sent_at = hooks::value(reader).map_err(|fault| fault.field("timestamp"))?;
            check_time(&sent_at, "timestamp", at)
        }
        _ => reader.skip(),
    })?;
    let Some(mut events) = events else { return Err(reader.fault("is missing, send a list").field("events")) };
    if sent_at != Value::Null {
        for entries in events.iter_mut().filter_map(entries_of) {
            if value::get(entries, "timestamp").is_none_or(|own| *own == Value::Null) {
                entries.retain(|(key, _)| key != "timestamp");
                entries.push((Cow::Borrowed("timestamp"), sent_at.clone()));
            }
        }
    }
    Ok(events)
}

fn entries_of<'v, 'a>(item: &'v mut Value<'a>) -> Option<&'v mut Vec<Attribute<'a>>> {
    match item {
        Value::Map(entries) => Some(entries),
        _ => None,
    }
}

type Check<'c> = &'c dyn Fn(&[Attribute<'_>], usize) -> Result<(), Fault>;

fn one_or_many<'a>(
    reader: &mut Reader<'a, '_>,
    wanted: &str,
    check: impl Fn(&[Attribute<'_>], usize) -> Result<(), Fault>,
) -> Result<Vec<Value<'a>>, Fault> {
    if reader.peek() == Some(b'[') { list(reader, &check) } else { item(reader, wanted, check).map(|one| vec![one]) }
}

fn list<'a>(reader: &mut Reader<'a, '_>, check: Check<'_>) -> Result<Vec<Value<'a>>, Fault> {
    let mut items = Vec::new();
    reader.list(|reader| {
        reader.account.pay::<Value<'_>>(reader.at())?;
        items.push(item(reader, "an object", check)?);
        Ok(())
    })?;
    Ok(items)
}

fn item<'a>(
    reader: &mut Reader<'a, '_>,
    wanted: &str,
    check: impl Fn(&[Attribute<'_>], usize) -> Result<(), Fault>,
) -> Result<Value<'a>, Fault> {
    if reader.peek() != Some(b'{') {
        return Err(reader.unexpected(wanted));
    }
    let at = reader.at();
    let item = hooks::value(reader)?;
    check(item.as_map().map_or(&[], Vec::as_slice), at)?;
    Ok(item)
}

fn check_event(name: &str, entries: &[Attribute<'_>], at: usize) -> Result<(), Fault> {
    check_text(entries, name, at, 1, NAME_CHARS)?;
    check_time(given(entries, "timestamp"), "timestamp", at)?;
    check_ids(entries, &["id", "uid"], at)?;
    check_objects(entries, &["data", "attributes", "person"], at)
}

fn check_error(entries: &[Attribute<'_>], at: usize) -> Result<(), Fault> {
    check_text(entries, "uuid", at, 1, ID_BYTES)?;
    check_text(entries, "class_name", at, 0, NAME_CHARS)?;
    check_text(entries, "message", at, 0, usize::MAX)?;
    check_time(given(entries, "timestamp"), "timestamp", at)?;
    check_objects(entries, &["error_data", "blueprint_version", "brick_version", "service_version", "person"], at)?;
    match given(entries, "is_application_error") {
        Value::Null | Value::Bool(_) => Ok(()),
        _ => Err(Fault::new(at, "must be true or false").field("is_application_error")),
    }
}

fn check_external(entries: &[Attribute<'_>], at: usize) -> Result<(), Fault> {
    if !given(entries, "email").as_str().is_some_and(|email| email.contains('@')) {
        return Err(Fault::new(at, "must be the e-mail address of the person").field("email"));
    }
    check_event("event", entries, at)
}

fn check_identify(entries: &[Attribute<'_>], at: usize) -> Result<(), Fault> {
    check_text(entries, "uid", at, 1, ID_BYTES)?;
    check_time(given(entries, "timestamp"), "timestamp", at)?;
    check_objects(entries, &["data", "person"], at)
}

/// The field's value; null where there is none.
fn given<'v>(entries: &'v [Attribute<'_>], field: &str) -> &'v Value<'v> {
    const ABSENT: &Value<'static> = &Value::Null;
    value::get(entries, field).unwrap_or(ABSENT)
}

fn check_text(entries: &[Attribute<'_>], field: &str, at: usize, least: usize, most: usize) -> Result<(), Fault> {
    let reason = match given(entries, field) {
        Value::Text(text) if text.trim().len() < least => "must not be empty".to_owned(),
        Value::Text(text) if text.len() > most && text.chars().count() > most => {
            format!("has more than {most} characters")
        }
        Value::Text(_) => return Ok(()),
        Value::Null => "is missing, send a text".to_owned(),
        _ => "must be a text".to_owned(),
    };
    Err(Fault::new(at, reason).field(field))
}

fn check_time(time: &Value<'_>, field: &str, at: usize) -> Result<(), Fault> {
    let is_time = match time {
        Value::Null | Value::Int(_) | Value::Double(_) => true,
        time => time.to_timestamp().is_some(),
    };
    if is_time {
        return Ok(());
    }
    let wanted = "must be milliseconds since 1970 or a text such as 2026-11-21T10:00:00.123Z";
    Err(Fault::new(at, wanted).field(field))
}

fn check_ids(entries: &[Attribute<'_>], fields: &[&str], at: usize) -> Result<(), Fault> {
    for field in fields {
        let reason = match given(entries, field) {
            Value::Text(text) if text.len() > ID_BYTES => format!("has more than {ID_BYTES} bytes"),
            Value::Null | Value::Text(_) => continue,
            _ => "must be a text".to_owned(),
        };
        return Err(Fault::new(at, reason).field(field));
    }
    Ok(())
}

fn check_objects(entries: &[Attribute<'_>], fields: &[&str], at: usize) -> Result<(), Fault> {
    let is_object = |field: &&&str| matches!(given(entries, field), Value::Null | Value::Map(_));
    match fields.iter().find(|field| !is_object(field)) {
        None => Ok(()),
        Some(field) => Err(Fault::new(at, "must be an object").field(field)),
    }
}

#[cfg(test)]
mod tests;
