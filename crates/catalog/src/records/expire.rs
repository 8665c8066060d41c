//! Records that are kept no longer: those that were last written before an instant, and what archives have from before it.

use record::caller::Tenant;
use record::time::Timestamp;
use uuid::Uuid;

use super::write;
use crate::catalog::Catalog;
use crate::database::{Change, Connection};
use crate::databases::of_stored;
use crate::error::CatalogError;

/// Deleted in one transaction, during which nobody else writes to the database.
const AT_ONCE: i64 = 500;

// whole keys: see `is_listed`
const OLD_RECORDS: &str = "DELETE FROM records WHERE (database_id, key) IN \
                           (SELECT database_id, key FROM records WHERE database_id = $1 AND updated_at < $2 LIMIT $3)";
const OLD_DAYS: &str = "DELETE FROM record_days WHERE (database_id, day, key) IN \
                        (SELECT database_id, day, key FROM record_days WHERE database_id = $1 AND updated_at < $2 LIMIT $3)";
const COUNT: &str = "SELECT (SELECT count(*) FROM records WHERE database_id = $1 AND updated_at < $2) \
                     + (SELECT count(*) FROM record_days WHERE database_id = $1 AND updated_at < $2)";

impl Catalog {
    /// The databases of all tenants.
    pub async fn all_databases(&self) -> Result<Vec<(Tenant, Uuid)>, CatalogError> {
        let query = sqlx::query_as::<_, (String, String)>("SELECT tenant, id FROM databases ORDER BY tenant, id");
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.failed(error))?;
        let read = |(tenant, id): (String, String)| Some((Tenant::new(&tenant).ok()?, id.parse().ok()?));
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Deletes the records of a database that were last written before `before`, and what its archives have from then, some at a time
    /// so that others can write in between. Tells how many.
    pub async fn expire_records(&self, database: Uuid, before: Timestamp) -> Result<u64, CatalogError> {
        let id = database.to_string();
        let mut gone = 0;
        loop {
            let some = self.write(|connection| Change::of(expire_some(connection, &id, before))).await?;
            gone += some;
            if some == 0 {
                return Ok(gone);
            }
        }
    }

    /// How many [`Catalog::expire_records`] would delete.
    pub async fn count_expired_records(&self, database: Uuid, before: Timestamp) -> Result<u64, CatalogError> {
        let count = sqlx::query_scalar(COUNT).bind(database.to_string()).bind(before.0).fetch_one(self.pool()).await;
        count.map(of_stored).map_err(|error| self.failed(error))
    }
}

async fn expire_some(connection: &mut Connection, database: &str, before: Timestamp) -> Result<u64, CatalogError> {
    write::hold(connection, database).await?;
    let mut gone = [0; 2];
    for (query, gone) in [OLD_RECORDS, OLD_DAYS].into_iter().zip(&mut gone) {
        let query = sqlx::query(query).bind(database.to_owned()).bind(before.0).bind(AT_ONCE);
        *gone = query.execute(&mut *connection).await?.rows_affected();
    }
    let [records, days] = gone;
    if records > 0 {
        // nobody wrote: the time of the last write stays
        sqlx::query("UPDATE databases SET num_records = num_records - $1 WHERE id = $2")
            .bind(crate::databases::to_stored(records))
            .bind(database.to_owned())
            .execute(connection)
            .await?;
    }
    Ok(records + days)
}
