//! Which web pages may call from a browser: those of the origins that keys are bound to.
//!
//! | request | answer |
//! |---|---|
//! | preflight from an origin that some key in force is bound to | 204 with what may be sent; a preflight carries no key |
//! | preflight from another one | 403, no CORS headers |
//! | request with a key that is bound to its `Origin` | as without CORS, and the page may read it |
//! | request with a key that is bound to other origins, or without `Origin` | 403, no CORS headers (`authenticate`) |
//! | request with a key that is bound to none | no CORS headers: such a key does not belong into a page |
//! | upload or download of an asset, which a link lets in and no key, from an origin that some key in force is bound to | the page may read it |
//!
//! Whatever is answered says that it depends on the origin (`Vary`), also to requests without one: a cache between would else give
//! a page what was made for a program.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use record::caller::Caller;

use super::dropin;
use crate::authenticate;
use crate::house::House;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, x-api-key, content-type, content-encoding, accept, x-event-type, x-modlake-sdk",
);
const EXPOSED: HeaderValue =
    HeaderValue::from_static("Link, X-Total-Count, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset");
/// Seconds a browser may keep the answer to a preflight: a key that was revoked is asked for again soon.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// What else is called from pages than the routes of [`dropin`]; with or without a slash at its end.
const ROUTES_OF_OTLP: [&str; 3] = ["/v1/logs", "/v1/traces", "/v1/metrics"];

pub(super) async fn answer(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !is_for_browsers(request.uri().path()) {
        return next.run(request).await;
    }
    let Some(origin) = authenticate::origin(headers).map(str::to_owned) else {
        let mut response = next.run(request).await;
        response.headers_mut().append(VARY, BY_ORIGIN);
        return response;
    };
    if request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return preflight(&house, &origin, headers.contains_key(REQUEST_PRIVATE_NETWORK));
    }
    let key = authenticate::key(headers);
    let by_link = key.is_none() && is_of_asset(request.uri().path()) && house.catalog.knows_origin(&origin);
    let mut response = next.run(request).await;
    let known = response.extensions_mut().remove::<Arc<Caller>>();
    let caller = known.or_else(|| house.catalog.find(&key?));
    response.headers_mut().append(VARY, BY_ORIGIN);
    if by_link || caller.is_some_and(|caller| caller.is_bound_to(&origin)) {
        let headers = response.headers_mut();
        allow(headers, &origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

fn is_for_browsers(path: &str) -> bool {
    dropin::is_below(path) || ROUTES_OF_OTLP.contains(&path.strip_suffix('/').unwrap_or(path))
}

/// Whether this is a way to the file of an asset.
fn is_of_asset(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.starts_with("/api/databases/")
        && path.contains("/assets/")
        && ["/data", "/upload"].iter().any(|end| path.ends_with(end))
}

/// `of_private_network`: a page of the internet asks a server of an inner network, and wants to hear that it is meant.
fn preflight(house: &House, origin: &str, of_private_network: bool) -> Response {
    let is_known = house.catalog.knows_origin(origin);
    let mut response = if is_known { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN }.into_response();
    let headers = response.headers_mut();
    headers.append(VARY, BY_ORIGIN);
    if is_known {
        allow(headers, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        if of_private_network {
            headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
    }
    response
}

fn allow(headers: &mut HeaderMap, origin: &str) {
    if let Ok(origin) = HeaderValue::from_str(origin) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}
