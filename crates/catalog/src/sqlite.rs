//! Everything that only `SQLite` understands: the file, its settings, its errors.
//!
//! The file is made with mode 0600 (`SQLite` gives its `-wal` and `-shm` files the same mode). Write-ahead logging lets
//! `modlaked keys create` write while the server reads; `synchronous=FULL` makes a commit survive a power cut, so a
//! revoked key stays revoked.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::any::AnyConnectOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteError, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::database::Opened;
use crate::error::{CatalogError, reason};
use crate::location::Options;
use crate::migrations;

/// Nobody else may write from here on. A plain `BEGIN` would take that right with its first write, and fail when another one wrote since
/// its first read.
pub(crate) const BEGIN: &str = "BEGIN IMMEDIATE";

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// Opens `path`, made when missing, with all migrations applied.
pub(crate) async fn open(path: &Path, options: &Options) -> Result<Opened, CatalogError> {
    let cannot_open = |error: io::Error| cannot_open(path, error.to_string());
    // Neither switching to write-ahead logging nor sqlx's migrations wait for another process that is doing the same.
    let lock = lock_beside(path).await.map_err(cannot_open)?;
    create_private(path).map_err(cannot_open)?;
    let connect = any_options(&fs::canonicalize(path).map_err(cannot_open)?).map_err(cannot_open)?;

    let first = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(options.timeout)
        .disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&first).await.map_err(|error| failed(path, error))?;
    let migrated = migrations::with(&MIGRATIONS).run(&mut connection).await;
    migrated.map_err(|error| cannot_migrate(path, error))?;
    drop(lock);

    // Write-ahead logging stays with the file, these two are of each connection.
    let settings = format!("PRAGMA synchronous = FULL; PRAGMA busy_timeout = {}", options.timeout.as_millis());
    Ok(Opened::lazily(connect, options, settings))
}

/// `path` as the URL that `Any` takes: whatever has a meaning in one is escaped.
fn any_options(path: &Path) -> io::Result<AnyConnectOptions> {
    let text = path.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8"))?;
    let mut url = "sqlite://".to_owned();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").map_err(io::Error::other)?;
        }
    }
    let options: AnyConnectOptions = url.parse().map_err(io::Error::other)?;
    Ok(options.disable_statement_logging())
}

/// Another connection holds the right to write for longer than `busy_timeout`.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    const SQLITE_BUSY: i64 = 5;
    code(error) == Some(SQLITE_BUSY)
}

pub(crate) fn failed(path: &Path, error: sqlx::Error) -> CatalogError {
    const SQLITE_CORRUPT: i64 = 11;
    const SQLITE_CANTOPEN: i64 = 14;
    const SQLITE_NOTADB: i64 = 26;
    match code(&error) {
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => damaged(path, reason(&error)),
        Some(SQLITE_CANTOPEN) => cannot_open(path, reason(&error)),
        _ => CatalogError::Database(error),
    }
}

/// SQLite's result codes (`sqlite3.h`): the low byte is the kind.
fn code(error: &sqlx::Error) -> Option<i64> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    sqlx::error::DatabaseError::code(error)?.parse::<i64>().ok().map(|code| code & 0xff)
}

fn cannot_migrate(path: &Path, error: MigrateError) -> CatalogError {
    match error {
        MigrateError::VersionMissing(migration) | MigrateError::VersionTooNew(migration, _) => {
            CatalogError::Newer { catalog: path.display().to_string(), migration }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => failed(path, error),
        other => damaged(path, other.to_string()),
    }
}

fn cannot_open(path: &Path, reason: String) -> CatalogError {
    let hint = "check that its folder exists and that this user may write there";
    CatalogError::Open { catalog: path.display().to_string(), reason, hint }
}

fn damaged(path: &Path, reason: String) -> CatalogError {
    CatalogError::Damaged { path: path.to_path_buf(), reason }
}

/// Holds `<path>.lock` until dropped. The database itself must not be locked this way: closing any other handle to it
/// would drop `SQLite`'s own locks.
async fn lock_beside(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    tokio::task::spawn_blocking(move || {
        let file = private().create(true).truncate(false).open(path)?;
        file.lock()?;
        Ok(file)
    })
    .await
    .map_err(io::Error::other)?
}

fn create_private(path: &Path) -> io::Result<()> {
    match private().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Options to write a file that only its owner may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
