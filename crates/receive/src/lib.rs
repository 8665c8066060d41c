//! Bytes → [`Payload`](record::arrival::Payload): OTLP in protobuf and JSON, hook events in JSON, trace files in CSV, and back.
//!
//! The way in: [`ContentEncoding`] and [`unzip`](unzip::unzip), then [`ContentType`] and [`decode_otlp`] or
//! [`decode_hooks`], or [`decode_trace`]. The way back: [`encode_otlp`], [`encode_hooks`] and [`encode_trace`] for the journal, [`answer`] for the client.
//!
//! Architecture invariant: pure. No I/O, no clock, no threads; no input makes it panic, recurse without bound, or take
//! memory out of proportion ([`limits`]). Decoded text borrows from the body; no text of the body ever stands in an
//! error.

use record::json::write_value;
use record::otlp::Otlp;
use record::source::Signal;
use record::trace::{CommandId, CommandType, Trace};
use record::value::Value;

pub use content::{ContentEncoding, ContentType, UnsupportedEncoding};
pub use csv::TraceLimits;
pub use error::DecodeError;
pub use provider::provider_of;

pub mod answer;

mod content;

mod csv;

mod error;

mod json;

pub mod limits;

mod protobuf;

mod provider;

pub mod unzip;

/// Reads an export request. No bytes at all are an empty request in protobuf and an error in JSON.
pub fn decode_otlp(signal: Signal, content_type: ContentType, body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    match (content_type, signal) {
        (ContentType::Protobuf, Signal::Logs) => protobuf::logs(body),
        (ContentType::Protobuf, Signal::Traces) => protobuf::traces(body),
        (ContentType::Protobuf, Signal::Metrics) => protobuf::metrics(body),
        (ContentType::Json, Signal::Logs) => json::logs(body),
        (ContentType::Json, Signal::Traces) => json::traces(body),
        (ContentType::Json, Signal::Metrics) => json::metrics(body),
        _ => Err(error::Fault::new(0, format!("{signal} are not OTLP")).into_error(0)),
    }
}

/// Reads hook events: one JSON object, an array of objects, or NDJSON. An empty array is no event; no bytes at all are
/// an error.
pub fn decode_hooks(body: &[u8]) -> Result<Vec<Value<'_>>, DecodeError> {
    json::hooks(body)
}

/// What a body holds that is one JSON object or a list of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Objects<'a> {
    One(Value<'a>),
    Many(Vec<Value<'a>>),
}

/// Reads one JSON object or a list of them. Of equal keys the last counts; lists and objects nest at most
/// [`limits::MAX_VALUE_DEPTH`] deep.
pub fn decode_objects(body: &[u8]) -> Result<Objects<'_>, DecodeError> {
    json::objects(body)
}

/// How the requests of browser mods are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductForm {
    /// `{"events": [{uid, event, timestamp, data, person?, id?}, …]}`; a `timestamp` beside `events` is that of each event
    /// without its own.
    Events,
    /// A bare list of errors, or one error.
    Errors,
    /// `{email, event, data?}`: an event of a person, told by another service.
    ExternalEvent,
    /// `{uid, data}`: what is known of a browser profile.
    Identify,
    /// `{name, timestamp?, attributes?}`, or a list of them: OpenTelemetry events without OTLP around them.
    PlainEvents,
}

/// Reads events or errors of browser mods. Of each the fields that say what it is are checked; whatever else it carries is kept
/// as it came. One that is wrong makes the request wrong: its place and field are in the error (`events[3].timestamp: …`).
pub fn decode_product(form: ProductForm, body: &[u8]) -> Result<Vec<Value<'_>>, DecodeError> {
    json::product(form, body)
}

/// Whether a body sent as OTLP/JSON logs is [`ProductForm::PlainEvents`] instead: a list, or an object with `name` or `attributes`
/// before any `resourceLogs`.
pub fn is_plain_event(body: &[u8]) -> bool {
    json::is_plain_event(body)
}

/// Appends the export request in protobuf. [`decode_otlp`] reads the same tree back.
pub fn encode_otlp(otlp: &Otlp<'_>, out: &mut Vec<u8>) {
    protobuf::encode::otlp(otlp, out);
}

/// Appends the events as NDJSON, each line with its line feed. [`decode_hooks`] reads the same events back; no event at
/// all is an empty array.
pub fn encode_hooks(events: &[Value<'_>], out: &mut Vec<u8>) {
    if events.is_empty() {
        out.extend_from_slice(b"[]");
    }
    for event in events {
        write_value(event, out);
        out.push(b'\n');
    }
}

/// Reads a trace file of the `mod` command. Lines that no row can be made of are in [`Trace::rejected`]; an error is what makes
/// the whole file unreadable: it is empty, not UTF-8 at all, without a known header, or beyond `limits`.
pub fn decode_trace<'a>(
    command_type: CommandType,
    command_id: CommandId,
    file: &'a [u8],
    limits: &TraceLimits,
) -> Result<Trace<'a>, DecodeError> {
    csv::read(command_type, command_id, file, limits, &limits::Account::of(file)).map_err(csv::error)
}

/// Appends the trace file with its names, for the journal. [`decode_encoded_trace`] reads it back.
pub fn encode_trace(trace: &Trace<'_>, out: &mut Vec<u8>) {
    csv::encode(trace, out);
}

/// Reads what [`encode_trace`] wrote, with the limits it was first read with.
pub fn decode_encoded_trace<'a>(body: &'a [u8], limits: &TraceLimits) -> Result<Trace<'a>, DecodeError> {
    csv::decode(body, limits)
}
