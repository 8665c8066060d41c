//! Adding and changing records: POST and PUT join what is there as the write says, and make what is not.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use catalog::{
    Database, MergeStrategy, OnConflict, Record, RecordItem, RecordLimits, RecordWrite, WriteError, check_key,
};
use receive::Objects;
use record::caller::Caller;
use record::value::Value;
use uuid::Uuid;

use super::body::{self, Cleaner, Sent};
use super::{Answer, Names, Problem, VERSION, forms};
use crate::house::House;
use crate::http::dropin::{self, Form};

pub(super) async fn post(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    take(&house, &names, request, StatusCode::CREATED).await
}

pub(super) async fn put(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    take(&house, &names, request, StatusCode::OK).await
}

/// The path says the key.
pub(super) async fn put_one(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    take(&house, &names, request, StatusCode::OK).await
}

async fn take(house: &House, names: &Names, request: Request, status: StatusCode) -> Answer {
    let (parts, body) = request.into_parts();
    let caller = dropin::caller(house, &parts.headers).await?;
    let form = dropin::accepted(&parts.headers, VERSION, &[Form::Json, Form::Csv, Form::FlatJson])?;
    let database = super::database(house, &caller, names).await?;
    super::may_write(&database, &caller)?;
    let written = write(house, &caller, &database, names, parts, body).await?;
    Ok(forms::answer(status, form, &written.records, written.is_one))
}

/// What was written, as it is told.
struct Written {
    records: Vec<Record>,
    is_one: bool,
}

async fn write(
    house: &House,
    caller: &Caller,
    database: &Database,
    names: &Names,
    parts: Parts,
    body: Body,
) -> Result<Written, Problem> {
    let sent = Sent::read(house, &parts.headers, body).await?;
    let cleaner = Cleaner::of(house, caller, &parts.headers).await?;
    let read = || items(house, &cleaner, names.key.as_deref(), &sent);
    let items = if sent.is_large() { tokio::task::block_in_place(read)? } else { read()? };
    admit_write(house, database.id, items.list.len())?;
    // who may not read is told what it sent, not what that became
    let reads = database.permissions(caller).read;
    let own: Vec<String> =
        if reads { Vec::new() } else { items.list.iter().map(|item| item.data.to_string()).collect() };
    let write =
        RecordWrite { database: database.id, items: items.list, by: caller.key_id.to_string(), limits: limits(house) };
    let mut records = house.catalog.write_records(write).await.map_err(|error| refused(error, items.is_one))?;
    for (record, own) in records.iter_mut().zip(own) {
        record.data = own;
    }
    Ok(Written { records, is_one: items.is_one })
}

/// What bounds a request that writes records.
pub(super) fn limits(house: &House) -> RecordLimits {
    let limits = &house.config.databases;
    RecordLimits {
        record_bytes: limits.max_record_bytes,
        request_bytes: house.config.intake.max_body_bytes,
        database_records: limits.max_records as u64,
    }
}

/// Whether so many records may be written to the database now.
pub(super) fn admit_write(house: &House, database: Uuid, records: usize) -> Result<(), Problem> {
    house
        .throttle
        .database(&database.to_string(), records)
        .map_err(|throttled| Problem::throttled(house, &throttled))?;
    Ok(())
}

pub(super) fn refused(error: WriteError, is_one: bool) -> Problem {
    match error {
        WriteError::NoDatabase => Problem::not_found(),
        WriteError::Items(mut faults) if is_one => Problem::fields(faults.pop().unwrap_or_default()),
        WriteError::Items(faults) => Problem::each(faults),
        WriteError::Full { limit } => Problem::field(
            "non_field_errors",
            format!("The database would hold more than {limit} records; delete some, or raise databases.max_records."),
        ),
        WriteError::TooLarge { .. } => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        WriteError::NoFreeKey { .. } => Problem::new(StatusCode::CONFLICT, error.to_string()),
        WriteError::Catalog(error) => Problem::catalog(&error),
        // of claims alone
        WriteError::NoOwnerField | WriteError::NothingFree | WriteError::NextIsFaulty { .. } | WriteError::Unsorted => {
            Problem::new(StatusCode::BAD_REQUEST, error.to_string())
        }
    }
}

/// The records of a body, clean.
struct Items {
    list: Vec<RecordItem>,
    /// An object, not a list.
    is_one: bool,
}

