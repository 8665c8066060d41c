//! The API for people and programs: queries, who the key is, how the server stands.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use query::QueryError;
use query::format::Format;
use record::caller::{Scope, Tenant};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body;
use super::error::Fault;
use crate::authenticate::{authenticate, identify};
use crate::house::House;

/// How long a query's text may wait for memory.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    query: String,
    #[serde(default)]
    params: Vec<Value>,
}

pub(super) async fn sql(State(house): State<Arc<House>>, request: Request) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let caller =
        authenticate(&house.catalog, &parts.headers, Scope::Read).await.map_err(|denied| Fault::from(&denied))?;
    let accept = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept).ok_or_else(|| {
        let known = "application/json, text/csv, application/x-ndjson, application/vnd.apache.arrow.stream, application/vnd.apache.parquet";
        Fault::new(StatusCode::NOT_ACCEPTABLE, format!("answers come as {known}"))
    })?;
    let bounds = body::Bounds { max_bytes: house.config.intake.max_body_bytes, patience: PATIENCE };
    let held = body::read(&house, &parts.headers, body, bounds).await?;
    let query: Query = serde_json::from_slice(&held.bytes).map_err(|error| {
        Fault::new(StatusCode::BAD_REQUEST, format!("the body is not {{\"query\": \"…\", \"params\": […]}}: {error}"))
    })?;
    let answer = ask(&house, &caller.tenant, &query.query, query.params).await?;
    let bytes = format.write(&answer)?;
    Ok(([(CONTENT_TYPE, format.content_type())], bytes).into_response())
}

/// Runs a query and counts how it went.
pub(super) async fn ask(
    house: &House,
    tenant: &Tenant,
    query: &str,
    params: Vec<Value>,
) -> Result<query::Answer, QueryError> {
    let outcome = house.engine.sql(tenant, query, params).await;
    house.metrics.queried(match &outcome {
        Ok(_) => "ok",
        Err(QueryError::Invalid(_)) => "invalid",
        Err(QueryError::Refused(_)) => "refused",
        Err(QueryError::Limit { .. }) => "limit",
        Err(QueryError::Internal(_)) => "error",
    });
    outcome
}

pub(super) async fn me(State(house): State<Arc<House>>, headers: HeaderMap) -> Result<Json<Value>, Fault> {
    let caller = identify(&house.catalog, &headers).await.map_err(|denied| Fault::from(&denied))?;
    let scopes: Vec<&str> =
        Scope::ALL.into_iter().filter(|scope| caller.scopes.allows(*scope)).map(Scope::as_str).collect();
    Ok(Json(json!({"tenant": caller.tenant.as_str(), "scopes": scopes, "key_id": &*caller.key_id})))
}

pub(super) async fn status(State(house): State<Arc<House>>, headers: HeaderMap) -> Result<Json<Value>, Fault> {
    identify(&house.catalog, &headers).await.map_err(|denied| Fault::from(&denied))?;
    let journal = house.journal.status();
    let lag = journal.oldest_waiting.map(|oldest| (house.clock.now().0 - oldest.0).max(0) / 1_000);
    let tables: Vec<Value> = house
        .lake
        .status()
        .iter()
        .map(|table| {
            json!({
                "name": table.name,
                "version": table.version,
                "committed_sequence": table.committed_sequence,
                "pending_rows": table.pending_rows,
                "pending_bytes": table.pending_bytes,
            })
        })
        .collect();
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "journal": {
            "state": state_word(&journal.state),
            "bytes": journal.disk_bytes,
            "max_bytes": journal.max_bytes,
            "waiting_records": journal.waiting_records,
            "lag_ms": lag,
            "synced_sequence": journal.synced,
            "released_sequence": journal.released,
        },
        "tables": tables,
    })))
}

fn state_word(state: &journal::State) -> &'static str {
    match state {
        journal::State::Ready => "ready",
        journal::State::Full { .. } => "full",
        journal::State::Aged { .. } => "aged",
        journal::State::Failed { .. } => "failed",
    }
}

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Telemetry sent now would be kept.
pub(super) async fn readyz(State(house): State<Arc<House>>) -> Response {
    let state = house.journal.status().state;
    if state == journal::State::Ready {
        return "ready\n".into_response();
    }
    let fault = Fault::new(StatusCode::SERVICE_UNAVAILABLE, format!("the journal is {}", state_word(&state)));
    fault.hint("free disk space, or look in the log for why rows are not committed").into_response()
}

pub(super) async fn metrics(State(house): State<Arc<House>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], house.metrics.render(&house)).into_response()
}
