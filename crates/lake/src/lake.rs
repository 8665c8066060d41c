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
use crate::replace::{self, Gone};
use crate::root::Root;
use crate::seen::Seen;
use crate::table::LakeTable;
use crate::traces::{self, TraceFile};

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
    root: Root,
    clock: Clock,
    state: Mutex<State>,
    /// One flush at a time.
    flushing: tokio::sync::Mutex<()>,
}

struct State {
    tables: Vec<TableState>,
    /// Trace files that are not in the store yet, in the order in which they were acknowledged.
    files: Vec<TraceFile>,
    /// The flush under way, or the one that failed.
    sealed: Option<Sealed>,
    /// The last journal sequence whose rows were appended.
    appended: u64,
    duplicates: u64,
}

/// What a flush commits, besides the rows of the tables.
#[derive(Clone)]
struct Sealed {
    files: Arc<[TraceFile]>,
    through: u64,
}

/// Rows of one table that wait for a commit.
#[derive(Clone, Default)]
struct Waiting {
    rows: Buffer,
    /// Commands whose earlier rows, those before `rows`, go with that commit.
    gone: Vec<Gone>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.gone.is_empty()
    }
}

/// What a part of the journal brings.
#[derive(Debug, Default)]
pub struct Arriving {
    pub rows: Vec<(Prefix, Rows)>,
    /// Commands whose earlier rows go from the table; `rows` are the new ones.
    pub gone: Vec<(&'static Table, Gone)>,
    /// Kept as they are, beside the rows.
    pub files: Vec<TraceFile>,
}

impl From<Vec<(Prefix, Rows)>> for Arriving {
    fn from(rows: Vec<(Prefix, Rows)>) -> Self {
        Self { rows, ..Self::default() }
    }
}

struct TableState {
    table: LakeTable,
    seen: Seen,
    /// Rows of journal sequences up to here are committed.
    committed: u64,
    open: Waiting,
    /// Being committed.
    sealed: Option<Waiting>,
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
    fn table(&mut self, definition: &Table) -> Option<&mut TableState> {
        self.tables.iter_mut().find(|state| state.table.definition().name == definition.name)
    }

    /// Lets go of what a command told before.
    fn forget(&mut self, definition: &'static Table, gone: Gone) -> Result<(), LakeError> {
        let arrange = |source| LakeError::Arrange { table: definition.name, source };
        let Some(table) = self.table(definition) else { return Ok(()) };
        let gone = [gone];
        table.open.rows.forget(definition, &gone).map_err(arrange)?;
        table.open.gone.extend(gone);
        Ok(())
    }

    /// Takes a trace file. A version of it that waits for the same flush is superseded by then.
    fn keep(&mut self, file: TraceFile) {
        if file.previous.is_some() {
            let same =
                |earlier: &&mut TraceFile| (&earlier.prefix, &earlier.command_id) == (&file.prefix, &file.command_id);
            self.files.iter_mut().filter(same).for_each(|earlier| earlier.is_superseded = true);
        }
        self.files.push(file);
    }

