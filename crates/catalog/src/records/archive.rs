//! What records were on earlier days.
//!
//! A day's archive has every record that was written on that day, as it was when the day ended (for today: as it is now). What a
//! record is now stands in `records` and is in the archive of the day of its last write; before it is written on a later day, or
//! deleted, what it was moves to `record_days`. A record that is deleted on the day it was written is in no archive of that day.

use record::time::{Day, Timestamp};
use sqlx::Row as _;
use uuid::Uuid;

use super::{RECORD, Record, is_listed, read_record};
use crate::catalog::Catalog;
use crate::database::{Change, Connection};
use crate::databases::{of_stored, to_stored};
use crate::error::CatalogError;

/// For [`keep_earlier_days`]: each is a placeholder.
pub(crate) const KEYS_AT_ONCE: usize = 200;

const DAY_MICROS: i64 = 86_400_000_000;

/// A day on which records were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchivedDay {
    pub day: Day,
    pub records: u64,
}

/// Days since 1970 in UTC.
fn number(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MICROS)
}

/// When the day began.
fn midnight(at: Timestamp) -> i64 {
    number(at).saturating_mul(DAY_MICROS)
}

/// Whether a record that was last written at `updated_at` is to be kept as it is before it is written now: see [`keep_earlier_days`].
pub(crate) fn is_of_earlier_day(updated_at: i64, now: Timestamp) -> bool {
    updated_at < midnight(now)
}

async fn forget(connection: &mut Connection, database: Uuid, day: i64) -> Result<u64, CatalogError> {
    let done = sqlx::query("DELETE FROM record_days WHERE database_id = $1 AND day < $2")
        .bind(database.to_string())
        .bind(day)
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

/// Copies those of `keys` that were last written before today; to be called before they change.
pub(crate) async fn keep_earlier_days(
    connection: &mut Connection,
    database: &str,
    keys: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let query = copy_those_of_before(&is_listed("key", 3, keys.len()));
    let query = sqlx::query(sqlx::AssertSqlSafe(query)).persistent(false);
    let mut query = query.bind(database.to_owned()).bind(midnight(now));
    for key in keys {
        query = query.bind(key.clone());
    }
    query.execute(connection).await.map(drop)
}

/// As [`keep_earlier_days`], for the records that were created from `range.0` until before `range.1`.
pub(crate) async fn keep_earlier_days_of_range(
    connection: &mut Connection,
    database: &str,
    range: (i64, i64),
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let query = copy_those_of_before("database_id = $1 AND created_at >= $3 AND created_at < $4");
    let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(database.to_owned()).bind(midnight(now));
    query.bind(range.0).bind(range.1).execute(connection).await.map(drop)
}

/// The statement for the records that meet `condition` and were last written before `$2`.
fn copy_those_of_before(condition: &str) -> String {
    format!(
        "INSERT INTO record_days (database_id, day, {RECORD}, bytes) \
         SELECT database_id, updated_at / {DAY_MICROS}, {RECORD}, bytes FROM records \
         WHERE {condition} AND updated_at < $2 \
         ON CONFLICT (database_id, day, key) DO NOTHING"
    )
}

impl Catalog {
    /// Forgets what records of a database were on the days before the one of `instant`; tells how many. What records are now stays.
    pub async fn forget_archives(&self, database: Uuid, instant: Timestamp) -> Result<u64, CatalogError> {
        self.write(|connection| Change::of(forget(connection, database, number(instant)))).await
    }

    /// The days on which records of the database were written, the newest first.
    pub async fn archived_days(&self, database: Uuid) -> Result<Vec<ArchivedDay>, CatalogError> {
        let query = format!(
            "SELECT day, count(*) AS records FROM ( \
               SELECT day FROM record_days WHERE database_id = $1 \
               UNION ALL SELECT updated_at / {DAY_MICROS} AS day FROM records WHERE database_id = $1 \
             ) AS days GROUP BY day ORDER BY day DESC"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(database.to_string()).fetch_all(self.pool()).await;
        let days = rows.and_then(|rows| {
            let read = |row: &crate::database::Row| -> Result<Option<ArchivedDay>, sqlx::Error> {
                let (day, records) = (row.try_get::<i64, _>("day")?, row.try_get("records")?);
                let day = Timestamp(day.saturating_mul(DAY_MICROS)).day();
                Ok(day.map(|day| ArchivedDay { day, records: of_stored(records) }))
            };
            rows.iter().filter_map(|row| read(row).transpose()).collect()
        });
        days.map_err(|error| self.failed(error))
    }

    /// Records of a day's archive in the order of their keys: those after `after`, until `bytes` of data are full, at least one. Empty:
    /// there are no more.
    pub async fn archived_records(
        &self,
        database: Uuid,
        midnight: Timestamp,
        after: Option<&str>,
        limits: super::scan::PageLimits,
    ) -> Result<Vec<Record>, CatalogError> {
        let day = number(midnight);
        let (from, until) = (day.saturating_mul(DAY_MICROS), day.saturating_add(1).saturating_mul(DAY_MICROS));
        let both = |columns: &str, more: &str| {
            format!(
                "SELECT {columns} FROM record_days WHERE database_id = $1 AND day = $2 AND key > $3 {more} \
                 UNION ALL SELECT {columns} FROM records \
                 WHERE database_id = $1 AND updated_at >= $4 AND updated_at < $5 AND key > $3 {more} ORDER BY key"
            )
        };
        let read = async {
            let query = format!("{} LIMIT $6", both("key, bytes", ""));
            let sizes = sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(database.to_string())
                .bind(day)
                .bind(after.unwrap_or_default().to_owned())
                .bind(from)
                .bind(until)
                .bind(to_stored(limits.rows as u64))
                .fetch_all(self.pool())
                .await?;
            let fitting = limits.fitting(&sizes)?;
            let Some(last) = sizes.get(fitting.saturating_sub(1)) else { return Ok(Vec::new()) };
            let query = both(RECORD, "AND key <= $6");
            let rows = sqlx::query(sqlx::AssertSqlSafe(query))
                .bind(database.to_string())
                .bind(day)
                .bind(after.unwrap_or_default().to_owned())
                .bind(from)
                .bind(until)
                .bind(last.try_get::<String, _>("key")?)
                .fetch_all(self.pool())
                .await?;
            rows.iter().map(read_record).collect()
        };
        read.await.map_err(|error| self.failed(error))
    }
}
