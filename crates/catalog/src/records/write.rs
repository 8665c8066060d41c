//! Puts records in: all of a request or none, one after the other within a database, many requests in one commit.
//!
//! A request waits in a queue; whoever has the turn takes all that wait and writes them in one transaction. Everything that can refuse
//! a request (schema, limits, a key that cannot be moved) is known before its first row is written, so that one that is refused
//! leaves nothing behind for others in the transaction.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use record::time::Timestamp;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Record;
use super::merge::MergeStrategy;
use crate::catalog::Catalog;
use crate::database::{Change, Connection};
use crate::databases::Database;
use crate::error::CatalogError;

mod apply;
mod claim;
mod rows;
mod sort;

pub use claim::RecordClaim;
pub(crate) use rows::hold;

/// One record of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordItem {
    pub key: String,
    /// An object.
    pub data: Value,
    pub strategy: MergeStrategy,
    /// Names this write: the same one again on one database changes nothing.
    pub write_id: Option<Uuid>,
    pub on_conflict: OnConflict,
}

/// What becomes of a write whose key another one has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It joins what is there, as the strategy says.
    #[default]
    Overwrite,
    /// Where the key ends in an instant with milliseconds, the write takes the next key that is free; see [`super::moved_key`].
    NextMillisecond,
}

impl OnConflict {
    pub const NAMES: [&str; 2] = ["overwrite", "next_millisecond"];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "overwrite" => Some(Self::Overwrite),
            "next_millisecond" => Some(Self::NextMillisecond),
            _ => None,
        }
    }
}

/// What bounds a request.
#[derive(Clone, Copy, Debug)]
pub struct RecordLimits {
    /// Of one record's data, merged.
    pub record_bytes: usize,
    /// Of all data that a request makes, merged.
    pub request_bytes: usize,
    /// Of a database; 0: without bound.
    pub database_records: u64,
}

/// A request that writes records.
#[derive(Clone, Debug)]
pub struct RecordWrite {
    pub database: Uuid,
    pub items: Vec<RecordItem>,
    /// Id of the key that sends it.
    pub by: String,
    pub limits: RecordLimits,
}

/// Why a request was not written; nothing of it was.
#[derive(Debug, Error)]
pub enum WriteError {
    #[error("there is no such database")]
    NoDatabase,
    /// What is wrong with each item, in their order: paths of fields and what was expected there.
    #[error("records are not as the database wants them")]
    Items(Vec<Vec<(String, String)>>),
    #[error("the database would hold more than {limit} records")]
    Full { limit: u64 },
    #[error("the records of this request have more than {limit} bytes; send it in parts")]
    TooLarge { limit: usize },
    /// Of the item at this place.
    #[error("the {tried} milliseconds after the key's own are taken")]
    NoFreeKey { item: usize, tried: usize },
    /// The database does not say which field of a record names its owner.
    #[error("the database has no owner_field")]
    NoOwnerField,
    /// All records have an owner.
    #[error("no record is free to be assigned")]
    NothingFree,
    /// The record whose turn it is would not be as the database wants it: paths of fields and what was expected there.
    #[error("the record that is next cannot be assigned")]
    NextIsFaulty { key: String, faults: Vec<(String, String)> },
    /// It is not known yet which records have no owner; see [`sort`].
    #[error("the queue is not sorted yet")]
    Unsorted,
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

type Outcome = Result<Vec<Record>, WriteError>;

/// What one request asks for.
#[derive(Debug)]
enum Job {
    Write(RecordWrite),
    Claim(RecordClaim),
}

impl Job {
    fn database(&self) -> Uuid {
        match self {
            Self::Write(write) => write.database,
            Self::Claim(claim) => claim.database,
        }
    }

    /// Records that it writes.
    fn records(&self) -> usize {
        match self {
            Self::Write(write) => write.items.len(),
            Self::Claim(_) => 1,
        }
    }
}

/// A request in the queue, and who waits for it.
#[derive(Debug)]
struct Waiting {
    job: Job,
    sender: oneshot::Sender<Outcome>,
}

/// Requests that wait for the next commit.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Vec<Waiting>>,
    /// Whoever holds it commits for those who wait.
    turn: tokio::sync::Mutex<()>,
    /// Whoever holds it looks which records have no owner; others wait for what it finds.
    sorting: tokio::sync::Mutex<()>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that have waited longest.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.lock();
        let mut items = 0;
        let fits = |waiting: &&Waiting| {
            items += waiting.job.records();
            items <= MOST_ITEMS
        };
        // one goes in any case
        let together = waiting.iter().take(MOST_TOGETHER).take_while(fits).count().max(1).min(waiting.len());
        waiting.drain(..together).collect()
    }
}

