//! OTLP/JSON and hook JSON, read without copying.
//!
//! OTLP/JSON is read as the specification (opentelemetry-proto 1.11, "JSON Protobuf Encoding") and the dialects of real
//! exporters ask:
//!
//! | what | read |
//! |---|---|
//! | keys | lowerCamelCase; unknown ones (`snake_case` too) are skipped, whatever they hold; of equal keys the last wins |
//! | any field | `null` means absent |
//! | integers | JSON numbers (`6`, `6.0`, `6e0`) or decimal strings (`"6"`) |
//! | doubles | JSON numbers or strings, with `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | enums | integers; names (`"SPAN_KIND_CLIENT"`), which exporters must not write, are understood too |
//! | ids | hex of any case; `""` means none; base64 does not have the length |
//! | `bytesValue` | base64, standard or URL-safe, padded or not |
//! | `AnyValue` | `{}` and `null` are the null value |
//! | text | escapes that form no character (half a surrogate pair, from text cut in JavaScript) become U+FFFD |
//!
//! The reader is our own because `serde_json`, as it is built here, rejects half surrogate pairs, reads doubles with an
//! error in their last bit, stops at 128 levels, and quotes the body's text in its errors, which are stored and logged.

use record::otlp::Otlp;
use record::value::Value;

use self::reader::Reader;
use crate::error::{DecodeError, Fault};
use crate::limits::Account;
use crate::{Objects, ProductForm};

mod attributes;

mod groups;

mod hooks;

mod logs;

mod metrics;

mod objects;

mod product;

mod reader;

mod scalars;

mod traces;

pub(crate) fn logs(body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    read(body, |reader| groups::request(reader).map(Otlp::Logs))
}

pub(crate) fn traces(body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    read(body, |reader| groups::request(reader).map(Otlp::Traces))
}

pub(crate) fn metrics(body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    read(body, |reader| groups::request(reader).map(Otlp::Metrics))
}

pub(crate) fn hooks(body: &[u8]) -> Result<Vec<Value<'_>>, DecodeError> {
    read(body, hooks::events)
}

pub(crate) fn objects(body: &[u8]) -> Result<Objects<'_>, DecodeError> {
    read(body, objects::objects)
}

pub(crate) fn product(form: ProductForm, body: &[u8]) -> Result<Vec<Value<'_>>, DecodeError> {
    read(body, |reader| product::items(form, reader))
}

pub(crate) fn is_plain_event(body: &[u8]) -> bool {
    let account = Account::of(body);
    Reader::new(body, &account).is_ok_and(|mut reader| product::is_plain_event(&mut reader))
}

fn read<'a, T>(body: &'a [u8], read: impl FnOnce(&mut Reader<'a, '_>) -> Result<T, Fault>) -> Result<T, DecodeError> {
    let account = Account::of(body);
    Reader::new(body, &account)
        .and_then(|mut reader| {
            let value = read(&mut reader)?;
            reader.end()?;
            Ok(value)
        })
        .map_err(|fault| fault.into_error(0))
}
