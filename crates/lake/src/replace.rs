//! What a command told before it was delivered again: those rows go, from the rows in memory at once and from the files with the
//! commit that brings the new ones.

use std::collections::{BTreeMap, HashSet};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use record::dictionary::Table;
use record::time::Day;
use serde_json::Value;

use crate::paths::{self, Prefix};

/// The column by which rows go. Tables that have it are stored one file of rows at a time, and replaced so.
const COMMAND_ID: &str = "command_id";

/// A command whose rows up to here count no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub prefix: Prefix,
    pub command_id: String,
    /// The partitions its rows may lie in.
    pub days: Vec<Day>,
}

/// The ids of `gone` that belong to `prefix`.
pub(crate) fn ids<'g>(gone: &'g [Gone], prefix: &Prefix) -> HashSet<&'g str> {
    gone.iter().filter(|gone| gone.prefix == *prefix).map(|gone| gone.command_id.as_str()).collect()
}

/// `batch` without the rows of `ids`; `None`: it has none of them.
pub(crate) fn without(
    table: &Table,
    batch: &RecordBatch,
    ids: &HashSet<&str>,
) -> Result<Option<RecordBatch>, ArrowError> {
    let Some(column) = table.column(COMMAND_ID).and_then(|column| batch.column_by_name(column.name)) else {
        return Ok(None);
    };
    if ids.is_empty() {
        return Ok(None);
    }
    let commands = column.as_string::<i32>();
    let kept: BooleanArray =
        commands.iter().map(|command| Some(command.is_none_or(|command| !ids.contains(command)))).collect();
    if kept.true_count() == kept.len() {
        return Ok(None);
    }
    filter_record_batch(batch, &kept).map(Some)
}

/// The folders of `gone`, and whose rows may lie in each.
pub(crate) fn by_folder(gone: &[Gone]) -> BTreeMap<(Prefix, Day), HashSet<&str>> {
    let mut folders: BTreeMap<(Prefix, Day), HashSet<&str>> = BTreeMap::new();
    for one in gone {
        for day in &one.days {
            folders.entry((one.prefix.clone(), *day)).or_default().insert(&one.command_id);
        }
    }
    folders
}

/// Whether a file of `folder` with these statistics may hold a row of `ids`. Statistics that do not tell say yes.
pub(crate) fn may_hold(stats: Option<&str>, ids: &HashSet<&str>) -> bool {
    let Some(stats) = stats.and_then(|stats| serde_json::from_str::<Value>(stats).ok()) else { return true };
    let bound = |which: &str| stats[which][COMMAND_ID].as_str().map(str::to_owned);
    match (bound("minValues"), bound("maxValues")) {
        (Some(min), Some(max)) => ids.iter().any(|id| (min.as_str()..=max.as_str()).contains(id)),
        _ => true,
    }
}

/// Whether the data file `path` lies in the partition.
pub(crate) fn is_in(path: &str, prefix: &Prefix, day: Day) -> bool {
    path.strip_prefix(&paths::folder(prefix, day)).is_some_and(|rest| rest.starts_with('/'))
}
