//! What the routes below `/api/` have alike that programs of browser mods call: versions in `Accept`, pages, and errors in the
//! form those programs read.
//!
//! An error is `{"detail": "…"}`; one of what was sent is keyed by the field it is about, `{"name": ["This field is required."]}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST, LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use catalog::CatalogError;
use record::caller::{Caller, Scope};
use record::time::Timestamp;
use serde_json::{Value, json};

use super::error::Fault;
use crate::authenticate::identify;
use crate::house::House;
use crate::pressure::Transport;
use crate::throttle::{Standing, Throttled};

mod query;

pub(crate) use query::{decoded_pairs, pairs};

/// What programs of browser mods call.
const ROUTES: [&str; 6] =
    ["/api/events", "/api/telemetry", "/api/identify", "/api/databases", "/api/organizations", "/api/deployments"];

/// Whether a path is one of these routes or below one.
pub(crate) fn is_below(path: &str) -> bool {
    let below = |route: &&str| path.strip_prefix(route).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ROUTES.iter().any(below)
}

pub(crate) const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// What is told to a client whose request is not done.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    body: Value,
    retry_after: Option<u64>,
    /// How the throttle stands that refused it.
    standing: Option<Standing>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, body: json!({"detail": detail.into()}), retry_after: None, standing: None }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found.")
    }

    pub(crate) fn forbidden(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, reason)
    }

    /// What is wrong with one field.
    pub(crate) fn field(field: &str, reason: impl Into<String>) -> Self {
        Self::fields([(field.to_owned(), reason.into())])
    }

    /// What is wrong with fields; one may be named several times.
    pub(crate) fn fields(faults: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, body: keyed(faults), retry_after: None, standing: None }
    }

    /// What is wrong with each of several things that were sent, in their order.
    pub(crate) fn each(faults: impl IntoIterator<Item = Vec<(String, String)>>) -> Self {
        let body = faults.into_iter().map(keyed).collect();
        Self { status: StatusCode::BAD_REQUEST, body: Value::Array(body), retry_after: None, standing: None }
    }

    /// It can be done a little later.
    pub(crate) fn not_now(detail: impl Into<String>) -> Self {
        Self { retry_after: Some(2), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// It came too fast.
    pub(crate) fn throttled(house: &House, throttled: &Throttled) -> Self {
        house.metrics.throttled(Transport::Http, throttled);
        Self::from(Fault::from(throttled))
    }

    /// The catalog did not do what it should. Why stands in the log.
    pub(crate) fn catalog(error: &CatalogError) -> Self {
        tracing::error!(%error, "the catalog cannot be used");
        Self::not_now("The catalog cannot be used now, try again.")
    }
}

fn keyed(faults: impl IntoIterator<Item = (String, String)>) -> Value {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (field, reason) in faults {
        fields.entry(field).or_default().push(reason);
    }
    json!(fields)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json_answer(self.status, &self.body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Token"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(standing) = self.standing {
            standing.write(headers);
        }
        response
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let retry_after = fault.retry_after().map(|pause| pause.as_secs());
        Self { retry_after, standing: fault.standing(), ..Self::new(fault.status, fault.text()) }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        Self::catalog(&error)
    }
}

/// Who sends this, whatever the key may do, if it has not sent too much.
pub(crate) async fn caller(house: &House, headers: &HeaderMap) -> Result<Arc<Caller>, Problem> {
    let caller = identify(&house.catalog, headers).await.map_err(|denied| Problem::from(Fault::from(&denied)))?;
    house.throttle.key(&caller).map_err(|throttled| Problem::throttled(house, &throttled))?;
    Ok(caller)
}

/// A key that may not do what it asks for.
pub(crate) fn needs(caller: &Caller, scope: Scope) -> Result<(), Problem> {
    if caller.scopes.allows(scope) {
        return Ok(());
    }
    let detail = format!(
        "You do not have permission to perform this action: it needs a key with the scope `{}`.",
        scope.as_str()
    );
    Err(Problem::forbidden(detail))
}

/// The forms an answer can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Csv,
    FlatJson,
}

impl Form {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::FlatJson => "application/vnd.pixiebrix.api.flat+json",
        }
    }

    fn of(media: &str) -> Option<Self> {
        match media {
            "*/*" | "application/*" | "application/json" | "application/vnd.pixiebrix.api+json" => Some(Self::Json),
            "text/csv" | "text/*" => Some(Self::Csv),
            "application/vnd.pixiebrix.api.flat+json" => Some(Self::FlatJson),
            _ => None,
        }
    }
}

/// The answer to a version that a route does not have.
pub(crate) const INVALID_VERSION: &str = "Invalid version in \"Accept\" header.";

/// The versions that one part of `Accept` names: `1.0` in `application/json; version=1.0`.
pub(crate) fn versions_in(part: &str) -> impl Iterator<Item = &str> {
    let parameters = part.split(';').filter_map(|parameter| parameter.split_once('='));
    parameters.filter(|(name, _)| name.trim() == "version").map(|(_, version)| version.trim().trim_matches('"'))
}