    /// Buffers the rows that were not seen before; returns how many were. Rows that come in place of others (`replace`) may be
    /// what was there once before.
    fn push(&mut self, incoming: Incoming, replace: bool) -> Result<usize, LakeError> {
        let Incoming { definition, prefix, batch, identities, bytes } = incoming;
        let arrange = |source| LakeError::Arrange { table: definition.name, source };
        let Some(table) = self.table(definition) else { return Ok(0) };
        let fresh: Vec<bool> = identities
            .iter()
            .map(|identity| identity.is_none_or(|identity| table.seen.insert(identity)) || replace)
            .collect();
        let dropped = fresh.iter().filter(|fresh| !**fresh).count();
        let batch = if dropped == 0 {
            batch
        } else {
            filter_record_batch(&batch, &BooleanArray::from(fresh)).map_err(arrange)?
        };
        if batch.num_rows() > 0 {
            table.open.rows.push(&prefix, batch, bytes).map_err(arrange)?;
        }
        Ok(dropped)
    }
}

/// What a query reads of a table: one version's files and the rows not in them yet.
pub struct Reading {
    pub table: LakeTable,
    /// Uncommitted rows of one tenant with the partition columns, in [`read_schema`].
    pub pending: Vec<RecordBatch>,
    /// Commands whose committed rows count no more.
    pub gone: Vec<Gone>,
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
            tables.push(TableState { table, seen, committed, open: Waiting::default(), sealed: None });
        }
        Ok(Self {
            shared: Arc::new(Shared {
                app_id: options.app_id,
                root: options.root,
                clock: options.clock,
                state: Mutex::new(State { tables, files: Vec::new(), sealed: None, appended: 0, duplicates: 0 }),
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

    /// The id of the journal that the rows come from.
    pub fn app_id(&self) -> &str {
        &self.shared.app_id
    }

    /// Takes what all journal sequences up to `through` bring at once: a flush has all of it or none. Rows are visible to
    /// queries on return. Returns how many were dropped because they were stored before.
    pub fn append(&self, arriving: impl Into<Arriving>, through: u64) -> Result<usize, LakeError> {
        let Arriving { rows, gone, files } = arriving.into();
        let batches =
            rows.into_iter().map(|(prefix, rows)| Incoming::new(prefix, rows)).collect::<Result<Vec<_>, _>>()?;
        let replaces = |incoming: &Incoming, gone: &[(&Table, Gone)]| {
            gone.iter().any(|(table, gone)| table.name == incoming.definition.name && gone.prefix == incoming.prefix)
        };
        let batches: Vec<_> = batches.into_iter().map(|incoming| (replaces(&incoming, &gone), incoming)).collect();
        let mut state = self.state();
        for (table, gone) in gone {
            state.forget(table, gone)?;
        }
        for file in files {
            state.keep(file);
        }
        let mut dropped = 0;
        for (replace, incoming) in batches {
            dropped += state.push(incoming, replace)?;
        }
        state.appended = state.appended.max(through);
        state.duplicates += dropped as u64;
        Ok(dropped)
    }

    /// Bytes waiting to be committed, those of a flush under way not counted.
    pub fn open_bytes(&self) -> usize {
        let state = self.state();
        let rows: usize = state.tables.iter().map(|table| table.open.rows.bytes()).sum();
        rows + state.files.iter().map(|file| file.text.len()).sum::<usize>()
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
                let sealed = state.sealed.as_ref().map(|waiting| &waiting.rows);
                TableStatus {
                    name: state.table.definition().name,
                    version: state.table.version(),
                    committed_sequence: state.committed,
                    pending_rows: state.open.rows.rows() + sealed.map_or(0, Buffer::rows),
                    pending_bytes: state.open.rows.bytes() + sealed.map_or(0, Buffer::bytes),
                }
            })
            .collect()
    }

    /// Commits what was appended so far and returns the last journal sequence that is now safe in the tables. On an error
    /// nothing is lost: the rows stay, visible, and the next flush tries again.
    pub async fn flush(&self) -> Result<u64, LakeError> {
        let _one = self.shared.flushing.lock().await;
        let Sealed { files, through } = self.seal();
        traces::keep(&self.shared.root, &files).await?;
        for index in 0..TABLES.len() {
            self.commit_sealed(index, through).await?;
        }
        self.state().sealed = None;
        Ok(through)
    }

    /// Waits for a flush under way; none begins until the answer is dropped.
    pub(crate) async fn between_flushes(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.shared.flushing.lock().await
    }

    /// The table at its last version.
    pub(crate) fn table(&self, definition: &Table) -> Result<LakeTable, LakeError> {
        let table = self.state().table(definition).map(|state| state.table.clone());
        table.ok_or_else(|| unknown(definition))
    }

    /// Makes another version of a table, between two flushes. Queries see it from the moment it is durable.
    pub(crate) async fn change(
        &self,
        definition: &Table,
        make: impl AsyncFnOnce(LakeTable) -> Result<Option<LakeTable>, LakeError>,
    ) -> Result<(), LakeError> {
        let _one = self.between_flushes().await;
        if let Some(next) = make(self.table(definition)?).await?
            && let Some(state) = self.state().table(definition)
        {
            state.table = next;
        }
        Ok(())
    }

    pub(crate) fn root(&self) -> &Root {
        &self.shared.root
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Moves the open rows aside. What an earlier flush could not commit is committed first, under its own sequence.
    fn seal(&self) -> Sealed {
        let mut state = self.state();
        if let Some(unfinished) = &state.sealed {
            return unfinished.clone();
        }
        let sealed = Sealed { files: std::mem::take(&mut state.files).into(), through: state.appended };
        state.sealed = Some(sealed.clone());
        for table in &mut state.tables {
            if !table.open.is_empty() {
                table.sealed = Some(std::mem::take(&mut table.open));
            }
        }
        sealed
    }

    async fn commit_sealed(&self, index: usize, through: u64) -> Result<(), LakeError> {
        let (table, waiting) = {
            let state = self.state();
            let table = &state.tables[index];
            let Some(waiting) = &table.sealed else { return Ok(()) };
            (table.table.clone(), waiting.clone())
        };
        let definition = table.definition();
        let rewritten = table.rewrite(&waiting.gone, &self.shared.clock).await?;
        let files = tokio::task::spawn_blocking(move || encode(definition, &waiting.rows)).await??;
        let next = if files.is_empty() && rewritten.is_empty() {
            None
        } else {
            let rows: usize = files.iter().map(|file| file.rows).sum();
            let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
            let count = files.len();
            let next = table.commit(files, rewritten, &self.shared.app_id, through, &self.shared.clock).await?;
            let version = next.version();
            tracing::info!(table = definition.name, version, files = count, rows, bytes, "rows committed");
            Some(next)
        };
        let mut state = self.state();
        let table = &mut state.tables[index];
        if let Some(next) = next {
            table.table = next;
            table.committed = through;
        }
        table.sealed = None;
        Ok(())
    }

    /// What `tenant` may read of `table`: files and pending rows of the same instant, so that no row is missed or doubled.
    pub fn read(&self, table: &Table, tenant: &str) -> Result<Reading, LakeError> {
        let arrange = |source| LakeError::Arrange { table: "pending rows", source };
        let (snapshot, batches, gone) = {
            let state = self.state();
            let Some(state) = state.tables.iter().find(|state| state.table.definition().name == table.name) else {
                return Err(unknown(table));
            };
            let own = |gone: &&Gone| gone.prefix.tenant.as_str() == tenant;
            let later: Vec<Gone> = state.open.gone.iter().filter(own).cloned().collect();
            let mut batches: Vec<(Prefix, RecordBatch)> = Vec::new();
            for (prefix, batch) in state.sealed.iter().flat_map(|sealed| sealed.rows.of_tenant(tenant)) {
                let kept = replace::without(table, batch, &replace::ids(&later, prefix)).map_err(arrange)?;
                batches.push((prefix.clone(), kept.unwrap_or_else(|| batch.clone())));
            }
            let open = state.open.rows.of_tenant(tenant);
            batches.extend(open.map(|(prefix, batch)| (prefix.clone(), batch.clone())));
            let sealed = state.sealed.iter().flat_map(|sealed| &sealed.gone).filter(own).cloned();
            (state.table.clone(), batches, sealed.chain(later).collect())
        };
        let pending = batches
            .iter()
            .map(|(prefix, batch)| with_partition_columns(snapshot.definition(), prefix, batch).map_err(arrange))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Reading { table: snapshot, pending, gone })
    }
}

impl Reading {
    /// The committed files, as DataFusion scans them.
    pub async fn committed(&self, session: Arc<SessionState>) -> Result<Arc<dyn TableProvider>, LakeError> {
        self.table.provider(session).await
    }
}

/// A fault of this program: a table that is in no dictionary.
fn unknown(table: &Table) -> LakeError {
    LakeError::Arrange { table: "pending rows", source: ArrowError::SchemaError(format!("no table {}", table.name)) }
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
        constant(&prefix.kind),
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
