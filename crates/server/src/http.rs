//! The doors of HTTP: one router, one place that turns faults into answers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post, put};

use crate::authenticate;
use crate::house::House;
use crate::pressure::Transport;

mod api;
pub(crate) mod body;
mod cors;
pub(crate) mod databases;
pub(crate) mod deployments;
pub(crate) mod dropin;
pub(crate) mod error;
mod intake;
pub mod listen;
mod product;
mod traces;
mod ui;

pub fn router(house: &Arc<House>) -> Router {
    let dropin = product::routes().merge(databases::routes()).merge(deployments::routes());
    let dropin = dropin.route_layer(from_fn_with_state(Arc::clone(house), tell_standing));
    Router::new()
        .route("/v1/otel/{agent}/{signal}", post(intake::agent))
        .route("/v1/otel/{agent}/v1/{signal}", post(intake::agent))
        .route("/v1/{signal}", post(intake::any_tool))
        .route("/v1/cli/traces", post(traces::post))
        .route("/v1/cli/traces/{type}/{file}", put(traces::put))
        .route("/api/v1/sql", post(api::sql))
        .route("/api/v1/me", get(api::me))
        .route("/api/v1/status", get(api::status))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/metrics", get(api::metrics))
        .merge(dropin)
        .fallback(ui::fallback)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(house), cors::answer))
        .layer(from_fn_with_state(Arc::clone(house), count))
        .with_state(Arc::clone(house))
}

/// Counts every answer by its route.
async fn count(State(house): State<Arc<House>>, path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let route = path.as_ref().map_or("other", MatchedPath::as_str);
    house.metrics.answered(Transport::Http, route, answer.status().as_u16());
    answer
}

/// Tells on every answer to a key how its throttle stands, if it has one. The answer carries the caller on to [`cors::answer`].
async fn tell_standing(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let key = authenticate::key(request.headers());
    let mut answer = next.run(request).await;
    let Some(caller) = key.and_then(|key| house.catalog.find(&key)) else { return answer };
    if let Some(standing) = house.throttle.standing(&caller)
        && answer.status() != StatusCode::TOO_MANY_REQUESTS
    {
        standing.write(answer.headers_mut());
    }
    answer.extensions_mut().insert(caller);
    answer
}
