//! What is kept no longer: whole days of a tenant's rows and trace files.
//!
//! | step | readers, and a crash behind it |
//! |---|---|
//! | all files of expired days leave a table, for all tenants in one commit | a query that began before reads its own version to the end, one that begins later sees none of those rows. Killed before the commit: nothing has happened; behind it: all of it has |
//! | files that no version names leave the disk, once they have been so for the grace | readers of earlier versions are done by then. What a crash leaves behind goes with the next sweep |
//! | trace files of expired days leave the disk at once | no log names them, so whoever reads them reads what is there |
//!
//! Files are never rewritten here: a day is a partition, so it goes as a whole. Rows that wait for their commit count until they
//! are committed; those of expired days go with the run after that.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::kernel::{Action, Remove};
use deltalake_core::protocol::DeltaOperation;
use futures::TryStreamExt;
use record::caller::Tenant;
use record::dictionary::Table;
use record::time::{Day, Timestamp};

use crate::LakeError;
use crate::lake::Lake;
use crate::paths;
use crate::root::{Found, Root};
use crate::table::LakeTable;

/// Says of a tenant and of what it has, a table's name or [`TRACE_FILES`], which day is the first that is kept; `None`: all are.
pub type FirstKept = Arc<dyn Fn(&Tenant, &str) -> Option<Day> + Send + Sync>;

/// How the objects of trace files are called beside the names of tables.
pub const TRACE_FILES: &str = "trace_files";

/// Where trace files lie, those that others replaced too.
const TRACE_FOLDERS: [&str; 2] = ["traces", "superseded/traces"];

/// Files deleted between two chances of a commit to go first.
const DELETED_AT_ONCE: usize = 256;

/// What went, or would go, of one tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    pub days: BTreeSet<Day>,
    pub files: u64,
    /// 0 of trace files.
    pub rows: u64,
    pub bytes: u64,
}

pub type ByTenant = BTreeMap<Tenant, Expired>;

/// Files that left the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub files: u64,
    pub bytes: u64,
}

impl Lake {
    /// Takes the expired days of `table` out of it, in one commit that is durable on return. The files stay until a
    /// [`Lake::sweep`].
    pub async fn expire(&self, table: &'static Table, first_kept: &FirstKept) -> Result<ByTenant, LakeError> {
        let mut gone = ByTenant::new();
        self.change(table, async |now| {
            let (expired, actions) = expired(&now, first_kept, self.clock().now())?;
            if actions.is_empty() {
                return Ok(None);
            }
            gone = expired;
            let operation = DeltaOperation::Delete { predicate: None };
            now.commit_actions(actions, operation, CommitProperties::default()).await.map(Some)
        })
        .await?;
        Ok(gone)
    }

    /// Deletes the files of `table` that no version has named for `grace`: those of expired days, those that were written again
    /// without some of their rows, and those that a crash left without a commit.
    pub async fn sweep(&self, table: &'static Table, grace: Duration) -> Result<Swept, LakeError> {
        let grace = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
        let deadline = (self.clock().now().0 / 1_000).saturating_sub(grace);
        let named = named(&self.table(table)?)?;
        let (prefix, folder) = (paths::table(table.name), paths::table(table.name));
        let unnamed = move |file: &Found| {
            let path = file.path.strip_prefix(&prefix).unwrap_or(&file.path);
            file.modified_ms <= deadline && paths::place(path).is_some() && !named.contains(path)
        };
        let mut found = self.root().find(paths::table(table.name), unnamed).await?;
        if found.is_empty() {
            return Ok(Swept::default());
        }
        // a commit under way may name some of them by the time it ends
        drop(self.between_flushes().await);
        let now = self.table(table)?;
        let (named, removed) = (self::named(&now)?, removals(&now).await?);
        found.retain(|file| {
            let path = file.path.strip_prefix(&folder).unwrap_or(&file.path);
            !named.contains(path) && removed.get(path).is_none_or(|at| *at <= deadline)
        });
        self.delete(found).await
    }

    /// Deletes the trace files of expired days, current and superseded ones.
    pub async fn expire_trace_files(&self, first_kept: &FirstKept) -> Result<ByTenant, LakeError> {
        let found = expired_trace_files(self.root(), first_kept).await?;
        let gone = by_tenant(&found);
        self.delete(found).await?;
        Ok(gone)
    }

