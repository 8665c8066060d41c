use datafusion::prelude::{SessionContext, col, lit};
use record::caller::Tenant;
use record::dictionary::{
    Column, Kind, coding_agent_events as events, coding_agent_metrics as metrics, events_raw, traces,
};
use record::source::Source;

use super::*;
use crate::table::Rewritten;

mod expired;
mod replaced;

fn prefix(tenant: &str) -> Prefix {
    Prefix { tenant: Tenant::new(tenant).expect("valid"), source: Source::Otlp, kind: "claude_code".into() }
}

/// One event a session name, an hour apart, from 2026-01-01T20:00Z on: two days from the fifth on.
fn event_rows(sessions: &[&str]) -> Rows {
    let mut rows = Rows::new(&events::TABLE);
    for (hour, session) in (0..).zip(sessions) {
        let identity = session.bytes().fold(7_u128, |hash, byte| hash * 31 + u128::from(byte));
        rows.text(events::EVENT_ID, &format!("{identity:032x}"));
        rows.timestamp(events::EVENT_TIME, Timestamp(1_767_297_600_000_000 + hour * 3_600_000_000));
        rows.text(events::SESSION_ID, session);
        rows.end_row(Some(identity));
    }
    rows
}

fn raw_rows(count: usize) -> Rows {
    let mut rows = Rows::new(&events_raw::TABLE);
    for _ in 0..count {
        rows.timestamp(events_raw::TIMESTAMP, Timestamp(1_767_297_600_000_000));
        rows.text(events_raw::RAW_EVENT, "{}");
        rows.end_row(None);
    }
    rows
}

async fn open(folder: &std::path::Path) -> Lake {
    open_as(folder, "journal-1").await
}

async fn open_as(folder: &std::path::Path, app_id: &str) -> Lake {
    let root = Root::folder(folder).expect("a folder");
    let options = Options { root, app_id: app_id.to_owned(), dedupe_window: 1_000, clock: Clock::default() };
    Lake::open(options).await.expect("opens")
}

