//! The tables together: append, flush, read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef, TimestampMicrosecondType};
use arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use record::dictionary::{PARTITION_COLUMNS, TABLES, Table};
use record::rows::Rows;
use record::time::{Clock, Timestamp};

use crate::LakeError;
use crate::buffer::Buffer;
use crate::columns;
use crate::file::{self, DataFile};
use crate::paths::Prefix;
use crate::root::Root;
use crate::seen::Seen;
use crate::table::LakeTable;

/// How a lake is opened.
pub struct Options {
    pub root: Root,
    /// Identifies the journal the rows come from; names the Delta application transaction.
    pub app_id: String,
    /// Identities to remember, to know a record that is delivered again.
    pub dedupe_window: usize,
    pub clock: Clock,
}

/// All tables of one root. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    shared: Arc<Shared>,
}

struct Shared {
    app_id: String,
    clock: Clock,
    state: Mutex<State>,
    /// One flush at a time.
    flushing: tokio::sync::Mutex<()>,
}

struct State {
    tables: Vec<TableState>,
    /// The last journal sequence whose rows were appended.
    appended: u64,
    duplicates: u64,
}

struct TableState {
    table: LakeTable,
    seen: Seen,
    /// Rows of journal sequences up to here are committed.
    committed: u64,
    open: Buffer,
    /// Being committed: rows of sequences up to `.1`.
    sealed: Option<(Buffer, u64)>,
}

/// Rows on their way into the buffers.
struct Incoming {
    definition: &'static Table,
    prefix: Prefix,
    batch: RecordBatch,
    identities: Vec<Option<u128>>,
    bytes: usize,
}

impl Incoming {
    fn new(prefix: Prefix, rows: Rows) -> Result<Self, LakeError> {
        let (definition, bytes) = (rows.table(), rows.bytes());
        let (batch, identities) = columns::to_batch(rows, &columns::file_schema(definition))
            .map_err(|source| LakeError::Arrange { table: definition.name, source })?;
        Ok(Self { definition, prefix, batch, identities, bytes })
    }
}

impl State {
    /// Buffers the rows that were not seen before; returns how many were.
    fn push(&mut self, incoming: Incoming) -> Result<usize, LakeError> {
        let Incoming { definition, prefix, batch, identities, bytes } = incoming;
        let arrange = |source| LakeError::Arrange { table: definition.name, source };
        let Some(table) = self.tables.iter_mut().find(|state| state.table.definition().name == definition.name) else {
            return Ok(0);
        };
        let fresh: Vec<bool> =
            identities.iter().map(|identity| identity.is_none_or(|identity| table.seen.insert(identity))).collect();
        let dropped = fresh.iter().filter(|fresh| !**fresh).count();
        let batch = if dropped == 0 {
            batch
        } else {
            filter_record_batch(&batch, &BooleanArray::from(fresh)).map_err(arrange)?
        };
        if batch.num_rows() > 0 {
            table.open.push(&prefix, batch, bytes).map_err(arrange)?;
        }
        Ok(dropped)
    }
}

/// What a query reads of a table: one version's files and the rows not in them yet.
pub struct Reading {
    pub table: LakeTable,
    /// Uncommitted rows of one tenant with the partition columns, in [`read_schema`].
    pub pending: Vec<RecordBatch>,
}

/// How a table stands.
#[derive(Clone, Debug)]
pub struct TableStatus {
    pub name: &'static str,
    pub version: u64,
    pub committed_sequence: u64,
    pub pending_rows: usize,
    pub pending_bytes: usize,
}

