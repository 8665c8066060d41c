//! The row of `events_raw`: one for each request, accepted or refused.

use record::arrival::Payload;
use record::dictionary::events_raw as raw;
use record::json;
use record::rows::Rows;
use record::value::Value;

use crate::request::Request;
use crate::traces::TraceFile;

/// `raw_event` is OTLP/JSON, or the JSON of hooks and mods: one event as an object, several as an array. A trace file lies in the lake as it is;
/// the row says where.
pub(crate) fn write(request: &Request<'_>, payload: Option<&Payload<'_>>, file: Option<&TraceFile>, rows: &mut Rows) {
    let envelope = request.envelope;
    rows.timestamp(raw::TIMESTAMP, envelope.received_at);
    rows.text(raw::PROVIDER, envelope.provider.as_str());
    rows.text(raw::SIGNAL, envelope.signal.as_str());
    rows.int(raw::HTTP_STATUS, i64::from(envelope.http_status));
    if let Some(error) = &envelope.error {
        rows.text(raw::ERROR, error);
    }
    if let Some(payload) = payload {
        rows.text_with(raw::RAW_EVENT, |out| match payload {
            Payload::Otlp(otlp) => json::write_otlp(otlp, out),
            Payload::Hooks(events) | Payload::Product(events) => match events.as_slice() {
                [event] => json::write_value(event, out),
                events => write_array(events, out),
            },
            Payload::Trace(_) => file.into_iter().for_each(|file| file.write_summary(out)),
        });
    }
    rows.text(raw::ARRIVAL_ID, &request.arrival_id);
    rows.int(raw::BYTES, i64::try_from(envelope.bytes).unwrap_or(i64::MAX));
    rows.text(raw::KEY_ID, &envelope.key_id);
    rows.end_row(None);
}

fn write_array(events: &[Value<'_>], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, event) in events.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::write_value(event, out);
    }
    out.push(b']');
}