/// Sessions that `tenant` sees, in order: committed and pending.
async fn sessions(lake: &Lake, tenant: &str) -> Vec<String> {
    let context = SessionContext::new();
    let reading = lake.read(&events::TABLE, tenant).expect("reads");
    let provider = reading.committed(Arc::new(context.state())).await.expect("scans");
    let committed = context.read_table(provider).expect("plans").filter(col("tenant").eq(lit(tenant))).expect("plans");
    let committed = committed.select_columns(&["session_id", "day"]).expect("plans").collect().await.expect("runs");
    let mut all: Vec<String> = Vec::new();
    for batch in committed.iter().chain(&reading.pending) {
        for name in ["session_id", "day"] {
            assert!(batch.column_by_name(name).is_some(), "{name}");
        }
        let column = batch.column_by_name("session_id").expect("there");
        let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).expect("text");
        all.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_visible_before_and_after_the_commit_and_counted_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(vec![(prefix("acme"), event_rows(&["s1", "s2", "s3", "s4", "s5", "s6"]))], 1).expect("appends");
    lake.append(vec![(prefix("other"), event_rows(&["o1"]))], 2).expect("appends");
    assert_eq!(sessions(&lake, "acme").await, ["s1", "s2", "s3", "s4", "s5", "s6"]);
    assert_eq!(lake.flush().await.expect("commits"), 2);
    assert_eq!(sessions(&lake, "acme").await, ["s1", "s2", "s3", "s4", "s5", "s6"]);
    assert_eq!(sessions(&lake, "other").await, ["o1"]);
    let days =
        folder.path().join("tables/coding_agent_events/tenant=acme/source=otlp/type=claude_code/year=2026/month=01");
    let mut names: Vec<_> =
        std::fs::read_dir(days).expect("folders").map(|entry| entry.expect("entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["day=01", "day=02"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_delivered_again_counts_once_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    assert_eq!(lake.append(vec![(prefix("acme"), event_rows(&["s1", "s2"]))], 1).expect("appends"), 0);
    assert_eq!(lake.append(vec![(prefix("acme"), event_rows(&["s2", "s3"]))], 2).expect("appends"), 1);
    lake.flush().await.expect("commits");
    let lake = open(folder.path()).await;
    assert_eq!(lake.append(vec![(prefix("acme"), event_rows(&["s3", "s4"]))], 3).expect("appends"), 1);
    assert_eq!(sessions(&lake, "acme").await, ["s1", "s2", "s3", "s4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_knows_what_each_table_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(vec![(prefix("acme"), event_rows(&["s1"]))], 5).expect("appends");
    lake.flush().await.expect("commits");
    lake.append(vec![(prefix("acme"), raw_rows(1))], 9).expect("appends");
    lake.flush().await.expect("commits");
    drop(lake);
    let lake = open(folder.path()).await;
    assert!(lake.has(&events::TABLE, 5) && !lake.has(&events::TABLE, 6));
    assert!(lake.has(&events_raw::TABLE, 9) && !lake.has(&events_raw::TABLE, 10));
    assert_eq!(lake.replay_until(), 9);
    let other = open_as(folder.path(), "journal-2").await;
    assert!(!other.has(&events::TABLE, 1), "another journal's sequences are not these");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(vec![(prefix("acme"), event_rows(&["s1"]))], 1).expect("appends");
    // a file where the partition's folder must be
    let in_the_way = folder.path().join("tables/coding_agent_events/tenant=acme");
    std::fs::write(&in_the_way, "").expect("writes");
    lake.flush().await.expect_err("cannot write");
    lake.append(vec![(prefix("acme"), event_rows(&["s0", "s2"]))], 2).expect("appends");
    assert_eq!(sessions(&lake, "acme").await, ["s0", "s1", "s2"]);
    std::fs::remove_file(&in_the_way).expect("removes");
    assert_eq!(lake.flush().await.expect("commits"), 1);
    assert_eq!(lake.flush().await.expect("commits"), 2);
    assert_eq!(sessions(&open(folder.path()).await, "acme").await, ["s0", "s1", "s2"]);
}

fn metric_rows(points: std::ops::Range<u8>) -> Rows {
    let mut rows = Rows::new(&metrics::TABLE);
    for point in points {
        let identity = u128::from(point) + (1 << 100);
        rows.text(metrics::POINT_ID, &format!("{identity:032x}"));
        rows.timestamp(metrics::EVENT_TIME, Timestamp(1_767_297_600_000_000 + i64::from(point)));
        rows.text(metrics::METRIC_NAME, "claude_code.token.usage");
        rows.end_row(Some(identity));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_point_delivered_again_counts_once_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    assert_eq!(lake.append(vec![(prefix("acme"), metric_rows(0..3))], 1).expect("appends"), 0);
    assert_eq!(lake.append(vec![(prefix("acme"), metric_rows(2..4))], 2).expect("appends"), 1);
    lake.flush().await.expect("commits");
    let lake = open(folder.path()).await;
    assert!(lake.has(&metrics::TABLE, 2) && !lake.has(&events::TABLE, 1), "each table knows what it holds");
    assert_eq!(lake.append(vec![(prefix("acme"), metric_rows(3..5))], 3).expect("appends"), 1);
    let pending = lake.read(&metrics::TABLE, "acme").expect("reads").pending;
    assert_eq!(pending.iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
}

/// `table` as a version of the program had it that did not know the columns `added` yet.
fn without(table: &'static Table, added: &[Column]) -> &'static Table {
    let known = table.columns.iter().filter(|column| added.iter().all(|added| added.name != column.name));
    let columns: Vec<Column> = known.enumerate().map(|(index, column)| Column { index, ..*column }).collect();
    let columns: &'static [Column] = columns.leak();
    let find = |wanted: &Column| *columns.iter().find(|column| column.name == wanted.name).expect("was there");
    let sort: Vec<Column> = table.sort.iter().map(find).collect();
    Box::leak(Box::new(Table {
        columns,
        time: find(&table.time),
        identity: table.identity.as_ref().map(find),
        sort: sort.leak(),
        ..*table
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_an_older_version_opens_with_its_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let added =
        [events::FACT, events::FACT_ID, events::TTFT_MS, events::ATTEMPT, events::EXIT_CODE, events::MESSAGE_ID];
    let older = without(&events::TABLE, &added);
    let mut rows = Rows::new(older);
    let mut new = event_rows(&["s2"]);
    for (name, text) in [("event_id", "0000000000000000000000000000000a"), ("session_id", "s1")] {
        rows.text(older.column(name).expect("was there"), text);
    }
    rows.timestamp(older.time, Timestamp(1_767_297_600_000_000));
    rows.end_row(Some(10));
    let root = Root::folder(folder.path()).expect("a folder");
    let table = LakeTable::open(&root, older).await.expect("makes it");
    let (batch, _) = columns::to_batch(rows, &columns::file_schema(older)).expect("fits");
    let files = file::encode(older, &prefix("acme"), &[batch]).expect("encodes");
    table.commit(files, Rewritten::default(), "journal-1", 4, &Clock::default()).await.expect("commits");

    let lake = open(folder.path()).await;
    assert!(lake.has(&events::TABLE, 4) && !lake.has(&metrics::TABLE, 1));
    assert_eq!(sessions(&lake, "acme").await, ["s1"]);
    new.text(events::EVENT_ID, "0000000000000000000000000000000a");
    new.timestamp(events::EVENT_TIME, Timestamp(1_767_297_600_000_000));
    new.end_row(Some(10));
    let dropped = lake.append(vec![(prefix("acme"), new), (prefix("acme"), metric_rows(0..1))], 5).expect("appends");
    assert_eq!(dropped, 1, "what the older version stored is known");
    assert_eq!(sessions(&lake, "acme").await, ["s1", "s2"]);
    lake.flush().await.expect("commits");
    let lake = open(folder.path()).await;
    assert_eq!(sessions(&lake, "acme").await, ["s1", "s2"]);
    assert!(lake.has(&metrics::TABLE, 5));

    let context = SessionContext::new();
    let reading = lake.read(&events::TABLE, "acme").expect("reads");
    let provider = reading.committed(Arc::new(context.state())).await.expect("scans");
    let facts = context.read_table(provider).expect("plans").filter(col("fact").is_null()).expect("plans");
    assert_eq!(facts.count().await.expect("runs"), 2, "the older row has the newer columns");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_column_has_another_type_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let columns: Vec<Column> = traces::TABLE
        .columns
        .iter()
        .map(|column| if column.name == "tags" { Column { kind: Kind::Json, ..*column } } else { *column })
        .collect();
    let older: &'static Table = Box::leak(Box::new(Table { columns: columns.leak(), ..traces::TABLE }));
    let root = Root::folder(folder.path()).expect("a folder");
    let version = LakeTable::open(&root, older).await.expect("makes it").version();
    let options = Options { root: root.clone(), app_id: "j".to_owned(), dedupe_window: 1, clock: Clock::default() };
    let Err(error) = Lake::open(options).await else { panic!("opened") };
    let message = error.to_string();
    for said in ["`tags`", "traces", "is string", "map<string, string>", "empty data_dir"] {
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(LakeTable::open(&root, older).await.expect("opens").version(), version);
}
