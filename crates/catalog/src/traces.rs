//! Which trace files were acknowledged: what makes a file that comes again known, whichever process asks.

use record::caller::Tenant;
use record::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::catalog::Catalog;
use crate::database::Change;
use crate::error::CatalogError;

/// What names a trace file. Each delivery under the same name is a version of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceKey {
    pub tenant: Tenant,
    /// `cli` or `saas`.
    pub source: &'static str,
    /// The command: `build`, `run`, …
    pub kind: String,
    pub command_id: String,
}

/// One acknowledged version of a trace file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceVersion {
    /// The journal it was acknowledged in. Ids of journals sort by when they were begun.
    pub journal: String,
    /// Its place in that journal.
    pub sequence: u64,
    /// SHA-256 of the file as it is kept, lower-case hex: not of what was sent, which may have held a secret.
    pub sha256: String,
    /// Where it lies as long as it is the current version, below the lake's root.
    pub object: String,
    /// `YYYY-MM-DD`: the partition of its rows.
    pub day: String,
    pub rows: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    pub stored_at: Timestamp,
}

impl TraceVersion {
    /// Whether it was acknowledged before what has this place.
    pub fn is_before(&self, journal: &str, sequence: u64) -> bool {
        (self.journal.as_str(), self.sequence) < (journal, sequence)
    }
}

/// A version on its way into the database, and who waits for it.
pub(crate) type Waiting = (TraceKey, TraceVersion, oneshot::Sender<Result<(), CatalogError>>);

const VERSIONS: &str = "SELECT journal, sequence, sha256, object, day, rows, rejected, stored_at FROM trace_files \
                        WHERE tenant = $1 AND source = $2 AND type = $3 AND command_id = $4 \
                        ORDER BY journal, sequence";
const REMEMBER: &str = "INSERT INTO trace_files \
                        (tenant, source, type, command_id, journal, sequence, sha256, object, day, rows, rejected, stored_at) \
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";

impl Catalog {
    /// The acknowledged versions of a trace file, oldest first.
    pub async fn trace_versions(&self, key: &TraceKey) -> Result<Vec<TraceVersion>, CatalogError> {
        let rows = sqlx::query(VERSIONS)
            .bind(key.tenant.as_str())
            .bind(key.source)
            .bind(&key.kind)
            .bind(&key.command_id)
            .fetch_all(self.pool())
            .await;
        let rows = rows.map_err(|error| self.failed(error))?;
        rows.iter().map(read_version).collect::<Result<_, _>>().map_err(|error| self.failed(error))
    }

    /// Remembers a version; it is on disk when this returns. A version that is known already stays as it is. Those that wait
    /// at the same time share one commit.
    pub async fn remember_trace(&self, key: TraceKey, version: TraceVersion) -> Result<(), CatalogError> {
        loop {
            let (sender, mut receiver) = oneshot::channel();
            self.waiting().push((key.clone(), version.clone(), sender));
            let one = self.trace_writer().lock().await;
            match receiver.try_recv() {
                // another one has written it with its own while this one waited
                Ok(written) => return written,
                Err(TryRecvError::Empty) => {}
                // another one took it and was cancelled
                Err(TryRecvError::Closed) => continue,
            }
            let batch = std::mem::take(&mut *self.waiting());
            let outcome = self.write(|connection| Change::of(write_traces(connection, &batch))).await;
            drop(one);
            for (_, _, sender) in batch {
                let told = outcome.as_ref().map_err(|error| CatalogError::Together(error.to_string()));
                drop(sender.send(told.copied()));
            }
            return outcome;
        }
    }

    /// Forgets versions whose records `journal` has lost, those behind `last`: whoever sends them again is heard. Tells how many.
    pub async fn forget_traces(&self, journal: &str, last: u64) -> Result<u64, CatalogError> {
        self.write(|connection| Change::of(forget_traces(connection, journal, last))).await
    }
}

async fn write_traces(connection: &mut AnyConnection, batch: &[Waiting]) -> Result<(), CatalogError> {
    for (key, version, _) in batch {
        sqlx::query(REMEMBER)
            .bind(key.tenant.as_str())
            .bind(key.source)
            .bind(&key.kind)
            .bind(&key.command_id)
            .bind(&version.journal)
            .bind(to_stored(version.sequence))
            .bind(&version.sha256)
            .bind(&version.object)
            .bind(&version.day)
            .bind(to_stored(version.rows))
            .bind(to_stored(version.rejected))
            .bind(version.stored_at.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn forget_traces(connection: &mut AnyConnection, journal: &str, last: u64) -> Result<u64, CatalogError> {
    let query = sqlx::query("DELETE FROM trace_files WHERE journal = $1 AND sequence > $2");
    Ok(query.bind(journal).bind(to_stored(last)).execute(connection).await?.rows_affected())
}

fn to_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn read_version(row: &AnyRow) -> Result<TraceVersion, sqlx::Error> {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|number| u64::try_from(number).unwrap_or_default());
    Ok(TraceVersion {
        journal: row.try_get("journal")?,
        sequence: number("sequence")?,
        sha256: row.try_get("sha256")?,
        object: row.try_get("object")?,
        day: row.try_get("day")?,
        rows: number("rows")?,
        rejected: number("rejected")?,
        stored_at: Timestamp(row.try_get("stored_at")?),
    })
}
