//! `POST /api/databases/{id}/queue/assign/`: the oldest record without an owner becomes the caller's.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use catalog::{RecordClaim, WriteError};
use record::caller::Caller;
use record::value::Value;
use uuid::Uuid;

use super::body::{Cleaner, Sent};
use super::{Answer, Names, Problem, forms, write};
use crate::house::House;
use crate::http::dropin::Form;

/// Of queues.
const VERSION: &[&str] = &["1.0"];

pub(super) async fn assign(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let (caller, database) = super::asked(&house, &parts.headers, VERSION, &names).await?;
    super::may_read(&database, &caller)?;
    super::may_write(&database, &caller)?;
    let sent = Sent::read_any(&house, &parts.headers, body).await?;
    let write_id = write_id(&sent)?;
    let owner_field = database.owner_field.as_deref().ok_or_else(no_owner_field)?;
    let cleaner = Cleaner::of(&house, &caller, &parts.headers).await?;
    write::admit_write(&house, database.id, 1)?;
    let claim = RecordClaim {
        database: database.id,
        owner: owner(&cleaner, &caller, owner_field),
        write_id,
        by: caller.key_id.to_string(),
        limits: write::limits(&house),
    };
    let record = house.catalog.claim_record(claim).await.map_err(refused)?;
    Ok(forms::answer(StatusCode::CREATED, Form::Json, &[record], true))
}

/// How the caller is called in a record: by the address that its key is named by, else by the key's id. An address that redaction would
/// not let stand tells nobody apart, so the id takes its place.
fn owner(cleaner: &Cleaner<'_>, caller: &Caller, owner_field: &str) -> String {
    let key_id = || caller.key_id.to_string();
    let Some(email) = caller.email.as_deref() else { return key_id() };
    let mut data = Value::Map(vec![(owner_field.into(), Value::Text(email.into()))]);
    cleaner.data(&mut data);
    let stands = data.get(owner_field).and_then(Value::as_str) == Some(email) && cleaner.keeps_addresses();
    if stands { email.to_owned() } else { key_id() }
}

/// The body may be empty, or name this request.
fn write_id(sent: &Sent) -> Result<Option<Uuid>, Problem> {
    let bytes = sent.bytes()?;
    if bytes.is_empty() {
        return Ok(None);
    }
    match sent.object(&bytes)?.get("write_id") {
        None | Some(Value::Null) => Ok(None),
        Some(text) => {
            let id = text.as_str().and_then(|text| text.parse().ok());
            id.map(Some).ok_or_else(|| Problem::field("write_id", "Must be a valid UUID."))
        }
    }
}

fn no_owner_field() -> Problem {
    let reason = "The database does not say which field of a record names its owner: set it with PATCH.";
    Problem::field("owner_field", reason)
}

fn refused(error: WriteError) -> Problem {
    match error {
        WriteError::NoOwnerField => no_owner_field(),
        WriteError::NothingFree => Problem::new(StatusCode::NOT_FOUND, "No item is available in the queue."),
        WriteError::NextIsFaulty { key, faults } => {
            let why = faults.into_iter().map(|(path, why)| format!("{path}: {why}")).collect::<Vec<_>>().join(" ");
            let reason = format!("The next record, \"{key}\", cannot be assigned; correct or delete it. {why}");
            Problem::field("non_field_errors", reason)
        }
        other => write::refused(other, true),
    }
}
