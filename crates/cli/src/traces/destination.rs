//! Where trace files go, by `BI_ENDPOINT`:
//!
//! | `BI_ENDPOINT` | is |
//! |---|---|
//! | `s3://bucket/prefix`, `az://…`, `abfs://…`, `abfss://…`, `gs://…` | a bucket ([`bucket`]) |
//! | `file:///folder`, `/folder`, `~/folder` | a folder, as a bucket |
//! | `http://…`, `https://…` | what takes a POST of each file ([`endpoint`]) |
//! | nothing | modlaked, once this machine has a server and a key ([`modlaked`]) |

pub(crate) mod bucket;
mod credentials;
pub(crate) mod endpoint;
pub(crate) mod key;
pub(crate) mod modlaked;

use std::path::PathBuf;
use std::time::Duration;

use object_store::ObjectStoreScheme;
use url::Url;

use crate::config::{Environment, Origin, Settings};
use crate::error::CliError;
use crate::traces::document::Document;
use crate::traces::ledger::Entry;
use crate::traces::setup::Setup;
use bucket::Bucket;
use endpoint::Endpoint;
use key::Layout;
use modlaked::Modlaked;

/// How long one file may take where there is time.
const TIMEOUT: Duration = Duration::from_mins(1);

/// What the variables say, checked; nothing is connected yet.
#[derive(Debug)]
pub(crate) enum Target {
    Bucket(Bucket),
    Endpoint(Endpoint),
    Modlaked(Modlaked),
}

/// What became of a file.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// It is there, under this key.
    Taken { key: String },
    /// The destination will never take this file.
    Refused(CliError),
    /// The destination takes nothing from us as things are.
    Denied(CliError),
    /// Not now.
    Later(CliError),
}

/// A file on its way.
pub(crate) struct Parcel<'p> {
    pub(crate) kind: &'p str,
    /// Of the file as it lies here.
    pub(crate) sha256: &'p str,
    pub(crate) document: &'p Document,
    pub(crate) key: &'p str,
    /// What the ledger had of this file before.
    pub(crate) before: Option<&'p Entry>,
    /// How long it may take.
    pub(crate) patience: Duration,
}

impl Target {
    /// `Ok(None)`: nothing says that anything is to be sent. `Err`: the sentence why nothing can be.
    pub(crate) fn of(setup: &Setup, server: Option<&str>, environment: &Environment) -> Result<Option<Self>, String> {
        let Some(endpoint) = setup.get("BI_ENDPOINT") else {
            return Ok(default(server, environment));
        };
        let url = url(endpoint).ok_or("BI_ENDPOINT is neither a URL nor the path of a folder")?;
        if matches!(url.scheme(), "http" | "https") {
            return Endpoint::new(&url, setup).map(|endpoint| Some(Self::Endpoint(endpoint)));
        }
        let is_known = ObjectStoreScheme::parse(&url).is_ok() && url.scheme() != "memory";
        if !is_known {
            return Err(format!("BI_ENDPOINT begins with {}://, which is not known", url.scheme()));
        }
        let Some(org) = setup.get("BI_ORG") else { return Err("BI_ORG is not set".to_owned()) };
        let layout = Layout::new(org, setup)?;
        Bucket::new(url, layout, setup).map(|bucket| Some(Self::Bucket(bucket)))
    }

    /// As in "Uploading X to S3...".
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Bucket(bucket) => bucket.place().to_owned(),
            Self::Endpoint(endpoint) => endpoint.host().to_owned(),
            Self::Modlaked(_) => "modlaked".to_owned(),
        }
    }

    /// What the ledger knows it by.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Bucket(bucket) => bucket.identity(),
            Self::Endpoint(endpoint) => endpoint.identity(),
            Self::Modlaked(modlaked) => modlaked.identity(),
        }
    }

    /// The key or route of a file that was not sent before.
    pub(crate) fn key(&self, kind: &str, id: &str, document: &Document) -> String {
        match self {
            Self::Bucket(bucket) => bucket.key(kind, id, document),
            Self::Endpoint(_) => String::new(),
            Self::Modlaked(_) => modlaked::route(kind, id),
        }
    }

    pub(crate) fn connect(&self) -> Result<Connection, CliError> {
        Ok(match self {
            Self::Bucket(bucket) => Connection::Bucket(Box::new(bucket.open()?)),
            Self::Endpoint(endpoint) => Connection::Endpoint(endpoint.open()?),
            Self::Modlaked(modlaked) => Connection::Modlaked(modlaked.open()),
        })
    }
}

impl Parcel<'_> {
    fn timeout(&self) -> Duration {
        TIMEOUT.min(self.patience)
    }
}

/// A destination that can be sent to.
pub(crate) enum Connection {
    Bucket(Box<bucket::Open>),
    Endpoint(endpoint::Open),
    Modlaked(modlaked::Open),
}

impl Connection {
    pub(crate) fn send(&self, parcel: &Parcel<'_>) -> Delivery {
        match self {
            Self::Bucket(bucket) => bucket.send(parcel),
            Self::Endpoint(endpoint) => endpoint.send(parcel),
            Self::Modlaked(modlaked) => modlaked.send(parcel),
        }
    }

    /// Whether something could be sent now, without leaving anything behind.
    pub(crate) fn check(&self) -> Result<String, CliError> {
        match self {
            Self::Bucket(bucket) => bucket.check(),
            Self::Endpoint(endpoint) => endpoint.check(),
            Self::Modlaked(modlaked) => modlaked.check(),
        }
    }
}

/// modlaked, when somebody has named a server and there is a key.
fn default(server: Option<&str>, environment: &Environment) -> Option<Target> {
    let settings = Settings::load(server, environment).ok()?;
    let is_named = settings.server_from != Origin::Default && settings.key.is_some();
    is_named.then(|| Target::Modlaked(Modlaked::new(settings)))
}

/// A URL, or a folder's path as one. What is relative would mean another folder in each folder that `mod` is called in.
fn url(endpoint: &str) -> Option<Url> {
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.starts_with('/') {
        Url::from_file_path(PathBuf::from(endpoint)).ok()
    } else {
        Url::parse(endpoint).ok()
    }
}

#[cfg(test)]
mod tests;
