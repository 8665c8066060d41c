//! Everything that only PostgreSQL understands: how it is reached, how its texts compare, its errors.
//!
//! The tables lie in the first schema of the user's search path. The steps of [`crate::migrations`] are taken under the lock that sqlx
//! holds for them, so servers may start at the same time.

use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::postgres::PgDatabaseError;
use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions as _, Executor as _, SqlSafeStr as _};

use crate::database::Opened;
use crate::error::{CatalogError, reason};
use crate::location::{Options, ServerUrl};
use crate::migrations;

/// A row that another one changed since the first read cannot be written (<https://www.postgresql.org/docs/current/transaction-iso.html>).
/// `SERIALIZABLE` would also guard what is only read, but locks pages where tables are small, so that writes of different rows collide.
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";
/// Each statement sees what was committed before it, and an update waits for a row that another one is changing.
pub(crate) const BEGIN_IN_TURN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Another server that starts may be taking the steps at this time.
const MIGRATION_WAIT: Duration = Duration::from_mins(1);

static OWN: Migrator = sqlx::migrate!("./migrations/postgres");
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    Migrator::with_migrations(migrations::with(&OWN).iter().cloned().map(with_texts_by_bytes).collect())
});

/// Reaches the database, and applies all migrations.
pub(crate) async fn open(url: &ServerUrl, options: &Options) -> Result<Opened, CatalogError> {
    let connect: AnyConnectOptions =
        url.reveal().parse().map_err(|_| cannot_open(url, "its URL cannot be read".to_owned(), CHECK_URL))?;
    let connect = connect.disable_statement_logging();
    let connecting = tokio::time::timeout(options.timeout, connect.connect()).await;
    let mut connection = connecting
        .map_err(|_| cannot_open(url, format!("no answer within {} s", options.timeout.as_secs_f64()), CHECK_PLACE))?
        .map_err(|error| cannot_use(url, &error))?;
    let migrating = tokio::time::timeout(MIGRATION_WAIT, migrate(&mut connection)).await;
    migrating
        .map_err(|_| {
            let reason = format!("its tables were not ready after {} s", MIGRATION_WAIT.as_secs());
            cannot_open(url, reason, "another process may be holding a lock on them: look at pg_stat_activity")
        })?
        .map_err(|error| cannot_migrate(url, error))?;

    // Who gave up waiting for a lock shall not go on waiting on the server. A plan that was kept from when a table was small would read
    // all of it when it is not: making one takes a tenth of a millisecond at most.
    let timeout = options.timeout.as_millis();
    let settings = format!("SET lock_timeout = {timeout}; SET plan_cache_mode = force_custom_plan");
    Ok(Opened::lazily(connect, options, settings))
}

async fn migrate(connection: &mut AnyConnection) -> Result<(), MigrateError> {
    // that a table is there already is no news
    connection.execute("SET client_min_messages = warning").await?;
    MIGRATIONS.run(connection).await
}

/// Lets the texts of a step's tables compare by their bytes, as they do in `SQLite` and in Rust: the collation of the database may be
/// any, and with it the order of keys. The step keeps the checksum of its file.
fn with_texts_by_bytes(mut step: Migration) -> Migration {
    let mut sql = step.sql.as_str().to_owned();
    for after in [" ", ",", ")", "\n"] {
        sql = sql.replace(&format!(" TEXT{after}"), &format!(" TEXT COLLATE \"C\"{after}"));
    }
    step.sql = AssertSqlSafe(sql).into_sql_str();
    step
}

/// Another transaction was in the way; the codes are of PostgreSQL's appendix A: `serialization_failure` and `deadlock_detected`.
pub(crate) fn is_collision(error: &sqlx::Error) -> bool {
    matches!(code(error), Some("40001" | "40P01"))
}

/// An error while the catalog is in use: when it cannot be reached, that is what is told.
pub(crate) fn failed(url: &ServerUrl, error: sqlx::Error) -> CatalogError {
    let reason = match &error {
        sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed => {
            error.to_string()
        }
        // connection exceptions, wrong users, missing databases, insufficient resources, locks that others hold, operator's intervention
        _ if code(&error).is_some_and(|code| {
            ["08", "28", "3D", "53", "55P03", "57P"].iter().any(|class| code.starts_with(class))
        }) =>
        {
            reason(&error)
        }
        _ => return CatalogError::Database(error),
    };
    CatalogError::Away { catalog: url.to_string(), reason }
}

const CHECK_URL: &str = "check the setting `catalog` (MODLAKE_CATALOG)";
const CHECK_TLS: &str =
    "check sslmode and sslrootcert (the certificate of an authority) in the setting `catalog` (MODLAKE_CATALOG)";
const CHECK_PLACE: &str =
    "check host and port in the setting `catalog` (MODLAKE_CATALOG), and that PostgreSQL runs there";

/// What the start ends with.
fn cannot_use(url: &ServerUrl, error: &sqlx::Error) -> CatalogError {
    let hint = match (error, code(error)) {
        (_, Some("28P01" | "28000")) => {
            "check user, password and sslmode in the setting `catalog` (MODLAKE_CATALOG), and pg_hba.conf"
        }
        (_, Some("3D000")) => {
            "make the database with `createdb`, or correct its name in the setting `catalog` (MODLAKE_CATALOG)"
        }
        (_, Some("42501" | "3F000")) => {
            "give this user CONNECT on the database and USAGE and CREATE on a schema of its search path, best by making it their owner"
        }
        (_, Some("25006")) => {
            "this server takes no writes: name the primary in the setting `catalog` (MODLAKE_CATALOG)"
        }
        (_, Some("53300")) => "raise max_connections of PostgreSQL, or lower the setting `catalog_connections`",
        // what TLS does not trust comes as data that is invalid
        (sqlx::Error::Io(error), _) if error.kind() == io::ErrorKind::InvalidData => CHECK_TLS,
        (sqlx::Error::Tls(_), _) => CHECK_TLS,
        (sqlx::Error::Io(_), _) => CHECK_PLACE,
        _ => CHECK_URL,
    };
    cannot_open(url, reason(error), hint)
}

fn cannot_migrate(url: &ServerUrl, error: MigrateError) -> CatalogError {
    match error {
        MigrateError::VersionMissing(migration) | MigrateError::VersionTooNew(migration, _) => {
            CatalogError::Newer { catalog: url.to_string(), migration }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => cannot_use(url, &error),
        other => cannot_open(url, other.to_string(), "restore it from a backup, or name an empty database"),
    }
}

fn cannot_open(url: &ServerUrl, reason: String, hint: &'static str) -> CatalogError {
    CatalogError::Open { catalog: url.to_string(), reason, hint }
}

fn code(error: &sqlx::Error) -> Option<&str> {
    Some(error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.code())
}
