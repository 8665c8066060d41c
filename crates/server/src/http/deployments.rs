//! Deployments of mods: which are there and who runs them, what was done with them, what failed.
//!
//! The routes, their names and the shapes of their answers are those of the service that mods were made for; figures are asked
//! of the views `deployment_engagement`, `deployment_errors` and `deployment_users` in SQL texts beside this code, so that they
//! are what the dashboard and analysts see.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use query::format::Format;
use record::caller::{Caller, Scope};
use record::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::api;
use super::dropin::{self, Page, Problem};
use super::error::Fault;
use crate::house::House;

mod errors;
mod heartbeat;
mod jobs;
mod reports;
mod users;

pub(crate) use jobs::ReportJobs;

/// Versions of routes for which none is published.
const ANY_VERSION: &[&str] = &["1.0", "1.1"];

pub(super) fn routes() -> Router<Arc<House>> {
    let routes: [(&str, MethodRouter<Arc<House>>); 9] = [
        ("/api/deployments", get(list).post(heartbeat::post)),
        ("/api/deployments/{deployment}", get(one)),
        ("/api/deployments/{deployment}/errors", get(errors::list).delete(errors::clear)),
        ("/api/deployments/{deployment}/users", get(users::list)),
        ("/api/deployments/{deployment}/reports", get(reports::list)),
        ("/api/deployments/{deployment}/reports/{report}", get(reports::one)),
        ("/api/deployments/{deployment}/reports/{report}/jobs", post(reports::begin)),
        ("/api/deployments/{deployment}/reports/{report}/jobs/{job}", get(reports::job)),
        ("/api/telemetry/errors/{error}", get(errors::one)),
    ];
    // as published with a slash at the end; people leave it out
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(path, methods.clone()).route(&format!("{path}/"), methods)
    })
}

/// What is known of a deployment, as [`SEEN`] tells it.
#[derive(Deserialize)]
struct Seen {
    deployment_id: String,
    mod_id: Option<String>,
    mod_version: Option<String>,
    versions: Option<Vec<String>>,
    users: i64,
    events: i64,
    errors: i64,
    first_seen_at: String,
    last_seen_at: String,
    errors_cleared_at: Option<String>,
    total: u64,
}

const SEEN: &str = include_str!("deployments/seen.sql");

/// `GET /api/deployments/?days=&page=&page_size=`: every deployment that was seen, the one seen last first.
async fn list(State(house): State<Arc<House>>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let reader = Reader::of(&house, &parts, ANY_VERSION).await?;
    let page = Page::of(&parts.uri)?;
    let since = reader.since(&house);
    let params = vec![json!(since), Value::Null, json!(page.offset()), json!(through(page))];
    let found: Vec<Seen> = rows(&house, &reader.caller, SEEN, params).await?;
    let total = found.first().map(|seen| seen.total);
    let items: Vec<Value> = found.into_iter().map(Seen::into_json).collect();
    listed(&parts, page, total, &items)
}

/// `GET /api/deployments/{deployment}/`
async fn one(
    State(house): State<Arc<House>>,
    Path(deployment): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let reader = Reader::of(&house, &parts, ANY_VERSION).await?;
    let params = vec![json!(reader.since(&house)), json!(deployment), json!(0), json!(1)];
    let found: Vec<Seen> = rows(&house, &reader.caller, SEEN, params).await?;
    let seen = found.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(axum::Json(seen.into_json()).into_response())
}

impl Seen {
    fn into_json(self) -> Value {
        json!({
            "id": self.deployment_id,
            "name": name(&self.deployment_id, self.mod_id.as_deref()),
            "package": package(self.mod_id.as_deref(), self.mod_version.as_deref()),
            "versions": self.versions.unwrap_or_default(),
            "users": self.users,
            "events": self.events,
            "errors": self.errors,
            "created_at": self.first_seen_at,
            "last_seen_at": self.last_seen_at,
            "errors_cleared_at": self.errors_cleared_at,
        })
    }
}

/// No sender tells a deployment's name: the mod's id stands for it where one is known.
fn name<'a>(deployment: &'a str, mod_id: Option<&'a str>) -> &'a str {
    mod_id.unwrap_or(deployment)
}

