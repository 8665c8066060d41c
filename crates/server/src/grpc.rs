//! The door of OTLP over gRPC: three unary methods behind the same steps as over HTTP.
//!
//! A request is one message behind five bytes ([`frame`]). It is read, bounded, counted, unpacked and decoded by what does so for
//! HTTP; the codes, messages and details of answers are tonic's.
//!
//! | fault | code | row of `events_raw` |
//! |---|---|---|
//! | no key, or an unknown one | `UNAUTHENTICATED` | none |
//! | a key that may not send | `PERMISSION_DENIED` | 403 |
//! | no OTLP, more or less than one message | `INVALID_ARGUMENT` | 400 |
//! | compressed, and `grpc-encoding` does not say how | `INTERNAL`, as gRPC wants it | 400 |
//! | an encoding that is not spoken here | `UNIMPLEMENTED` with `grpc-accept-encoding` | 415 |
//! | too large, too many records | `RESOURCE_EXHAUSTED` without `RetryInfo`: not to be sent again | 413 |
//! | the message did not arrive in time | `DEADLINE_EXCEEDED` | 408 |
//! | no room now | `UNAVAILABLE` with `RetryInfo` | none |
//! | the key sends too much | `RESOURCE_EXHAUSTED` with `RetryInfo` | 429, one a minute |
//! | another method | `UNIMPLEMENTED` | none |

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use receive::answer::{self, code};
use receive::{ContentEncoding, ContentType};
use record::caller::Caller;
use record::source::Signal;
use tonic::{Code, Status};

use crate::authenticate::chosen_key;
use crate::door::Door;
use crate::flow::accept::{self, accept};
use crate::house::House;
use crate::http::body;
use crate::http::error::Fault;
use crate::pressure::Transport;

mod frame;
pub mod listen;

const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const ENCODINGS: HeaderValue = HeaderValue::from_static("identity,gzip,deflate,zstd");
/// Clients bound the size of a head, mostly to 8 KiB; outside of ASCII a byte takes three.
const LONGEST_MESSAGE: usize = 1024;

pub fn router(house: &Arc<House>) -> Router {
    Router::new()
        .route(LOGS, post(logs))
        .route(TRACES, post(traces))
        .route(METRICS, post(metrics))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(house), count))
        .with_state(Arc::clone(house))
}

/// The status of HTTP that says what the code says.
#[derive(Clone, Copy)]
struct Meant(StatusCode);

/// Counts every answer by its method.
async fn count(State(house): State<Arc<House>>, path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let method = path.as_ref().map_or("other", MatchedPath::as_str);
    let status = answer.extensions().get::<Meant>().map_or(answer.status(), |meant| meant.0);
    house.metrics.answered(Transport::Grpc, method, status.as_u16());
    answer
}

async fn logs(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, Signal::Logs, request).await
}

async fn traces(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, Signal::Traces, request).await
}

async fn metrics(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, Signal::Metrics, request).await
}

async fn unknown(request: Request) -> Response {
    if !is_grpc(request.headers()) {
        return not_grpc();
    }
    let method: String = request.uri().path().chars().take(120).collect();
    refuse(&Fault::new(StatusCode::NOT_FOUND, format!("no method {method}")).told_as(code::UNIMPLEMENTED))
}

async fn take(house: &House, signal: Signal, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !is_grpc(&parts.headers) {
        return not_grpc();
    }
    let door = Door::new(Transport::Grpc, None, signal, &parts.headers);
    let caller = match door.admit(house, &parts.headers).await {
        Ok(caller) => caller,
        Err(fault) => {
            if fault.retry_after().is_some() {
                body::discard(body);
            }
            return refuse(&fault);
        }
    };
    let outcome = receive_message(house, &caller, door, &parts.headers, body).await;
    match door.settle(house, &caller, outcome).await {
        Ok(_) => success(),
        Err(fault) => refuse(&fault),
    }
}

/// Reads, unpacks and takes the message.
async fn receive_message(
    house: &House,
    caller: &Caller,
    door: Door,
    headers: &HeaderMap,
    body: Body,
) -> Result<usize, (Fault, u64)> {
    let max_bytes = house.config.intake.max_body_bytes.saturating_add(frame::HEAD_BYTES);
    let bounds = body::Bounds { max_bytes, patience: door.sender.patience() };
    let held = body::read(house, headers, body, bounds).await.map_err(|fault| (fault, 0))?;
    let bytes = held.counted() as u64;
    let refuse = |status: StatusCode, message: String| (Fault::new(status, message), bytes);
    let message =
        frame::only_message(&held.bytes).map_err(|error| refuse(StatusCode::BAD_REQUEST, error.to_string()))?;
    let named = headers.get(GRPC_ENCODING).map_or("", |value| value.to_str().unwrap_or("?"));
    let named =
        ContentEncoding::parse(named).map_err(|error| refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()))?;
    let encoding = if message.compressed { named } else { ContentEncoding::Identity };
    if message.compressed && encoding == ContentEncoding::Identity {
        let fault =
            Fault::new(StatusCode::BAD_REQUEST, "the message is compressed, and `grpc-encoding` does not say how");
        return Err((fault.told_as(code::INTERNAL), bytes));
    }
    let request = accept::Request {
        provider: None,
        signal: door.signal,
        content_type: ContentType::Protobuf,
        encoding,
        product: None,
        key: chosen_key(headers),
        user_agent: body::user_agent(headers),
        body: message.bytes,
    };
    accept(house, caller, request).await.map_err(|refusal| (Fault::from(&refusal), bytes))
}

/// `application/grpc`, or with `+proto`; parameters do not matter.
fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["application/grpc", "application/grpc+proto"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}

/// gRPC over HTTP/2, "Requests": what is not gRPC gets an answer of HTTP.
fn not_grpc() -> Response {
    let hint = "this port speaks gRPC only; OTLP over HTTP goes to the port of the setting `http`";
    Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type is not application/grpc")
        .hint(hint)
        .into_response()
}

/// An empty `Export…ServiceResponse`, and in the trailers that all is well.
fn success() -> Response {
    let message = frame::of_message(&answer::success(ContentType::Protobuf));
    let trailers = HeaderMap::from_iter([(GRPC_STATUS, HeaderValue::from_static("0"))]);
    let body = Full::new(Bytes::from(message)).with_trailers(ready(Some(Ok(trailers))));
    ([(CONTENT_TYPE, GRPC)], Body::new(body)).into_response()
}

fn refuse(fault: &Fault) -> Response {
    let code = fault.code();
    let mut message = fault.text();
    message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
    let details = match fault.retry_after() {
        pause @ Some(_) => answer::status(ContentType::Protobuf, code, &message, pause),
        None => Vec::new(),
    };
    let mut response = Status::with_details(Code::from_i32(code), message, details.into()).into_http::<Body>();
    if fault.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        response.headers_mut().insert(GRPC_ACCEPT_ENCODING, ENCODINGS);
    }
    response.extensions_mut().insert(Meant(fault.status));
    response
}

#[cfg(test)]
mod tests;