    async fn delete(&self, files: Vec<Found>) -> Result<Swept, LakeError> {
        let swept = Swept { files: files.len() as u64, bytes: files.iter().map(|file| file.bytes).sum() };
        let paths: Vec<String> = files.into_iter().map(|file| file.path).collect();
        for some in paths.chunks(DELETED_AT_ONCE) {
            // a flush makes the folders of its files: none of them may go meanwhile
            let one = self.between_flushes().await;
            self.root().remove(some.to_vec()).await?;
            drop(one);
        }
        Ok(swept)
    }
}

/// What [`Lake::expire`] would take out of `table`. Changes nothing, also when another process has the lake open.
pub async fn look(root: &Root, table: &'static Table, first_kept: &FirstKept) -> Result<ByTenant, LakeError> {
    match LakeTable::existing(root, table).await? {
        Some(table) => Ok(expired(&table, first_kept, Timestamp::default())?.0),
        None => Ok(ByTenant::new()),
    }
}

/// What [`Lake::expire_trace_files`] would delete.
pub async fn look_at_trace_files(root: &Root, first_kept: &FirstKept) -> Result<ByTenant, LakeError> {
    Ok(by_tenant(&expired_trace_files(root, first_kept).await?))
}

/// The files of expired days, and the actions that remove them at `now`.
fn expired(table: &LakeTable, first_kept: &FirstKept, now: Timestamp) -> Result<(ByTenant, Vec<Action>), LakeError> {
    let definition = table.definition();
    let fail = |source| LakeError::Delta { table: definition.name, source };
    let state = table.delta().snapshot().map_err(fail)?;
    let log = state.snapshot().try_log_data().map_err(fail)?;
    let (mut expired, mut actions) = (ByTenant::new(), Vec::new());
    let mut first_days: HashMap<Tenant, Option<Day>> = HashMap::new();
    for file in log.iter() {
        let path = file.object_store_path().to_string();
        let Some((tenant, day)) = paths::place(&path) else { continue };
        let first = first_days.entry(tenant.clone()).or_insert_with_key(|tenant| first_kept(tenant, definition.name));
        if first.is_none_or(|first| day >= first) {
            continue;
        }
        let gone = expired.entry(tenant).or_default();
        gone.days.insert(day);
        gone.files += 1;
        gone.rows += file.num_records().unwrap_or_default() as u64;
        gone.bytes += u64::try_from(file.size()).unwrap_or_default();
        let deletion_timestamp = Some(now.0 / 1_000);
        actions.push(Action::Remove(Remove { path, deletion_timestamp, ..file.remove_action(true) }));
    }
    Ok((expired, actions))
}

/// The files of this version, within the table.
fn named(table: &LakeTable) -> Result<HashSet<String>, LakeError> {
    Ok(table.files()?.into_iter().map(|(path, _)| path).collect())
}

/// When files left the table, in milliseconds since 1970. Delta's log remembers it for a week
/// (`delta.deletedFileRetentionDuration`).
async fn removals(table: &LakeTable) -> Result<HashMap<String, i64>, LakeError> {
    let fail = |source| LakeError::Delta { table: table.definition().name, source };
    let log_store = table.delta().log_store();
    let state = table.delta().snapshot().map_err(fail)?;
    let removed = state.all_tombstones(log_store.as_ref());
    removed
        .map_ok(|removed| (removed.path().into_owned(), removed.deletion_timestamp().unwrap_or_default()))
        .try_collect()
        .await
        .map_err(fail)
}

async fn expired_trace_files(root: &Root, first_kept: &FirstKept) -> Result<Vec<Found>, LakeError> {
    let mut found = Vec::new();
    for folder in TRACE_FOLDERS {
        let first_kept = Arc::clone(first_kept);
        let expired = move |file: &Found| {
            let Some((tenant, day)) = paths::place(&file.path) else { return false };
            first_kept(&tenant, TRACE_FILES).is_some_and(|first| day < first)
        };
        found.extend(root.find(format!("{folder}/"), expired).await?);
    }
    Ok(found)
}

fn by_tenant(files: &[Found]) -> ByTenant {
    let mut all = ByTenant::new();
    for file in files {
        let Some((tenant, day)) = paths::place(&file.path) else { continue };
        let gone = all.entry(tenant).or_default();
        gone.days.insert(day);
        gone.files += 1;
        gone.bytes += file.bytes;
    }
    all
}
