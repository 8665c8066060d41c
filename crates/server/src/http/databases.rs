//! Team databases, as programs of browser mods use them: `/api/databases/…` and `/api/organizations/{org}/databases/…`, where
//! `org` is the tenant.
//!
//! Who may do what: a key with scope `read` reads, one with `ingest` adds and changes records, one with `admin` makes, changes and
//! deletes databases and deletes records. A database can name the keys that may use it ([`catalog::Database::permissions`]). A
//! database of another tenant is one that is not there.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use catalog::{Database, Permissions};
use record::caller::{Caller, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use super::dropin::{self, Page, Problem, instant};
use crate::house::House;

mod archives;
mod assets;
mod body;
mod change;
mod forms;
pub(crate) mod jobs;
mod list;
mod queue;
mod stream;
mod write;

pub(in crate::http) use body::Sent;

type Answer = Result<Response, Problem>;

/// Of databases and their records.
const VERSION: &[&str] = &["2.0"];
/// Of what is published as 1.0 while all around it is 2.0.
const EITHER: &[&str] = &["1.0", "2.0"];

pub(super) fn routes() -> Router<Arc<House>> {
    let mut router = Router::new();
    let mut add = |path: &str, methods: MethodRouter<Arc<House>>| {
        let routes = std::mem::take(&mut router);
        router = routes.route(path, methods.clone()).route(&format!("{path}/"), methods);
    };
    let one = || get(retrieve).patch(change::patch).delete(change::delete);
    add("/api/databases", get(list).post(change::create));
    add("/api/databases/{id}", one());
    add("/api/databases/{id}/permissions", get(permissions));
    add("/api/databases/{id}/references", get(nothing));
    add("/api/databases/{id}/deployments", get(nothing));
    add("/api/databases/{id}/assets", get(assets::list).post(assets::create));
    add("/api/databases/{id}/assets/{asset}", get(assets::retrieve).patch(assets::patch).delete(assets::delete));
    add("/api/databases/{id}/assets/{asset}/upload", post(assets::upload::take));
    add("/api/databases/{id}/assets/{asset}/data", get(assets::download));
    add("/api/databases/{id}/queue/assign", post(queue::assign));
    let many = get(list::list).post(write::post).put(write::put).delete(list::delete_all);
    add("/api/databases/{id}/records", many);
    add("/api/databases/{id}/records/{key}", get(list::retrieve).put(write::put_one).delete(list::delete));
    add("/api/databases/records/jobs", post(jobs::create));
    add("/api/databases/records/jobs/{job}", get(jobs::retrieve));
    add("/api/databases/records/jobs/{job}/data", get(jobs::download));
    add("/api/organizations/{org}/databases", get(list).post(change::create));
    add("/api/organizations/{org}/databases/{id}", one());
    add("/api/organizations/{org}/databases/{id}/record-archives", get(archives::list));
    add("/api/organizations/{org}/databases/{id}/record-archives/{file}", get(archives::download));
    router
}

/// What a path names.
#[derive(Debug, Default, serde::Deserialize)]
struct Names {
    org: Option<String>,
    id: Option<String>,
    key: Option<String>,
    asset: Option<String>,
    job: Option<String>,
    file: Option<String>,
}

impl Names {
    /// An organization is the tenant of the key; all others are not there.
    fn check_org(&self, caller: &Caller) -> Result<(), Problem> {
        match &self.org {
            Some(org) if org != caller.tenant.as_str() => Err(Problem::not_found()),
            _ => Ok(()),
        }
    }

    fn id(&self) -> Result<Uuid, Problem> {
        self.id.as_deref().and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)
    }
}

/// A database that the key's tenant has.
async fn database(house: &House, caller: &Caller, names: &Names) -> Result<Database, Problem> {
    names.check_org(caller)?;
    house.catalog.database(&caller.tenant, names.id()?).await?.ok_or_else(Problem::not_found)
}

/// Who asks, in JSON of one of `versions`, and the database that is asked for.
async fn asked(
    house: &House,
    headers: &HeaderMap,
    versions: &[&str],
    names: &Names,
) -> Result<(Arc<Caller>, Database), Problem> {
    let caller = dropin::caller(house, headers).await?;
    dropin::accepts_json(headers, versions)?;
    let database = database(house, &caller, names).await?;
    Ok((caller, database))
}

