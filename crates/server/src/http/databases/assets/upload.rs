//! `POST …/assets/{id}/upload/`: the file itself, as object stores take it with a pre-signed POST. `multipart/form-data` with the fields that
//! the asset's making answered with, and the part `file` last. The field `token` lets it in, for an hour; no key is asked.
//!
//! The file goes to the disk as it arrives. What comes behind it is not heeded.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use catalog::{Asset, Stored};
use http_body_util::BodyExt as _;
use uuid::Uuid;

use super::super::{Answer, Names, Problem};
use super::multipart::{self, Part, Piece, Reader};
use super::{asset_id, failed, limits, not_open, plain_type};
use crate::house::House;
use crate::http::body::discard;

/// The fields before the file, of which one counts.
const MOST_FIELDS: usize = 32;
const MOST_FIELD_BYTES: usize = 4 << 10;
/// However slowly it comes.
const LONGEST: Duration = Duration::from_hours(1);

/// What a link for uploading opens.
pub(super) fn target(database: Uuid, asset: Uuid) -> String {
    format!("uploads/{database}/{asset}")
}

pub(in crate::http::databases) async fn take(
    State(house): State<Arc<House>>,
    Path(names): Path<Names>,
    request: Request,
) -> Answer {
    let (parts, body) = request.into_parts();
    let form = Form::of(&house, &parts.headers, body)?;
    let taking = take_form(&house, &names, form);
    let in_time = tokio::time::timeout(LONGEST, taking).await;
    in_time.unwrap_or_else(|_| Err(late()))
}

async fn take_form(house: &House, names: &Names, mut form: Form) -> Answer {
    let patience = form.patience;
    let in_time = tokio::time::timeout(patience, fields(&mut form)).await;
    let (token, file) = in_time.unwrap_or_else(|_| Err(late()))?;
    let asset = asset_of_token(house, names, &token).await?;
    // from here on it is somebody whom we know: who still sends shall read why it was not taken
    match receive(house, &asset, &mut form, &file).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(problem) => {
            discard(form.body);
            Err(problem)
        }
    }
}

/// A form while it arrives.
struct Form {
    body: Body,
    reader: Reader,
    /// The longest wait for more.
    patience: Duration,
}

impl Form {
    fn of(house: &House, headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = said.split(';').next().unwrap_or_default().trim();
        let boundary = multipart::boundary(said).filter(|_| media.eq_ignore_ascii_case("multipart/form-data"));
        let boundary = boundary.ok_or_else(|| {
            let detail = "Unsupported media type in request: send multipart/form-data with a boundary.";
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
        })?;
        Ok(Self { body, reader: Reader::new(&boundary), patience: house.config.intake.body_timeout })
    }

    /// `None`: the form is over.
    async fn next(&mut self) -> Result<Option<Piece>, Problem> {
        loop {
            let piece = self.reader.next().map_err(|error| bad(error.to_string()))?;
            if piece.is_some() || self.reader.is_over() {
                return Ok(piece);
            }
            let frame = tokio::time::timeout(self.patience, self.body.frame()).await;
            let frame = frame.map_err(|_| late())?;
            match frame {
                None => return Err(bad(multipart::Malformed::Unfinished.to_string())),
                Some(Err(_)) => return Err(bad("the body ended early")),
                Some(Ok(frame)) => self.reader.push(&frame.into_data().unwrap_or_else(|_| Bytes::new())),
            }
        }
    }
}

fn late() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "The form did not arrive in time.")
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

/// Reads up to the file: the token, and what the file's head says.
async fn fields(form: &mut Form) -> Result<(String, Part), Problem> {
    let (mut token, mut field) = (Vec::new(), String::new());
    let (mut fields, mut bytes) = (0, 0);
    while let Some(piece) = form.next().await? {
        match piece {
            Piece::Part(part) if part.name == "file" => {
                return Ok((String::from_utf8_lossy(&token).into_owned(), part));
            }
            Piece::Part(part) => {
                field = part.name;
                (fields, bytes) = (fields + 1, 0);
                if fields > MOST_FIELDS {
                    return Err(bad(format!("The form has more than {MOST_FIELDS} fields before its file.")));
                }
            }
            Piece::Content(content) => {
                bytes += content.len();
                if bytes > MOST_FIELD_BYTES {
                    return Err(bad(format!("A field before the file has more than {MOST_FIELD_BYTES} bytes.")));
                }
                if field == "token" {
                    token.extend_from_slice(&content);
                }
            }
            Piece::End => {}
        }
    }
    Err(Problem::field("file", "No file was submitted: it is the last part of the form, behind all `fields`."))
}

async fn asset_of_token(house: &House, names: &Names, token: &str) -> Result<Asset, Problem> {
    let (database, id) = (names.id()?, asset_id(names)?);
    let tenant = house.catalog.open_link(token, &target(database, id)).await?.ok_or_else(not_open)?;
    house.catalog.asset(&tenant, database, id).await?.ok_or_else(Problem::not_found)
}

/// Writes the file and keeps it.
async fn receive(house: &House, asset: &Asset, form: &mut Form, file: &Part) -> Result<(), Problem> {
    if asset.is_uploaded {
        return Err(taken());
    }
    let most = house.config.databases.max_uploads;
    let _place = house.asset_files.admit().ok_or_else(|| {
        Problem::not_now(format!("{most} files are arriving already (databases.max_uploads); send it again."))
    })?;
    let limit = house.config.databases.max_asset_bytes as u64;
    let disk = |error: std::io::Error| failed(error.into());
    let mut incoming = house.asset_files.begin(asset).await.map_err(disk)?;
    loop {
        match form.next().await? {
            Some(Piece::Content(content)) => {
                if incoming.bytes() + content.len() as u64 > limit {
                    let detail = format!("The file has more than {limit} bytes (databases.max_asset_bytes).");
                    return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
                }
                incoming.write(&content).await.map_err(disk)?;
            }
            Some(Piece::End) => break,
            Some(Piece::Part(_)) | None => return Err(bad(multipart::Malformed::Unfinished.to_string())),
        }
    }
    let content_type = file.content_type.as_deref().map_or(super::BYTES, plain_type);
    let kept = house.asset_files.keep(&house.catalog, asset, incoming, content_type, limits(house)).await;
    match kept.map_err(failed)? {
        Stored::Kept(_) => Ok(()),
        Stored::Gone => Err(Problem::not_found()),
        Stored::Taken => Err(taken()),
        Stored::Full { limit } => {
            let reason = format!(
                "The files of the database, or of all of its tenant, would have more than {limit} bytes \
                 (databases.max_assets_bytes, databases.max_tenant_assets_bytes); delete some."
            );
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, reason))
        }
    }
}

fn taken() -> Problem {
    Problem::new(StatusCode::CONFLICT, "The asset has its file already; make another asset for another file.")
}
