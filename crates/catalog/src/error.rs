//! What can go wrong with the catalog, sorted by what the caller will do about it.

use std::path::PathBuf;

use record::caller::InvalidTenant;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum CatalogError {
    /// The database cannot be used; the owner repairs its place, its rights or the setting.
    #[error("cannot open the catalog {catalog}: {reason}; {hint}")]
    Open { catalog: String, reason: String, hint: &'static str },
    /// The bytes of a file are not a usable database.
    #[error(
        "the catalog {} is damaged or not a SQLite database ({reason}); restore it from a backup, or move it away to start with an empty one",
        path.display()
    )]
    Damaged { path: PathBuf, reason: String },
    /// A later version changed the tables.
    #[error(
        "the catalog {catalog} was written by a newer modlaked (migration {migration} is unknown here); run that version"
    )]
    Newer { catalog: String, migration: i64 },
    /// It was opened, and cannot be reached now. What was being written may have been, or not.
    #[error("the catalog {catalog} cannot be reached: {reason}")]
    Away { catalog: String, reason: String },
    /// What was asked for is not a key that can exist. The text says which part and why.
    #[error("{0}")]
    Invalid(String),
    #[error("there is no key `{0}`; `modlaked keys list` shows the ids")]
    KeyNotFound(String),
    /// An imported text is a key already, perhaps a revoked one.
    #[error("this key is in the catalog already, as `{0}`")]
    KeyExists(String),
    /// The operating system gave no random bytes.
    #[error("no random bytes for a new key: {0}")]
    Random(getrandom::Error),
    /// A row that this version does not understand.
    #[error("key `{id}` in the catalog has an unknown {what}")]
    Row { id: String, what: &'static str },
    /// The row was changed by hand.
    #[error(
        "the placeholder key of tenant `{0}` in the catalog is not 64 hex digits; restore the catalog from a backup, or delete the row of `placeholder_keys`: then secrets get other placeholders from now on"
    )]
    PlaceholderKey(String),
    /// The database answered with an error: a full disk, a lock held too long.
    #[error("the catalog database failed: {0}")]
    Database(sqlx::Error),
    /// A commit failed that several changes shared; one of them was told the error itself.
    #[error("{0}")]
    Together(String),
}

impl From<InvalidTenant> for CatalogError {
    fn from(error: InvalidTenant) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// So that queries can be followed by `?`; [`crate::Catalog::write`] and its like tell then what the error means.
impl From<sqlx::Error> for CatalogError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// What the database said, without the words of its driver.
pub(crate) fn reason(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