/// Requests of one commit: enough to share its wait for the disk, few enough to keep it short.
const MOST_TOGETHER: usize = 64;
/// Records of one commit, where more than one request is in it.
const MOST_ITEMS: usize = 2_000;

impl Catalog {
    /// Writes the records of a request; they are on disk when this returns. The answer has the record of each item as it is after it.
    ///
    /// A write that is begun is ended, also when nobody waits for it any more.
    pub async fn write_records(&self, write: RecordWrite) -> Outcome {
        self.enqueue(Job::Write(write)).await
    }

    /// Gives the oldest record that has no owner to the claim's owner; nobody else is given it. It is on disk when this returns.
    pub async fn claim_record(&self, claim: RecordClaim) -> Result<Record, WriteError> {
        loop {
            match self.enqueue(Job::Claim(claim.clone())).await {
                Err(WriteError::Unsorted) => self.sort_queue_beside(claim.database).await?,
                outcome => return outcome?.pop().ok_or(WriteError::NothingFree),
            }
        }
    }

    async fn enqueue(&self, job: Job) -> Outcome {
        let (sender, receiver) = oneshot::channel();
        self.record_queue().lock().push(Waiting { job, sender });
        let catalog = self.clone();
        // a task of its own: it may write for others, who must not be told that it failed because this one went away
        tokio::spawn(async move { catalog.write_waiting().await });
        let lost = || CatalogError::Together("the write was interrupted; it may have been kept or not".to_owned());
        receiver.await.unwrap_or_else(|_| Err(lost().into()))
    }

    async fn write_waiting(&self) {
        let turn = self.record_queue().turn.lock().await;
        let (jobs, senders): (Vec<_>, Vec<_>) =
            self.record_queue().take().into_iter().map(|waiting| (waiting.job, waiting.sender)).unzip();
        if jobs.is_empty() {
            return;
        }
        let outcomes = self.write_together(jobs).await;
        drop(turn);
        for (sender, outcome) in senders.into_iter().zip(outcomes) {
            // who does not wait any more needs no answer
            drop(sender.send(outcome));
        }
    }

    async fn write_together(&self, jobs: Vec<Job>) -> Vec<Outcome> {
        let count = jobs.len();
        let written = self.write_in_turn(|connection| Change::of(write_all(self, connection, &jobs))).await;
        match written {
            Ok(outcomes) => outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
            Err(error) => {
                let told = error.to_string();
                let others = (1..count).map(|_| Err(CatalogError::Together(told.clone()).into()));
                std::iter::once(Err(error.into())).chain(others).collect()
            }
        }
    }

    /// Forgets the names of writes before `instant`; tells how many.
    pub async fn forget_writes(&self, instant: Timestamp) -> Result<u64, CatalogError> {
        let done = sqlx::query("DELETE FROM record_writes WHERE written_at < $1").bind(instant.0).execute(self.pool());
        done.await.map(|done| done.rows_affected()).map_err(|error| self.failed(error))
    }
}

async fn write_all(
    catalog: &Catalog,
    connection: &mut Connection,
    jobs: &[Job],
) -> Result<Vec<(usize, Outcome)>, CatalogError> {
    let now = catalog.now();
    let mut outcomes = Vec::with_capacity(jobs.len());
    for index in in_order(jobs) {
        let Some(job) = jobs.get(index) else { continue };
        let outcome = match job {
            Job::Write(write) => apply::request(catalog, connection, write, now).await,
            Job::Claim(claim) => claim::request(catalog, connection, claim, now).await,
        };
        let outcome = match outcome {
            Err(WriteError::Catalog(error)) => return Err(error),
            outcome => outcome,
        };
        outcomes.push((index, outcome));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes)
}

/// The requests of one database after each other as they came, and databases in one order everywhere: two processes that take several
/// do not wait for each other.
fn in_order(jobs: &[Job]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|index| jobs.get(*index).map(Job::database));
    order
}

/// What is wrong with `data` for `database`, if anything; no value is told.
fn faults(catalog: &Catalog, database: &Database, data: &Value) -> Vec<(String, String)> {
    let Some(schema) = database.schema.as_ref().filter(|_| database.enforce_schema) else { return Vec::new() };
    match catalog.schemas().compiled(schema) {
        Ok(validator) => crate::databases::schema::faults(&validator, data),
        // it was checked when it was set: an older or newer version did
        Err(error) => vec![("non_field_errors".to_owned(), format!("the database's schema cannot be used: {error}"))],
    }
}

/// Keys of records, with what is known of each.
type Known<T> = HashMap<String, T>;
