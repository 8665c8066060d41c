//! One Delta table: opened or made, committed to, read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Remove, StructField, Transaction};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStoreExt, PutPayload};
use record::dictionary::{PARTITION_COLUMNS, Table};
use record::time::{Clock, Day};

use crate::LakeError;
use crate::columns;
use crate::file::{self, DataFile};
use crate::paths::{self, Prefix};
use crate::replace::{self, Gone};
use crate::root::Root;

/// A table at one version. Committing makes the next; an older one stays readable.
#[derive(Clone)]
pub struct LakeTable {
    definition: &'static Table,
    root: Root,
    delta: DeltaTable,
}

/// What a commit changes besides adding rows.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// Of files that were written, within the table.
    paths: Vec<String>,
    actions: Vec<Action>,
}

impl Rewritten {
    pub(crate) fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

/// A data file's partition, the commands whose rows it may hold, and the action that removes it.
type Candidate<'g> = (Prefix, Day, HashSet<&'g str>, Remove);

/// Files written at the same time.
const CONCURRENT_PUTS: usize = 8;

impl LakeTable {
    /// Opens the table, makes it if there is none, and adds columns the dictionary has gained.
    pub async fn open(root: &Root, definition: &'static Table) -> Result<Self, LakeError> {
        let fail = |source| LakeError::Delta { table: definition.name, source };
        let mut table = if let Some(table) = Self::existing(root, definition).await? {
            table
        } else {
            let delta = create(root.table(definition.name)?, definition).await.map_err(fail)?;
            root.sync(definition.name, &[paths::commit_file(0)])?;
            Self { definition, root: root.clone(), delta }
        };
        let missing = missing_columns(&table.delta, definition)?;
        if !missing.is_empty() {
            table.delta = table.delta.add_columns().with_fields(missing).await.map_err(fail)?;
        }
        Ok(table)
    }

    /// The table as it is, whatever its columns; `None`: there is none.
    pub(crate) async fn existing(root: &Root, definition: &'static Table) -> Result<Option<Self>, LakeError> {
        let log_store = root.table(definition.name)?;
        if !has_commits(&log_store).await? {
            return Ok(None);
        }
        let mut delta = DeltaTable::new(log_store);
        delta.load().await.map_err(|source| LakeError::Delta { table: definition.name, source })?;
        Ok(Some(Self { definition, root: root.clone(), delta }))
    }

    pub(crate) fn delta(&self) -> &DeltaTable {
        &self.delta
    }

