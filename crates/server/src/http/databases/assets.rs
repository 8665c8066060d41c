//! Files of databases of type `Asset`. `POST …/assets/` makes a place for one and says where and with which fields it is to be sent
//! ([`upload`]); `GET …/assets/{id}/` leads to it.
//!
//! Files are kept as they were sent and cannot be redacted, so only an admin's choice of the type lets a database have them. Links to them
//! live one hour, as those of exports, and what they open runs nowhere: it comes as an attachment, with a content type out of a short list,
//! in a sandbox.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::IntoResponse;
use catalog::{Asset, AssetLimits, Database, DatabaseKind, Stored};
use record::caller::{Caller, Scope};
use record::value::Value;
use serde_json::json;
use uuid::Uuid;

use super::body::{Cleaner, Sent};
use super::jobs::{LINK_MICROS, not_open, token};
use super::{Answer, Names, Problem, VERSION, stream};
use crate::asset_files::AssetError;
use crate::house::House;
use crate::http::dropin::{self, Page, instant};

pub(super) mod multipart;
pub(super) mod upload;

/// Characters of a filename.
const NAME_CHARS: usize = 255;
/// What browsers show and never run. Everything else is served as bytes.
const PLAIN_TYPES: [&str; 15] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "video/mp4",
    "video/webm",
    "application/json",
    "application/pdf",
    "text/csv",
    "text/plain",
];
const BYTES: &str = "application/octet-stream";

/// As [`super::asked`], of a database that has assets.
async fn asked(house: &House, headers: &HeaderMap, names: &Names) -> Result<(Arc<Caller>, Database), Problem> {
    let (caller, database) = super::asked(house, headers, VERSION, names).await?;
    Ok((caller, with_assets(database)?))
}

/// A database that has assets.
async fn database(house: &House, caller: &Caller, names: &Names) -> Result<Database, Problem> {
    with_assets(super::database(house, caller, names).await?)
}

fn with_assets(database: Database) -> Result<Database, Problem> {
    if database.kind == DatabaseKind::Asset {
        return Ok(database);
    }
    let reason = "Only a database of type Asset has assets: they are kept as they are sent, without redaction, so an admin \
                  must have chosen it.";
    Err(Problem::field("type", reason))
}

async fn asset(house: &House, database: &Database, names: &Names) -> Result<Asset, Problem> {
    let id = asset_id(names)?;
    house.catalog.asset(&database.tenant, database.id, id).await?.ok_or_else(Problem::not_found)
}

fn asset_id(names: &Names) -> Result<Uuid, Problem> {
    names.asset.as_deref().and_then(|id| id.parse().ok()).ok_or_else(Problem::not_found)
}

fn limits(house: &House) -> AssetLimits {
    let limits = &house.config.databases;
    AssetLimits {
        assets: limits.max_assets as u64,
        database_bytes: limits.max_assets_bytes as u64,
        tenant_bytes: limits.max_tenant_assets_bytes as u64,
    }
}

/// A page of assets, the oldest first. One link opens those of the whole page: it is of the database.
pub(super) async fn list(
    State(house): State<Arc<House>>,
    Path(names): Path<Names>,
    headers: HeaderMap,
    uri: Uri,
) -> Answer {
    let (caller, database) = asked(&house, &headers, &names).await?;
    super::may_read(&database, &caller)?;
    let page = Page::of(&uri)?;
    let total = house.catalog.count_assets(database.id).await?;
    page.check(total)?;
    let assets = house.catalog.assets(database.id, page.offset(), page.size).await?;
    let mut shown_assets = Vec::with_capacity(assets.len());
    if !assets.is_empty() {
        let link = house.catalog.make_link(&caller.tenant, &target_of_all(database.id), LINK_MICROS).await?;
        shown_assets.extend(assets.iter().map(|asset| shown(asset, &address(&headers, asset, link.token.reveal()))));
    }
    Ok(dropin::listed(&headers, &uri, page, &shown_assets, total))
}

