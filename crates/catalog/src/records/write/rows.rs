//! The statements of a write, many rows at a time.

use sqlx::Row as _;

use super::Known;
use crate::database::Connection;
use crate::databases::{Database, read_database, to_stored};
use crate::records::{is_listed, placeholders};

/// Rows of one statement, and texts in one list.
pub(super) const AT_ONCE: usize = 100;

/// What is read of a record before it is written; its data only where it is merged.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) write_id: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) updated_by: String,
    pub(super) bytes: i64,
}

/// A row as it will be.
#[derive(Clone, Debug)]
pub(super) struct NewRow<'w> {
    pub(super) key: &'w str,
    pub(super) data: &'w str,
    pub(super) write_id: Option<String>,
    /// Whether it has no owner in a database whose records have some.
    pub(super) queued: bool,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) updated_by: &'w str,
}

/// Takes the database for this transaction: until it ends nobody else writes records there. `None`: there is no such one.
pub(crate) async fn hold(connection: &mut Connection, database: &str) -> Result<Option<Database>, sqlx::Error> {
    let row = sqlx::query("UPDATE databases SET num_records = num_records WHERE id = $1 RETURNING *")
        .bind(database.to_owned())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read_database).transpose()
}

pub(super) async fn stored(
    connection: &mut Connection,
    database: &str,
    keys: &[&str],
) -> Result<Known<Stored>, sqlx::Error> {
    let mut known = Known::with_capacity(keys.len());
    for keys in keys.chunks(AT_ONCE) {
        let query = format!(
            "SELECT key, write_id, created_at, updated_at, updated_by, bytes FROM records WHERE {}",
            is_listed("key", 2, keys.len())
        );
        let mut query = prepared(query, keys.len()).bind(database.to_owned());
        for key in keys {
            query = query.bind((*key).to_owned());
        }
        for row in query.fetch_all(&mut *connection).await? {
            let stored = Stored {
                write_id: row.try_get("write_id")?,
                created_at: row.try_get("created_at")?,
                updated_at: row.try_get("updated_at")?,
                updated_by: row.try_get("updated_by")?,
                bytes: row.try_get("bytes")?,
            };
            known.insert(row.try_get("key")?, stored);
        }
    }
    Ok(known)
}

pub(super) async fn data(
    connection: &mut Connection,
    database: &str,
    keys: &[&str],
) -> Result<Known<String>, sqlx::Error> {
    let mut known = Known::with_capacity(keys.len());
    for keys in keys.chunks(AT_ONCE) {
        let query = format!("SELECT key, data FROM records WHERE {}", is_listed("key", 2, keys.len()));
        let mut query = prepared(query, keys.len()).bind(database.to_owned());
        for key in keys {
            query = query.bind((*key).to_owned());
        }
        for row in query.fetch_all(&mut *connection).await? {
            known.insert(row.try_get("key")?, row.try_get("data")?);
        }
    }
    Ok(known)
}

/// The keys that writes took, and when, by their ids.
pub(super) async fn writes(
    connection: &mut Connection,
    database: &str,
    ids: &[String],
) -> Result<Known<(String, i64)>, sqlx::Error> {
    let mut known = Known::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let query = format!(
            "SELECT write_id, key, written_at FROM record_writes WHERE {}",
            is_listed("write_id", 2, ids.len())
        );
        let mut query = prepared(query, ids.len()).bind(database.to_owned());
        for id in ids {
            query = query.bind(id.clone());
        }
        for row in query.fetch_all(&mut *connection).await? {
            known.insert(row.try_get("write_id")?, (row.try_get("key")?, row.try_get("written_at")?));
        }
    }
    Ok(known)
}

pub(super) async fn put(connection: &mut Connection, database: &str, rows: &[NewRow<'_>]) -> Result<(), sqlx::Error> {
    const COLUMNS: usize = 9;
    for rows in rows.chunks(AT_ONCE) {
        let query = format!(
            "INSERT INTO records (database_id, key, data, bytes, write_id, queued, created_at, updated_at, updated_by) VALUES {} \
             ON CONFLICT (database_id, key) DO UPDATE SET data = excluded.data, bytes = excluded.bytes, \
             write_id = excluded.write_id, queued = excluded.queued, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
            tuples(rows.len(), COLUMNS)
        );
        let mut query = prepared(query, rows.len());
        for row in rows {
            query = query
                .bind(database.to_owned())
                .bind(row.key.to_owned())
                .bind(row.data.to_owned())
                .bind(to_stored(row.data.len() as u64))
                .bind(row.write_id.clone())
                .bind(i64::from(row.queued))
                .bind(row.created_at)
                .bind(row.updated_at)
                .bind(row.updated_by.to_owned());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Remembers writes by their ids: `(id, key)`.
pub(super) async fn remember(
    connection: &mut Connection,
    database: &str,
    writes: &[(String, &str)],
    now: i64,
) -> Result<(), sqlx::Error> {
    const COLUMNS: usize = 4;
    for writes in writes.chunks(AT_ONCE) {
        let query = format!(
            "INSERT INTO record_writes (database_id, write_id, key, written_at) VALUES {} \
             ON CONFLICT (database_id, write_id) DO NOTHING",
            tuples(writes.len(), COLUMNS)
        );
        let mut query = prepared(query, writes.len());
        for (id, key) in writes {
            query = query.bind(database.to_owned()).bind(id.clone()).bind((*key).to_owned()).bind(now);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn count(
    connection: &mut Connection,
    database: &str,
    added: u64,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE databases SET num_records = num_records + $1, last_write_at = $2 WHERE id = $3")
        .bind(to_stored(added))
        .bind(now)
        .bind(database.to_owned())
        .execute(connection)
        .await
        .map(drop)
}

type Query = sqlx::query::Query<'static, sqlx::Any, sqlx::any::AnyArguments>;

/// A statement for `rows` rows. Those for one row and for a full chunk come often and stay prepared; others would push them out.
fn prepared(query: String, rows: usize) -> Query {
    sqlx::query(sqlx::AssertSqlSafe(query)).persistent(rows == 1 || rows == AT_ONCE)
}

/// `($1, $2), ($3, $4)`
fn tuples(rows: usize, columns: usize) -> String {
    let tuple = |row: usize| format!("({})", placeholders(row * columns + 1, columns));
    (0..rows).map(tuple).collect::<Vec<_>>().join(", ")
}
