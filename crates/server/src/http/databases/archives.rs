//! Daily archives: for each day on which records were written, one file with a JSON object a line.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use catalog::PageLimits;
use record::time::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use super::jobs::{LINK_MICROS, not_open, token};
use super::{Answer, EITHER, Names, Problem, forms, list as records, stream};
use crate::house::House;
use crate::http::dropin::{self, Page, pairs};

/// What is read at once of a day.
const PIECE: PageLimits = PageLimits { rows: 1_000, bytes: 1 << 20 };

/// The days, the newest first (`?ordering=date`: the oldest first), each with a link that opens for an hour without a key.
pub(super) async fn list(
    State(house): State<Arc<House>>,
    Path(names): Path<Names>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let (caller, database) = super::asked(&house, &headers, EITHER, &names).await?;
    super::may_read(&database, &caller)?;
    let page = Page::of(&uri)?;
    let mut days = house.catalog.archived_days(database.id).await?;
    if pairs(&uri).iter().any(|(name, value)| name == "ordering" && value == "date") {
        days.reverse();
    }
    let total = days.len() as u64;
    page.check(total)?;
    let link = house.catalog.make_link(&caller.tenant, &target(database.id), LINK_MICROS).await?;
    let (base, secret) = (dropin::base(&headers), link.token.reveal());
    let (tenant, id) = (caller.tenant.as_str(), database.id);
    let first = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let size = usize::try_from(page.size).unwrap_or(usize::MAX);
    let shown = days.iter().skip(first).take(size).map(|day| {
        let (date, records) = (day.day, day.records);
        let url = format!("{base}/api/organizations/{tenant}/databases/{id}/record-archives/{date}.jsonl/?token={secret}");
        json!({"date": date.to_string(), "num_records": records, "url": url, "expires_at": dropin::instant(link.expires_at)})
    });
    let shown: Vec<Value> = shown.collect();
    Ok(dropin::listed(&headers, &uri, page, &shown, total))
}

/// The records of a day, to whoever has a link that opens.
pub(super) async fn download(State(house): State<Arc<House>>, Path(names): Path<Names>, uri: Uri) -> Answer {
    let id = names.id()?;
    let tenant = house.catalog.open_link(&token(&uri), &target(id)).await?.ok_or_else(not_open)?;
    let is_whole = names.org.as_deref() == Some(tenant.as_str());
    let database = house.catalog.database(&tenant, id).await?.filter(|_| is_whole).ok_or_else(Problem::not_found)?;
    let date = names.file.as_deref().and_then(|file| file.strip_suffix(".jsonl")).ok_or_else(Problem::not_found)?;
    let midnight = records::midnight("date", date).map_err(|_| Problem::not_found())?;
    let (sender, body) = stream::body();
    let name = format!("attachment; filename=\"{date}.jsonl\"");
    tokio::spawn(async move { send(&house, database.id, midnight, &sender).await });
    Ok((StatusCode::OK, [(CONTENT_TYPE, "application/jsonl".to_owned()), (CONTENT_DISPOSITION, name)], body)
        .into_response())
}

async fn send(house: &House, database: Uuid, midnight: Timestamp, sender: &Sender<std::io::Result<Bytes>>) {
    let mut after: Option<String> = None;
    loop {
        let page = house.catalog.archived_records(database, midnight, after.as_deref(), PIECE).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "an archive could not be read to its end");
                // a client that went away is not told
                drop(sender.send(Err(std::io::Error::other("the archive cannot be read"))).await);
                return;
            }
        };
        let Some(last) = page.last() else { return };
        after = Some(last.key.clone());
        let mut lines = Vec::new();
        for record in &page {
            lines.extend(forms::json_text(record));
            lines.push(b'\n');
        }
        if sender.send(Ok(lines.into())).await.is_err() {
            return;
        }
    }
}

fn target(database: Uuid) -> String {
    format!("archives/{database}")
}
