//! Finds out which records of a database have no owner, after its `owner_field` was set or changed: all are looked at once, a page in
//! each transaction, so that others can write in between. What they write meanwhile is marked by the field as it is now.

use sqlx::Row as _;
use uuid::Uuid;

use super::{claim, rows};
use crate::catalog::Catalog;
use crate::database::{Change, Connection};
use crate::error::CatalogError;
use crate::records::archive::KEYS_AT_ONCE;
use crate::records::is_listed;
use crate::records::scan::PageLimits;

/// Looked at in one transaction.
const PAGE: PageLimits = PageLimits { rows: 1_000, bytes: 4 << 20 };

/// How far the look through a database is.
struct Progress {
    /// Of `queue_unsorted`: when it is another one, the field was changed again.
    since: i64,
    /// The last key that was looked at.
    after: String,
}

impl Catalog {
    /// As [`Catalog::sort_queue`], and comes to its end also when nobody waits for it any more: else a long look, begun again by each of
    /// those who give up waiting, would never end.
    pub(super) async fn sort_queue_beside(&self, database: Uuid) -> Result<(), CatalogError> {
        let catalog = self.clone();
        let sorting = tokio::spawn(async move { catalog.sort_queue(database).await });
        let lost = || CatalogError::Together("the look through the queue was interrupted; ask again".to_owned());
        sorting.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Marks the records that have no owner. Nothing happens where that is known, or there is no such database.
    async fn sort_queue(&self, database: Uuid) -> Result<(), CatalogError> {
        let _turn = self.record_queue().sorting.lock().await;
        let id = database.to_string();
        let mut progress = None;
        loop {
            progress =
                self.write_in_turn(|connection| Change::of(sort_page(connection, &id, progress.as_ref()))).await?;
            if progress.is_none() {
                return Ok(());
            }
        }
    }
}

/// `None`: nothing is left to do.
async fn sort_page(
    connection: &mut Connection,
    database: &str,
    progress: Option<&Progress>,
) -> Result<Option<Progress>, CatalogError> {
    let Some(held) = rows::hold(connection, database).await? else { return Ok(None) };
    let Some(owner_field) = held.owner_field.as_deref() else { return Ok(None) };
    let since: i64 = sqlx::query_scalar("SELECT queue_unsorted FROM databases WHERE id = $1")
        .bind(database.to_owned())
        .fetch_one(&mut *connection)
        .await?;
    if since == 0 {
        return Ok(None);
    }
    let after = progress.filter(|progress| progress.since == since).map_or("", |progress| progress.after.as_str());
    let Some(last) = last_of_page(connection, database, after).await? else {
        sqlx::query("UPDATE databases SET queue_unsorted = 0 WHERE id = $1")
            .bind(database.to_owned())
            .execute(connection)
            .await?;
        return Ok(None);
    };
    let records = sqlx::query(
        "SELECT key, data, queued FROM records WHERE database_id = $1 AND key > $2 AND key <= $3 ORDER BY key",
    )
    .bind(database.to_owned())
    .bind(after.to_owned())
    .bind(last.clone())
    .fetch_all(&mut *connection)
    .await?;
    let (mut free, mut owned) = (Vec::new(), Vec::new());
    for record in &records {
        let data = serde_json::from_str(record.try_get("data")?).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let is_free = claim::is_free(&data, owner_field);
        if (record.try_get::<i64, _>("queued")? != 0) != is_free {
            if is_free { &mut free } else { &mut owned }.push(record.try_get("key")?);
        }
    }
    mark(connection, database, &free, 1).await?;
    mark(connection, database, &owned, 0).await?;
    Ok(Some(Progress { since, after: last }))
}

/// The last key of the page behind `after`; `None`: there are no more records.
async fn last_of_page(connection: &mut Connection, database: &str, after: &str) -> Result<Option<String>, sqlx::Error> {
    let sizes = sqlx::query("SELECT key, bytes FROM records WHERE database_id = $1 AND key > $2 ORDER BY key LIMIT $3")
        .bind(database.to_owned())
        .bind(after.to_owned())
        .bind(crate::databases::to_stored(PAGE.rows as u64))
        .fetch_all(connection)
        .await?;
    let fitting = PAGE.fitting(&sizes)?;
    sizes.get(fitting.saturating_sub(1)).map(|last| last.try_get("key")).transpose()
}

async fn mark(connection: &mut Connection, database: &str, keys: &[String], queued: i64) -> Result<(), sqlx::Error> {
    for keys in keys.chunks(KEYS_AT_ONCE) {
        let query = format!("UPDATE records SET queued = $2 WHERE {}", is_listed("key", 3, keys.len()));
        let mut query = sqlx::query(sqlx::AssertSqlSafe(query))
            .persistent(keys.len() == KEYS_AT_ONCE)
            .bind(database.to_owned())
            .bind(queued);
        for key in keys {
            query = query.bind(key.clone());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
