//! What can go wrong with the catalog, sorted by what the caller will do about it.

use std::path::{Path, PathBuf};

use record::caller::InvalidTenant;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum CatalogError {
    /// The file or its folder cannot be used; the owner repairs the path or its permissions.
    #[error("cannot open the catalog {}: {reason}; check that its folder exists and that this user may write there", path.display())]
    Open { path: PathBuf, reason: String },
    /// The bytes are not a usable database.
    #[error(
        "the catalog {} is damaged or not a SQLite database ({reason}); restore it from a backup, or move it away to start with an empty one",
        path.display()
    )]
    Damaged { path: PathBuf, reason: String },
    /// A later version changed the tables.
    #[error("the catalog {} was written by a newer modlaked (migration {migration} is unknown here); run that version", path.display())]
    Newer { path: PathBuf, migration: i64 },
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
    Database(#[from] sqlx::Error),
    /// A commit failed that several changes shared; one of them was told the error itself.
    #[error("{0}")]
    Together(String),
}

impl From<InvalidTenant> for CatalogError {
    fn from(error: InvalidTenant) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl CatalogError {
    /// `SQLite`'s result codes (`sqlite3.h`): the low byte is the kind.
    pub(crate) fn from_sqlx(path: &Path, error: sqlx::Error) -> Self {
        const SQLITE_CORRUPT: i64 = 11;
        const SQLITE_CANTOPEN: i64 = 14;
        const SQLITE_NOTADB: i64 = 26;
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<i64>().ok());
        let path = path.to_path_buf();
        match code.map(|code| code & 0xff) {
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Damaged { path, reason: reason(&error) },
            Some(SQLITE_CANTOPEN) => Self::Open { path, reason: reason(&error) },
            _ => Self::Database(error),
        }
    }

    pub(crate) fn from_migrate(path: &Path, error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as M;
        match error {
            M::VersionMissing(migration) | M::VersionTooNew(migration, _) => {
                Self::Newer { path: path.to_path_buf(), migration }
            }
            M::Execute(error) | M::ExecuteMigration(error, _) => Self::from_sqlx(path, error),
            other => Self::Damaged { path: path.to_path_buf(), reason: other.to_string() },
        }
    }
}

fn reason(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
}
