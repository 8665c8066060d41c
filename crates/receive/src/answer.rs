//! The bodies of OTLP answers, in the encoding of the request.
//!
//! opentelemetry-proto 1.11, `docs/specification.md`: the whole request taken is an empty `Export…ServiceResponse`;
//! some records refused is a 200 with `partial_success`; a refused request is a `google.rpc.Status`. Over gRPC a client knows
//! by a `RetryInfo` in its details that it may send the same again, and when ("OTLP/gRPC Throttling").

use std::time::Duration;

use record::json;
use record::source::Signal;

use crate::content::ContentType;
use crate::protobuf::encode::Writer;

/// `google.rpc.Code`, the codes an OTLP receiver answers with.
pub mod code {
    pub const INVALID_ARGUMENT: i32 = 3;
    pub const DEADLINE_EXCEEDED: i32 = 4;
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
                Signal::Traces => "rejectedSpans",
                Signal::Metrics => "rejectedDataPoints",
                _ => "rejectedLogRecords",
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

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// `google.rpc.Status`, the body of every answer that is not a 200, and the `grpc-status-details-bin` of one over gRPC. `code` is
/// one of [`code`]. `retry_after` (whole seconds count) becomes a `google.rpc.RetryInfo`: the same request may be taken then.
pub fn status(content_type: ContentType, code: i32, message: &str, retry_after: Option<Duration>) -> Vec<u8> {
    let mut out = Vec::new();
    let retry_seconds = retry_after.map(|pause| i64::try_from(pause.as_secs()).unwrap_or(i64::MAX));
    match content_type {
        ContentType::Protobuf => {
            let mut writer = Writer::new(&mut out);
            writer.int32(1, code);
            writer.text(2, message);
            if let Some(seconds) = retry_seconds {
                // details: Any { type_url, value: RetryInfo { retry_delay: Duration { seconds } } }
                writer.message(3, |any| {
                    any.text(1, RETRY_INFO);
                    any.message(2, |info| info.message(1, |delay| delay.int64(1, seconds)));
                });
            }
        }
        ContentType::Json => {
            out.extend_from_slice(b"{\"code\":");
            json::write_int(i64::from(code), &mut out);
            out.extend_from_slice(b",\"message\":");
            json::write_str(message, &mut out);
            if let Some(seconds) = retry_seconds {
                out.extend_from_slice(b",\"details\":[{\"@type\":");
                json::write_str(RETRY_INFO, &mut out);
                out.extend_from_slice(b",\"retryDelay\":\"");
                json::write_int(seconds, &mut out);
                out.extend_from_slice(b"s\"}]");
            }
            out.push(b'}');
        }
    }
    out
}

#[cfg(test)]
mod tests;
