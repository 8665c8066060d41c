use record::caller::Tenant;
use record::dictionary::events_raw;
use record::rows::Rows;
use record::source::Source;

use super::*;
use crate::columns::{file_schema, to_batch};

fn prefix(tenant: &str) -> Prefix {
    Prefix { tenant: Tenant::new(tenant).expect("valid"), source: Source::Otlp, kind: "claude_code".into() }
}

fn batch() -> RecordBatch {
    let mut rows = Rows::new(&events_raw::TABLE);
    rows.text(events_raw::RAW_EVENT, "{}");
    rows.end_row(None);
    to_batch(rows, &file_schema(&events_raw::TABLE)).expect("fits").0
}

#[test]
fn many_small_batches_become_few() {
    let mut buffer = Buffer::default();
    for _ in 0..1_000 {
        buffer.push(&prefix("acme"), batch(), 10).expect("merges");
    }
    let batches: Vec<&RecordBatch> = buffer.of_tenant("acme").map(|(_, batch)| batch).collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1_000);
    assert!(batches.len() < 20, "{} batches", batches.len());
    assert_eq!((buffer.rows(), buffer.bytes()), (1_000, 10_000));
}

#[test]
fn a_tenant_sees_its_own_batches() {
    let mut buffer = Buffer::default();
    buffer.push(&prefix("acme"), batch(), 10).expect("merges");
    buffer.push(&prefix("acme-2"), batch(), 10).expect("merges");
    assert_eq!(buffer.of_tenant("acme").count(), 1);
    assert_eq!(buffer.of_tenant("ac").count(), 0);
}
