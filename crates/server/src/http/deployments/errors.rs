//! Errors of a deployment: alike ones as a group, one in full, and the instant from which groups begin anew.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use record::caller::Scope;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ANY_VERSION, Reader, admitted, check_known, listed, name, package, rows, through};
use crate::house::House;
use crate::http::dropin::{self, Page, Problem};
use crate::http::error::Fault;

const GROUPS: &str = include_str!("error_groups.sql");
const PEOPLE: &str = include_str!("error_people.sql");
const ERROR: &str = include_str!("error.sql");

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "group_id")]
    id: String,
    message: Option<String>,
    label: Option<String>,
    step_label: Option<String>,
    mod_id: Option<String>,
    mod_version: Option<String>,
    client_version: Option<String>,
    client_full_version: Option<String>,
    request_url: Option<String>,
    platforms: Option<Vec<String>>,
    occurrence_count: i64,
    last_occurrence: String,
    error_ids: Option<Vec<String>>,
    total: u64,
}

#[derive(Deserialize)]
struct Person {
    group_id: String,
    user_id: Option<String>,
    user_email: Option<String>,
}

/// `GET /api/deployments/{deployment}/errors/?days=&page=&page_size=`: groups, the one that happened last first.
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
    let params = vec![
        json!(deployment),
        json!(since),
        json!(page.offset()),
        json!(through(page)),
        json!(house.config.deployments.max_error_items),
    ];
    let groups: Vec<Group> = rows(&house, &reader.caller, GROUPS, params).await?;
    let mut people = people(&house, &reader, &deployment, &since, &groups).await?;
    let total = groups.first().map(|group| group.total);
    let items = groups.into_iter().map(|group| {
        let users = people.remove(&group.id).unwrap_or_default();
        group.into_json(&deployment, &users)
    });
    listed(&parts, page, total, &items.collect::<Vec<_>>())
}

/// Whom the groups of a page happened to.
async fn people(
    house: &House,
    reader: &Reader,
    deployment: &str,
    since: &str,
    groups: &[Group],
) -> Result<HashMap<String, Vec<Value>>, Fault> {
    let mut users: HashMap<String, Vec<Value>> = HashMap::new();
    if groups.is_empty() {
        return Ok(users);
    }
    let mut params = vec![json!(deployment), json!(since)];
    let mut places = String::new();
    for group in groups {
        params.push(json!(group.id));
        let comma = if places.is_empty() { "" } else { ", " };
        write!(places, "{comma}${}", params.len()).map_err(|error| Fault::internal(&error.to_string()))?;
    }
    let found: Vec<Person> = rows(house, &reader.caller, &PEOPLE.replace("$groups", &places), params).await?;
    for person in found {
        let user = json!({"id": person.user_id, "email": person.user_email});
        users.entry(person.group_id).or_default().push(user);
    }
    Ok(users)
}

impl Group {
    fn into_json(self, deployment: &str, users: &[Value]) -> Value {
        json!({
            "message": self.message,
            "occurrence_count": self.occurrence_count,
            "last_occurrence_timestamp": self.last_occurrence,
            "users": users,
            "extension_label": self.label,
            "step_label": self.step_label,
            "package_version": package(self.mod_id.as_deref(), self.mod_version.as_deref()),
            "user_agent_extension_version": self.client_version.unwrap_or_default(),
            "user_agent_extension_full_version": self.client_full_version.unwrap_or_default(),
            "request_url": self.request_url,
            "platforms": self.platforms.unwrap_or_default().iter().map(|name| platform(name)).collect::<Vec<_>>(),
            "deployment": {"id": deployment, "name": name(deployment, self.mod_id.as_deref())},
            "error_item_ids": self.error_ids.unwrap_or_default(),
        })
    }
}

/// Its name is all that is known of it.
fn platform(name: &str) -> Value {
    json!({"name": name, "display_name": name})
}

/// `DELETE /api/deployments/{deployment}/errors/`: groups begin anew; the rows stay.
pub(super) async fn clear(
    State(house): State<Arc<House>>,
    Path(deployment): Path<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let (parts, _) = request.into_parts();
    let caller = admitted(&house, &parts.headers, Scope::Admin).await?;
    dropin::accepts_json(&parts.headers, ANY_VERSION)?;
    check_known(&house, &caller, &deployment).await?;
    let now = house.clock.now();
    house.catalog.clear_errors(&caller.tenant, &deployment, now, &caller.key_id).await?;
    tracing::info!(tenant = %caller.tenant, key_id = %caller.key_id, "errors of a deployment were cleared");
    Ok(StatusCode::NO_CONTENT)
}

/// An error as it was sent, in the names of `POST /api/telemetry/errors/`.
#[derive(Deserialize)]
struct Item {
    error_id: String,
    uuid: Option<String>,
    class_name: Option<String>,
    message: Option<String>,
    is_application_error: Option<bool>,
    event_time: String,
    organization: Option<String>,
    deployment_id: Option<String>,
    mod_id: Option<String>,
    mod_version: Option<String>,
    brick_id: Option<String>,
    brick_version: Option<String>,
    service_id: Option<String>,
    service_version: Option<String>,
    mod_component_id: Option<String>,
    label: Option<String>,
    step_label: Option<String>,
    user_agent: Option<String>,
    client_version: Option<String>,
    client_full_version: Option<String>,
    stack: Option<String>,
    request_url: Option<String>,
    error_data: Option<String>,
    platform: Option<String>,
    user_id: Option<String>,
    user_email: Option<String>,
}

/// `GET /api/telemetry/errors/{error}/`: one error by its id (`error_item_ids`) or the uuid its client made.
pub(super) async fn one(
    State(house): State<Arc<House>>,
    Path(error): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let reader = Reader::of(&house, &parts, &["1.0"]).await?;
    let found: Vec<Item> = rows(&house, &reader.caller, ERROR, vec![json!(error)]).await?;
    let item = found.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(Json(item.into_json()).into_response())
}

impl Item {
    fn into_json(self) -> Value {
        let version = |id: Option<String>, version: Option<String>| match id {
            Some(id) => json!({"id": id, "version": version}),
            None => Value::Null,
        };
        let data = self.error_data.as_deref().and_then(|data| serde_json::from_str(data).ok());
        let mut data: Value = data.filter(Value::is_object).unwrap_or_else(|| json!({}));
        // the columns these two have, where the sender put them
        for (key, value) in [("stack", self.stack), ("url", self.request_url)] {
            if let Some(value) = value {
                data[key] = json!(value);
            }
        }
        json!({
            "id": self.error_id,
            "uuid": self.uuid,
            "class_name": self.class_name,
            "message": self.message,
            "is_application_error": self.is_application_error,
            "timestamp": self.event_time,
            "organization": self.organization,
            "deployment": self.deployment_id,
            "blueprint_version": version(self.mod_id, self.mod_version),
            "brick_version": version(self.brick_id, self.brick_version),
            "service_version": version(self.service_id, self.service_version),
            "extension_uuid": self.mod_component_id,
            "extension_label": self.label,
            "step_label": self.step_label,
            "user_agent": self.user_agent,
            "user_agent_extension_version": self.client_version.unwrap_or_default(),
            "user_agent_extension_full_version": self.client_full_version.unwrap_or_default(),
            "error_data": data,
            "user": {"id": self.user_id, "email": self.user_email},
            "platform": self.platform.as_deref().map(platform),
        })
    }
}