/// Makes a place for a file, and says how to send it.
pub(super) async fn create(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let (caller, database) = asked(&house, &parts.headers, &names).await?;
    super::may_write(&database, &caller)?;
    let sent = Sent::read_any(&house, &parts.headers, body).await?;
    let cleaner = Cleaner::of(&house, &caller, &parts.headers).await?;
    let bytes = sent.bytes()?;
    let object = sent.object(&bytes)?;
    // in a form, what is in `asset` is named with a dot
    let name = object.get("asset").and_then(|asset| asset.get("filename")).or_else(|| object.get("asset.filename"));
    let name = name.ok_or_else(|| Problem::field("asset.filename", "This field is required."))?;
    let name = filename(&cleaner, name).map_err(|why| Problem::field("asset.filename", why))?;
    let made = house.catalog.create_asset(&caller.tenant, database.id, &name, limits(&house)).await?;
    let asset = match made {
        Stored::Kept(asset) => asset,
        Stored::Full { limit } => {
            let reason =
                format!("The database has {limit} assets, as many as it may (databases.max_assets); delete some.");
            return Err(Problem::field("non_field_errors", reason));
        }
        Stored::Gone | Stored::Taken => return Err(Problem::not_found()),
    };
    let (base, place) = (dropin::base(&parts.headers), place(&asset));
    let token =
        house.catalog.make_link(&caller.tenant, &upload::target(asset.database, asset.id), LINK_MICROS).await?.token;
    let made = json!({
        "asset": shown(&asset, &linked(&house, &parts.headers, &asset).await?),
        "upload_url": format!("{base}{place}/upload/"),
        "fields": {"key": asset.id.to_string(), "token": token.reveal()},
    });
    Ok(dropin::json_answer(StatusCode::CREATED, &made))
}

/// What is known of an asset where `Accept` names JSON, else the way to its file.
pub(super) async fn retrieve(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    let wants_json = names_json(&headers);
    if wants_json {
        dropin::accepts_json(&headers, VERSION)?;
    }
    let database = database(&house, &caller, &names).await?;
    super::may_read(&database, &caller)?;
    let asset = asset(&house, &database, &names).await?;
    if !wants_json && !asset.is_uploaded {
        return Err(no_file());
    }
    let address = linked(&house, &headers, &asset).await?;
    if wants_json {
        return Ok(dropin::json_answer(StatusCode::OK, &shown(&asset, &address)));
    }
    let address = HeaderValue::from_str(&address).map_err(|_| Problem::not_found())?;
    Ok((StatusCode::FOUND, [(LOCATION, address), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response())
}

/// Names an asset anew; `is_uploaded` may say what is so.
pub(super) async fn patch(State(house): State<Arc<House>>, Path(names): Path<Names>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let (caller, database) = asked(&house, &parts.headers, &names).await?;
    super::may_write(&database, &caller)?;
    let sent = Sent::read_any(&house, &parts.headers, body).await?;
    let cleaner = Cleaner::of(&house, &caller, &parts.headers).await?;
    let mut asset = asset(&house, &database, &names).await?;
    let bytes = sent.bytes()?;
    let object = sent.object(&bytes)?;
    if let Some(told) = object.get("is_uploaded") {
        let told = super::change::truth(told).map_err(|why| Problem::field("is_uploaded", why))?;
        if told != asset.is_uploaded {
            let why =
                if told { "No file has come yet." } else { "The file has come; delete the asset to be rid of it." };
            return Err(Problem::field("is_uploaded", why));
        }
    }
    if let Some(name) = object.get("filename") {
        let name = filename(&cleaner, name).map_err(|why| Problem::field("filename", why))?;
        asset = house.catalog.rename_asset(&asset, &name).await?.ok_or_else(Problem::not_found)?;
    }
    let address = linked(&house, &parts.headers, &asset).await?;
    Ok(dropin::json_answer(StatusCode::OK, &shown(&asset, &address)))
}

pub(super) async fn delete(State(house): State<Arc<House>>, Path(names): Path<Names>, headers: HeaderMap) -> Answer {
    let caller = dropin::caller(&house, &headers).await?;
    dropin::accepts_json(&headers, VERSION)?;
    dropin::needs(&caller, Scope::Admin)?;
    let database = database(&house, &caller, &names).await?;
    let asset = asset(&house, &database, &names).await?;
    if !house.asset_files.delete(&house.catalog, &asset).await.map_err(failed)? {
        return Err(Problem::not_found());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The file, to whoever has a link that opens.
pub(super) async fn download(State(house): State<Arc<House>>, Path(names): Path<Names>, uri: Uri) -> Answer {
    let (database, id) = (names.id()?, asset_id(&names)?);
    let token = token(&uri);
    let tenant = match house.catalog.open_link(&token, &target(database, id)).await? {
        Some(tenant) => tenant,
        None => house.catalog.open_link(&token, &target_of_all(database)).await?.ok_or_else(not_open)?,
    };
    let asset = house.catalog.asset(&tenant, database, id).await?.ok_or_else(Problem::not_found)?;
    if !asset.is_uploaded {
        return Err(no_file());
    }
    let (file, bytes) = house.asset_files.open(&asset).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Problem::new(StatusCode::NOT_FOUND, "The asset's file is gone."),
        _ => failed(error.into()),
    })?;
    let headers = [
        (CONTENT_TYPE, asset.content_type.as_deref().map_or(BYTES, plain_type).to_owned()),
        (CONTENT_LENGTH, bytes.to_string()),
        (CONTENT_DISPOSITION, attachment(&asset.filename)),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ];
    Ok((StatusCode::OK, headers, stream::file(file)).into_response())
}

fn shown(asset: &Asset, download_url: &str) -> serde_json::Value {
    json!({
        "id": asset.id.to_string(),
        "download_url": download_url,
        "filename": asset.filename,
        "is_uploaded": asset.is_uploaded,
        "created_at": instant(asset.created_at),
        "updated_at": instant(asset.updated_at),
        "bytes": asset.bytes,
    })
}

fn no_file() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "The asset has no file yet.")
}

