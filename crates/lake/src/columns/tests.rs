use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use record::caller::Tenant;
use record::dictionary::{coding_agent_events as events, traces};
use record::source::Source;
use record::time::Timestamp;

use super::*;
use crate::file::{self, DataFile};
use crate::paths::Prefix;

#[test]
fn rows_become_arrays_with_their_nulls() {
    let mut rows = Rows::new(&events::TABLE);
    for row in 0..9 {
        if row % 2 == 0 {
            rows.text(events::EVENT_NAME, "tool_result");
            rows.int(events::DURATION_MS, row);
            rows.bool(events::SUCCESS, row == 4);
        }
        rows.end_row(Some(row.unsigned_abs().into()));
    }
    let (batch, identities) = to_batch(rows, &file_schema(&events::TABLE)).expect("fits");
    assert_eq!(identities[8], Some(8));
    let durations = batch.column(events::DURATION_MS.index).as_primitive::<Int64Type>();
    assert_eq!((durations.null_count(), durations.value(8)), (4, 8));
    let names = batch.column(events::EVENT_NAME.index).as_string::<i32>();
    assert!(names.is_null(1));
    assert_eq!(names.value(2), "tool_result");
    assert!(batch.column(events::SUCCESS.index).as_boolean().value(4));
    assert_eq!(batch.column(events::MODEL.index).null_count(), 9);
}

#[test]
fn the_delta_schema_ends_with_the_partition_columns() {
    let fields = delta_fields(&events::TABLE);
    let names: Vec<&str> = fields.iter().rev().take(6).map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["day", "month", "year", "type", "source", "tenant"]);
}

type Tags = Option<Vec<(String, String)>>;

/// Rows of `traces`, numbered, with these tags.
fn tagged(tags: &[Tags]) -> RecordBatch {
    let mut rows = Rows::new(&traces::TABLE);
    for (number, tags) in (0..).zip(tags) {
        rows.timestamp(traces::COMMAND_TIME, Timestamp(1_767_268_800_000_000));
        rows.text(traces::COMMAND_ID, "c1");
        rows.int(traces::ROW_NUMBER, number);
        if let Some(tags) = tags {
            rows.map(traces::TAGS, tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        }
        rows.end_row(None);
    }
    to_batch(rows, &file_schema(&traces::TABLE)).expect("fits").0
}

fn tags_of(batch: &RecordBatch) -> Vec<Tags> {
    let tags = batch.column(traces::TAGS.index).as_map();
    let texts = |array: &ArrayRef| array.as_string::<i32>().iter().map(|text| text.expect("set").to_owned()).collect();
    let of = |row: usize| {
        let entries = tags.value(row);
        let (keys, values): (Vec<String>, Vec<String>) = (texts(entries.column(0)), texts(entries.column(1)));
        keys.into_iter().zip(values).collect()
    };
    (0..tags.len()).map(|row| tags.is_valid(row).then(|| of(row))).collect()
}

fn encoded(batches: &[RecordBatch]) -> DataFile {
    let prefix = Prefix { tenant: Tenant::new("acme").expect("valid"), source: Source::Cli, kind: "build".into() };
    let mut files = file::encode(&traces::TABLE, &prefix, batches).expect("encodes");
    assert_eq!(files.len(), 1, "one day");
    files.remove(0)
}

proptest! {
    #[test]
    fn maps_are_read_from_the_file_as_they_were_written(
        tags in proptest::collection::vec(
            proptest::option::of(proptest::collection::btree_map("\\PC{0,3}", "\\PC{0,5}", 0..4)), 1..20,
        ),
        cut in 0_usize..20,
    ) {
        let tags: Vec<Tags> = tags.into_iter().map(|tags| tags.map(|tags| tags.into_iter().collect())).collect();
        let batch = tagged(&tags);
        prop_assert_eq!(&tags_of(&batch), &tags);
        let cut = cut.min(batch.num_rows());
        let file = encoded(&[batch.slice(cut, batch.num_rows() - cut), batch.slice(0, cut)]);
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.bytes)).expect("Parquet");
        let batches: Vec<RecordBatch> = reader.build().expect("opens").collect::<Result<_, _>>().expect("reads");
        let read: Vec<Tags> = batches.iter().flat_map(tags_of).collect();
        prop_assert_eq!(read, tags);
        let conformed = conform(&batches[0], &file_schema(&traces::TABLE)).expect("the same columns");
        prop_assert_eq!(&conformed, &batches[0]);
    }
}

#[test]
fn what_a_file_tells_of_columns_behind_a_map_is_theirs() {
    let file = encoded(&[tagged(&[Some(vec![("team".to_owned(), "payments".to_owned())]), None])]);
    let stats: serde_json::Value = serde_json::from_str(&file.stats).expect("JSON");
    assert_eq!(stats["minValues"]["command_id"], "c1");
    assert_eq!(stats["maxValues"]["command_time"], "2026-01-01T12:00:00.000000Z");
    assert_eq!(stats["nullCount"]["received_at"], 2);
    assert!(!file.stats.contains("tags"), "{}", file.stats);
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.bytes)).expect("Parquet");
    let group = reader.metadata().row_group(0);
    let path = |leaf: usize| group.column(leaf).column_path().string();
    let sorted = group.sorting_columns().expect("said");
    let sorted: Vec<String> =
        sorted.iter().map(|sorted| path(usize::try_from(sorted.column_idx).expect("a place"))).collect();
    assert_eq!(sorted, ["command_time", "command_id", "row_number"]);
    let tags = first_leaf(&traces::TABLE, &traces::TAGS);
    assert_eq!([tags, tags + 1].map(path), ["tags.key_value.key", "tags.key_value.value"]);
    assert!(group.column(tags).statistics().is_none() && group.column(tags + 1).statistics().is_none());
}
