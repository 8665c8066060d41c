//! Records of team databases: JSON objects under keys.
//!
//! [`write`] puts them in, all of a request or none; [`merge`] says how new data joins old; [`moved_key`] keeps two writes of one
//! millisecond apart; [`scan`] reads in pages of bounded size; [`archive`] has what a record was on earlier days;
//! [`expire`] deletes what is kept no longer.

use record::time::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::database::{Change, Connection, Row};
use crate::error::CatalogError;

pub(crate) mod archive;
mod expire;
pub(crate) mod merge;
pub(crate) mod moved_key;
pub(crate) mod scan;
pub(crate) mod write;

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: String,
    /// One JSON object, its keys in the order of their characters.
    pub data: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Id of the key that wrote last.
    pub updated_by: String,
}

/// Longest key of a record: an index of PostgreSQL takes little more.
pub const MAX_KEY_BYTES: usize = 1024;

/// Whether a text can be a record's key; the error says why not.
pub fn check_key(key: &str) -> Result<(), &'static str> {
    if key.is_empty() {
        return Err("This field may not be blank.");
    }
    if key.len() > MAX_KEY_BYTES {
        return Err("Ensure this field has no more than 1024 bytes.");
    }
    if key.chars().any(char::is_control) {
        return Err("Control characters are not allowed.");
    }
    Ok(())
}

pub(crate) const RECORD: &str = "key, data, created_at, updated_at, updated_by";
pub(crate) const RECORD_WITHOUT_DATA: &str = "key, '' AS data, created_at, updated_at, updated_by";

pub(crate) fn read_record(row: &Row) -> Result<Record, sqlx::Error> {
    Ok(Record {
        key: row.try_get("key")?,
        data: row.try_get("data")?,
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
        updated_by: row.try_get("updated_by")?,
    })
}

impl Catalog {
    pub async fn record(&self, database: Uuid, key: &str) -> Result<Option<Record>, CatalogError> {
        let query = format!("SELECT {RECORD} FROM records WHERE {}", is_listed("key", 2, 1));
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(database.to_string())
            .bind(key)
            .fetch_optional(self.pool())
            .await;
        row.and_then(|row| row.as_ref().map(read_record).transpose()).map_err(|error| self.failed(error))
    }

    /// Deletes one record; `false`: there is none. Archives of earlier days keep what it was.
    pub async fn delete_record(&self, database: Uuid, key: &str) -> Result<bool, CatalogError> {
        self.write_in_turn(|connection| Change::of(delete_one(connection, database, key, self.now()))).await
    }

    /// Deletes the records that `filter` selects, and tells how many. Archives of earlier days keep what they were.
    pub async fn delete_records(&self, database: Uuid, filter: &scan::Filter) -> Result<u64, CatalogError> {
        self.write_in_turn(|connection| Change::of(delete_matching(connection, database, filter, self.now()))).await
    }
}

async fn delete_one(
    connection: &mut Connection,
    database: Uuid,
    key: &str,
    now: Timestamp,
) -> Result<bool, CatalogError> {
    let (id, one) = (database.to_string(), [key.to_owned()]);
    write::hold(connection, &id).await?;
    archive::keep_earlier_days(connection, &id, &one, now).await?;
    let gone = delete_keys(connection, &id, &one).await?;
    count_deleted(connection, &id, gone, now).await?;
    Ok(gone > 0)
}

async fn delete_matching(
    connection: &mut Connection,
    database: Uuid,
    filter: &scan::Filter,
    now: Timestamp,
) -> Result<u64, CatalogError> {
    let id = database.to_string();
    write::hold(connection, &id).await?;
    let gone = if filter.is_by_time() {
        delete_range(connection, &id, filter.range(), now).await?
    } else {
        let (mut gone, mut scan) = (0, scan::Scan::new(database, filter.clone()));
        while let Some(records) = scan.page(connection, scan::LOOK).await? {
            let keys: Vec<String> = records.into_iter().map(|record| record.key).collect();
            for keys in keys.chunks(archive::KEYS_AT_ONCE) {
                archive::keep_earlier_days(connection, &id, keys, now).await?;
                gone += delete_keys(connection, &id, keys).await?;
            }
        }
        gone
    };
    count_deleted(connection, &id, gone, now).await?;
    Ok(gone)
}

