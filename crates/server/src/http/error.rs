//! Faults as answers.
//!
//! A fault is a status of HTTP; over gRPC it becomes the code that says the same. OTLP routes answer with `google.rpc.Status` in
//! the request's encoding (OTLP 1.11, "Failures"), routes of browser mods with `{"detail"}`, all others with
//! `{"error":{"message","hint"}}`. What is inside this machine stays in the log, under an id that the answer names.

use std::time::Duration;

use axum::Json;
use axum::http::header::{self, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use catalog::CatalogError;
use query::QueryError;
use receive::ContentType;
use receive::answer::{self, code};
use serde_json::json;

use super::dropin;
use crate::authenticate::Denied;
use crate::flow::accept::Refusal;
use crate::throttle::{Standing, Throttled};

/// A fault that is told to the sender.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    /// Which field of the request is wrong: `events[3].timestamp`.
    field: Option<String>,
    /// Over gRPC, where the status alone would give another one.
    code: Option<i32>,
    /// How the throttle stands that refused it, and seconds until it may come again.
    throttled: Option<(Standing, u64)>,
}

/// After which a sender may try again. Exporters give up after some ten seconds, so a longer pause costs them tries.
const RETRY_AFTER: Duration = Duration::from_secs(2);

impl Fault {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: None, field: None, code: None, throttled: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Of gRPC: one of [`code`].
    pub(crate) fn told_as(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    /// Logs the cause under an id and tells the sender the id only.
    pub(crate) fn internal(cause: &str) -> Self {
        let id = uuid::Uuid::now_v7();
        tracing::error!(%id, cause, "internal error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("internal error {id}"))
            .hint("the server's log has the cause under this id")
    }

    /// As OTLP wants it over HTTP.
    pub(super) fn into_otlp(self, content_type: ContentType) -> Response {
        let body = answer::status(content_type, self.code(), &self.text(), self.retry_after());
        self.with_headers((self.status, [(CONTENT_TYPE, content_type.as_str())], body).into_response())
    }

    /// As programs of browser mods read it: `{"detail"}`, and the reason under the name of the field that is wrong.
    pub(super) fn into_detail(self) -> Response {
        let mut error = json!({"detail": self.text()});
        if let Some(field) = &self.field {
            error[field] = json!([self.message]);
        }
        self.with_headers((self.status, Json(error)).into_response())
    }

    /// In the form that clients of this path read.
    pub(super) fn into_answer(self, path: &str) -> Response {
        if dropin::is_below(path) { self.into_detail() } else { self.into_response() }
    }

    /// The code of gRPC that says the same as the status.
    pub(crate) fn code(&self) -> i32 {
        if let Some(code) = self.code {
            return code;
        }
        match self.status {
            StatusCode::UNAUTHORIZED => code::UNAUTHENTICATED,
            StatusCode::FORBIDDEN => code::PERMISSION_DENIED,
            StatusCode::NOT_FOUND => code::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => code::UNIMPLEMENTED,
            StatusCode::REQUEST_TIMEOUT => code::DEADLINE_EXCEEDED,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => code::RESOURCE_EXHAUSTED,
            StatusCode::SERVICE_UNAVAILABLE => code::UNAVAILABLE,
            status if status.is_client_error() => code::INVALID_ARGUMENT,
            _ => code::INTERNAL,
        }
    }

    /// Message and hint.
    pub(crate) fn text(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }

    /// How the throttle stands that refused it.
    pub(crate) fn standing(&self) -> Option<Standing> {
        self.throttled.map(|(standing, _)| standing)
    }

    /// When the same request may be sent again, if at all.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let again = matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        again.then(|| self.throttled.map_or(RETRY_AFTER, |(_, after)| Duration::from_secs(after)))
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(pause) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs()));
        }
        if let Some(standing) = self.standing() {
            standing.write(headers);
        }
        response
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut error = json!({"message": self.message});
        if let Some(hint) = &self.hint {
            error["hint"] = json!(hint);
        }
        self.with_headers((self.status, Json(json!({"error": error}))).into_response())
    }
}

impl From<&Denied> for Fault {
    fn from(denied: &Denied) -> Self {
        match denied {
            Denied::NoKey => Self::new(StatusCode::UNAUTHORIZED, denied.to_string()),
            Denied::UnknownKey => Self::new(StatusCode::UNAUTHORIZED, denied.to_string())
                .hint("`modlaked keys create` makes a key, `modlaked keys list` shows which are in force"),
            Denied::Scope { wanted, .. } => Self::new(StatusCode::FORBIDDEN, denied.to_string())
                .hint(format!("make one with `modlaked keys create --scope {}`", wanted.as_str())),
            Denied::Origin { .. } => Self::new(StatusCode::FORBIDDEN, denied.to_string())
                .hint("`modlaked keys list` shows which these are; browsers send them in the header `Origin`"),
            Denied::Catalog(error) => {
                // who reads the keys every second tells once that it is away; not for each stranger again
                if !matches!(error, CatalogError::Away { .. }) {
                    tracing::error!(%error, "catalog cannot be read");
                }
                Self::new(StatusCode::SERVICE_UNAVAILABLE, denied.to_string())
            }
        }
    }
}

impl From<&Throttled> for Fault {
    fn from(throttled: &Throttled) -> Self {
        let fault = Self::new(StatusCode::TOO_MANY_REQUESTS, throttled.to_string());
        Self { throttled: Some((throttled.standing, throttled.after)), ..fault }
    }
}

impl From<&Refusal> for Fault {
    fn from(refusal: &Refusal) -> Self {
        let status = match refusal {
            Refusal::Decode { .. } | Refusal::Unzip(_) | Refusal::Name(_) => StatusCode::BAD_REQUEST,
            Refusal::TooLarge { .. } | Refusal::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Journal(error) if error.is_temporary() => {
                tracing::debug!(%error, "request not taken");
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "telemetry cannot be kept now, send it again");
            }
            Refusal::Journal(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Catalog(error) => {
                tracing::error!(%error, "catalog cannot be used");
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string());
            }
        };
        let field = match refusal {
            Refusal::Decode { source, .. } if source.path != "body" => Some(source.path.clone()),
            _ => None,
        };
        Self { field, ..Self::new(status, refusal.to_string()) }
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid(message) => Self::new(StatusCode::BAD_REQUEST, message),
            QueryError::Refused(message) => Self::new(StatusCode::FORBIDDEN, message),
            QueryError::Limit { message, setting } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
                .hint(format!("the limit is the setting `{setting}` of the server")),
            QueryError::Internal(cause) => Self::internal(&cause),
        }
    }
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Response {
    let fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not for {}", uri.path()));
    fault.into_answer(uri.path())
}
