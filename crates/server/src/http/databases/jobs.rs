//! Exports that run beside the requests: `POST /api/databases/records/jobs/` starts one, `GET …/{id}/` tells how far it is and links to
//! what it made.
//!
//! What is made lies in `<data_dir>/exports/<id>`, mode 0600, for `databases.export_hours`. An export that a server left when it ended
//! is told as FAILURE by the next one.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use catalog::{Database, ExportJob, Filter, JobStatus};
use record::value::Value;
use serde_json::json;
use uuid::Uuid;

use super::body::{self, Sent};
use super::{Answer, Names, Problem, list, stream};
use crate::house::House;
use crate::http::dropin::{self, instant, pairs};

mod files;
mod make;

/// Of export jobs.
const VERSION: &[&str] = &["1.0"];
/// A link opens for an hour.
pub(super) const LINK_MICROS: i64 = 3_600_000_000;
/// Characters of an export's name.
const NAME_CHARS: usize = 1_024;

/// What an export makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaType {
    Json,
    Csv,
    Xlsx,
}

impl MediaType {
    const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Xlsx];

    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Xlsx => "application/xlsx",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|media| media.as_str() == text)
    }

    /// Type and ending of the file.
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application/json", "json"),
            Self::Csv => ("text/csv; charset=utf-8", "csv"),
            Self::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        }
    }
}

/// What is exported.
struct Export {
    databases: Vec<Database>,
    media: MediaType,
    filter: Filter,
}

pub(super) async fn create(State(house): State<Arc<House>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let caller = dropin::caller(&house, &parts.headers).await?;
    dropin::accepts_json(&parts.headers, VERSION)?;
    let sent = Sent::read(&house, &parts.headers, body).await?;
    let asked = asked(&sent)?;
    let mut databases = Vec::with_capacity(asked.databases.len());
    for id in asked.databases {
        let database = house.catalog.database(&caller.tenant, id).await?;
        let database = database
            .ok_or_else(|| Problem::field("databases", format!("Invalid pk \"{id}\" - object does not exist.")))?;
        super::may_read(&database, &caller)?;
        databases.push(database);
    }
    let most = house.config.databases.max_exports;
    if house.catalog.running_exports(&caller.tenant).await? >= most as u64 {
        let detail = format!("{most} exports are running already; wait until one has ended (databases.max_exports).");
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail));
    }
    let job = house.catalog.start_export(&caller.tenant, asked.media.as_str()).await?;
    let export = Export { databases, media: asked.media, filter: asked.filter };
    tokio::spawn(run(Arc::clone(&house), job.id, export));
    let started = json!({"id": job.id.to_string(), "status": job.status.as_str()});
    Ok(dropin::json_answer(StatusCode::CREATED, &started))
}

/// What a body asks for.
struct Asked {
    databases: Vec<Uuid>,
    media: MediaType,
    filter: Filter,
}

fn asked(sent: &Sent) -> Result<Asked, Problem> {
    let bytes = sent.bytes()?;
    let object = body::object(&bytes)?;
    let mut faults: Vec<(String, String)> = Vec::new();
    let mut wrong = |field: &str, why: &str| faults.push((field.to_owned(), why.to_owned()));
    match object.get("name").map(Value::as_str) {
        Some(Some(name)) if name.trim().is_empty() => wrong("name", "This field may not be blank."),
        Some(Some(name)) if name.chars().count() <= NAME_CHARS => {}
        Some(Some(_)) => wrong("name", "Ensure this field has no more than 1024 characters."),
        Some(None) => wrong("name", "Not a valid string."),
        None => wrong("name", "This field is required."),
    }
    let databases = match object.get("databases") {
        Some(Value::List(ids)) if !ids.is_empty() => {
            ids.iter().map(|id| id.as_str().and_then(|id| id.parse().ok())).collect::<Option<Vec<Uuid>>>()
        }
        _ => None,
    };
    if databases.is_none() {
        wrong("databases", "Expected a list of UUIDs, at least one.");
    }
    let media = match object.get("media_type") {
        None | Some(Value::Null) => Some(MediaType::Json),
        Some(media) => media.as_str().and_then(MediaType::parse),
    };
    if media.is_none() {
        wrong("media_type", "Not a valid choice: application/json, text/csv, application/xlsx.");
    }
    let (Some(databases), Some(media), true) = (databases, media, faults.is_empty()) else {
        return Err(Problem::fields(faults));
    };
    let date = |name: &str| match object.get("filters").and_then(|filters| filters.get(name)) {
        None | Some(Value::Null) => Ok(None),
        Some(date) => {
            let wanted = || Problem::field(&format!("filters.{name}"), "Enter a valid date: YYYY-MM-DD.");
            date.as_str().map(Some).ok_or_else(wanted)
        }
    };
    let filter = list::filter_of_dates(date("start_date")?, date("end_date")?)?;
    Ok(Asked { databases, media, filter })
}

