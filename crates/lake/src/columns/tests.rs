use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use record::dictionary::coding_agent_events as events;

use super::*;

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
