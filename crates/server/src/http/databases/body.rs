//! Bodies with databases and records: read, decoded, and cleaned before anything is kept of them.

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use receive::{ContentEncoding, Objects, unzip};
use record::caller::Caller;
use record::secret::Secret;
use record::value::Value;
use redact::HashKey;
use sanitize::{Owner, SenderEmail};

use super::Problem;
use super::assets::multipart;
use crate::authenticate::chosen_key;
use crate::house::House;
use crate::http::body::{Bounds, Held, read};
use crate::http::dropin::decoded_pairs;

/// How long a body may wait for memory.
const PATIENCE: Duration = Duration::from_secs(1);

/// See [`Sent::is_large`]; compressed bodies count by what they are compressed.
const LARGE_BYTES: usize = 64 << 10;

/// A body in memory, as it came.
pub(in crate::http) struct Sent {
    held: Held,
    media: Media,
    encoding: ContentEncoding,
    limit: usize,
}

/// How a body is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Media {
    Json,
    /// `application/x-www-form-urlencoded`
    Urlencoded,
    /// `multipart/form-data`
    Multipart {
        boundary: String,
    },
}

impl Sent {
    /// A body of JSON.
    pub(in crate::http) async fn read(house: &House, headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        match Media::of(headers) {
            Some(media @ Media::Json) => Self::read_as(house, headers, body, media).await,
            _ => Err(unsupported("application/json")),
        }
    }

    /// A body of JSON or a form, whose fields are texts.
    pub(super) async fn read_any(house: &House, headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let wanted = "application/json, application/x-www-form-urlencoded or multipart/form-data";
        let media = Media::of(headers).ok_or_else(|| unsupported(wanted))?;
        Self::read_as(house, headers, body, media).await
    }

    async fn read_as(house: &House, headers: &HeaderMap, body: Body, media: Media) -> Result<Self, Problem> {
        let encoding = match headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
            None => ContentEncoding::Identity,
            Some(value) => ContentEncoding::parse(value)
                .map_err(|error| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()))?,
        };
        let limit = house.config.intake.max_body_bytes;
        let held = read(house, headers, body, Bounds { max_bytes: limit, patience: PATIENCE }).await?;
        Ok(Self { held, media, encoding, limit })
    }

    /// Whether it is to be decoded where it does not hold up other requests.
    pub(super) fn is_large(&self) -> bool {
        self.held.bytes.len() > LARGE_BYTES
    }

    /// The one object of a body; `bytes` are [`Sent::bytes`].
    pub(super) fn object<'a>(&self, bytes: &'a [u8]) -> Result<Value<'a>, Problem> {
        match &self.media {
            Media::Json => object(bytes),
            // each field takes more in memory than in the body
            Media::Urlencoded if bytes.split(|byte| *byte == b'&').nth(multipart::MOST_FIELDS).is_some() => {
                Err(malformed(multipart::Malformed::ManyFields))
            }
            Media::Urlencoded => Ok(of_fields(decoded_pairs(&String::from_utf8_lossy(bytes)))),
            Media::Multipart { boundary } => Ok(of_fields(multipart::fields(boundary, bytes).map_err(malformed)?)),
        }
    }

    /// Its bytes, decompressed.
    pub(in crate::http) fn bytes(&self) -> Result<Cow<'_, [u8]>, Problem> {
        unzip::unzip(&self.held.bytes, self.encoding, self.limit).map_err(|error| match error {
            unzip::UnzipError::TooLarge { limit } => {
                let detail = format!("the body is larger than {limit} bytes after decompression; send it in parts");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
            }
            broken @ unzip::UnzipError::Broken { .. } => Problem::new(StatusCode::BAD_REQUEST, broken.to_string()),
        })
    }
}

impl Media {
    /// JSON where nothing is said.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(value) = headers.get(CONTENT_TYPE) else { return Some(Self::Json) };
        let value = value.to_str().ok()?;
        let media = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-www-form-urlencoded" => Some(Self::Urlencoded),
            "multipart/form-data" => Some(Self::Multipart { boundary: multipart::boundary(value)? }),
            other if other.starts_with("application/") && other.ends_with("+json") => Some(Self::Json),
            _ => None,
        }
    }
}

fn malformed(error: multipart::Malformed) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, error.to_string())
}

fn unsupported(wanted: &str) -> Problem {
    let detail = format!("Unsupported media type in request: send {wanted}.");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
}

pub(super) fn objects(bytes: &[u8]) -> Result<Objects<'_>, Problem> {
    let wrong = |error| Problem::new(StatusCode::BAD_REQUEST, format!("JSON parse error - {error}"));
    receive::decode_objects(bytes).map_err(wrong)
}

/// The one object of a body of JSON.
pub(super) fn object(bytes: &[u8]) -> Result<Value<'_>, Problem> {
    match objects(bytes)? {
        Objects::One(object) => Ok(object),
        Objects::Many(_) => Err(Problem::field("non_field_errors", "Expected one object, not a list.")),
    }
}

/// What takes secrets out of records before they are kept.
pub(super) struct Cleaner<'h> {
    house: &'h House,
    key: HashKey,
    sent_with: Option<Secret>,
}

impl<'h> Cleaner<'h> {
    pub(super) async fn of(house: &'h House, caller: &Caller, headers: &HeaderMap) -> Result<Self, Problem> {
        let key = house.catalog.placeholder_key(&caller.tenant).await?;
        Ok(Self { house, key: HashKey::new(key), sent_with: chosen_key(headers) })
    }

    /// A record's key.
    pub(super) fn key(&self, key: &str) -> String {
        self.house.sanitizer.redact_text(key, &self.key).into_owned()
    }

    /// Whether addresses of senders may stand.
    pub(super) fn keeps_addresses(&self) -> bool {
        self.house.config.redaction.sender_email == SenderEmail::Keep
    }

    /// A record's data.
    pub(super) fn data(&self, data: &mut Value<'_>) {
        let own_keys: Vec<&Secret> = self.sent_with.iter().chain(&self.house.config.bootstrap_key).collect();
        let owner = Owner { key: &self.key, sessions: None, own_keys: &own_keys };
        let report = self.house.sanitizer.sanitize_data(data, &owner);
        self.house.metrics.sanitized(&report);
    }
}

/// The fields of a form, as an object of texts.
fn of_fields<'a>(fields: impl IntoIterator<Item = (String, String)>) -> Value<'a> {
    Value::Map(fields.into_iter().map(|(name, text)| (name.into(), Value::Text(text.into()))).collect())
}

/// The same tree as the catalog takes it. Decoded trees are of bounded depth.
pub(super) fn to_json(value: Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => truth.into(),
        Value::Int(int) => int.into(),
        Value::Double(double) => double.into(),
        Value::Text(text) => text.into_owned().into(),
        Value::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        Value::List(items) => items.into_iter().map(to_json).collect(),
        Value::Map(entries) => serde_json::Value::Object(
            entries.into_iter().map(|(key, value)| (key.into_owned(), to_json(value))).collect(),
        ),
    }
}

/// How deep lists and objects nest.
pub(super) fn depth(value: &Value<'_>) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or_default(),
        _ => 0,
    }
}
