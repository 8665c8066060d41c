//! What browser mods send: `POST /api/events/`, `/api/telemetry/errors/`, `/api/telemetry/external/events/` and `/api/identify/`,
//! each with or without the slash at its end.
//!
//! A request is taken as a whole (201) or not at all; faults come as `{"detail": "…"}`, one of a field under its name too.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use receive::{ContentEncoding, ContentType, ProductForm};
use record::caller::Caller;
use record::source::{Provider, Signal};
use serde_json::json;

use super::error::Fault;
use super::{body, dropin};
use crate::authenticate::chosen_key;
use crate::door::Door;
use crate::flow::accept;
use crate::flow::accept::accept;
use crate::house::House;
use crate::pressure::Transport;

/// Of these routes.
const VERSION: &str = "1.0";

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/api/events", post(events))
        .route("/api/events/", post(events))
        .route("/api/telemetry/errors", post(errors))
        .route("/api/telemetry/errors/", post(errors))
        .route("/api/telemetry/external/events", post(external_events))
        .route("/api/telemetry/external/events/", post(external_events))
        .route("/api/identify", post(identify))
        .route("/api/identify/", post(identify))
}

async fn events(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, ProductForm::Events, request).await
}

async fn errors(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, ProductForm::Errors, request).await
}

async fn external_events(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, ProductForm::ExternalEvent, request).await
}

async fn identify(State(house): State<Arc<House>>, request: Request) -> Response {
    take(&house, ProductForm::Identify, request).await
}

async fn take(house: &House, form: ProductForm, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let signal = if form == ProductForm::Errors { Signal::ProductErrors } else { Signal::ProductEvents };
    let door = Door::new(Transport::Http, Some(Provider::BrowserMod), signal, &parts.headers);
    let caller = match door.admit(house, &parts.headers).await {
        Ok(caller) => caller,
        Err(fault) => {
            if fault.retry_after().is_some() {
                body::discard(body);
            }
            return fault.into_detail();
        }
    };
    let outcome = match check_head(&parts.headers) {
        Ok(encoding) => receive_items(house, &caller, door, form, encoding, &parts.headers, body).await,
        Err(fault) => {
            body::discard(body);
            Err((fault, 0))
        }
    };
    match door.settle(house, &caller, outcome).await {
        Ok(accepted) => (StatusCode::CREATED, axum::Json(json!({"accepted": accepted}))).into_response(),
        Err(fault) => fault.into_detail(),
    }
}

/// The version asked for, the content type and how the body is compressed.
fn check_head(headers: &HeaderMap) -> Result<ContentEncoding, Fault> {
    if asks_other_version(headers) {
        return Err(Fault::new(StatusCode::NOT_ACCEPTABLE, dropin::INVALID_VERSION));
    }
    let unsupported = |reason: String| Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason);
    let is_json = headers
        .get(CONTENT_TYPE)
        .is_none_or(|value| value.to_str().is_ok_and(|value| ContentType::parse(value) == Some(ContentType::Json)));
    if !is_json {
        return Err(unsupported("unknown content type: send application/json".to_owned()));
    }
    match headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
        None => Ok(ContentEncoding::Identity),
        Some(value) => ContentEncoding::parse(value).map_err(|error| unsupported(error.to_string())),
    }
}

/// `Accept: application/json; version=1.0`: a client that names no version takes any.
fn asks_other_version(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').flat_map(dropin::versions_in).any(|version| version != VERSION)
}

async fn receive_items(
    house: &House,
    caller: &Caller,
    door: Door,
    form: ProductForm,
    encoding: ContentEncoding,
    headers: &HeaderMap,
    body: Body,
) -> Result<usize, (Fault, u64)> {
    let bounds = body::Bounds { max_bytes: house.config.intake.max_body_bytes, patience: door.sender.patience() };
    let held = body::read(house, headers, body, bounds).await.map_err(|fault| (fault, 0))?;
    let bytes = held.counted() as u64;
    let request = accept::Request {
        provider: door.provider,
        signal: door.signal,
        product: Some(form),
        content_type: ContentType::Json,
        encoding,
        key: chosen_key(headers),
        user_agent: body::user_agent(headers),
        body: &held.bytes,
    };
    accept(house, caller, request).await.map_err(|refusal| (Fault::from(&refusal), bytes))
}
