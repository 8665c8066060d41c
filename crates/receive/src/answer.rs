//! The bodies of OTLP answers, in the encoding of the request.
//!
//! opentelemetry-proto 1.11, `docs/specification.md`: the whole request taken is an empty `Export…ServiceResponse`;
//! some records refused is a 200 with `partial_success`; a refused request is a `google.rpc.Status`.

use record::json;
use record::source::Signal;

use crate::content::ContentType;
use crate::protobuf::encode::Writer;

/// `google.rpc.Code`, the codes an OTLP receiver answers with.
pub mod code {
    pub const INVALID_ARGUMENT: i32 = 3;
    pub const NOT_FOUND: i32 = 5;
    pub const PERMISSION_DENIED: i32 = 7;
    pub const RESOURCE_EXHAUSTED: i32 = 8;
    pub const UNIMPLEMENTED: i32 = 12;
    pub const INTERNAL: i32 = 13;
    pub const UNAVAILABLE: i32 = 14;
    pub const UNAUTHENTICATED: i32 = 16;
}

/// Everything was taken: `partial_success` must be left unset.
pub fn success(content_type: ContentType) -> Vec<u8> {
    match content_type {
        ContentType::Protobuf => Vec::new(),
        ContentType::Json => b"{}".to_vec(),
    }
}

/// `rejected` records were refused for the reason in `message`; 0 makes it a warning. (Hooks and history, which are not OTLP, count
/// as log records.)
pub fn partial_success(signal: Signal, content_type: ContentType, rejected: i64, message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match content_type {
        ContentType::Protobuf => Writer::new(&mut out).message(1, |writer| {
            writer.int64(1, rejected);
            writer.text(2, message);
        }),
        ContentType::Json => {
            let key = match signal {
                Signal::Logs | Signal::Hooks | Signal::History => "rejectedLogRecords",
                Signal::Traces => "rejectedSpans",
                Signal::Metrics => "rejectedDataPoints",
            };
            out.extend_from_slice(b"{\"partialSuccess\":{");
            json::write_str(key, &mut out);
            out.extend_from_slice(b":\"");
            json::write_int(rejected, &mut out);
            out.extend_from_slice(b"\",\"errorMessage\":");
            json::write_str(message, &mut out);
            out.extend_from_slice(b"}}");
        }
    }
    out
}

/// `google.rpc.Status`, the body of every answer that is not a 200. `code` is one of [`code`].
pub fn status(content_type: ContentType, code: i32, message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match content_type {
        ContentType::Protobuf => {
            let mut writer = Writer::new(&mut out);
            writer.int32(1, code);
            writer.text(2, message);
        }
        ContentType::Json => {
            out.extend_from_slice(b"{\"code\":");
            json::write_int(i64::from(code), &mut out);
            out.extend_from_slice(b",\"message\":");
            json::write_str(message, &mut out);
            out.push(b'}');
        }
    }
    out
}

#[cfg(test)]
mod tests;