/// What went wrong with a file stands in the log.
pub(super) fn failed(error: AssetError) -> Problem {
    match error {
        AssetError::Catalog(error) => Problem::catalog(&error),
        AssetError::Disk(error) => {
            tracing::error!(%error, "a file of an asset cannot be read, written or deleted");
            Problem::not_now("Files cannot be used now, try again.")
        }
    }
}

/// A text that can be a filename, without the secrets that it holds. It names no file on this machine.
fn filename(cleaner: &Cleaner<'_>, value: &Value<'_>) -> Result<String, String> {
    let clean = cleaner.key(super::change::trimmed(value)?);
    super::change::check_name(&clean, NAME_CHARS)?;
    Ok(clean)
}

/// The content type that is safe to tell, without parameters.
fn plain_type(said: &str) -> &'static str {
    let media = said.split(';').next().unwrap_or_default().trim();
    PLAIN_TYPES.into_iter().find(|plain| plain.eq_ignore_ascii_case(media)).unwrap_or(BYTES)
}

/// The header `Content-Disposition` (RFC 6266): a name in ASCII, and as it is.
fn attachment(filename: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' };
    let ascii: String = filename.chars().map(plain).collect();
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    let exact: String = filename.bytes().map(escaped).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

/// Whether `Accept` names JSON itself, not only anything.
fn names_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|part| {
        let media = part.split(';').next().unwrap_or_default().trim();
        ["application/json", "application/vnd.pixiebrix.api+json"].iter().any(|json| media.eq_ignore_ascii_case(json))
    })
}

/// The path of an asset.
fn place(asset: &Asset) -> String {
    format!("/api/databases/{}/assets/{}", asset.database, asset.id)
}

fn address(headers: &HeaderMap, asset: &Asset, token: &str) -> String {
    format!("{}{}/data/?token={token}", dropin::base(headers), place(asset))
}

/// Where the asset's file is for an hour.
async fn linked(house: &House, headers: &HeaderMap, asset: &Asset) -> Result<String, Problem> {
    let link = house.catalog.make_link(&asset.tenant, &target(asset.database, asset.id), LINK_MICROS).await?;
    Ok(address(headers, asset, link.token.reveal()))
}

fn target(database: Uuid, asset: Uuid) -> String {
    format!("assets/{database}/{asset}")
}

fn target_of_all(database: Uuid) -> String {
    format!("assets/{database}")
}

#[cfg(test)]
mod tests;
