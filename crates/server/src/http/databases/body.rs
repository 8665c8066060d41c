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
use sanitize::Owner;

use super::Problem;
use crate::authenticate::chosen_key;
use crate::house::House;
use crate::http::body::{Bounds, Held, read};

/// How long a body may wait for memory.
const PATIENCE: Duration = Duration::from_secs(1);

/// See [`Sent::is_large`]; compressed bodies count by what they are compressed.
const LARGE_BYTES: usize = 64 << 10;

/// A body in memory, as it came.
pub(in crate::http) struct Sent {
    held: Held,
    encoding: ContentEncoding,
    limit: usize,
}

impl Sent {
    pub(in crate::http) async fn read(house: &House, headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        check_content_type(headers)?;
        let encoding = match headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?")) {
            None => ContentEncoding::Identity,
            Some(value) => ContentEncoding::parse(value)
                .map_err(|error| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()))?,
        };
        let limit = house.config.intake.max_body_bytes;
        let held = read(house, headers, body, Bounds { max_bytes: limit, patience: PATIENCE }).await?;
        Ok(Self { held, encoding, limit })
    }

    /// Whether it is to be decoded where it does not hold up other requests.
    pub(super) fn is_large(&self) -> bool {
        self.held.bytes.len() > LARGE_BYTES
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

/// JSON, said or not said.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let media = value.split(';').next().unwrap_or_default().trim();
    if media == "application/json" || (media.starts_with("application/") && media.ends_with("+json")) {
        return Ok(());
    }
    let detail = "Unsupported media type in request: send application/json.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

pub(super) fn objects(bytes: &[u8]) -> Result<Objects<'_>, Problem> {
    let wrong = |error| Problem::new(StatusCode::BAD_REQUEST, format!("JSON parse error - {error}"));
    receive::decode_objects(bytes).map_err(wrong)
}

/// The one object of a body.
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

    /// A record's data.
    pub(super) fn data(&self, data: &mut Value<'_>) {
        let own_keys: Vec<&Secret> = self.sent_with.iter().chain(&self.house.config.bootstrap_key).collect();
        let owner = Owner { key: &self.key, sessions: None, own_keys: &own_keys };
        let report = self.house.sanitizer.sanitize_data(data, &owner);
        self.house.metrics.sanitized(&report);
    }
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
