//! `POST /v1/otel/{agent}/{signal}`, its base-endpoint alias `/v1/otel/{agent}/v1/{signal}`, and plain `/v1/{signal}`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use receive::{ContentEncoding, ContentType, answer};
use record::caller::Caller;
use record::source::{Provider, Signal};

use super::body;
use super::error::Fault;
use crate::authenticate::chosen_key;
use crate::door::Door;
use crate::flow::accept;
use crate::flow::accept::accept;
use crate::house::House;
use crate::pressure::Transport;

pub(super) async fn agent(
    State(house): State<Arc<House>>,
    Path((agent, signal)): Path<(String, String)>,
    request: Request,
) -> Response {
    let provider = match agent.as_str() {
        "claude" => Provider::ClaudeCode,
        "codex" => Provider::Codex,
        "cursor" => Provider::Cursor,
        _ => return unknown("agent", &agent, "claude, codex, cursor"),
    };
    let is_agents = |signal: &Signal| signal.is_otlp() || matches!(signal, Signal::Hooks | Signal::History);
    match Signal::parse(&signal).filter(is_agents) {
        Some(signal) => take(&house, Some(provider), signal, request).await,
        None => unknown("signal", &signal, "logs, traces, metrics, hooks, history"),
    }
}

pub(super) async fn any_tool(
    State(house): State<Arc<House>>,
    Path(signal): Path<String>,
    request: Request,
) -> Response {
    match Signal::parse(&signal).filter(|signal| signal.is_otlp()) {
        Some(signal) => take(&house, None, signal, request).await,
        None => unknown("signal", &signal, "logs, traces, metrics"),
    }
}

fn unknown(what: &str, word: &str, known: &str) -> Response {
    let word: String = word.chars().take(40).collect();
    Fault::new(StatusCode::NOT_FOUND, format!("unknown {what} `{word}`: one of {known}")).into_response()
}

async fn take(house: &House, provider: Option<Provider>, signal: Signal, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let door = Door::new(Transport::Http, provider, signal, &parts.headers);
    let content_type = content_type(signal, &parts.headers);
    // of the answer: the request's, JSON where the request's is unknown
    let answers = content_type.unwrap_or(ContentType::Json);
    let caller = match door.admit(house, &parts.headers).await {
        Ok(caller) => caller,
        Err(fault) => {
            if fault.retry_after().is_some() {
                body::discard(body);
            }
            return refuse(signal, fault, answers);
        }
    };
    let outcome = receive_body(house, &caller, door, content_type, &parts.headers, body).await;
    match door.settle(house, &caller, outcome).await {
        Ok(records) => success(signal, records, answers),
        Err(fault) => refuse(signal, fault, answers),
    }
}

/// Hooks are JSON whatever the header says or leaves out: hook scripts send what their tool sends by default.
fn content_type(signal: Signal, headers: &HeaderMap) -> Option<ContentType> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).and_then(ContentType::parse);
    match (signal, named) {
        (Signal::Hooks | Signal::History, Some(ContentType::Json)) => Some(ContentType::Json),
        (Signal::Hooks | Signal::History, _) => {
            let lenient = headers.get(CONTENT_TYPE).is_none_or(|value| {
                let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
                value.starts_with("application/x-ndjson") || value.starts_with("application/jsonl")
            });
            lenient.then_some(ContentType::Json)
        }
        (_, named) => named,
    }
}

async fn receive_body(
    house: &House,
    caller: &Caller,
    door: Door,
    content_type: Option<ContentType>,
    headers: &HeaderMap,
    body: Body,
) -> Result<usize, (Fault, u64)> {
    let encoding = match headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
        None => Ok(ContentEncoding::Identity),
        Some(value) => ContentEncoding::parse(value),
    };
    let bounds = body::Bounds { max_bytes: house.config.intake.max_body_bytes, patience: door.sender.patience() };
    let held = body::read(house, headers, body, bounds).await.map_err(|fault| (fault, 0))?;
    let bytes = held.counted() as u64;
    let Some(content_type) = content_type else {
        let wanted = match door.signal {
            Signal::Hooks | Signal::History => "application/json",
            _ => "application/x-protobuf or application/json",
        };
        let fault = Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("unknown content type: send {wanted}"));
        return Err((fault, bytes));
    };
    let encoding =
        encoding.map_err(|error| (Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()), bytes))?;
    let request = accept::Request {
        provider: door.provider,
        signal: door.signal,
        product: None,
        content_type,
        encoding,
        key: chosen_key(headers),
        user_agent: body::user_agent(headers),
        body: &held.bytes,
    };
    accept(house, caller, request).await.map_err(|refusal| (Fault::from(&refusal), bytes))
}

fn success(signal: Signal, records: usize, answers: ContentType) -> Response {
    if !signal.is_otlp() {
        return axum::Json(serde_json::json!({"accepted": records})).into_response();
    }
    ([(CONTENT_TYPE, answers.as_str())], answer::success(answers)).into_response()
}

fn refuse(signal: Signal, fault: Fault, answers: ContentType) -> Response {
    if signal.is_otlp() { fault.into_otlp(answers) } else { fault.into_response() }
}
