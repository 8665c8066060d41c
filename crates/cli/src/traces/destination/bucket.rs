//! A bucket of Amazon S3, Azure, Google Cloud, of what speaks their protocols, or a folder.
//!
//! An object that is not ours is never overwritten:
//!
//! | this file | is put |
//! |---|---|
//! | is new to the ledger | if there is no such object (`If-None-Match: *`) |
//! | was put under this key before, and has grown since | over it |
//! | was on its way when a process died | if there is no such object; one that is there is ours |
//!
//! Where an object of the same key is there all the same, it is read: the same bytes are this file, and so is what this file
//! goes on from (the ledger was lost). All else is somebody else's, and this file gets the key `<command-id>.<first 12
//! digits of its SHA-256>.csv`. A store without conditional requests is asked for the object first.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, resolve_bucket_region};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt as _, ObjectStoreScheme, PutMode, PutOptions,
    PutPayload, RetryConfig, UpdateVersion,
};
use record::secret::Secret;
use record::trace::sha256;
use tokio::runtime::{self, Runtime};
use url::Url;

use super::key::Layout;
use super::{Delivery, Parcel, TIMEOUT, credentials, endpoint};
use crate::error::CliError;
use crate::exit::Exit;
use crate::traces::document::{Document, MAX_BYTES};
use crate::traces::ledger::Entry;
use crate::traces::setup::Setup;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const RETRIES: usize = 2;
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Bucket {
    url: Url,
    scheme: ObjectStoreScheme,
    prefix: Path,
    layout: Layout,
    /// The variables that the cloud's own programs read.
    variables: Vec<(String, String)>,
    home: Option<PathBuf>,
    proxy: Option<Secret>,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Bucket {
    pub(crate) fn new(url: Url, layout: Layout, setup: &Setup) -> Result<Self, String> {
        // They would do nothing but be told: the URL stands in lines, in the ledger and in what doctor says.
        let names_container = matches!(url.scheme(), "abfs" | "abfss");
        let has_user = !url.username().is_empty() && !names_container;
        if has_user || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            let sentence =
                "BI_ENDPOINT holds more than a bucket and a prefix; credentials come from the cloud's own variables";
            return Err(sentence.to_owned());
        }
        let (scheme, prefix) =
            ObjectStoreScheme::parse(&url).map_err(|_| "BI_ENDPOINT has a path that cannot be a key".to_owned())?;
        let wanted =
            |name: &str| ["AWS_", "AZURE_", "GOOGLE_", "IDENTITY_"].iter().any(|family| name.starts_with(family));
        let variables = setup.variables.iter().filter(|(name, value)| wanted(name) && !value.is_empty());
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let https = Url::parse("https://cloud.invalid").map_err(|error| error.to_string())?;
        let proxy = if url.scheme() == "file" { None } else { endpoint::proxy(&https, setup)? };
        let home = setup.get("HOME").map(PathBuf::from);
        Ok(Self { url, scheme, prefix, layout, variables, home, proxy })
    }

    pub(crate) fn place(&self) -> &'static str {
        match self.scheme {
            ObjectStoreScheme::AmazonS3 => "S3",
            ObjectStoreScheme::MicrosoftAzure => "Azure",
            ObjectStoreScheme::GoogleCloudStorage => "Google Cloud Storage",
            _ => "a folder",
        }
    }

    pub(crate) fn identity(&self) -> String {
        format!("{} {}", self.url, self.layout.identity())
    }

    /// The command that writes a script for query engines over this bucket.
    pub(crate) fn ddl(&self) -> String {
        format!("modlaked ddl --engine athena --format csv {} --location {}", self.layout.ddl(), self.url)
    }

    pub(crate) fn key(&self, kind: &str, id: &str, document: &Document) -> String {
        self.layout.key(kind, id, document.at)
    }

    pub(crate) fn open(&self) -> Result<Open, CliError> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::new(Exit::Failed, format!("cannot start the upload: {error}")))?;
        let store = runtime.block_on(self.store())?;
        // The folder's path is the store's own root.
        let prefix = if self.scheme == ObjectStoreScheme::Local { Path::default() } else { self.prefix.clone() };
        let folder = (self.scheme == ObjectStoreScheme::Local).then(|| self.url.to_file_path().unwrap_or_default());
        let hint = credentials::hint(&self.scheme);
        Ok(Open { runtime, store, prefix, place: self.url.to_string(), folder, hint })
    }

    async fn store(&self) -> Result<Box<dyn ObjectStore>, CliError> {
        let retry =
            RetryConfig { backoff: BackoffConfig::default(), max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT };
        let wrong = |error: Error| {
            CliError::new(Exit::Config, format!("{}: {}", self.url, bare(&error.to_string())))
                .hint(credentials::hint(&self.scheme))
        };
        let named = |family: &'static str| self.variables.iter().filter(move |(name, _)| name.starts_with(family));
        Ok(match self.scheme {
            ObjectStoreScheme::AmazonS3 => {
                let options = credentials::aws(&self.variables, self.home.as_deref())?;
                let is_plain = |name: &str| options.get(name).is_some_and(|endpoint| endpoint.starts_with("http://"));
                let has_endpoint = ["aws_endpoint_url", "aws_endpoint_url_s3", "aws_endpoint"];
                let allow_http = has_endpoint.iter().any(|name| is_plain(name));
                let client = self.client(allow_http);
                let mut builder = AmazonS3Builder::new().with_client_options(client.clone()).with_retry(retry);
                for (name, value) in &options {
                    if let Ok(key) = name.parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                let is_told = ["aws_region", "aws_default_region"].iter().chain(&has_endpoint);
                if !is_told.into_iter().any(|name| options.contains_key(*name))
                    && let Some(bucket) = self.url.host_str()
                    && let Ok(region) = resolve_bucket_region(bucket, &client).await
                {
                    builder = builder.with_region(region);
                }
                Box::new(builder.with_url(self.url.as_str()).build().map_err(wrong)?)
            }
            ObjectStoreScheme::MicrosoftAzure => {
                let is_plain = |(_, value): &(String, String)| value.starts_with("http://");
                let client = self.client(named("AZURE_").any(is_plain) || self.is_emulated());
                let mut builder = MicrosoftAzureBuilder::new().with_client_options(client).with_retry(retry);
                for (name, value) in named("AZURE_") {
                    if let Ok(key) = name.to_ascii_lowercase().parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                if let Some((_, endpoint)) = named("IDENTITY_ENDPOINT").next() {
                    builder = builder.with_msi_endpoint(endpoint);
                }
                Box::new(builder.with_url(self.url.as_str()).build().map_err(wrong)?)
            }
            ObjectStoreScheme::GoogleCloudStorage => {
                let mut builder =
                    GoogleCloudStorageBuilder::new().with_client_options(self.client(false)).with_retry(retry);
                for (name, value) in named("GOOGLE_") {
                    if let Ok(key) = name.to_ascii_lowercase().parse() {
                        builder = builder.with_config(key, value);
                    }
                }
                Box::new(builder.with_url(self.url.as_str()).build().map_err(wrong)?)
            }
            _ => {
                let folder = self.url.to_file_path().unwrap_or_default();
                if !folder.is_dir() {
                    return Err(CliError::new(Exit::Config, format!("{} is no folder", folder.display()))
                        .hint("make it, or mount what should be there"));
                }
                Box::new(LocalFileSystem::new_with_prefix(folder).map_err(wrong)?)
            }
        })
    }

    fn is_emulated(&self) -> bool {
        self.variables.iter().any(|(name, value)| name == "AZURE_STORAGE_USE_EMULATOR" && value != "false")
    }

    fn client(&self, allow_http: bool) -> ClientOptions {
        let options = ClientOptions::new()
            .with_timeout(TIMEOUT)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_default_content_type("text/csv")
            .with_allow_http(allow_http);
        match &self.proxy {
            Some(proxy) => options.with_proxy_url(proxy.reveal()),
            None => options,
        }
    }
}

pub(crate) struct Open {
    runtime: Runtime,
    store: Box<dyn ObjectStore>,
    prefix: Path,
    place: String,
    /// Where it is one.
    folder: Option<PathBuf>,
    hint: &'static str,
}

/// What an object that is there is to the file that wants its key.
enum Resident {
    /// The file, or more than the file.
    Same,
    /// What the file has grown from.
    Earlier(UpdateVersion),
    Foreign,
}

impl Open {
    pub(crate) fn send(&self, parcel: &Parcel<'_>) -> Delivery {
        let put = async { tokio::time::timeout(parcel.timeout(), self.put(parcel)).await };
        let Ok(put) = self.runtime.block_on(put) else {
            let message = format!("{} did not answer in time", self.place);
            return Delivery::Later(
                CliError::new(Exit::Unreachable, message).hint("check the network and BI_ENDPOINT"),
            );
        };
        match put {
            Ok(key) => Delivery::Taken { key },
            Err(Error::Unauthenticated { .. } | Error::PermissionDenied { .. }) => Delivery::Denied(
                CliError::new(Exit::Denied, format!("{} does not let us write", self.place))
                    .hint("check the credentials, and that they allow s3:PutObject or its like"),
            ),
            Err(error @ Error::NotFound { .. }) => Delivery::Denied(
                CliError::new(Exit::Config, format!("{} is not there: {}", self.place, reason(&error)))
                    .hint("check the bucket's name in BI_ENDPOINT"),
            ),
            Err(Error::InvalidPath { .. }) => {
                Delivery::Refused(CliError::new(Exit::Refused, "its name cannot be a key"))
            }
            Err(error) => Delivery::Later(
                CliError::new(Exit::Unreachable, format!("{}: {}", self.place, reason(&error)))
                    .hint("check the network, BI_ENDPOINT and the credentials with `modlake doctor`"),
            ),
        }
    }

    /// The key under which it is there now.
    async fn put(&self, parcel: &Parcel<'_>) -> Result<String, Error> {
        let body = || PutPayload::from(parcel.document.clean.clone());
        let path = self.path(parcel.key);
        if parcel.before.is_some_and(|before| before.is_ours && before.key == parcel.key) {
            self.put_as(&path, body(), PutMode::Overwrite).await?;
            return Ok(parcel.key.to_owned());
        }
        if self.create(&path, body()).await? {
            return Ok(parcel.key.to_owned());
        }
        let on_its_way = parcel.before.filter(|before| before.key == parcel.key);
        match self.resident(&path, parcel, on_its_way).await {
            Ok(Resident::Same) => return Ok(parcel.key.to_owned()),
            Ok(Resident::Earlier(version)) => match self.put_as(&path, body(), PutMode::Update(version)).await {
                Ok(()) => return Ok(parcel.key.to_owned()),
                Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                    self.put_as(&path, body(), PutMode::Overwrite).await?;
                    return Ok(parcel.key.to_owned());
                }
                Err(Error::Precondition { .. }) => {}
                Err(error) => return Err(error),
            },
            Ok(Resident::Foreign) => {}
            // Nobody lets us look: it is what we were about to put when this process died.
            Err(_) if on_its_way.is_some() => {
                self.put_as(&path, body(), PutMode::Overwrite).await?;
                return Ok(parcel.key.to_owned());
            }
            Err(_) => {}
        }
        let key = beside(parcel.key, parcel.sha256);
        // Named by its content: when it is there, it is this file.
        self.create(&self.path(&key), body()).await?;
        Ok(key)
    }

    /// Whether it was put; not when an object is there.
    async fn create(&self, path: &Path, body: PutPayload) -> Result<bool, Error> {
        match self.put_as(path, body.clone(), PutMode::Create).await {
            Ok(()) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => match self.store.head(path).await {
                Ok(_) => Ok(false),
                Err(Error::NotFound { .. }) => self.put_as(path, body, PutMode::Overwrite).await.map(|()| true),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn put_as(&self, path: &Path, body: PutPayload, mode: PutMode) -> Result<(), Error> {
        self.store.put_opts(path, body, PutOptions::from(mode)).await?;
        Ok(())
    }

    async fn resident(&self, path: &Path, parcel: &Parcel<'_>, on_its_way: Option<&Entry>) -> Result<Resident, Error> {
        let found = self.store.get(path).await?;
        if found.meta.size > MAX_BYTES {
            return Ok(Resident::Foreign);
        }
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let (object, file) = (found.bytes().await?, parcel.document.clean.as_slice());
        let was_ours = || on_its_way.is_some_and(|before| sha256(&object) == before.sha256);
        Ok(if object.starts_with(file) {
            Resident::Same
        } else if file.starts_with(&object) || was_ours() {
            Resident::Earlier(version)
        } else {
            Resident::Foreign
        })
    }

    fn path(&self, key: &str) -> Path {
        self.prefix.parts().chain(Path::from(key).parts()).collect()
    }

    /// Asks for an object that is not there: the answer tells whether bucket and credentials are good. Reading may be
    /// forbidden where writing is not.
    pub(crate) fn check(&self) -> Result<String, CliError> {
        let place = &self.place;
        if let Some(folder) = &self.folder {
            let made = tempfile::Builder::new().prefix(".modlake-").tempfile_in(folder);
            return made.map(|_| format!("{place} can be written")).map_err(|error| {
                CliError::new(Exit::Config, format!("{place} cannot be written: {error}"))
                    .hint("make the folder writable for this user")
            });
        }
        let probe = self.path("modlake-doctor/not-there.csv");
        let Err(error) = self.wait(self.store.get(&probe)) else { return Ok(format!("{place} answers")) };
        let text = error.to_string();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match error {
            Error::NotFound { .. } if !says(&["NoSuchBucket", "ContainerNotFound"]) => Ok(format!("{place} answers")),
            Error::NotFound { .. } => Err(CliError::new(Exit::Config, format!("{place} is not there"))
                .hint("check the bucket's name in BI_ENDPOINT")),
            Error::PermissionDenied { .. } if says(&["AccessDenied", "AuthorizationPermissionMismatch"]) => {
                Ok(format!("{place} knows the credentials; they may not read, which sending can do without"))
            }
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                Err(CliError::new(Exit::Denied, format!("{place} does not accept the credentials")).hint(self.hint))
            }
            _ => Err(CliError::new(Exit::Unreachable, format!("{place}: {}", reason(&error))).hint(self.hint)),
        }
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.runtime.block_on(work)
    }
}

/// `…/<id>.<first 12 digits of the SHA-256>.csv`
pub(crate) fn beside(key: &str, sha256: &str) -> String {
    let stem = key.strip_suffix(".csv").unwrap_or(key);
    format!("{stem}.{}.csv", sha256.get(..12).unwrap_or(sha256))
}

/// The innermost cause, which says what happened; the outer ones say which request it was.
fn reason(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    bare(&cause.to_string())
}

/// One line without what stands behind the `?` of URLs, which may be a signature.
fn bare(text: &str) -> String {
    const CHARS: usize = 200;
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((url, _)) if url.contains("://") => url,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ").chars().take(CHARS).collect()
}

#[cfg(test)]
mod tests;