fn items(house: &House, cleaner: &Cleaner<'_>, key_of_path: Option<&str>, sent: &Sent) -> Result<Items, Problem> {
    let bytes = sent.bytes()?;
    let (objects, is_one) = match body::objects(&bytes)? {
        Objects::One(object) => (vec![object], true),
        Objects::Many(_) if key_of_path.is_some() => {
            return Err(Problem::field("non_field_errors", "Expected one object, not a list."));
        }
        Objects::Many(objects) => (objects, false),
    };
    let limit = house.config.databases.max_request_records;
    if objects.len() > limit {
        let detail = format!("the request has {} records, more than {limit}; send it in parts", objects.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    let mut list = Vec::with_capacity(objects.len());
    let mut faults = Vec::with_capacity(objects.len());
    for object in objects {
        match item(house, cleaner, key_of_path, object) {
            Ok(item) => {
                list.push(item);
                faults.push(Vec::new());
            }
            Err(wrong) => faults.push(wrong),
        }
    }
    if faults.iter().all(Vec::is_empty) {
        return Ok(Items { list, is_one });
    }
    Err(if is_one { Problem::fields(faults.into_iter().flatten()) } else { Problem::each(faults) })
}

/// One record of a body. The error says what is wrong with which of its fields; no value is told.
fn item(
    house: &House,
    cleaner: &Cleaner<'_>,
    key_of_path: Option<&str>,
    object: Value<'_>,
) -> Result<RecordItem, Vec<(String, String)>> {
    let mut faults = Vec::new();
    let mut wrong = |field: &str, why: &str| faults.push((field.to_owned(), why.to_owned()));
    let key = key(&object, key_of_path).unwrap_or_else(|why| {
        wrong("id", why);
        String::new()
    });
    let strategy = choice(&object, "merge_strategy", MergeStrategy::parse);
    let on_conflict = choice(&object, "on_conflict", OnConflict::parse);
    let write_id = choice(&object, "write_id", |text| text.parse::<Uuid>().ok());
    for (field, is_wrong, why) in [
        ("merge_strategy", strategy.is_err(), format!("Not a valid choice: {:?}.", MergeStrategy::NAMES)),
        ("on_conflict", on_conflict.is_err(), format!("Not a valid choice: {:?}.", OnConflict::NAMES)),
        ("write_id", write_id.is_err(), "Must be a valid UUID.".to_owned()),
    ] {
        if is_wrong {
            wrong(field, &why);
        }
    }
    let data = match taken(object, "data") {
        Some(data @ Value::Map(_)) => Some(data),
        Some(_) => {
            wrong("data", "Expected an object.");
            None
        }
        None => {
            wrong("data", "This field is required.");
            None
        }
    };
    let most = house.config.databases.max_depth;
    if data.as_ref().is_some_and(|data| body::depth(data) > most) {
        wrong("data", &format!("Lists and objects nest deeper than {most}."));
    }
    let key = cleaner.key(&key);
    if let Err(why) = check_key(&key)
        && faults.iter().all(|(field, _)| field != "id")
    {
        faults.push(("id".to_owned(), why.to_owned()));
    }
    let (Some(mut data), true) = (data, faults.is_empty()) else { return Err(faults) };
    cleaner.data(&mut data);
    Ok(RecordItem {
        key,
        data: body::to_json(data),
        strategy: strategy.ok().flatten().unwrap_or_default(),
        write_id: write_id.ok().flatten(),
        on_conflict: on_conflict.ok().flatten().unwrap_or_default(),
    })
}

/// The key that the path names, else the one of the body.
fn key(object: &Value<'_>, of_path: Option<&str>) -> Result<String, &'static str> {
    match (object.get("id"), of_path) {
        (Some(Value::Text(id)), None) => Ok(id.to_string()),
        (Some(Value::Int(id)), None) => Ok(id.to_string()),
        (Some(_), None) => Err("Not a valid string."),
        (None, None) => Err("This field is required."),
        (None | Some(Value::Null), Some(key)) => Ok(key.to_owned()),
        (Some(Value::Text(id)), Some(key)) if id == key => Ok(key.to_owned()),
        (Some(_), Some(_)) => Err("This is not the key that the path names."),
    }
}

/// A text that is one of few; `None` where it is not given.
fn choice<T>(object: &Value<'_>, field: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, ()> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(parse).map(Some).ok_or(()),
    }
}

fn taken<'a>(object: Value<'a>, field: &str) -> Option<Value<'a>> {
    let Value::Map(entries) = object else { return None };
    entries.into_iter().find(|(name, _)| name == field).map(|(_, value)| value)
}
