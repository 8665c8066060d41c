//! How these routes are asked and answer: versions in `Accept`, `?page=` with `Link` and `X-Total-Count`, faults as
//! `{"detail": "…"}` and `{"<field>": ["…"]}`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::Query;
use axum::http::header::{ACCEPT, LINK};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::http::error::Fault;

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
const PAGE_SIZE: u32 = 100;
const MAX_PAGE_SIZE: u32 = 1_000;

/// A fault in the form of these routes.
#[derive(Debug)]
pub(super) enum Told {
    Detail(Fault),
    /// A value that is not what it must be, by its name.
    Field(String, String),
}

impl Told {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::Detail(Fault::new(status, detail))
    }

    pub(super) fn field(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Field(name.into(), reason.into())
    }
}

impl From<Fault> for Told {
    fn from(fault: Fault) -> Self {
        Self::Detail(fault)
    }
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        match self {
            Self::Detail(fault) => fault.into_detail(),
            Self::Field(name, reason) => (StatusCode::BAD_REQUEST, Json(json!({name: [reason]}))).into_response(),
        }
    }
}

/// What an answer comes as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Csv,
}

/// The first form that `Accept` names and that is there; a version beside it must be one of `versions`.
pub(super) fn media(headers: &HeaderMap, versions: &[&str], known: &[Media]) -> Result<Media, Told> {
    let accept = headers.get(ACCEPT).map_or("*/*", |accept| accept.to_str().unwrap_or_default());
    let mut refused = Told::new(StatusCode::NOT_ACCEPTABLE, "Could not satisfy the request Accept header.");
    for part in accept.split(',').filter(|part| !part.trim().is_empty()) {
        let mut words = part.split(';').map(|word| word.trim().to_ascii_lowercase());
        let media = match words.next().unwrap_or_default().as_str() {
            "*/*" | "application/*" | "application/json" | "application/vnd.pixiebrix.api+json" => Media::Json,
            "text/csv" | "text/*" => Media::Csv,
            _ => continue,
        };
        if !known.contains(&media) {
            continue;
        }
        let version =
            words.find_map(|word| word.strip_prefix("version=").map(|text| text.trim_matches('"').to_owned()));
        if version.is_none_or(|version| versions.contains(&version.as_str())) {
            return Ok(media);
        }
        refused = Told::new(StatusCode::NOT_ACCEPTABLE, "Invalid version in \"Accept\" header.");
    }
    Err(refused)
}

/// As [`media`], where there is JSON alone.
pub(super) fn check_version(headers: &HeaderMap, versions: &[&str]) -> Result<(), Told> {
    media(headers, versions, &[Media::Json]).map(drop)
}

/// The parameters of an address.
#[derive(Debug)]
pub(super) struct Asked(HashMap<String, String>);

impl Asked {
    pub(super) fn of(uri: &Uri) -> Result<Self, Told> {
        let Query(found) = Query::<HashMap<String, String>>::try_from_uri(uri)
            .map_err(|_| Told::new(StatusCode::BAD_REQUEST, "the query of the address cannot be read"))?;
        Ok(Self(found))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A whole number above zero.
    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Told> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(Some).ok_or_else(|| Told::field(name, "A whole number above zero is required."))
    }
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    number: u32,
    size: u32,
}

impl Page {
    pub(super) fn of(asked: &Asked) -> Result<Self, Told> {
        let number = asked.number("page")?.unwrap_or(1);
        let size = asked.number("page_size")?.unwrap_or(PAGE_SIZE).min(MAX_PAGE_SIZE);
        Ok(Self { number, size })
    }

    /// The places before it.
    pub(super) fn after(&self) -> u64 {
        u64::from(self.number - 1) * u64::from(self.size)
    }

    /// Its last place, counted from one.
    pub(super) fn through(&self) -> u64 {
        self.after() + u64::from(self.size)
    }

    /// `total`: of all pages; unknown where this one is empty.
    pub(super) fn answer(&self, parts: &Parts, total: Option<usize>, items: Vec<Value>) -> Result<Response, Told> {
        if total.is_none() && self.number > 1 {
            return Err(Told::new(StatusCode::NOT_FOUND, "Invalid page."));
        }
        let total = total.unwrap_or(0);
        let mut response = Json(items).into_response();
        let headers = response.headers_mut();
        headers.insert(TOTAL, HeaderValue::from(total));
        if let Ok(links) = HeaderValue::from_str(&self.links(&parts.uri, total)) {
            headers.insert(LINK, links);
        }
        Ok(response)
    }

    /// First, previous, next and last page, as far as there are such: the same address with another `page`.
    fn links(&self, uri: &Uri, total: usize) -> String {
        let last = u32::try_from(total.div_ceil(self.size as usize).max(1)).unwrap_or(u32::MAX);
        let pages = [
            (self.number > 1).then_some(("first", 1)),
            (self.number > 1).then_some(("prev", self.number - 1)),
            (self.number < last).then_some(("next", self.number + 1)),
            (self.number < last).then_some(("last", last)),
        ];
        let kept: Vec<&str> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.starts_with("page="))
            .collect();
        let link = |(relation, page): (&str, u32)| {
            let page = format!("page={page}");
            let query = [kept.as_slice(), &[page.as_str()]].concat().join("&");
            format!("<{}?{query}>; rel=\"{relation}\"", uri.path())
        };
        pages.into_iter().flatten().map(link).collect::<Vec<_>>().join(", ")
    }
}