pub(super) async fn retrieve(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    dropin::accepts_json(&headers, VERSION)?;
    dropin::needs(&caller, record::caller::Scope::Read)?;
    let id = job_id(&names)?;
    let job = house.catalog.export(&caller.tenant, id).await?.ok_or_else(Problem::not_found)?;
    let mut error = job.error_message.clone();
    let mut data = serde_json::Value::Null;
    if job.status == JobStatus::Success {
        if tokio::fs::try_exists(file(&house, id)).await.unwrap_or(false) {
            let link = house.catalog.make_link(&caller.tenant, &target(id), LINK_MICROS).await?;
            let (base, token) = (dropin::base(&headers), link.token.reveal());
            data = json!(format!("{base}/api/databases/records/jobs/{id}/data/?token={token}"));
        } else {
            error = Some("what was exported is kept for a while only and is gone; start the export again".to_owned());
        }
    }
    Ok(dropin::json_answer(StatusCode::OK, &shown(&job, &data, error.as_deref())))
}

fn shown(job: &ExportJob, data: &serde_json::Value, error_message: Option<&str>) -> serde_json::Value {
    json!({
        "id": job.id.to_string(),
        "status": job.status.as_str(),
        "created_at": instant(job.created_at),
        "data": data,
        "error_message": error_message,
    })
}

/// Of a link: what opens it.
pub(super) fn token(uri: &Uri) -> String {
    pairs(uri).into_iter().find(|(name, _)| name == "token").map(|(_, token)| token).unwrap_or_default()
}

/// What an export made, to whoever has a link that opens.
pub(super) async fn download(State(house): State<Arc<House>>, Path(names): Path<Names>, uri: Uri) -> Answer {
    let id = job_id(&names)?;
    let tenant = house.catalog.open_link(&token(&uri), &target(id)).await?.ok_or_else(not_open)?;
    let job = house.catalog.export(&tenant, id).await?.ok_or_else(Problem::not_found)?;
    let (content_type, ending) = MediaType::parse(&job.media_type).unwrap_or(MediaType::Json).file();
    let file = tokio::fs::File::open(file(&house, id)).await.map_err(|_| Problem::not_found())?;
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.{ending}\"")),
    ];
    Ok((StatusCode::OK, headers, stream::file(file)).into_response())
}

/// A link that was never made, or opens no more.
pub(super) fn not_open() -> Problem {
    Problem::forbidden("This link does not open, or no more: links live one hour. Ask for a new one.")
}

fn job_id(names: &Names) -> Result<Uuid, Problem> {
    names.job.as_deref().and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)
}

fn target(id: Uuid) -> String {
    format!("exports/{id}")
}

fn file(house: &House, id: Uuid) -> PathBuf {
    files::folder(house).join(id.to_string())
}

async fn run(house: Arc<House>, id: Uuid, export: Export) {
    files::sweep(&house).await;
    let made = make::make(&house, &export, &file(&house, id)).await;
    let message = made.err().map(|error| {
        tracing::warn!(%error, job = %id, "an export failed");
        error.to_string()
    });
    if let Err(error) = house.catalog.end_export(id, message.as_deref()).await {
        tracing::error!(%error, job = %id, "the end of an export could not be noted");
    }
}

/// Ends what the server before this one left. To be called before the first request.
pub(crate) async fn recover(house: &House) {
    match house.catalog.fail_exports("the server ended while the export ran; start it again").await {
        Ok(0) => {}
        Ok(failed) => tracing::warn!(failed, "exports had not ended when the server did"),
        Err(error) => tracing::error!(%error, "exports that had not ended cannot be noted as failed"),
    }
    files::sweep(house).await;
}
