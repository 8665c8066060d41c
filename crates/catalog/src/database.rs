//! The database under the catalog: opened, read through a pool, written in transactions that lose nothing.
//!
//! `SQLite` and PostgreSQL are used through [`sqlx::Any`], which picks the driver when the catalog is opened. The other way, an
//! enum over two pools, would want every query twice or in a macro; here it is written once, as SQL that both understand, and given
//! `catalog.pool()` or the connection of [`Database::write`]. What that asks of the SQL, and what of `Any` is dealt with here:
//!
//! - Placeholders are `$1`. Columns are `TEXT` (also for JSON and hex) and `BIGINT` (also for flags, 0 and 1): of SQLite's columns `Any`
//!   reads no `BOOLEAN`, of PostgreSQL's no `NUMERIC`, which a sum of `BIGINT` is there: `CAST(sum(x) AS BIGINT)`. A `NULL` is bound as
//!   `None::<String>` or `None::<i64>`, for PostgreSQL wants its type; a placeholder in `$1 IS NULL` alone needs `CAST($1 AS TEXT)`.
//! - Texts compare by their bytes on both (see `postgres.rs`), and hold no NUL character, which PostgreSQL refuses.
//! - Rows of a database under some keys are asked for by [`crate::records::is_listed`], for PostgreSQL may plan what looks simpler
//!   as a walk over the whole database.
//! - `ON CONFLICT` and `RETURNING` are alike on both. There is no `FOR UPDATE`: [`Database::write`] does its work.
//! - `Any` has no hook for SQLite's settings and no `LISTEN`: pragmas are run on each new connection, and changed keys are seen by a
//!   mark in the table `key_changes`.
//! - Errors are the driver's own, so what is told apart by code is asked of [`crate::sqlite`] and [`crate::postgres`].

use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::CatalogError;
use crate::location::{Location, Options};
use crate::{postgres, sqlite};

pub(crate) type Connection = AnyConnection;
pub(crate) type Row = sqlx::any::AnyRow;

pub(crate) struct Database {
    location: Location,
    timeout: Duration,
    connect: AnyConnectOptions,
    pool: AnyPool,
    /// Whoever holds it writes alone: with `SQLite` everybody, in the order of coming; with PostgreSQL those who collided.
    turn: Mutex<()>,
}

/// What a database needs to be used, made by its own module.
pub(crate) struct Opened {
    pub(crate) connect: AnyConnectOptions,
    pub(crate) pool: AnyPool,
}

impl Opened {
    /// A pool whose connections are made when they are needed, each with these settings.
    pub(crate) fn lazily(connect: AnyConnectOptions, options: &Options, settings: String) -> Self {
        let pool = AnyPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(options.timeout)
            .after_connect(move |connection, _| {
                let settings = AssertSqlSafe(settings.clone());
                Box::pin(async move { connection.execute(settings).await.map(drop) })
            })
            .connect_lazy_with(connect.clone());
        Self { connect, pool }
    }
}

/// What one transaction does. The future holds the connection, for `'c`, and may borrow what lives for `'env`.
pub(crate) struct Change<'env, 'c, T> {
    work: Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>,
    /// That `'env` outlives `'c`, which a bound `for<'c>` cannot say in words.
    outlives: PhantomData<&'c &'env ()>,
}

impl<'c, T> Change<'_, 'c, T> {
    pub(crate) fn of(work: impl Future<Output = Result<T, CatalogError>> + Send + 'c) -> Self {
        Self { work: Box::pin(work), outlives: PhantomData }
    }
}

impl Database {
    /// Opens it with all migrations applied.
    pub(crate) async fn open(options: &Options) -> Result<Self, CatalogError> {
        sqlx::any::install_default_drivers();
        let Opened { connect, pool } = match &options.location {
            Location::File(path) => sqlite::open(path, options).await?,
            Location::Server(url) => postgres::open(url, options).await?,
        };
        let (location, timeout) = (options.location.clone(), options.timeout);
        Ok(Self { location, timeout, connect, pool, turn: Mutex::default() })
    }

