//! Who runs a deployment: from heartbeats, events and errors.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ANY_VERSION, Reader, check_known, listed, rows, through};
use crate::house::House;
use crate::http::dropin::{Page, Problem};

const USERS: &str = include_str!("users.sql");

/// A version somebody ran. Rows of one person follow each other, the version seen last at the end.
#[derive(Deserialize)]
pub(super) struct Ran {
    pub(super) place: u64,
    pub(super) total: u64,
    pub(super) email: Option<String>,
    pub(super) mod_version: Option<String>,
    pub(super) client_version: Option<String>,
    pub(super) first_seen_at: String,
}

/// `GET /api/deployments/{deployment}/users/?days=&page=&page_size=`: people by address.
pub(super) async fn list(
    State(house): State<Arc<House>>,
    Path(deployment): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let reader = Reader::of(&house, &parts, ANY_VERSION).await?;
    let page = Page::of(&parts.uri)?;
    let since = reader.since(&house);
    check_known(&house, &reader.caller, &deployment).await?;
    let params = vec![json!(deployment), json!(since), json!(page.offset()), json!(through(page))];
    let found: Vec<Ran> = rows(&house, &reader.caller, USERS, params).await?;
    let total = found.first().map(|ran| ran.total);
    listed(&parts, page, total, &people(&found))
}

/// One item for each person: the versions seen last, and since when each version of the mod is known.
pub(super) fn people(rows: &[Ran]) -> Vec<Value> {
    let one = |of: &[Ran]| {
        let latest = |field: fn(&Ran) -> Option<&String>| of.iter().rev().find_map(field);
        let known: Vec<Value> = of
            .iter()
            .filter(|ran| ran.mod_version.is_some())
            .map(|ran| json!({"version": ran.mod_version, "timestamp": ran.first_seen_at}))
            .collect();
        json!({
            "email": of.first().and_then(|ran| ran.email.as_ref()),
            "version": latest(|ran| ran.mod_version.as_ref()),
            "client_version": latest(|ran| ran.client_version.as_ref()),
            "known_versions": known,
        })
    };
    rows.chunk_by(|a, b| a.place == b.place).map(one).collect()
}
