//! The HTTP API as this program uses it, and every way it can fail, in words.

use std::error::Error;
use std::io::{ErrorKind, Read};
use std::time::Duration;

use record::secret::Secret;
use serde_json::Value;
use ureq::http::{Response, Uri};
use ureq::typestate::WithBody;
use ureq::{Agent, Body, RequestBuilder};

use crate::config::{KEY_HINT, Settings};
use crate::error::CliError;
use crate::exit::Exit;

/// How long an answer may take to begin. The server has its own, shorter limit on a query.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const UNREACHABLE_HINT: &str = "start it with `modlaked serve`, or name another one: --server URL, MODLAKE_SERVER, \
                                or `modlake config set --server URL`";

pub(crate) struct Client {
    agent: Agent,
    server: String,
    key: Option<Secret>,
}

impl Client {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self::with_timeout(settings, ANSWER_TIMEOUT)
    }

    /// `timeout`: from sending to the first byte of the answer, and again for the rest of it.
    pub(crate) fn with_timeout(settings: &Settings, timeout: Duration) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirect loses the key on its way (or gives it to somebody else), so it is told and not followed.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("modlake/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(timeout));
        if is_loopback(&settings.server) {
            config = config.proxy(None);
        }
        let key = settings.key.as_ref().map(|(key, _)| key.clone());
        Self { agent: config.build().into(), server: settings.server.clone(), key }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, CliError> {
        let mut request = self.agent.get(self.url(path)).header("accept", "application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", bearer(key));
        }
        self.answer(request.call())
    }

    /// Sends `body` as JSON and asks for `accept`.
    pub(crate) fn post(&self, path: &str, accept: &str, body: &Value) -> Result<Answer, CliError> {
        let mut request = self.agent.post(self.url(path)).header("accept", accept).content_type("application/json");
        if let Some(key) = &self.key {
            request = request.header("authorization", bearer(key));
        }
        self.answer(request.send(body.to_string()))
    }

    /// Sends records as NDJSON; what the answer means for them.
    pub(crate) fn deliver(&self, path: &str, body: &[u8], timeout: Duration) -> Delivery {
        self.send(self.agent.post(self.url(path)), "application/x-ndjson", body, timeout)
    }

    /// Puts one file of CSV; what the answer means for it.
    pub(crate) fn put_csv(&self, path: &str, body: &[u8], timeout: Duration) -> Delivery {
        self.send(self.agent.put(self.url(path)), "text/csv", body, timeout)
    }

    fn send(&self, request: RequestBuilder<WithBody>, content_type: &str, body: &[u8], timeout: Duration) -> Delivery {
        let request = request.header("accept", "application/json");
        let mut request = request.content_type(content_type).config().timeout_global(Some(timeout)).build();
        if let Some(key) = &self.key {
            request = request.header("authorization", bearer(key));
        }
        let response = match request.send(body) {
            Ok(response) => response,
            Err(error) => return Delivery::Later { error: self.transport(&error), after: None },
        };
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        match response.status().as_u16() {
            200..=299 => Delivery::Taken,
            400 | 413 | 422 => Delivery::Refused(self.refusal(response)),
            401 | 403 => Delivery::Denied(self.refusal(response)),
            _ => Delivery::Later { error: self.refusal(response), after: after.map(Duration::from_secs) },
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }

    fn answer(&self, result: Result<Response<Body>, ureq::Error>) -> Result<Answer, CliError> {
        let response = result.map_err(|error| self.transport(&error))?;
        if response.status().is_success() {
            return Ok(Answer(response.into_body()));
        }
        Err(self.refusal(response))
    }

    fn transport(&self, error: &ureq::Error) -> CliError {
        let server = &self.server;
        let (message, hint) = match error {
            ureq::Error::HostNotFound => (format!("the host of {server} is unknown"), UNREACHABLE_HINT),
            ureq::Error::ConnectionFailed => (format!("nothing answers at {server}"), UNREACHABLE_HINT),
            ureq::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
                (format!("nothing listens at {server}"), UNREACHABLE_HINT)
            }
            ureq::Error::Timeout(what) => {
                (format!("{server} did not answer in time ({what})"), "see the server's log, and /readyz")
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => self.untrusted(error),
            // rustls tells of wrong certificates and of a peer without TLS through the stream it wraps.
            ureq::Error::Io(io) if io.kind() == ErrorKind::InvalidData && self.server.starts_with("https:") => {
                self.untrusted(io)
            }
            ureq::Error::Protocol(_) => {
                (format!("{server} does not speak HTTP: {error}"), "check the port, and http or https in the URL")
            }
            ureq::Error::Io(io) => (format!("the request to {server} failed: {io}"), UNREACHABLE_HINT),
            _ => (format!("the request to {server} failed: {error}"), UNREACHABLE_HINT),
        };
        CliError::new(Exit::Unreachable, message).hint(hint)
    }

    fn untrusted(&self, error: &dyn Error) -> (String, &'static str) {
        let message = format!("no trusted connection to {}: {error}", self.server);
        (message, "check the server's certificate, and http or https in the URL")
    }

    /// An answer that is not a success, in the server's own words where it gave some.
    fn refusal(&self, response: Response<Body>) -> CliError {
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (location, retry) = (header("location"), header("retry-after"));
        let told = told(response.into_body());
        let message = told.message.unwrap_or_else(|| {
            format!("{} answered {} {}", self.server, status.as_u16(), status.canonical_reason().unwrap_or_default())
        });
        let (exit, hint) = match status.as_u16() {
            300..=399 => {
                let to = location.unwrap_or_else(|| "another place".to_owned());
                (Exit::Config, Some(format!("{} redirects to {to}; name that server with --server", self.server)))
            }
            401 => (Exit::Denied, Some(KEY_HINT.to_owned())),
            403 => (Exit::Denied, Some("this key lacks a scope; `modlake doctor` shows what it may do".to_owned())),
            404 | 405 => (Exit::Refused, Some(format!("is {} a modlake server of this version?", self.server))),
            429 | 503 => (Exit::Unreachable, retry.map(|seconds| format!("try again in {seconds} s"))),
            400..=499 => (Exit::Refused, None),
            502 | 504 => (Exit::Unreachable, Some("a proxy answered in place of the server".to_owned())),
            _ => (Exit::Failed, Some("the server's log has the cause".to_owned())),
        };
        CliError { exit, message, hint: told.hint.or(hint) }
    }
}