    pub(crate) fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// The longest wait for an answer.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// A connection beside those of the pool.
    pub(crate) async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        self.connect.connect().await
    }

    /// Runs `change` in one transaction, and commits when it returns `Ok`. Rows that it has read and then writes are not changed by others
    /// in between: with `SQLite` (`BEGIN IMMEDIATE`) nobody else writes meanwhile, with PostgreSQL (`REPEATABLE READ`) a row that another one
    /// changed first is an error. Such a collision runs `change` again, until the timeout: it must do nothing but use its connection.
    ///
    /// With PostgreSQL, what was only read may have been changed by others: hold it by a key or a reference of a table, or write it
    /// too. Insert with `ON CONFLICT`, so that a row that another one has just made is a collision, not a violation.
    ///
    /// ```text
    /// catalog.write(|connection| Change::of(insert_rows(connection, &id, &row))).await
    /// ```
    pub(crate) async fn write<'env, T>(
        &self,
        change: impl for<'c> Fn(&'c mut AnyConnection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        self.write_as(postgres::BEGIN, change).await
    }

    /// As [`Database::write`], for changes that begin by updating one row which all others update first who change the same things.
    /// With PostgreSQL (`READ COMMITTED`) they wait there for each other, in the order of coming, and each sees what the one before
    /// it left; where many write all the time, [`Database::write`] would make some of them begin again and again.
    pub(crate) async fn write_in_turn<'env, T>(
        &self,
        change: impl for<'c> Fn(&'c mut AnyConnection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        self.write_as(postgres::BEGIN_IN_TURN, change).await
    }

    /// `begin`: of PostgreSQL.
    async fn write_as<'env, T>(
        &self,
        begin: &'static str,
        change: impl for<'c> Fn(&'c mut AnyConnection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        let deadline = Instant::now() + self.timeout;
        let mut turn = match self.location {
            Location::File(_) => Some(self.turn.lock().await),
            Location::Server(_) => None,
        };
        loop {
            match self.attempt(begin, &change).await {
                Err(CatalogError::Database(error)) if self.is_collision(&error) && Instant::now() < deadline => {
                    // Of those that collide here, one goes on at a time; with other processes a little luck ends it.
                    if turn.is_none() {
                        turn = Some(self.turn.lock().await);
                    }
                    tokio::time::sleep(short_pause()).await;
                }
                Err(CatalogError::Database(error)) => return Err(self.failed(error)),
                outcome => return outcome,
            }
        }
    }

    async fn attempt<'env, T>(
        &self,
        begin: &'static str,
        change: &impl for<'c> Fn(&'c mut AnyConnection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        let begin = match self.location {
            Location::File(_) => sqlite::BEGIN,
            Location::Server(_) => begin,
        };
        let mut connection = self.pool.acquire().await?;
        let work = async {
            let mut transaction = connection.begin_with(begin).await?;
            let outcome = change(&mut transaction).work.await;
            match outcome {
                Ok(value) => transaction.commit().await.map(|()| value).map_err(CatalogError::Database),
                Err(error) => {
                    // what cannot be rolled back is gone with its connection; the first error is the one that tells
                    transaction.rollback().await.ok();
                    Err(error)
                }
            }
        };
        let limit = match self.location {
            // It ends by itself, and waits for other processes as long as `busy_timeout` says.
            Location::File(_) => Duration::MAX,
            Location::Server(_) => self.timeout,
        };
        let Ok(outcome) = tokio::time::timeout(limit, work).await else {
            connection.close_on_drop();
            return Err(self.slow());
        };
        outcome
    }

    /// Whether the same transaction may go through when it is tried again.
    fn is_collision(&self, error: &sqlx::Error) -> bool {
        match self.location {
            Location::File(_) => sqlite::is_busy(error),
            Location::Server(_) => postgres::is_collision(error),
        }
    }

    /// The error as one of this catalog.
    pub(crate) fn failed(&self, error: sqlx::Error) -> CatalogError {
        match &self.location {
            Location::File(path) => sqlite::failed(path, error),
            Location::Server(url) => postgres::failed(url, error),
        }
    }

    /// It did not answer in time.
    pub(crate) fn slow(&self) -> CatalogError {
        self.away(format!("no answer within {} s", self.timeout.as_secs_f64()))
    }

    pub(crate) fn away(&self, reason: String) -> CatalogError {
        CatalogError::Away { catalog: self.location.to_string(), reason }
    }
}

/// 1 to 16 ms, another one each time, so that two processes that collide do not keep step.
fn short_pause() -> Duration {
    let random = getrandom::u32().unwrap_or_default();
    Duration::from_millis(u64::from(random % 16) + 1)
}

#[cfg(test)]
mod tests;
