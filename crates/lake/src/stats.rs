//! File statistics for the Delta log: what lets engines skip files without opening them.
//!
//! Row count, and minimum, maximum and null count of the time columns and the columns files are sorted by (Delta protocol,
//! "Per-file statistics"). Other columns are left out: identifiers and texts skip nothing and would bloat the log.

use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use record::dictionary::{Column, Kind, Table};
use record::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::columns;

/// The `stats` of an `add` action, as JSON text.
pub(crate) fn of_file(table: &Table, metadata: &ParquetMetaData) -> String {
    let mut min_values = Map::new();
    let mut max_values = Map::new();
    let mut null_count = Map::new();
    let told = table.columns.iter().filter(|column| {
        column.kind == Kind::Timestamp || table.sort.iter().any(|sorted| sorted.index == column.index)
    });
    for column in told {
        let leaf = columns::first_leaf(table, column);
        let chunks = || metadata.row_groups().iter().map(|group| group.column(leaf).statistics());
        let nulls: Option<u64> = chunks().map(|stats| stats?.null_count_opt()).sum();
        let bounds: Option<Vec<(Value, Value)>> = chunks().map(|stats| bounds(*column, stats?)).collect();
        if let Some(nulls) = nulls {
            null_count.insert(column.name.to_owned(), json!(nulls));
        }
        let Some(bounds) = bounds else { continue };
        let (mins, maxs): (Vec<Value>, Vec<Value>) = bounds.into_iter().unzip();
        // RFC 3339 of one width and plain text both sort as strings
        let as_text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let (Some(min), Some(max)) = (mins.into_iter().min_by_key(as_text), maxs.into_iter().max_by_key(as_text)) {
            min_values.insert(column.name.to_owned(), min);
            max_values.insert(column.name.to_owned(), max);
        }
    }
    json!({
        "numRecords": metadata.file_metadata().num_rows(),
        "minValues": min_values,
        "maxValues": max_values,
        "nullCount": null_count,
    })
    .to_string()
}

fn bounds(column: Column, stats: &Statistics) -> Option<(Value, Value)> {
    match (column.kind, stats) {
        (Kind::Timestamp, Statistics::Int64(int)) => {
            Some((instant(*int.min_opt()?).into(), instant(*int.max_opt()?).into()))
        }
        // a cut bound is no bound that every reader may take for exact
        (Kind::Text, Statistics::ByteArray(bytes)) if bytes.min_is_exact() && bytes.max_is_exact() => {
            let min = std::str::from_utf8(bytes.min_opt()?.data()).ok()?;
            let max = std::str::from_utf8(bytes.max_opt()?.data()).ok()?;
            Some((min.into(), max.into()))
        }
        _ => None,
    }
}

/// ISO 8601 in UTC with six digits.
fn instant(micros: i64) -> String {
    Timestamp(micros).to_rfc3339()
}