    pub fn definition(&self) -> &'static Table {
        self.definition
    }

    /// The Delta version.
    pub fn version(&self) -> u64 {
        self.delta.version().unwrap_or_default()
    }

    /// The last application transaction of `app_id`; 0 when there is none.
    pub async fn transaction(&self, app_id: &str) -> Result<u64, LakeError> {
        let fail = |source| LakeError::Delta { table: self.definition.name, source };
        let log_store = self.delta.log_store();
        let state = self.delta.snapshot().map_err(fail)?;
        let version = state.transaction_version(log_store.as_ref(), app_id).await.map_err(fail)?;
        Ok(version.and_then(|version| u64::try_from(version).ok()).unwrap_or_default())
    }

    /// Writes the files and commits them as transaction `version` of `app_id`, together with what `rewritten` changes: all of it
    /// is in the table, or none. On return it is durable.
    pub async fn commit(
        &self,
        files: Vec<DataFile>,
        rewritten: Rewritten,
        app_id: &str,
        version: u64,
        clock: &Clock,
    ) -> Result<Self, LakeError> {
        let Rewritten { mut paths, mut actions } = rewritten;
        let operation = if actions.is_empty() { appended() } else { replaced() };
        paths.extend(files.iter().map(|file| file.path.clone()));
        let modified = clock.now().0 / 1_000;
        let adds: Vec<Action> = futures::stream::iter(files)
            .map(|file| self.put(file, modified))
            .buffer_unordered(CONCURRENT_PUTS)
            .try_collect()
            .await?;
        actions.extend(adds);
        self.sync(paths).await?;
        let transaction = Transaction::new(app_id, i64::try_from(version).unwrap_or(i64::MAX));
        self.commit_actions(actions, operation, CommitProperties::default().with_application_transaction(transaction))
            .await
    }

    /// Commits `actions`, all of them or none. On return the commit is durable; the files it names must be before.
    pub(crate) async fn commit_actions(
        &self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        properties: CommitProperties,
    ) -> Result<Self, LakeError> {
        let fail = |source| LakeError::Delta { table: self.definition.name, source };
        let state = self.delta.snapshot().map_err(fail)?;
        let committed = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(state.snapshot()), self.delta.log_store(), operation)
            .await
            .map_err(fail)?;
        self.sync(vec![paths::commit_file(committed.version())]).await?;
        let mut next = self.clone();
        next.delta.state = Some(committed.snapshot());
        Ok(next)
    }

    /// Writes the files that hold rows of `gone` again, without them. Nothing has changed until the commit.
    pub(crate) async fn rewrite(&self, gone: &[Gone], clock: &Clock) -> Result<Rewritten, LakeError> {
        let modified = clock.now().0 / 1_000;
        let mut rewritten = Rewritten::default();
        for (prefix, day, ids, remove) in self.candidates(gone)? {
            let bytes = self.get(&remove.path).await?;
            let (definition, ids) = (self.definition, ids.into_iter().map(str::to_owned).collect());
            let kept = tokio::task::spawn_blocking(move || file::without(definition, &prefix, day, bytes, &ids));
            let Some(kept) = kept.await?? else { continue };
            rewritten.actions.push(Action::Remove(remove));
            for file in kept {
                rewritten.paths.push(file.path.clone());
                rewritten.actions.push(self.put(file, modified).await?);
            }
        }
        Ok(rewritten)
    }

    /// The data files that may hold rows of `gone`.
    fn candidates<'g>(&self, gone: &'g [Gone]) -> Result<Vec<Candidate<'g>>, LakeError> {
        let fail = |source| LakeError::Delta { table: self.definition.name, source };
        let folders = replace::by_folder(gone);
        if folders.is_empty() {
            return Ok(Vec::new());
        }
        let state = self.delta.snapshot().map_err(fail)?;
        let log = state.snapshot().try_log_data().map_err(fail)?;
        let mut found = Vec::new();
        for file in log.iter() {
            let path = file.object_store_path().to_string();
            let Some(((prefix, day), ids)) =
                folders.iter().find(|((prefix, day), _)| replace::is_in(&path, prefix, *day))
            else {
                continue;
            };
            if replace::may_hold(file.stats().as_deref(), ids) {
                let remove = Remove { path, ..file.remove_action(true) };
                found.push((prefix.clone(), *day, ids.clone(), remove));
            }
        }
        Ok(found)
    }

    async fn sync(&self, paths: Vec<String>) -> Result<(), LakeError> {
        let (root, table) = (self.root.clone(), self.definition.name);
        tokio::task::spawn_blocking(move || root.sync(table, &paths)).await?
    }

    async fn put(&self, file: DataFile, modified: i64) -> Result<Action, LakeError> {
        let size = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
        let path = object_store::path::Path::from(file.path.as_str());
        self.delta
            .object_store()
            .put(&path, PutPayload::from(file.bytes))
            .await
            .map_err(|source| LakeError::Object { path: file.path.clone(), source })?;
        Ok(Action::Add(Add {
            path: file.path,
            partition_values: file.partition.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect(),
            size,
            modification_time: modified,
            data_change: true,
            stats: Some(file.stats),
            tags: None,
            deletion_vector: None,
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        }))
    }

    /// What DataFusion scans: this version's files, pruned by partition and statistics.
    pub async fn provider(&self, session: Arc<SessionState>) -> Result<Arc<dyn TableProvider>, LakeError> {
        let provider = self.delta.table_provider().with_session(session).build().await;
        let fail = |source| LakeError::Delta { table: self.definition.name, source };
        Ok(Arc::new(provider.map_err(|error| fail(error.into()))?))
    }

    /// Data files, newest first: path within the table, rows.
    pub(crate) fn files(&self) -> Result<Vec<(String, usize)>, LakeError> {
        let fail = |source| LakeError::Delta { table: self.definition.name, source };
        let state = self.delta.snapshot().map_err(fail)?;
        let log = state.snapshot().try_log_data().map_err(fail)?;
        let mut files: Vec<(i64, String, usize)> = log
            .iter()
            .map(|file| {
                (file.modification_time(), file.object_store_path().to_string(), file.num_records().unwrap_or_default())
            })
            .collect();
        files.sort_unstable_by(|a, b| b.cmp(a));
        Ok(files.into_iter().map(|(_, path, rows)| (path, rows)).collect())
    }

    /// The bytes of one data file.
    pub(crate) async fn get(&self, path: &str) -> Result<bytes::Bytes, LakeError> {
        let fail = |source| LakeError::Object { path: path.to_owned(), source };
        let object = self.delta.object_store().get(&object_store::path::Path::from(path)).await.map_err(fail)?;
        object.bytes().await.map_err(fail)
    }
}

fn appended() -> DeltaOperation {
    let partition_by = PARTITION_COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    DeltaOperation::Write { mode: SaveMode::Append, partition_by: Some(partition_by), predicate: None }
}

fn replaced() -> DeltaOperation {
    DeltaOperation::Merge {
        predicate: None,
        merge_predicate: Some("target.command_id = source.command_id".to_owned()),
        matched_predicates: Vec::new(),
        not_matched_predicates: Vec::new(),
        not_matched_by_source_predicates: Vec::new(),
    }
}

async fn has_commits(log_store: &LogStoreRef) -> Result<bool, LakeError> {
    let log = object_store::path::Path::from("_delta_log");
    let first = log_store.object_store(None).list(Some(&log)).next().await.transpose();
    first.map(|first| first.is_some()).map_err(|source| LakeError::Object { path: log.to_string(), source })
}

async fn create(
    log_store: LogStoreRef,
    definition: &'static Table,
) -> Result<DeltaTable, deltalake_core::DeltaTableError> {
    let configuration: HashMap<String, Option<String>> =
        [("delta.checkpointInterval".to_owned(), Some("50".to_owned()))].into();
    CreateBuilder::new()
        .with_log_store(log_store)
        .with_table_name(definition.name)
        .with_comment(definition.doc.trim())
        .with_columns(columns::delta_fields(definition))
        .with_partition_columns(PARTITION_COLUMNS.iter().map(|(name, _)| *name))
        .with_configuration(configuration)
        .await
}

/// What the table does not have yet. A column that it has with another type is an error: rows of both do not go together.
fn missing_columns(delta: &DeltaTable, definition: &'static Table) -> Result<Vec<StructField>, LakeError> {
    let table = definition.name;
    let schema = delta.snapshot().map_err(|source| LakeError::Delta { table, source })?.schema();
    let mut missing = Vec::new();
    for field in columns::delta_fields(definition) {
        match schema.field(field.name()).map(StructField::data_type) {
            None => missing.push(field),
            Some(found) if found == field.data_type() => {}
            Some(found) => {
                let (column, found, wanted) = (field.name().clone(), found.to_string(), field.data_type().to_string());
                return Err(LakeError::Columns { table, column, found, wanted });
            }
        }
    }
    Ok(missing)
}