fn may_read(database: &Database, caller: &Caller) -> Result<(), Problem> {
    if database.permissions(caller).read {
        return Ok(());
    }
    dropin::needs(caller, Scope::Read)?;
    Err(not_listed())
}

fn may_write(database: &Database, caller: &Caller) -> Result<(), Problem> {
    if database.permissions(caller).write {
        return Ok(());
    }
    dropin::needs(caller, Scope::Ingest)?;
    Err(not_listed())
}

fn not_listed() -> Problem {
    Problem::forbidden("You do not have permission to perform this action: this database names the keys that may.")
}

/// As programs know a database; `access` for those who may change it.
fn shown(database: &Database, caller: &Caller) -> Value {
    let mut shown = json!({
        "id": database.id.to_string(),
        "name": database.name,
        "organization_id": database.tenant.as_str(),
        "created_at": instant(database.created_at),
        "enforce_schema": database.enforce_schema,
        "schema": database.schema,
        "owner_field": database.owner_field,
        "type": database.kind.as_str(),
        "last_write_at": database.last_write_at.map(instant),
        "num_records": database.num_records,
    });
    if caller.scopes.allows(Scope::Admin) {
        let grant =
            |grant: &catalog::Grant| json!({"key_id": grant.key_id, "permissions": grant.permissions.numbers()});
        shown["access"] = database.access.as_ref().map_or(Value::Null, |access| access.iter().map(grant).collect());
    }
    shown
}

async fn list(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap, uri: Uri) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    dropin::accepts_json(&headers, VERSION)?;
    names.check_org(&caller)?;
    dropin::needs(&caller, Scope::Read)?;
    let page = Page::of(&uri)?;
    let (databases, total) = usable(&house, &caller, page).await?;
    page.check(total)?;
    let items: Vec<Value> = databases.iter().map(|database| shown(database, &caller)).collect();
    Ok(dropin::listed(&headers, &uri, page, &items, total))
}

/// A page of the databases with which the key may do something, and how many they are.
async fn usable(house: &House, caller: &Caller, page: Page) -> Result<(Vec<Database>, u64), Problem> {
    if caller.scopes.allows(Scope::Admin) {
        let databases = house.catalog.databases(&caller.tenant, page.offset(), page.size).await?;
        return Ok((databases, house.catalog.count_databases(&caller.tenant).await?));
    }
    let (mut databases, mut total, mut seen) = (Vec::new(), 0, 0);
    loop {
        let some = house.catalog.databases(&caller.tenant, seen, Page::MOST).await?;
        let is_last = (some.len() as u64) < Page::MOST;
        seen += Page::MOST;
        for database in some {
            if database.permissions(caller) == Permissions::default() {
                continue;
            }
            if (page.offset()..page.offset().saturating_add(page.size)).contains(&total) {
                databases.push(database);
            }
            total += 1;
        }
        if is_last {
            return Ok((databases, total));
        }
    }
}

async fn retrieve(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let (caller, database) = asked(&house, &headers, VERSION, &names).await?;
    may_read(&database, &caller)?;
    Ok(dropin::json_answer(StatusCode::OK, &shown(&database, &caller)))
}

/// What this key may do: 1 is to read, 2 is to write records.
async fn permissions(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let (caller, database) = asked(&house, &headers, EITHER, &names).await?;
    let permissions = json!({"permissions": database.permissions(&caller).numbers()});
    Ok(dropin::json_answer(StatusCode::OK, &permissions))
}

/// Bricks and deployments that use a database. modlake has no registry of bricks, and heartbeats of deployments name the mod and its
/// version, not what it is configured with: so it knows of none.
async fn nothing(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap, uri: Uri) -> Answer {
    let (caller, database) = asked(&house, &headers, VERSION, &names).await?;
    may_read(&database, &caller)?;
    let page = Page::of(&uri)?;
    Ok(dropin::listed(&headers, &uri, page, &[], 0))
}
