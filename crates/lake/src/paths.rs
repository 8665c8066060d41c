//! Every object key of the lake is made here, but for those of trace files: `events_raw` names them before the lake knows of them
//! ([`record::trace::object_key`]).

use std::sync::Arc;

use record::caller::Tenant;
use record::source::Source;
use record::time::Day;
use uuid::Uuid;

/// The partition columns that an arrival gives: all but the day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    pub tenant: Tenant,
    pub source: Source,
    /// The partition column `type`: a provider, or the command of a trace file.
    pub kind: Arc<str>,
}

/// The folder of a table below the root, with a slash at its end.
pub fn table(name: &str) -> String {
    format!("tables/{name}/")
}

/// The partition columns and their values, outermost first. The values need no escaping in a path: a tenant and a command are
/// checked when they are made, the others are fixed words and numbers.
pub fn partition(prefix: &Prefix, day: Day) -> [(&'static str, String); 6] {
    [
        ("tenant", prefix.tenant.to_string()),
        ("source", prefix.source.to_string()),
        ("type", prefix.kind.to_string()),
        ("year", format!("{:04}", day.year)),
        ("month", format!("{:02}", day.month)),
        ("day", format!("{:02}", day.day)),
    ]
}

/// A new data file of a partition, relative to its table.
pub fn data_file(prefix: &Prefix, day: Day) -> String {
    format!("{}/part-{}.zstd.parquet", folder(prefix, day), Uuid::now_v7())
}

/// Where a version of a trace file lies after another one took its place `object` ([`record::trace::object_key`]), relative to
/// the root: outside of `traces/`, so that no reader of `traces/**/*.csv` counts it beside the current one.
pub fn superseded(object: &str, sha256: &str) -> String {
    let (name, version) = (object.strip_suffix(".csv").unwrap_or(object), sha256.get(..12).unwrap_or(sha256));
    format!("superseded/{name}.{version}.csv")
}

/// The folder of a partition.
pub(crate) fn folder(prefix: &Prefix, day: Day) -> String {
    partition(prefix, day).map(|(column, value)| format!("{column}={value}")).join("/")
}

/// The tenant and the day of a file, as the folders above it say: of a data file relative to its table, of a trace file relative to the
/// root. `None`: it lies in no partition.
pub(crate) fn place(path: &str) -> Option<(Tenant, Day)> {
    let (folders, _) = path.rsplit_once('/')?;
    let value = |column: &str| {
        folders.split('/').find_map(|folder| folder.strip_prefix(column).and_then(|rest| rest.strip_prefix('=')))
    };
    let tenant = Tenant::new(value("tenant")?).ok()?;
    let day = format!("{}-{}-{}", value("year")?, value("month")?, value("day")?).parse().ok()?;
    Some((tenant, day))
}

/// The commit file of a version, relative to its table (Delta protocol, "Delta log entries").
pub fn commit_file(version: u64) -> String {
    format!("_delta_log/{version:020}.json")
}

#[cfg(test)]
mod tests;
