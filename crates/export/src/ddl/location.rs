//! Where the lake lies, and how each engine writes that.

use std::fmt;

use super::DdlError;

/// Root of a lake. Made by [`Location::parse`] only: its text is safe between single quotes and is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    store: Store,
    /// Below the store's root, with a slash at its end unless it is empty.
    prefix: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Store {
    Folder,
    S3 {
        bucket: String,
    },
    Gcs {
        bucket: String,
    },
    /// The account is known where the location named it.
    Azure {
        container: String,
        account: Option<String>,
    },
}

/// How an engine writes a location of Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Azure {
    /// `abfss://container@account.dfs.core.windows.net/…`
    Abfss,
    /// `azure://account.blob.core.windows.net/container/…`
    Blob,
}

/// The schemes of an engine, each with `://`; `None`: it does not read from there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schemes {
    pub s3: Option<&'static str>,
    pub gcs: Option<&'static str>,
    pub azure: Option<Azure>,
    pub folder: Option<&'static str>,
}

impl Location {
    /// `s3://bucket[/prefix]`, `gs://…`, `az://container[/prefix]`, `abfss://container@account.dfs.core.windows.net[/prefix]`,
    /// or an absolute folder, plain or as `file://…`.
    pub fn parse(text: &str) -> Result<Self, DdlError> {
        let wrong = |reason| DdlError::Location { text: text.to_owned(), reason };
        if text.contains(|c: char| c.is_control() || "'\"`\\*?[]{}$;".contains(c)) {
            return Err(wrong("quotes, backslashes, `$`, `;` and the characters of patterns cannot stand in it"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            if !text.starts_with('/') {
                return Err(wrong("neither a URL such as s3://bucket/prefix nor an absolute folder"));
            }
            return Ok(Self { store: Store::Folder, prefix: with_slash(text) });
        };
        if scheme == "file" {
            let is_absolute = rest.starts_with('/');
            let folder = Self { store: Store::Folder, prefix: with_slash(rest) };
            return if is_absolute { Ok(folder) } else { Err(wrong("file:// goes on with an absolute folder")) };
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(wrong("it names no bucket or container"));
        }
        let owned = bucket.to_owned();
        let store = match scheme {
            "s3" | "s3a" => Store::S3 { bucket: owned },
            "gs" => Store::Gcs { bucket: owned },
            "az" | "abfss" => azure(bucket).ok_or_else(|| {
                wrong("of Azure write az://container/prefix or abfss://container@account.dfs.core.windows.net/prefix")
            })?,
            _ => return Err(wrong("its scheme is none of s3, gs, az, abfss, file")),
        };
        Ok(Self { store, prefix: with_slash(prefix) })
    }

    /// URL of what lies at `path` below the root, as an engine with these schemes writes it; `None` where it cannot read it.
    pub(super) fn url(&self, schemes: Schemes, path: &str) -> Option<String> {
        let prefix = &self.prefix;
        match &self.store {
            Store::Folder => schemes.folder.map(|scheme| format!("{scheme}/{}{path}", prefix.trim_start_matches('/'))),
            Store::S3 { bucket } => schemes.s3.map(|scheme| format!("{scheme}{bucket}/{prefix}{path}")),
            Store::Gcs { bucket } => schemes.gcs.map(|scheme| format!("{scheme}{bucket}/{prefix}{path}")),
            Store::Azure { container, account } => {
                let account = account.as_deref()?;
                schemes.azure.map(|form| match form {
                    Azure::Abfss => format!("abfss://{container}@{account}.dfs.core.windows.net/{prefix}{path}"),
                    Azure::Blob => format!("azure://{account}.blob.core.windows.net/{container}/{prefix}{path}"),
                })
            }
        }
    }

    pub(super) fn is_folder(&self) -> bool {
        self.store == Store::Folder
    }

    pub(super) fn is_s3(&self) -> bool {
        matches!(self.store, Store::S3 { .. })
    }

    pub(super) fn is_gcs(&self) -> bool {
        matches!(self.store, Store::Gcs { .. })
    }

    /// Account and container of Azure, and what lies at `path` below the root within the container.
    pub(super) fn azure(&self, path: &str) -> Option<(&str, &str, String)> {
        match &self.store {
            Store::Azure { container, account: Some(account) } => {
                Some((account, container, format!("{}{path}", self.prefix)))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = &self.prefix;
        match &self.store {
            Store::Folder => f.write_str(prefix),
            Store::S3 { bucket } => write!(f, "s3://{bucket}/{prefix}"),
            Store::Gcs { bucket } => write!(f, "gs://{bucket}/{prefix}"),
            Store::Azure { container, account: None } => write!(f, "az://{container}/{prefix}"),
            Store::Azure { container, account: Some(account) } => {
                write!(f, "abfss://{container}@{account}.dfs.core.windows.net/{prefix}")
            }
        }
    }
}

/// `container`, or `container@account.dfs.core.windows.net`.
fn azure(authority: &str) -> Option<Store> {
    let Some((container, host)) = authority.split_once('@') else {
        return Some(Store::Azure { container: authority.to_owned(), account: None });
    };
    let account = host.strip_suffix(".dfs.core.windows.net")?;
    let is_named = !container.is_empty() && !account.is_empty();
    is_named.then(|| Store::Azure { container: container.to_owned(), account: Some(account.to_owned()) })
}

fn with_slash(prefix: &str) -> String {
    let trimmed = prefix.trim_end_matches('/');
    if trimmed.is_empty() && !prefix.starts_with('/') { String::new() } else { format!("{trimmed}/") }
}