/// The first of `offered` that `Accept` names; JSON where it names none. A version, where one is given, is one of `versions`.
pub(crate) fn accepted(headers: &HeaderMap, versions: &[&str], offered: &[Form]) -> Result<Form, Problem> {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.trim().is_empty() {
        return Ok(Form::Json);
    }
    for part in accept.split(',') {
        let media = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let Some(form) = Form::of(&media).filter(|form| offered.contains(form)) else { continue };
        if versions_in(part).next().is_some_and(|version| !versions.contains(&version)) {
            return Err(Problem::new(StatusCode::NOT_ACCEPTABLE, INVALID_VERSION));
        }
        return Ok(form);
    }
    Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "Could not satisfy the request Accept header."))
}

/// As [`accepted`], where all is JSON.
pub(crate) fn accepts_json(headers: &HeaderMap, versions: &[&str]) -> Result<(), Problem> {
    accepted(headers, versions, &[Form::Json]).map(drop)
}

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) size: u64,
}

impl Page {
    pub(crate) const DEFAULT_SIZE: u64 = 100;
    pub(crate) const MOST: u64 = 1_000;

    /// `?page=2&page_size=50`. A larger page than [`Page::MOST`] is one of that size.
    pub(crate) fn of(uri: &Uri) -> Result<Self, Problem> {
        let mut page = Self { number: 1, size: Self::DEFAULT_SIZE };
        for (name, value) in pairs(uri) {
            match name.as_str() {
                "page" => page.number = value.parse().ok().filter(|number| *number > 0).ok_or_else(Self::invalid)?,
                "page_size" => {
                    let size = value.parse().ok().filter(|size| *size > 0);
                    page.size = size.ok_or_else(|| Problem::field("page_size", "A valid integer is required."))?;
                }
                _ => {}
            }
        }
        page.size = page.size.min(Self::MOST);
        Ok(page)
    }

    pub(crate) fn offset(self) -> u64 {
        (self.number - 1).saturating_mul(self.size)
    }

    /// A page that the list does not reach.
    pub(crate) fn invalid() -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "Invalid page.")
    }

    /// Whether a list of `total` things reaches this page.
    pub(crate) fn check(self, total: u64) -> Result<(), Problem> {
        if self.number > self.last(total) { Err(Self::invalid()) } else { Ok(()) }
    }

    /// The number of the last page of `total` things, at least 1.
    pub(crate) fn last(self, total: u64) -> u64 {
        total.div_ceil(self.size).max(1)
    }

    /// The header `Link` (RFC 8288). `last`: where it is known.
    pub(crate) fn links(self, base: &str, uri: &Uri, has_next: bool, last: Option<u64>) -> String {
        let mut links = vec![link(base, uri, 1, "first")];
        if self.number > 1 {
            links.push(link(base, uri, self.number - 1, "prev"));
        }
        if has_next {
            links.push(link(base, uri, self.number + 1, "next"));
        }
        links.extend(last.map(|last| link(base, uri, last, "last")));
        links.join(", ")
    }
}

/// The same request for another page.
fn link(base: &str, uri: &Uri, number: u64, rel: &str) -> String {
    let others = uri.query().unwrap_or_default().split('&');
    let mut query: Vec<&str> = others.filter(|pair| !pair.is_empty() && !pair.starts_with("page=")).collect();
    let page = format!("page={number}");
    if number > 1 {
        query.push(&page);
    }
    let mark = if query.is_empty() { "" } else { "?" };
    format!("<{base}{}{mark}{}>; rel=\"{rel}\"", uri.path(), query.join("&"))
}

/// How the client reached this server, for links: `https://lake.example.com`. A proxy that ends TLS says so in `X-Forwarded-Proto`.
pub(crate) fn base(headers: &HeaderMap) -> String {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_https = header(HeaderName::from_static("x-forwarded-proto")).is_some_and(|scheme| scheme == "https");
    let scheme = if is_https { "https" } else { "http" };
    let is_plain = |host: &&str| host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:[]_".contains(c));
    format!("{scheme}://{}", header(HOST).filter(is_plain).unwrap_or("localhost"))
}

/// A list with its `Link`, and the header `X-Total-Count` where the count is told.
pub(crate) fn listed(headers: &HeaderMap, uri: &Uri, page: Page, items: &[Value], total: u64) -> Response {
    let last = page.last(total);
    let mut response = json_answer(StatusCode::OK, &Value::Array(items.to_vec()));
    let links = page.links(&base(headers), uri, page.number < last, Some(last));
    put_link(&mut response, &links);
    response.headers_mut().insert(TOTAL_COUNT, HeaderValue::from(total));
    response
}

pub(crate) fn put_link(response: &mut Response, links: &str) {
    if let Ok(links) = HeaderValue::from_str(links) {
        response.headers_mut().insert(LINK, links);
    }
}

pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, Form::Json.content_type())], Body::from(body.to_string())).into_response()
}

/// An instant as these routes write it: RFC 3339 in UTC with microseconds.
pub(crate) fn instant(at: Timestamp) -> Value {
    Value::String(at.to_rfc3339())
}

#[cfg(test)]
mod tests;
