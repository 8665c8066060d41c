//! Making, changing and deleting databases.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use catalog::{DatabaseChange, DatabaseKind, Grant, NewDatabase, Permissions};
use record::caller::Scope;
use record::value::Value;

use super::body::{self, Cleaner, Sent};
use super::{Answer, Names, Problem, VERSION, assets, shown};
use crate::house::House;
use crate::http::dropin;

/// Characters of a name.
const NAME_CHARS: usize = 256;

pub(super) async fn create(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let caller = dropin::caller(&house, &parts.headers).await?;
    dropin::accepts_json(&parts.headers, VERSION)?;
    names.check_org(&caller)?;
    dropin::needs(&caller, Scope::Admin)?;
    let sent = Sent::read_any(&house, &parts.headers, body).await?;
    let cleaner = Cleaner::of(&house, &caller, &parts.headers).await?;
    let change = read_change(&house, &sent, &cleaner)?;
    let new = NewDatabase {
        name: change.name.ok_or_else(|| Problem::field("name", "This field is required."))?,
        kind: change.kind.unwrap_or_default(),
        owner_field: change.owner_field.flatten(),
        schema: change.schema.flatten(),
        enforce_schema: change.enforce_schema.unwrap_or_default(),
        access: change.access.flatten(),
    };
    let database = house.catalog.create_database(&caller.tenant, new).await?;
    Ok(dropin::json_answer(StatusCode::CREATED, &shown(&database, &caller)))
}

pub(super) async fn patch(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let caller = dropin::caller(&house, &parts.headers).await?;
    dropin::accepts_json(&parts.headers, VERSION)?;
    dropin::needs(&caller, Scope::Admin)?;
    let database = super::database(&house, &caller, &names).await?;
    let sent = Sent::read_any(&house, &parts.headers, body).await?;
    let cleaner = Cleaner::of(&house, &caller, &parts.headers).await?;
    let change = read_change(&house, &sent, &cleaner)?;
    let leaves_assets = database.kind == DatabaseKind::Asset && change.kind == Some(DatabaseKind::KeyValue);
    if leaves_assets && house.catalog.count_assets(database.id).await? > 0 {
        return Err(Problem::field("type", "The database has assets; delete them first."));
    }
    let changed = house.catalog.change_database(&caller.tenant, database.id, change).await?;
    let changed = changed.ok_or_else(Problem::not_found)?;
    Ok(dropin::json_answer(StatusCode::OK, &shown(&changed, &caller)))
}

pub(super) async fn delete(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    let caller = dropin::caller(&house, request.headers()).await?;
    dropin::accepts_json(request.headers(), VERSION)?;
    dropin::needs(&caller, Scope::Admin)?;
    let database = super::database(&house, &caller, &names).await?;
    if !house.asset_files.delete_database(&house.catalog, &database).await.map_err(assets::failed)? {
        return Err(Problem::not_found());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The fields of a body that a database has; others are left alone.
fn read_change(house: &House, sent: &Sent, cleaner: &Cleaner<'_>) -> Result<DatabaseChange, Problem> {
    let bytes = sent.bytes()?;
    let mut object = sent.object(&bytes)?;
    let access = object.get("access").map(read_access).transpose().map_err(|why| Problem::field("access", why))?;
    cleaner.data(&mut object);
    let mut change = DatabaseChange { access, ..DatabaseChange::default() };
    let mut faults = Vec::new();
    let Value::Map(entries) = object else { return Ok(change) };
    for (field, value) in entries {
        let read = match field.as_ref() {
            "name" => name(&value).map(|name| change.name = Some(name)),
            "type" => kind(&value).map(|kind| change.kind = Some(kind)),
            "owner_field" => match &value {
                Value::Null => Ok(None),
                value => name(value).map(Some),
            }
            .map(|owner| change.owner_field = Some(owner)),
            "enforce_schema" => truth(&value).map(|truth| change.enforce_schema = Some(truth)),
            "schema" => schema(house, value).map(|schema| change.schema = Some(schema)),
            _ => Ok(()),
        };
        if let Err(why) = read {
            faults.push((field.into_owned(), why));
        }
    }
    if faults.is_empty() { Ok(change) } else { Err(Problem::fields(faults)) }
}

fn name(value: &Value<'_>) -> Result<String, String> {
    let text = trimmed(value)?;
    check_name(text, NAME_CHARS)?;
    Ok(text.to_owned())
}

pub(super) fn trimmed<'v>(value: &'v Value<'_>) -> Result<&'v str, String> {
    Ok(value.as_str().ok_or("Not a valid string.")?.trim())
}

/// Whether a text can be a name of up to `most` characters.
pub(super) fn check_name(text: &str, most: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err("This field may not be blank.".to_owned());
    }
    if text.chars().count() > most {
        return Err(format!("Ensure this field has no more than {most} characters."));
    }
    if text.chars().any(char::is_control) {
        return Err("Control characters are not allowed.".to_owned());
    }
    Ok(())
}

/// `true` or `false`; in a form these are texts.
pub(super) fn truth(value: &Value<'_>) -> Result<bool, String> {
    match (value, value.as_str()) {
        (Value::Bool(truth), _) => Ok(*truth),
        (_, Some("true" | "True")) => Ok(true),
        (_, Some("false" | "False")) => Ok(false),
        _ => Err("Must be a valid boolean.".to_owned()),
    }
}

fn kind(value: &Value<'_>) -> Result<DatabaseKind, String> {
    value
        .as_str()
        .and_then(DatabaseKind::parse)
        .ok_or_else(|| format!("Not a valid choice: {:?}.", DatabaseKind::NAMES))
}

fn schema(house: &House, value: Value<'_>) -> Result<Option<serde_json::Value>, String> {
    let limit = house.config.databases.max_record_bytes;
    match value {
        Value::Null => Ok(None),
        value @ (Value::Map(_) | Value::Bool(_)) => {
            let schema = body::to_json(value);
            if schema.to_string().len() > limit {
                return Err(format!("A schema has at most {limit} bytes."));
            }
            house.catalog.check_schema(&schema).map_err(|error| error.to_string())?;
            Ok(Some(schema))
        }
        _ => Err("Expected a JSON Schema, an object, or null for none.".to_owned()),
    }
}

/// `[{"key_id": "…", "permissions": [1, 2]}]`, or null: no restriction.
fn read_access(value: &Value<'_>) -> Result<Option<Vec<Grant>>, String> {
    let wanted = || {
        "Expected null, or a list of {\"key_id\": \"…\", \"permissions\": [1, 2]}; 1 is to read, 2 to write.".to_owned()
    };
    let grants = match value {
        Value::Null => return Ok(None),
        Value::List(grants) => grants,
        _ => return Err(wanted()),
    };
    let read = |grant: &Value<'_>| {
        let key_id = grant.get("key_id")?.as_str()?.to_owned();
        let Value::List(numbers) = grant.get("permissions")? else { return None };
        let numbers: Option<Vec<u64>> =
            numbers.iter().map(|number| number.to_int().and_then(|number| u64::try_from(number).ok())).collect();
        Some(Grant { key_id, permissions: Permissions::of_numbers(&numbers?)? })
    };
    grants.iter().map(read).collect::<Option<Vec<_>>>().map(Some).ok_or_else(wanted)
}