/// What became of records that were sent.
pub(crate) enum Delivery {
    Taken,
    /// The server does not want these records, today or ever.
    Refused(CliError),
    /// The server does not want anything from this key.
    Denied(CliError),
    /// Not now. `after`: what the server asks to wait.
    Later {
        error: CliError,
        after: Option<Duration>,
    },
}

/// A successful answer whose body is still to come.
pub(crate) struct Answer(Body);

impl Answer {
    /// The body as JSON; more than `limit` bytes are an error.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(mut self, limit: u64) -> Result<T, CliError> {
        let bytes = self.0.with_config().limit(limit).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(limit) => {
                CliError::new(Exit::Failed, format!("the answer is larger than {} MiB", limit >> 20))
                    .hint("add a LIMIT, or take it as a stream: --format csv, --format json")
            }
            error => cut_off(&error),
        })?;
        serde_json::from_slice(&bytes).map_err(|error| not_modlake(&format!("answer that cannot be read: {error}")))
    }

    /// The body as a stream, once it is of the media type `expected`.
    pub(crate) fn stream(self, expected: &str) -> Result<impl Read, CliError> {
        match self.0.mime_type() {
            Some(found) if found.eq_ignore_ascii_case(expected) => {
                Ok(self.0.into_with_config().limit(u64::MAX).reader())
            }
            found => Err(not_modlake(&format!("answer of type {} in place of {expected}", found.unwrap_or("unknown")))),
        }
    }
}

/// The connection ended before the answer did: what was printed so far is not all.
pub(crate) fn cut_off(error: &dyn Error) -> CliError {
    CliError::new(Exit::Unreachable, format!("the answer broke off: {error}"))
        .hint("what was printed is incomplete; the server's log may tell why")
}

fn not_modlake(what: &str) -> CliError {
    CliError::new(Exit::Failed, format!("the server gave an {what}")).hint("is this the URL of a modlake server?")
}

fn bearer(key: &Secret) -> String {
    format!("Bearer {}", key.reveal())
}

fn is_loopback(server: &str) -> bool {
    let uri: Option<Uri> = server.parse().ok();
    uri.as_ref().and_then(Uri::host).is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

#[derive(Default)]
struct Told {
    message: Option<String>,
    hint: Option<String>,
}

/// What an error's body says: `{"error":{"message","hint"}}` of the API, or `{"message"}` of OTLP (`google.rpc.Status`).
fn told(body: Body) -> Told {
    const LIMIT: u64 = 64 * 1024;
    let body = body.into_with_config().limit(LIMIT).read_to_vec().unwrap_or_default();
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    Told { message: text("/error/message").or_else(|| text("/message")), hint: text("/error/hint") }
}

#[cfg(test)]
mod tests;