impl Lake {
    pub async fn open(options: Options) -> Result<Self, LakeError> {
        let mut tables = Vec::new();
        for definition in TABLES {
            let table = LakeTable::open(&options.root, definition).await?;
            let committed = table.transaction(&options.app_id).await?;
            let seen = load_seen(&table, options.dedupe_window).await?;
            tables.push(TableState { table, seen, committed, open: Buffer::default(), sealed: None });
        }
        Ok(Self {
            shared: Arc::new(Shared {
                app_id: options.app_id,
                clock: options.clock,
                state: Mutex::new(State { tables, appended: 0, duplicates: 0 }),
                flushing: tokio::sync::Mutex::new(()),
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replay up to here meets rows that some table has already: see [`Lake::has`].
    pub fn replay_until(&self) -> u64 {
        self.state().tables.iter().map(|table| table.committed).max().unwrap_or_default()
    }

    /// Does `table` hold the rows of journal sequence `sequence` already?
    pub fn has(&self, table: &Table, sequence: u64) -> bool {
        self.state()
            .tables
            .iter()
            .any(|state| state.table.definition().name == table.name && sequence <= state.committed)
    }

    /// Takes the rows of all journal sequences up to `through` at once: a flush has all of them or none. They are visible to
    /// queries on return. Returns how many were dropped because they were stored before.
    pub fn append(&self, rows: Vec<(Prefix, Rows)>, through: u64) -> Result<usize, LakeError> {
        let batches =
            rows.into_iter().map(|(prefix, rows)| Incoming::new(prefix, rows)).collect::<Result<Vec<_>, _>>()?;
        let mut state = self.state();
        let mut dropped = 0;
        for incoming in batches {
            dropped += state.push(incoming)?;
        }
        state.appended = state.appended.max(through);
        state.duplicates += dropped as u64;
        Ok(dropped)
    }

    /// Bytes waiting to be committed, those of a flush under way not counted.
    pub fn open_bytes(&self) -> usize {
        self.state().tables.iter().map(|table| table.open.bytes()).sum()
    }

    /// Records dropped because they were stored before.
    pub fn duplicates(&self) -> u64 {
        self.state().duplicates
    }

    pub fn status(&self) -> Vec<TableStatus> {
        self.state()
            .tables
            .iter()
            .map(|state| {
                let sealed = state.sealed.as_ref().map(|(buffer, _)| buffer);
                TableStatus {
                    name: state.table.definition().name,
                    version: state.table.version(),
                    committed_sequence: state.committed,
                    pending_rows: state.open.rows() + sealed.map_or(0, Buffer::rows),
                    pending_bytes: state.open.bytes() + sealed.map_or(0, Buffer::bytes),
                }
            })
            .collect()
    }

    /// Commits what was appended so far and returns the last journal sequence that is now safe in the tables. On an error
    /// nothing is lost: the rows stay, visible, and the next flush tries again.
    pub async fn flush(&self) -> Result<u64, LakeError> {
        let _one = self.shared.flushing.lock().await;
        let through = self.seal();
        for index in 0..TABLES.len() {
            self.commit_sealed(index).await?;
        }
        Ok(through)
    }

    /// Moves the open rows aside. What an earlier flush could not commit is committed first, under its own sequence.
    fn seal(&self) -> u64 {
        let mut state = self.state();
        let unfinished =
            state.tables.iter().filter_map(|table| table.sealed.as_ref().map(|(_, through)| *through)).max();
        if let Some(through) = unfinished {
            return through;
        }
        let through = state.appended;
        for table in &mut state.tables {
            if !table.open.is_empty() {
                table.sealed = Some((std::mem::take(&mut table.open), through));
            }
        }
        through
    }

    async fn commit_sealed(&self, index: usize) -> Result<(), LakeError> {
        let (table, buffer, through) = {
            let state = self.state();
            let table = &state.tables[index];
            let Some((buffer, through)) = &table.sealed else { return Ok(()) };
            (table.table.clone(), buffer.clone(), *through)
        };
        let definition = table.definition();
        let files = tokio::task::spawn_blocking(move || encode(definition, &buffer)).await??;
        let rows: usize = files.iter().map(|file| file.rows).sum();
        let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
        let count = files.len();
        let next = table.commit(files, &self.shared.app_id, through, &self.shared.clock).await?;
        tracing::info!(table = definition.name, version = next.version(), files = count, rows, bytes, "rows committed");
        let mut state = self.state();
        let table = &mut state.tables[index];
        table.table = next;
        table.committed = through;
        table.sealed = None;
        Ok(())
    }

    /// What `tenant` may read of `table`: files and pending rows of the same instant, so that no row is missed or doubled.
    pub fn read(&self, table: &Table, tenant: &str) -> Result<Reading, LakeError> {
        let arrange = |source| LakeError::Arrange { table: "pending rows", source };
        let (snapshot, batches) = {
            let state = self.state();
            let Some(state) = state.tables.iter().find(|state| state.table.definition().name == table.name) else {
                return Err(arrange(ArrowError::SchemaError(format!("no table {}", table.name))));
            };
            let sealed = state.sealed.iter().flat_map(|(buffer, _)| buffer.of_tenant(tenant));
            let batches: Vec<(Prefix, RecordBatch)> = sealed
                .chain(state.open.of_tenant(tenant))
                .map(|(prefix, batch)| (prefix.clone(), batch.clone()))
                .collect();
            (state.table.clone(), batches)
        };
        let pending = batches
            .iter()
            .map(|(prefix, batch)| with_partition_columns(snapshot.definition(), prefix, batch).map_err(arrange))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Reading { table: snapshot, pending })
    }
}

impl Reading {
    /// The committed files, as DataFusion scans them.
    pub async fn committed(&self, session: Arc<SessionState>) -> Result<Arc<dyn TableProvider>, LakeError> {
        self.table.provider(session).await
    }
}

/// The columns of a table as queries see them: its own, then the partition columns.
pub fn read_schema(table: &Table) -> SchemaRef {
    let file = columns::file_schema(table);
    let partition =
        PARTITION_COLUMNS.iter().map(|(name, _)| Arc::new(Field::new(*name, arrow::datatypes::DataType::Utf8, true)));
    Arc::new(Schema::new(file.fields().iter().cloned().chain(partition).collect::<Vec<_>>()))
}

fn with_partition_columns(table: &Table, prefix: &Prefix, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let rows = batch.num_rows();
    let constant =
        |value: &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(std::iter::repeat_n(value, rows))) };
    let times = batch.column(table.time.index).as_primitive::<TimestampMicrosecondType>();
    let days: Vec<_> = times.values().iter().map(|micros| Timestamp(*micros).day()).collect();
    let part = |text: fn(record::time::Day) -> String| -> ArrayRef {
        Arc::new(days.iter().map(|day| day.map(text)).collect::<StringArray>())
    };
    let mut arrays = batch.columns().to_vec();
    arrays.extend([
        constant(prefix.tenant.as_str()),
        constant(prefix.source.as_str()),
        constant(prefix.provider.as_str()),
        part(|day| format!("{:04}", day.year)),
        part(|day| format!("{:02}", day.month)),
        part(|day| format!("{:02}", day.day)),
    ]);
    RecordBatch::try_new(read_schema(table), arrays)
}

fn encode(table: &'static Table, buffer: &Buffer) -> Result<Vec<DataFile>, LakeError> {
    let mut files = Vec::new();
    for (prefix, batches) in buffer.iter() {
        files.extend(file::encode(table, prefix, batches)?);
    }
    Ok(files)
}

/// Fills the window from the newest files: a record delivered before a restart and again after it counts once.
async fn load_seen(table: &LakeTable, window: usize) -> Result<Seen, LakeError> {
    let mut seen = Seen::new(window);
    let Some(column) = table.definition().identity else { return Ok(seen) };
    let mut identities: Vec<u128> = Vec::new();
    for (path, _) in table.files()? {
        if identities.len() >= window / 2 {
            break;
        }
        let bytes = table.get(&path).await?;
        let fail = |source| LakeError::Encode { table: table.definition().name, source };
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(fail)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), [column.name]);
        for batch in builder.with_projection(mask).build().map_err(fail)? {
            let batch = batch.map_err(|source| LakeError::Arrange { table: table.definition().name, source })?;
            let ids = batch.column(0).as_string::<i32>();
            identities.extend(ids.iter().flatten().filter_map(|id| u128::from_str_radix(id, 16).ok()));
        }
    }
    for identity in identities.into_iter().rev() {
        seen.insert(identity);
    }
    Ok(seen)
}

#[cfg(test)]
mod tests;