/// A version of a mod as the routes call it. What only a registry of mods knows is null.
fn package(mod_id: Option<&str>, version: Option<&str>) -> Value {
    let Some(mod_id) = mod_id else { return Value::Null };
    json!({
        "id": version.map(|version| format!("{mod_id}@{version}")),
        "package_id": mod_id,
        "name": mod_id,
        "version": version,
        "created_at": null,
        "updated_at": null,
    })
}

/// The last place of a page, counted from one.
fn through(page: Page) -> u64 {
    page.offset().saturating_add(page.size)
}

/// One page of a list. `total`: of all pages; nobody knows it where this one is empty.
fn listed(parts: &Parts, page: Page, total: Option<u64>, items: &[Value]) -> Result<Response, Problem> {
    if total.is_none() && page.number > 1 {
        return Err(Page::invalid());
    }
    Ok(dropin::listed(&parts.headers, &parts.uri, page, items, total.unwrap_or(0)))
}

/// Who asks, and for which days.
struct Reader {
    caller: Arc<Caller>,
    days: u32,
}

impl Reader {
    /// A reader of a route that answers in JSON alone.
    async fn of(house: &House, parts: &Parts, versions: &[&str]) -> Result<Self, Problem> {
        let reader = Self::in_any_form(house, parts).await?;
        dropin::accepts_json(&parts.headers, versions)?;
        Ok(reader)
    }

    async fn in_any_form(house: &House, parts: &Parts) -> Result<Self, Problem> {
        let caller = admitted(house, &parts.headers, Scope::Read).await?;
        let days = match asked(parts, "days") {
            None => house.config.deployments.recent_days,
            Some(text) => text
                .parse()
                .ok()
                .filter(|days| *days > 0)
                .ok_or_else(|| Problem::field("days", "A whole number above zero is required."))?,
        };
        Ok(Self { caller, days })
    }

    /// Begin of the first of the days in UTC, today's being the last, in RFC 3339.
    fn since(&self, house: &House) -> String {
        since(house.clock.now(), self.days).to_rfc3339()
    }
}

/// A parameter of the address.
fn asked(parts: &Parts, name: &str) -> Option<String> {
    dropin::pairs(&parts.uri).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

async fn admitted(house: &House, headers: &HeaderMap, scope: Scope) -> Result<Arc<Caller>, Problem> {
    let caller = dropin::caller(house, headers).await?;
    dropin::needs(&caller, scope)?;
    Ok(caller)
}

const DAY_MICROS: i64 = 86_400_000_000;

fn since(now: Timestamp, days: u32) -> Timestamp {
    let today = now.0 - now.0.rem_euclid(DAY_MICROS);
    let before = (i64::from(days) - 1).saturating_mul(DAY_MICROS);
    // SQL's instants in nanoseconds end in 1677, and there was no telemetry before 1970
    Timestamp(today.saturating_sub(before).max(0))
}

/// The caller's rows that answer one of the SQL texts here.
async fn rows<Row: DeserializeOwned>(
    house: &House,
    caller: &Caller,
    query: &str,
    params: Vec<Value>,
) -> Result<Vec<Row>, Fault> {
    #[derive(Deserialize)]
    struct Answer<Row> {
        rows: Vec<Row>,
    }
    let answer = api::ask(house, &caller.tenant, query, params).await?;
    let text = Format::Json.write(&answer)?;
    let read: Result<Answer<Row>, _> = serde_json::from_slice(&text);
    Ok(read.map_err(|error| Fault::internal(&error.to_string()))?.rows)
}

const IS_KNOWN: &str = include_str!("deployments/is_known.sql");

/// A deployment of which this tenant never had a row is not there.
async fn check_known(house: &House, caller: &Caller, deployment: &str) -> Result<(), Problem> {
    #[derive(Deserialize)]
    struct Known {}
    let found: Vec<Known> = rows(house, caller, IS_KNOWN, vec![json!(deployment)]).await?;
    if found.is_empty() { Err(Problem::not_found()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
