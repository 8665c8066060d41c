//! A database as a queue: the oldest record that has no owner is given to whoever asks next.
//!
//! Which records have none stands in the column `queued`, which every write keeps and an index of those records alone makes quick to
//! ask. Where a database's `owner_field` was changed, [`super::sort`] finds out first.

use record::time::Timestamp;
use serde_json::{Map, Value};
use sqlx::Row as _;
use uuid::Uuid;

use super::{OnConflict, Outcome, RecordItem, RecordLimits, RecordWrite, WriteError, apply, rows};
use crate::catalog::Catalog;
use crate::database::Connection;
use crate::error::CatalogError;
use crate::records::merge::MergeStrategy;

/// Answered by the index of records without an owner alone, the first entry of which it reads.
const NEXT: &str = "SELECT key FROM records WHERE database_id = $1 AND queued = 1 ORDER BY created_at, key LIMIT 1";

/// A request for the next record of a queue.
#[derive(Clone, Debug)]
pub struct RecordClaim {
    pub database: Uuid,
    /// What the record's owner will be.
    pub owner: String,
    /// Names this claim: the same one again gets the same record.
    pub write_id: Option<Uuid>,
    /// Id of the key that sends it.
    pub by: String,
    pub limits: RecordLimits,
}

/// Whether a record has no owner: the field is missing, null or an empty text.
pub(super) fn is_free(data: &Value, owner_field: &str) -> bool {
    match data.get(owner_field) {
        None | Some(Value::Null) => true,
        Some(Value::String(owner)) => owner.is_empty(),
        Some(_) => false,
    }
}

/// Gives out one record. The database is held until the transaction ends, so claims come after each other.
pub(super) async fn request(
    catalog: &Catalog,
    connection: &mut Connection,
    claim: &RecordClaim,
    now: Timestamp,
) -> Outcome {
    let id = claim.database.to_string();
    let Some(database) = rows::hold(connection, &id).await.map_err(CatalogError::from)? else {
        return Err(WriteError::NoDatabase);
    };
    let Some(owner_field) = database.owner_field.as_deref() else { return Err(WriteError::NoOwnerField) };
    let key = match given_before(connection, &id, claim).await? {
        Some(key) => key,
        None if is_unsorted(connection, &id).await.map_err(CatalogError::from)? => return Err(WriteError::Unsorted),
        None => next(connection, &id).await.map_err(CatalogError::from)?.ok_or(WriteError::NothingFree)?,
    };
    let data = Map::from_iter([(owner_field.to_owned(), Value::String(claim.owner.clone()))]);
    let item = RecordItem {
        key: key.clone(),
        data: Value::Object(data),
        strategy: MergeStrategy::Shallow,
        write_id: claim.write_id,
        on_conflict: OnConflict::Overwrite,
    };
    let write = RecordWrite { database: claim.database, items: vec![item], by: claim.by.clone(), limits: claim.limits };
    match apply::request(catalog, connection, &write, now).await {
        Err(WriteError::Items(mut faults)) => {
            Err(WriteError::NextIsFaulty { key, faults: faults.pop().unwrap_or_default() })
        }
        outcome => outcome,
    }
}

/// The record that this claim got when it came before.
async fn given_before(
    connection: &mut Connection,
    database: &str,
    claim: &RecordClaim,
) -> Result<Option<String>, CatalogError> {
    let Some(write_id) = claim.write_id else { return Ok(None) };
    let writes = rows::writes(connection, database, &[write_id.to_string()]).await?;
    Ok(writes.into_values().next().map(|(key, _)| key))
}

async fn is_unsorted(connection: &mut Connection, database: &str) -> Result<bool, sqlx::Error> {
    let since = sqlx::query_scalar::<_, i64>("SELECT queue_unsorted FROM databases WHERE id = $1")
        .bind(database.to_owned())
        .fetch_optional(connection)
        .await?;
    Ok(since.is_some_and(|since| since != 0))
}

/// The key of the oldest record without an owner.
async fn next(connection: &mut Connection, database: &str) -> Result<Option<String>, sqlx::Error> {
    let row = sqlx::query(NEXT).bind(database.to_owned()).fetch_optional(connection).await?;
    row.map(|row| row.try_get("key")).transpose()
}

#[cfg(test)]
mod tests {
    use record::time::Clock;

    use super::*;
    use crate::location::Options;

    #[tokio::test]
    async fn the_next_record_is_the_first_entry_of_its_index() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options::file(folder.path().join("catalog.sqlite"));
        let catalog = Catalog::open(&options, Clock::System).await.expect("it opens");
        let plan = format!("EXPLAIN QUERY PLAN {NEXT}");
        let steps = sqlx::query(sqlx::AssertSqlSafe(plan)).bind("d").fetch_all(catalog.pool()).await.expect("planned");
        let steps: Vec<String> = steps.iter().map(|step| step.try_get("detail").expect("a text")).collect();
        assert_eq!(steps, ["SEARCH records USING COVERING INDEX records_queued (database_id=?)"]);
    }
}
