//! `PUT /v1/cli/traces/{type}/{command-id}.csv?source=cli|saas`, and `POST /v1/cli/traces` as the wrappers around `mod` send it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use receive::ContentEncoding;
use record::caller::Caller;
use record::source::{Provider, Signal};
use record::trace::{CommandId, CommandType, InvalidName};
use serde_json::json;

use super::body;
use super::error::Fault;
use crate::authenticate::chosen_key;
use crate::door::Door;
use crate::flow::accept::{Kept, Named, Refusal, TraceRequest, accept_trace};
use crate::house::House;
use crate::pressure::Transport;

const EVENT_TYPE: &str = "x-event-type";
const COMMAND_ID: &str = "x-command-id";

/// What a request says about its file before the body.
struct Head {
    command_type: CommandType,
    named: Named,
}

/// The route says type and command id.
pub(super) async fn put(
    State(house): State<Arc<House>>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let head = path.map_err(|_| bad("the path is not UTF-8")).and_then(|Path((kind, file))| {
        let id = file.strip_suffix(".csv").ok_or_else(|| bad("the path does not end with `<command-id>.csv`"))?;
        Ok(Head { command_type: name(CommandType::new(&kind))?, named: Named::As(name(CommandId::new(id))?) })
    });
    take(&house, head, request).await
}

/// The header `X-Event-Type` says the type; the file, or the header `X-Command-Id`, the command id.
pub(super) async fn post(State(house): State<Arc<House>>, request: Request) -> Response {
    let head = of_headers(request.headers());
    take(&house, head, request).await
}

fn of_headers(headers: &HeaderMap) -> Result<Head, Fault> {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?").trim());
    let Some(kind) = header(EVENT_TYPE) else {
        return Err(bad("no type: send the header `X-Event-Type` with what the command did, such as build"));
    };
    let id = header(COMMAND_ID).map(CommandId::new).transpose();
    Ok(Head { command_type: name(CommandType::new(kind))?, named: Named::ByFile { or: name(id)? } })
}

fn name<T>(checked: Result<T, InvalidName>) -> Result<T, Fault> {
    checked.map_err(|error| bad(error.to_string()))
}

fn bad(reason: impl Into<String>) -> Fault {
    Fault::new(StatusCode::BAD_REQUEST, reason)
}

async fn take(house: &House, head: Result<Head, Fault>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let signal = signal(&parts.uri);
    let known = signal.as_ref().map_or(Signal::CliTraces, |signal| *signal);
    let door = Door::new(Transport::Http, Some(Provider::Mod), known, &parts.headers);
    let caller = match door.admit(house, &parts.headers).await {
        Ok(caller) => caller,
        Err(fault) => {
            if fault.retry_after().is_some() {
                body::discard(body);
            }
            return fault.into_response();
        }
    };
    let head = signal.and(head).and_then(|head| check_content_type(&parts.headers).map(|()| head));
    let outcome = match head {
        Ok(head) => receive_file(house, &caller, door, head, &parts.headers, body).await,
        Err(fault) => {
            body::discard(body);
            Err((fault, 0))
        }
    };
    match door.settle(house, &caller, outcome).await {
        Ok(kept) => answer(&kept),
        Err(fault) => fault.into_response(),
    }
}

/// `?source=cli` (the default) or `?source=saas`.
fn signal(uri: &Uri) -> Result<Signal, Fault> {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    match pairs.filter(|(name, _)| *name == "source").map(|(_, value)| value).next_back() {
        None | Some("cli") => Ok(Signal::CliTraces),
        Some("saas") => Ok(Signal::SaasTraces),
        Some(_) => {
            Err(bad("unknown source: `cli` (commands of developers and builds) or `saas` (of the web interface)"))
        }
    }
}

/// CSV, said or not said.
fn check_content_type(headers: &HeaderMap) -> Result<(), Fault> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
    match value.split(';').next().unwrap_or_default().trim() {
        "text/csv" | "application/csv" => Ok(()),
        _ => Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown content type: send text/csv")),
    }
}

async fn receive_file(
    house: &House,
    caller: &Caller,
    door: Door,
    head: Head,
    headers: &HeaderMap,
    body: Body,
) -> Result<Kept, (Fault, u64)> {
    let encoding = match headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
        None => Ok(ContentEncoding::Identity),
        Some(value) => ContentEncoding::parse(value),
    };
    let bounds = body::Bounds { max_bytes: house.config.traces.max_file_bytes, patience: door.sender.patience() };
    let held = body::read(house, headers, body, bounds).await.map_err(|fault| match fault.status {
        StatusCode::PAYLOAD_TOO_LARGE => (too_large(bounds.max_bytes), 0),
        _ => (fault, 0),
    })?;
    let bytes = held.counted() as u64;
    let encoding =
        encoding.map_err(|error| (Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()), bytes))?;
    let Head { command_type, named } = head;
    let request = TraceRequest {
        signal: door.signal,
        command_type,
        named,
        encoding,
        key: chosen_key(headers),
        body: &held.bytes,
    };
    accept_trace(house, caller, request).await.map_err(|refusal| match refusal {
        Refusal::TooLarge { limit } => (too_large(limit), bytes),
        refusal => (Fault::from(&refusal), bytes),
    })
}

/// A trace file is one command's, and has no parts that could be sent.
fn too_large(limit: usize) -> Fault {
    let message =
        format!("the file is larger than the {limit} bytes that `traces.max_file_bytes` of the server allows");
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// 201: it is kept. 200: the same file was kept before.
fn answer(kept: &Kept) -> Response {
    let status = if kept.was_known { StatusCode::OK } else { StatusCode::CREATED };
    let body = json!({
        "type": kept.name.command_type.as_str(),
        "command_id": kept.name.command_id.as_str(),
        "rows": kept.rows,
        "rejected": kept.rejected,
        "object": kept.object,
    });
    (status, Json(body)).into_response()
}
