//! Faults as answers.
//!
//! OTLP routes answer with `google.rpc.Status` in the request's encoding (OTLP 1.11, "Failures"), all others with
//! `{"error":{"message","hint"}}`. What is inside this machine stays in the log, under an id that the answer names.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use query::QueryError;
use receive::ContentType;
use receive::answer::{self, code};
use serde_json::json;

use crate::authenticate::Denied;
use crate::flow::accept::Refusal;

/// A fault that is told to the sender.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// Seconds after which a sender may try again.
const RETRY_AFTER_SECONDS: u16 = 2;

impl Fault {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Logs the cause under an id and tells the sender the id only.
    fn internal(cause: &str) -> Self {
        let id = uuid::Uuid::now_v7();
        tracing::error!(%id, cause, "internal error");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("internal error {id}"))
            .hint("the server's log has the cause under this id")
    }

    /// As OTLP wants it.
    pub(super) fn into_otlp(self, content_type: ContentType) -> Response {
        let code = match self.status {
            StatusCode::UNAUTHORIZED => code::UNAUTHENTICATED,
            StatusCode::FORBIDDEN => code::PERMISSION_DENIED,
            StatusCode::NOT_FOUND => code::NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => code::UNIMPLEMENTED,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => code::RESOURCE_EXHAUSTED,
            StatusCode::SERVICE_UNAVAILABLE => code::UNAVAILABLE,
            status if status.is_client_error() => code::INVALID_ARGUMENT,
            _ => code::INTERNAL,
        };
        let message = match &self.hint {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        };
        let body = answer::status(content_type, code, &message);
        self.with_headers((self.status, [(CONTENT_TYPE, content_type.as_str())], body).into_response())
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
            }
            _ => {}
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
            Denied::Catalog(error) => {
                tracing::error!(%error, "catalog cannot be read");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, denied.to_string())
            }
        }
    }
}

impl From<&Refusal> for Fault {
    fn from(refusal: &Refusal) -> Self {
        let status = match refusal {
            Refusal::Decode { .. } | Refusal::Unzip(_) => StatusCode::BAD_REQUEST,
            Refusal::TooLarge { .. } | Refusal::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Journal(error) if error.is_temporary() => {
                tracing::warn!(%error, "request not taken");
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "telemetry cannot be kept now, send it again");
            }
            Refusal::Journal(_) => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Self::new(status, refusal.to_string())
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

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Fault {
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not for {}", uri.path()))
}
