//! `POST /api/deployments/`: a browser profile says which deployments it runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use catalog::{ActiveMod, Heartbeat};
use record::caller::{Caller, Scope};
use record::time::Timestamp;
use redact::HashKey;
use serde_json::{Map, Value, json};

use super::admitted;
use crate::house::House;
use crate::http::databases::Sent;
use crate::http::dropin::{self, Problem};

/// Ids and versions are short.
const MAX_TEXT_CHARS: usize = 255;

/// Answers with the deployments that were said to be active, each as it is: modlake hands out none, and a client that finds one
/// missing in the answer, or a newer one there, would take it for withdrawn or updated.
pub(super) async fn post(State(house): State<Arc<House>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let caller = admitted(&house, &parts.headers, Scope::Ingest).await?;
    dropin::accepts_json(&parts.headers, &["1.1"])?;
    let sent = Sent::read(&house, &parts.headers, body).await?;
    let said: Value = serde_json::from_slice(&sent.bytes()?)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, format!("JSON parse error - {error}")))?;
    let mut heartbeat = read(&house, &said)?;
    heartbeat.email = caller.email.as_deref().map(str::to_owned);
    let echo: Vec<Value> = heartbeat.active.iter().map(told_back).collect();
    let clean = clean(&house, &caller, heartbeat).await?;
    let (now, most) = (house.clock.now(), house.config.deployments.max_clients);
    house.catalog.remember_heartbeat(&caller.tenant, &clean, now, most).await?;
    Ok((StatusCode::CREATED, Json(echo)).into_response())
}

fn read(house: &House, said: &Value) -> Result<Heartbeat, Problem> {
    let said = said.as_object().ok_or_else(|| Problem::field("non_field_errors", "Expected an object."))?;
    let active = match said.get("active") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => return Err(Problem::field("active", "Expected a list of items.")),
    };
    let most = house.config.deployments.max_active;
    if active.len() > most {
        return Err(Problem::field("active", format!("At most {most} deployments, found {}.", active.len())));
    }
    Ok(Heartbeat {
        uid: required(said, "uid", "uid")?,
        email: None,
        client_version: optional(said, "version", "version")?,
        active: active.iter().enumerate().map(|(index, item)| read_active(index, item)).collect::<Result<_, _>>()?,
    })
}

fn read_active(index: usize, item: &Value) -> Result<ActiveMod, Problem> {
    let at = |name: &str| format!("active.{index}.{name}");
    let item = item.as_object().ok_or_else(|| Problem::field(&format!("active.{index}"), "Expected an object."))?;
    let updated_at = optional(item, "updatedAt", &at("updatedAt"))?.map(|text| {
        let wanted = "An instant in ISO 8601 is required, such as 2026-11-21T10:00:00.123Z.";
        Timestamp::parse_utc(&text).ok_or_else(|| Problem::field(&at("updatedAt"), wanted))
    });
    Ok(ActiveMod {
        deployment_id: required(item, "deployment", &at("deployment"))?,
        mod_id: optional(item, "blueprint", &at("blueprint"))?,
        mod_version: optional(item, "blueprintVersion", &at("blueprintVersion"))?,
        updated_at: updated_at.transpose()?,
    })
}

/// `path`: where it stands in the body.
fn required(of: &Map<String, Value>, name: &str, path: &str) -> Result<String, Problem> {
    optional(of, name, path)?.ok_or_else(|| Problem::field(path, "This field is required."))
}

fn optional(of: &Map<String, Value>, name: &str, path: &str) -> Result<Option<String>, Problem> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        // PostgreSQL keeps no such texts
        Some(Value::String(text)) if text.contains('\0') => {
            Err(Problem::field(path, "Null characters are not allowed."))
        }
        Some(Value::String(text)) if text.chars().count() <= MAX_TEXT_CHARS => Ok(Some(text.clone())),
        Some(Value::String(_)) => {
            Err(Problem::field(path, format!("Ensure this field has no more than {MAX_TEXT_CHARS} characters.")))
        }
        Some(_) => Err(Problem::field(path, "Not a valid string.")),
    }
}

/// An id may hold what must not be kept, as any text may.
async fn clean(house: &House, caller: &Caller, mut heartbeat: Heartbeat) -> Result<Heartbeat, Problem> {
    let key = HashKey::new(house.catalog.placeholder_key(&caller.tenant).await?);
    let redact = |text: &mut String| *text = house.sanitizer.redact_text(text, &key).into_owned();
    redact(&mut heartbeat.uid);
    heartbeat.client_version.iter_mut().for_each(redact);
    for active in &mut heartbeat.active {
        redact(&mut active.deployment_id);
        active.mod_id.iter_mut().chain(&mut active.mod_version).for_each(redact);
    }
    Ok(heartbeat)
}

fn told_back(active: &ActiveMod) -> Value {
    json!({
        "id": active.deployment_id,
        "name": super::name(&active.deployment_id, active.mod_id.as_deref()),
        "active": true,
        "updated_at": active.updated_at.map(Timestamp::to_rfc3339),
        "package": super::package(active.mod_id.as_deref(), active.mod_version.as_deref()),
    })
}
