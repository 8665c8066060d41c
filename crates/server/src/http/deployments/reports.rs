//! Reports on a deployment: there is one, of who used it on which day and what for. Made when asked for, or beforehand by a job.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use record::caller::Caller;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::jobs::{Begun, Job, Order, Status};
use super::{Reader, asked, check_known, rows, since};
use crate::house::House;
use crate::http::dropin::{self, Form, Problem};
use crate::http::error::Fault;

const VERSIONS: &[&str] = &["1.0"];
const ENGAGEMENT: &str = "engagement";
const NAME: &str = "Engagement";
const SQL: &str = include_str!("report.sql");

/// A report that is made.
#[derive(Debug)]
pub(super) struct Report {
    /// When, in RFC 3339.
    timestamp: String,
    data: Vec<Counted>,
}

/// How often one person did one thing on one day.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Counted {
    email: Option<String>,
    /// The day, `YYYY-MM-DD`.
    #[serde(rename(serialize = "timestamp"))]
    day: String,
    event_name: Option<String>,
    event_label: Option<String>,
    value: i64,
}

impl Counted {
    /// For people's spreadsheets. What a page has sent is no formula there: an apostrophe before it says so.
    fn cells(&self) -> [String; 5] {
        let [email, name, label] = [&self.email, &self.event_name, &self.event_label].map(|text| {
            let text = text.as_deref().unwrap_or_default();
            let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
            format!("{mark}{text}")
        });
        [email, self.day.clone(), name, label, self.value.to_string()]
    }
}

impl Report {
    pub(super) async fn make(house: &House, caller: &Caller, order: &Order) -> Result<Self, Fault> {
        let now = house.clock.now();
        let params = vec![json!(order.deployment), json!(since(now, order.days).to_rfc3339())];
        Ok(Self { timestamp: now.to_rfc3339(), data: rows(house, caller, SQL, params).await? })
    }

    /// About what it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let row = |row: &Counted| text(&row.email) + text(&row.event_name) + text(&row.event_label) + row.day.len();
        self.data.iter().map(row).sum::<usize>() + self.data.len() * size_of::<Counted>()
    }

    fn answer(&self, form: Form) -> Result<Response, Fault> {
        if form != Form::Csv {
            let report = json!({"id": ENGAGEMENT, "name": NAME, "timestamp": self.timestamp, "data": self.data});
            return Ok(Json(report).into_response());
        }
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        let written = writer
            .write_record(["email", "timestamp", "event_name", "event_label", "value"])
            .and_then(|()| self.data.iter().try_for_each(|row| writer.write_record(row.cells())));
        written.map_err(|error| Fault::internal(&error.to_string()))?;
        let text = writer.into_inner().map_err(|error| Fault::internal(&error.to_string()))?;
        Ok(([(CONTENT_TYPE, "text/csv; version=1.0; charset=utf-8")], text).into_response())
    }
}

/// `GET /api/deployments/{deployment}/reports/`
pub(super) async fn list(
    State(house): State<Arc<House>>,
    Path(deployment): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let reader = Reader::of(&house, &parts, VERSIONS).await?;
    check_known(&house, &reader.caller, &deployment).await?;
    Ok(Json(json!([{"id": ENGAGEMENT, "name": NAME, "timezone": "UTC"}])).into_response())
}

/// `GET /api/deployments/{deployment}/reports/{report}/?days=`, in JSON or CSV; with `?job=` the one that job has made.
pub(super) async fn one(
    State(house): State<Arc<House>>,
    Path((deployment, report)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let form = dropin::accepted(&parts.headers, VERSIONS, &[Form::Json, Form::Csv])?;
    let (reader, order) = order(&house, &parts, deployment, &report).await?;
    if let Some(job) = asked(&parts, "job") {
        let made = house.report_jobs.find(&job, &order).and_then(|job| job.report);
        return Ok(made.ok_or_else(Problem::not_found)?.answer(form)?);
    }
    Ok(Report::make(&house, &reader.caller, &order).await?.answer(form)?)
}

/// `POST /api/deployments/{deployment}/reports/{report}/jobs/?days=`: makes the report in the background, or leads to the job that
/// is at it.
pub(super) async fn begin(
    State(house): State<Arc<House>>,
    Path((deployment, report)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    dropin::accepts_json(&parts.headers, VERSIONS)?;
    let (reader, order) = order(&house, &parts, deployment, &report).await?;
    let begun = house.report_jobs.begin(&order, house.config.deployments.report_jobs);
    let (Begun::Now(id) | Begun::Before(id)) = &begun;
    let location = format!("{}/{id}/", parts.uri.path().trim_end_matches('/'));
    let status = match &begun {
        Begun::Before(_) => StatusCode::SEE_OTHER,
        Begun::Now(id) => {
            tokio::spawn(work(Arc::clone(&house), Arc::clone(&reader.caller), id.clone(), order));
            StatusCode::CREATED
        }
    };
    Ok((status, [(LOCATION, location)], Json(json!({"id": id, "status": Status::Started}))).into_response())
}

async fn work(house: Arc<House>, caller: Arc<Caller>, id: String, order: Order) {
    let made = Report::make(&house, &caller, &order).await;
    if let Err(fault) = &made {
        tracing::warn!(job = id, status = fault.status.as_u16(), "a report could not be made");
    }
    house.report_jobs.end(&id, made.ok(), house.config.deployments.report_bytes);
}

/// `GET /api/deployments/{deployment}/reports/{report}/jobs/{job}/`: how the job stands; one that nobody knows is `UNKNOWN`.
pub(super) async fn job(
    State(house): State<Arc<House>>,
    Path((deployment, report, id)): Path<(String, String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    dropin::accepts_json(&parts.headers, VERSIONS)?;
    let (_, order) = order(&house, &parts, deployment, &report).await?;
    let found = house.report_jobs.find(&id, &order);
    let status = found.as_ref().map_or(Status::Unknown, |job| job.status);
    let mut answer = json!({"id": id, "status": status});
    if let Some(Job { report: Some(_), order, .. }) = &found {
        let path = parts.uri.path();
        let report = path.split_once("/jobs/").map_or(path, |(report, _)| report);
        answer["report"] = json!(format!("{report}/?job={id}&days={}", order.days));
    }
    Ok(Json(answer).into_response())
}

async fn order(house: &House, parts: &Parts, deployment: String, report: &str) -> Result<(Reader, Order), Problem> {
    let reader = Reader::in_any_form(house, parts).await?;
    if report != ENGAGEMENT {
        return Err(Problem::not_found());
    }
    check_known(house, &reader.caller, &deployment).await?;
    let order = Order { tenant: reader.caller.tenant.clone(), deployment, days: reader.days };
    Ok((reader, order))
}

#[cfg(test)]
impl Report {
    pub(super) fn of(data: Vec<Counted>) -> Self {
        Self { timestamp: String::new(), data }
    }
}

#[cfg(test)]
impl Counted {
    pub(super) fn of(email: &str, day: &str, value: i64) -> Self {
        Self { email: Some(email.to_owned()), day: day.to_owned(), event_name: None, event_label: None, value }
    }
}
