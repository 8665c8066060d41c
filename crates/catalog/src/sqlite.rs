//! Everything that only `SQLite` understands: the file, its settings, and how to see that another connection wrote.
//!
//! The file is made with mode 0600 (`SQLite` gives its `-wal` and `-shm` files the same mode). Write-ahead logging lets
//! `modlaked keys create` write while the server reads; `synchronous=FULL` makes a commit survive a power cut, so a
//! revoked key stays revoked.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::error::CatalogError;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How long a writer waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens `path`, made when missing, with all migrations applied: a pool, and one connection beside it that never writes
/// (see [`data_version`]).
pub(crate) async fn open(path: &Path) -> Result<(SqlitePool, SqliteConnection), CatalogError> {
    let cannot_open = |error: io::Error| CatalogError::Open { path: path.to_path_buf(), reason: error.to_string() };
    // Neither switching to write-ahead logging nor sqlx's migrations wait for another process that is doing the same.
    let lock = lock_beside(path).await.map_err(cannot_open)?;
    create_private(path).map_err(cannot_open)?;

    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let mut connection =
        SqliteConnection::connect_with(&options).await.map_err(|error| CatalogError::from_sqlx(path, error))?;
    MIGRATIONS.run(&mut connection).await.map_err(|error| CatalogError::from_migrate(path, error))?;
    drop(lock);

    let pool = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options);
    Ok((pool, connection))
}

/// A number that changes when another connection, of this or any other process, has committed
/// (<https://www.sqlite.org/pragma.html#pragma_data_version>). Costs no read of a table.
pub(crate) async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await
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
