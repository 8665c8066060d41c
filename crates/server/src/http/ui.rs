//! The dashboard, embedded at build time from `web/ui/dist`. An empty folder builds too: the page then says how to get one.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use super::error::Fault;

#[derive(RustEmbed)]
#[folder = "../../web/ui/dist"]
struct Dashboard;

/// Everything from here, nothing from elsewhere; styles inline because dialogs and charts place themselves.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const SECURITY: [(HeaderName, &str); 3] =
    [(CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "no-referrer")];

const NOT_BUILT: &str = "<!doctype html><meta charset=utf-8><title>modlake</title><p>modlake is running. This build has no dashboard: <code>make run</code> builds one.</p>";

/// A file of the dashboard; its page for every other path that a browser may ask for.
pub(super) async fn fallback(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let is_api = ["v1/", "api/"].iter().any(|prefix| path.starts_with(prefix)) || path == "v1" || path == "api";
    if is_api || (method != Method::GET && method != Method::HEAD) {
        let shown: String = uri.path().chars().take(80).collect();
        return Fault::new(StatusCode::NOT_FOUND, format!("no route {shown}")).into_answer(uri.path());
    }
    if let Some(file) = file(path) {
        return file;
    }
    // a name with an ending is a file that is not there, not a page of the dashboard
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        let path: String = uri.path().chars().take(80).collect();
        return Fault::new(StatusCode::NOT_FOUND, format!("no file {path}")).into_response();
    }
    file("index.html").unwrap_or_else(|| (SECURITY, Html(NOT_BUILT)).into_response())
}

fn file(path: &str) -> Option<Response> {
    let file = Dashboard::get(path).filter(|_| !path.is_empty())?;
    // built names hold a hash of the content
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(CONTENT_TYPE, file.metadata.mimetype().to_owned()), (CACHE_CONTROL, cache.to_owned())];
    Some((SECURITY, headers, file.data).into_response())
}
