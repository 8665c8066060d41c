//! An HTTP endpoint, as the HTTP wrappers send to it: each file a POST of `text/csv` with `X-Event-Type: <type>`, Basic
//! authentication when `BI_AUTH_USER` is set, through `HTTPS_PROXY` or `HTTP_PROXY` with `PROXY_USER` and `PROXY_PASS`.
//! Anything but 2xx is a failure. A file that grew is sent again as a whole.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use record::secret::Secret;
use ureq::{Agent, Proxy};
use url::Url;

use super::{Delivery, Parcel, TIMEOUT};
use crate::error::CliError;
use crate::exit::Exit;
use crate::traces::setup::Setup;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Endpoint {
    url: Url,
    /// The value of the header `authorization`.
    authorization: Option<Secret>,
    proxy: Option<Secret>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("host", &self.host()).finish_non_exhaustive()
    }
}

impl Endpoint {
    pub(crate) fn new(url: &Url, setup: &Setup) -> Result<Self, String> {
        let mut url = url.clone();
        let in_url = (!url.username().is_empty())
            .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        let set = setup
            .get("BI_AUTH_USER")
            .map(|user| (user.to_owned(), setup.get("BI_AUTH_PASS").unwrap_or_default().to_owned()));
        let authorization = set.or(in_url).map(|(user, password)| {
            Secret::new(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
        });
        if url.set_username("").is_err() || url.set_password(None).is_err() || url.host_str().is_none() {
            return Err("BI_ENDPOINT has no host".to_owned());
        }
        let proxy = proxy(&url, setup)?;
        Ok(Self { url, authorization, proxy })
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Without the query, which may hold a key.
    pub(crate) fn identity(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.to_string()
    }

    pub(crate) fn open(&self) -> Result<Open, CliError> {
        let proxy = self.proxy.as_ref().map(|proxy| Proxy::new(proxy.reveal())).transpose().map_err(|_| {
            CliError::new(Exit::Config, "the proxy is not a URL").hint("correct HTTPS_PROXY or HTTP_PROXY")
        })?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("modlake/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(TIMEOUT))
            .proxy(proxy)
            .build();
        Ok(Open { agent: config.into(), endpoint: self.clone() })
    }
}

/// The proxy's URL for `url`, unless `NO_PROXY` names its host.
pub(super) fn proxy(url: &Url, setup: &Setup) -> Result<Option<Secret>, String> {
    let either = |name: &str| setup.get(name).or_else(|| setup.get(&name.to_lowercase()));
    let named =
        if url.scheme() == "http" { either("HTTP_PROXY") } else { either("HTTPS_PROXY").or(either("HTTP_PROXY")) };
    let Some(named) = named.or(either("ALL_PROXY")) else { return Ok(None) };
    let host = url.host_str().unwrap_or_default();
    let is_excepted = either("NO_PROXY").unwrap_or_default().split(',').map(str::trim).any(|name| {
        let name = name.trim_start_matches('.');
        name == "*" || (!name.is_empty() && (host == name || host.ends_with(&format!(".{name}"))))
    });
    if is_excepted {
        return Ok(None);
    }
    let with_scheme = if named.contains("://") { named.to_owned() } else { format!("http://{named}") };
    let wrong = || "the proxy is not a URL".to_owned();
    let mut proxy = Url::parse(&with_scheme).map_err(|_| wrong())?;
    if let Some(user) = setup.get("PROXY_USER") {
        proxy.set_username(user).map_err(|()| wrong())?;
        proxy.set_password(setup.get("PROXY_PASS")).map_err(|()| wrong())?;
    }
    Ok(Some(Secret::new(proxy.to_string())))
}

pub(crate) struct Open {
    agent: Agent,
    endpoint: Endpoint,
}

impl Open {
    pub(crate) fn send(&self, parcel: &Parcel<'_>) -> Delivery {
        let request = self.agent.post(self.endpoint.url.as_str()).content_type("text/csv");
        let mut request = request.header("x-event-type", parcel.kind);
        if let Some(authorization) = &self.endpoint.authorization {
            request = request.header("authorization", authorization.reveal());
        }
        let host = self.endpoint.host();
        let request = request.config().timeout_global(Some(parcel.timeout())).build();
        match request.send(parcel.document.clean.as_slice()).map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Delivery::Taken { key: String::new() },
            Ok(status) => {
                let message = format!("{host} answered {status}");
                match status.as_u16() {
                    400 | 413 | 415 | 422 => Delivery::Refused(CliError::new(Exit::Refused, message)),
                    401 | 403 | 407 => Delivery::Denied(
                        CliError::new(Exit::Denied, message).hint("check BI_AUTH_USER and BI_AUTH_PASS"),
                    ),
                    300..=399 => Delivery::Denied(
                        CliError::new(Exit::Config, message).hint("write the address it redirects to into BI_ENDPOINT"),
                    ),
                    _ => Delivery::Later(CliError::new(Exit::Unreachable, message)),
                }
            }
            Err(error) => Delivery::Later(self.unreachable(&error)),
        }
    }

    /// Whether somebody listens: a POST would leave a file behind.
    pub(crate) fn check(&self) -> Result<String, CliError> {
        let mut request = self.agent.head(self.endpoint.url.as_str());
        if let Some(authorization) = &self.endpoint.authorization {
            request = request.header("authorization", authorization.reveal());
        }
        let answer = request.call().map_err(|error| self.unreachable(&error))?;
        if [401, 403, 407].contains(&answer.status().as_u16()) {
            let message = format!("{} answered {}", self.endpoint.host(), answer.status());
            return Err(CliError::new(Exit::Denied, message).hint("check BI_AUTH_USER and BI_AUTH_PASS"));
        }
        Ok(format!("{} answers", self.endpoint.host()))
    }

    fn unreachable(&self, error: &ureq::Error) -> CliError {
        let host = self.endpoint.host();
        let why = match error {
            ureq::Error::HostNotFound => "its name is unknown".to_owned(),
            ureq::Error::ConnectionFailed => "nothing answers".to_owned(),
            ureq::Error::Timeout(what) => format!("it did not answer in time ({what})"),
            // Its text may hold the URL with what is secret in it.
            ureq::Error::BadUri(_) => "the URL is wrong".to_owned(),
            error => error.to_string(),
        };
        CliError::new(Exit::Unreachable, format!("{host}: {why}")).hint("check BI_ENDPOINT and the proxy's variables")
    }
}

/// Percent signs of a URL's user and password.
fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
