//! One Parquet file: rows of one partition, sorted, compressed with zstd.

use std::collections::HashSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{SortColumn, concat, interleave_record_batch, lexsort_to_indices};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use record::dictionary::{Column, Kind, Table};
use record::time::{Day, Timestamp};

use crate::LakeError;
use crate::columns;
use crate::paths::{self, Prefix};
use crate::replace;
use crate::stats;

/// An encoded file that is not in the store yet.
pub struct DataFile {
    /// Relative to the table.
    pub path: String,
    pub partition: [(&'static str, String); 6],
    pub bytes: Vec<u8>,
    pub rows: usize,
    /// The `stats` of its `add` action.
    pub stats: String,
}

/// Encodes the rows of one prefix: one file per day.
pub fn encode(table: &'static Table, prefix: &Prefix, batches: &[RecordBatch]) -> Result<Vec<DataFile>, LakeError> {
    let arrange = |source| LakeError::Arrange { table: table.name, source };
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let order = sorted_by_day(table, batches).map_err(arrange)?;
    order.into_iter().map(|(day, rows)| encode_day(table, prefix, day, batches, &rows)).collect()
}

/// The rows of the data file `bytes` without those of the commands `ids`, encoded anew: no file when nothing is left. `None`: it
/// has no row of them.
pub(crate) fn without(
    table: &'static Table,
    prefix: &Prefix,
    day: Day,
    bytes: Bytes,
    ids: &HashSet<String>,
) -> Result<Option<Vec<DataFile>>, LakeError> {
    let arrange = |source| LakeError::Arrange { table: table.name, source };
    let broken = |source| LakeError::Encode { table: table.name, source };
    let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let schema = columns::file_schema(table);
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).and_then(ParquetRecordBatchReaderBuilder::build);
    let (mut kept, mut is_changed) = (Vec::new(), false);
    for batch in reader.map_err(broken)? {
        let batch = columns::conform(&batch.map_err(arrange)?, &schema).map_err(arrange)?;
        let left = replace::without(table, &batch, &ids).map_err(arrange)?;
        is_changed |= left.is_some();
        kept.push(left.unwrap_or(batch));
    }
    if !is_changed {
        return Ok(None);
    }
    let rows: Vec<At> =
        kept.iter().enumerate().flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row))).collect();
    if rows.is_empty() {
        return Ok(Some(Vec::new()));
    }
    encode_day(table, prefix, day, &kept, &rows).map(|file| Some(vec![file]))
}

/// A row as the number of its batch and its number in there.
type At = (usize, usize);

/// Rows in the order of the table's `sort` columns, by day.
fn sorted_by_day(table: &Table, batches: &[RecordBatch]) -> Result<Vec<(Day, Vec<At>)>, ArrowError> {
    let column = |column: &Column| {
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(column.index).as_ref()).collect();
        concat(&parts)
    };
    let sort = table
        .sort
        .iter()
        .map(|sorted| Ok(SortColumn { values: column(sorted)?, options: None }))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    let order = lexsort_to_indices(&sort, None)?;
    let places: Vec<At> =
        batches.iter().enumerate().flat_map(|(at, batch)| (0..batch.num_rows()).map(move |row| (at, row))).collect();
    let times = column(&table.time)?;
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let mut days: Vec<(Day, Vec<At>)> = Vec::new();
    let mut last: Option<(std::ops::Range<i64>, usize)> = None;
    for &row in order.values() {
        let micros = times.value(row as usize);
        let at = match &last {
            Some((range, at)) if range.contains(&micros) => *at,
            _ => {
                let day = Timestamp(micros).day().unwrap_or(EPOCH);
                let at = days.iter().position(|(known, _)| *known == day).unwrap_or_else(|| {
                    days.push((day, Vec::new()));
                    days.len() - 1
                });
                let from = micros.div_euclid(DAY_MICROS) * DAY_MICROS;
                last = Some((from..from + DAY_MICROS, at));
                at
            }
        };
        days[at].1.push(places[row as usize]);
    }
    Ok(days)
}

const DAY_MICROS: i64 = 86_400_000_000;
const EPOCH: Day = Day { year: 1970, month: 1, day: 1 };

/// Rows are gathered and written so many at a time: no second copy of all of them is made.
const GATHERED_ROWS: usize = 8_192;

fn encode_day(
    table: &'static Table,
    prefix: &Prefix,
    day: Day,
    batches: &[RecordBatch],
    rows: &[At],
) -> Result<DataFile, LakeError> {
    let broken = |source| LakeError::Encode { table: table.name, source };
    let mut bytes = Vec::new();
    let schema = batches.first().map_or_else(|| columns::file_schema(table), RecordBatch::schema);
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties(table))).map_err(broken)?;
    let parts: Vec<&RecordBatch> = batches.iter().collect();
    for some in rows.chunks(GATHERED_ROWS) {
        let gathered =
            interleave_record_batch(&parts, some).map_err(|source| LakeError::Arrange { table: table.name, source })?;
        writer.write(&gathered).map_err(broken)?;
    }
    let metadata = writer.close().map_err(broken)?;
    Ok(DataFile {
        path: paths::data_file(prefix, day),
        partition: paths::partition(prefix, day),
        stats: stats::of_file(table, &metadata),
        bytes,
        rows: rows.len(),
    })
}

/// zstd level 1: level 3 costs half as much CPU again for 5 % fewer bytes on these rows. Dictionaries for all but the
/// columns in which every value differs; page statistics for all but whole JSON texts and what maps hold.
fn properties(table: &Table) -> WriterProperties {
    let sorting = table.sort.iter().filter_map(|column| {
        let leaf = i32::try_from(columns::first_leaf(table, column)).ok()?;
        Some(SortingColumn { column_idx: leaf, descending: false, nulls_first: true })
    });
    let builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("modlake {}", env!("CARGO_PKG_VERSION")))
        .set_sorting_columns(Some(sorting.collect()));
    table
        .columns
        .iter()
        .flat_map(|column| columns::leaves(column).into_iter().map(move |leaf| (column, leaf)))
        .fold(builder, |builder, (column, path)| {
            let is_identity = table.identity.is_some_and(|id| id.index == column.index);
            let differs = column.kind == Kind::Json || is_identity;
            let builder = if differs { builder.set_column_dictionary_enabled(path.clone(), false) } else { builder };
            if matches!(column.kind, Kind::Json | Kind::Map) {
                builder.set_column_statistics_enabled(path, EnabledStatistics::None)
            } else {
                builder
            }
        })
        .build()
}
