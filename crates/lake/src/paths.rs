//! Every object key of the lake is made here.

use record::caller::Tenant;
use record::source::{Provider, Source};
use record::time::Day;
use uuid::Uuid;

/// The partition columns that an arrival gives: all but the day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    pub tenant: Tenant,
    pub source: Source,
    pub provider: Provider,
}

/// The folder of a table below the root, with a slash at its end.
pub fn table(name: &str) -> String {
    format!("tables/{name}/")
}

/// The partition columns and their values, outermost first. The values need no escaping in a path: a tenant is checked
/// when it is made, the others are fixed words and numbers.
pub fn partition(prefix: &Prefix, day: Day) -> [(&'static str, String); 6] {
    [
        ("tenant", prefix.tenant.to_string()),
        ("source", prefix.source.to_string()),
        ("type", prefix.provider.to_string()),
        ("year", format!("{:04}", day.year)),
        ("month", format!("{:02}", day.month)),
        ("day", format!("{:02}", day.day)),
    ]
}

/// A new data file of a partition, relative to its table.
pub fn data_file(prefix: &Prefix, day: Day) -> String {
    let folders = partition(prefix, day).map(|(column, value)| format!("{column}={value}"));
    format!("{}/part-{}.zstd.parquet", folders.join("/"), Uuid::now_v7())
}

/// The commit file of a version, relative to its table (Delta protocol, "Delta log entries").
pub fn commit_file(version: u64) -> String {
    format!("_delta_log/{version:020}.json")
}