async fn delete_range(
    connection: &mut Connection,
    database: &str,
    range: (i64, i64),
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    archive::keep_earlier_days_of_range(connection, database, range, now).await?;
    sqlx::query("DELETE FROM records WHERE database_id = $1 AND created_at >= $2 AND created_at < $3")
        .bind(database.to_owned())
        .bind(range.0)
        .bind(range.1)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

async fn delete_keys(connection: &mut Connection, database: &str, keys: &[String]) -> Result<u64, sqlx::Error> {
    let query = format!("DELETE FROM records WHERE {}", is_listed("key", 2, keys.len()));
    let mut query = sqlx::query(sqlx::AssertSqlSafe(query)).persistent(false).bind(database.to_owned());
    for key in keys {
        query = query.bind(key.clone());
    }
    query.execute(connection).await.map(|done| done.rows_affected())
}

async fn count_deleted(
    connection: &mut Connection,
    database: &str,
    gone: u64,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if gone == 0 {
        return Ok(());
    }
    sqlx::query("UPDATE databases SET num_records = num_records - $1, last_write_at = $2 WHERE id = $3")
        .bind(crate::databases::to_stored(gone))
        .bind(now.0)
        .bind(database.to_owned())
        .execute(connection)
        .await
        .map(drop)
}

/// The condition that the row is of database `$1`, and its `column`, the next one of the primary key, is one of `$first, $first+1, …`:
/// `count` of them. Costs one descent in the primary key for each, however large the database is.
///
/// A join with a list, for `database_id = $1 AND key IN (…)` leaves PostgreSQL a choice: of a database that is newer than its statistics
/// it expects no rows, and walks all that there are. A list of one would be taken for two constants, which come to the same: it has
/// its row twice. `SQLite` seeks in an index for a list that is a `SELECT`, not for bare `VALUES`.
pub(crate) fn is_listed(column: &str, first: usize, count: usize) -> String {
    let mut rows: Vec<String> = (first..first + count).map(|number| format!("($1, ${number})")).collect();
    if count == 1 {
        rows.extend_from_within(..);
    }
    format!("(database_id, {column}) IN (SELECT * FROM (VALUES {}) AS listed)", rows.join(", "))
}

/// `$first, $first+1, …`: `count` of them.
pub(crate) fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use record::time::Clock;

    use super::*;
    use crate::location::Options;

    #[tokio::test]
    async fn a_list_is_sought_in_the_primary_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options::file(folder.path().join("catalog.sqlite"));
        let catalog = Catalog::open(&options, Clock::System).await.expect("it opens");
        for count in [1, 3] {
            let query = format!("EXPLAIN QUERY PLAN DELETE FROM records WHERE {}", is_listed("key", 2, count));
            let mut query = sqlx::query(sqlx::AssertSqlSafe(query)).bind("d");
            for n in 0..count {
                query = query.bind(format!("k{n}"));
            }
            let steps = query.fetch_all(catalog.pool()).await.expect("planned");
            let first: String = steps[0].try_get("detail").expect("a text");
            assert!(first.starts_with("SEARCH records ") && first.contains("(database_id=? AND key=?)"), "{first}");
        }
    }

    #[test]
    fn keys_are_short_plain_texts() {
        for key in ["a", "ada@example.com-2026-11-21T10:00:00.123Z", "日本/ %20", "'; DROP TABLE records; --"] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
        for key in ["", "a\0", "a\nb", &"x".repeat(MAX_KEY_BYTES + 1)] {
            assert!(check_key(key).is_err(), "{key:?}");
        }
    }
}
