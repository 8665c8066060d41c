//! Commands that are delivered again: their earlier rows go, wherever those are by then, and no others.

use bytes::Bytes;
use record::dictionary::traces;
use record::time::Day;
use record::trace::sha256;

use super::*;
use crate::traces::{Previous, TraceFile};

const NOON: i64 = 1_767_268_800_000_000;
const DAY: Day = Day { year: 2026, month: 1, day: 1 };

fn builds(tenant: &str) -> Prefix {
    Prefix { tenant: Tenant::new(tenant).expect("valid"), source: Source::Cli, kind: "build".into() }
}

/// A row for each path, of one command and one version of its file.
fn rows(command: &str, version: &str, paths: &[&str]) -> Rows {
    let mut rows = Rows::new(&traces::TABLE);
    for path in paths {
        let identity =
            format!("{command} {version} {path}").bytes().fold(7_u128, |hash, byte| hash * 31 + u128::from(byte));
        rows.text(traces::ROW_ID, &format!("{identity:032x}"));
        rows.timestamp(traces::COMMAND_TIME, Timestamp(NOON));
        rows.text(traces::COMMAND_ID, command);
        rows.text(traces::FILE_SHA256, version);
        rows.text(traces::PATH, path);
        rows.map(traces::TAGS, [("version", version), ("path", path)]);
        rows.end_row(Some(identity));
    }
    rows
}

fn first(command: &str, version: &str, paths: &[&str]) -> Arriving {
    vec![(builds("acme"), rows(command, version, paths))].into()
}

fn again(command: &str, version: &str, paths: &[&str]) -> Arriving {
    let gone = Gone { prefix: builds("acme"), command_id: command.to_owned(), days: vec![DAY] };
    Arriving { gone: vec![(&traces::TABLE, gone)], ..first(command, version, paths) }
}

/// `command version path` of every row that `tenant` sees, in order.
async fn seen(lake: &Lake, tenant: &str) -> Vec<String> {
    let context = SessionContext::new();
    let reading = lake.read(&traces::TABLE, tenant).expect("reads");
    let provider = reading.committed(Arc::new(context.state())).await.expect("scans");
    let names = ["command_id", "file_sha256", "path"];
    let committed = context.read_table(provider).expect("plans").filter(col("tenant").eq(lit(tenant))).expect("plans");
    let shown = [&names[..], &["tags"]].concat();
    let committed = committed.select_columns(&shown).expect("plans").collect().await.expect("runs");
    let mut all = Vec::new();
    for (batches, is_pending) in [(&committed, false), (&reading.pending, true)] {
        for batch in batches {
            let texts = names.map(|name| {
                let column = batch.column_by_name(name).expect("there");
                arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).expect("text")
            });
            let tags = batch.column_by_name("tags").expect("there").as_map();
            for row in 0..batch.num_rows() {
                let [command, version, path] = texts.each_ref().map(|text| text.as_string::<i32>().value(row));
                let told: Vec<_> =
                    tags.value(row).column(1).as_string::<i32>().iter().flatten().map(str::to_owned).collect();
                assert_eq!(told, [version, path], "the tags of the row");
                if is_pending || !reading.gone.iter().any(|gone| gone.command_id == command) {
                    all.push(format!("{command} {version} {path}"));
                }
            }
        }
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earlier_rows_go_from_memory_and_from_the_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(first("c1", "v1", &["a", "b"]), 1).expect("appends");
    lake.append(first("c2", "v1", &["a"]), 2).expect("appends");
    lake.append(vec![(builds("other"), rows("c1", "v1", &["o"]))], 3).expect("appends");
    lake.append(again("c1", "v2", &["b", "c", "d"]), 4).expect("appends");
    let after = ["c1 v2 b", "c1 v2 c", "c1 v2 d", "c2 v1 a"];
    assert_eq!(seen(&lake, "acme").await, after, "in memory");
    lake.flush().await.expect("commits");
    assert_eq!(seen(&lake, "acme").await, after, "in a file");
    let version = lake.status().iter().find(|status| status.name == "traces").expect("there").version;
    lake.append(again("c1", "v3", &["e"]), 5).expect("appends");
    let after = ["c1 v3 e", "c2 v1 a"];
    assert_eq!(seen(&lake, "acme").await, after, "the new rows in memory, the earlier ones in a file");
    lake.flush().await.expect("commits");
    assert_eq!(seen(&lake, "acme").await, after);
    let now = lake.status().iter().find(|status| status.name == "traces").expect("there").version;
    assert_eq!(now, version + 1, "old rows went and new rows came in one commit");
    let lake = open(folder.path()).await;
    assert_eq!(seen(&lake, "acme").await, after, "after a restart");
    assert_eq!(seen(&lake, "other").await, ["c1 v1 o"]);
    assert!(lake.has(&traces::TABLE, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_may_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(first("c1", "v1", &["a"]), 1).expect("appends");
    lake.append(again("c1", "v2", &["b"]), 2).expect("appends");
    lake.append(again("c1", "v1", &["a"]), 3).expect("appends");
    assert_eq!(seen(&lake, "acme").await, ["c1 v1 a"]);
    lake.flush().await.expect("commits");
    assert_eq!(seen(&lake, "acme").await, ["c1 v1 a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_without_rows_leaves_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(first("c1", "v1", &["a"]), 1).expect("appends");
    lake.append(first("c2", "v1", &["a"]), 2).expect("appends");
    lake.flush().await.expect("commits");
    lake.append(again("c1", "v2", &[]), 3).expect("appends");
    assert_eq!(seen(&lake, "acme").await, ["c2 v1 a"]);
    lake.flush().await.expect("commits");
    assert_eq!(seen(&open(folder.path()).await, "acme").await, ["c2 v1 a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_that_cannot_be_committed_is_seen_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    lake.append(first("c1", "v1", &["a"]), 1).expect("appends");
    lake.flush().await.expect("commits");
    lake.append(again("c1", "v2", &["b"]), 2).expect("appends");
    let log = folder.path().join("tables/traces/_delta_log");
    let hidden = folder.path().join("hidden");
    std::fs::rename(&log, &hidden).expect("renames");
    std::fs::write(&log, "").expect("writes");
    lake.flush().await.expect_err("there is no log to write to");
    assert_eq!(seen(&lake, "acme").await, ["c1 v2 b"]);
    lake.append(again("c1", "v3", &["c"]), 3).expect("appends");
    assert_eq!(seen(&lake, "acme").await, ["c1 v3 c"], "over what waits for the commit, too");
    std::fs::remove_file(&log).expect("removes");
    std::fs::rename(&hidden, &log).expect("renames");
    assert_eq!(lake.flush().await.expect("commits"), 2);
    assert_eq!(lake.flush().await.expect("commits"), 3);
    assert_eq!(seen(&open(folder.path()).await, "acme").await, ["c1 v3 c"]);
}

fn object(day: u32) -> String {
    format!("traces/tenant=acme/source=cli/type=build/year=2026/month=01/day={day:02}/c1.csv")
}

fn version(text: &str, day: u32, previous: Option<(&str, u32)>) -> TraceFile {
    TraceFile {
        prefix: builds("acme"),
        command_id: "c1".to_owned(),
        object: object(day),
        sha256: sha256(text.as_bytes()),
        text: Bytes::copy_from_slice(text.as_bytes()),
        previous: previous.map(|(text, day)| Previous { object: object(day), sha256: sha256(text.as_bytes()) }),
        is_superseded: false,
    }
}

fn keeps(lake: &Lake, files: Vec<TraceFile>, through: u64) {
    lake.append(Arriving { files, ..Arriving::default() }, through).expect("appends");
}

/// The text of every CSV file below `root`, by its path.
fn files(root: &std::path::Path) -> Vec<(String, String)> {
    let (mut folders, mut found) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "csv") {
                let name = path.strip_prefix(root).expect("below").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("text")));
            }
        }
    }
    found.sort();
    found
}

fn aside(text: &str, day: u32) -> (String, String) {
    let hash: String = sha256(text.as_bytes()).chars().take(12).collect();
    let name = object(day).replace(".csv", &format!(".{hash}.csv"));
    (format!("superseded/{name}"), text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_of_a_file_is_kept_and_one_is_current() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open(folder.path()).await;
    keeps(&lake, vec![version("one", 1, None)], 1);
    lake.flush().await.expect("keeps");
    assert_eq!(files(folder.path()), [(object(1), "one".to_owned())]);
    // two more before the next flush, the last one of another day
    keeps(&lake, vec![version("two", 1, Some(("one", 1)))], 2);
    keeps(&lake, vec![version("three", 2, Some(("two", 1)))], 3);
    lake.flush().await.expect("keeps");
    let mut expected = vec![aside("one", 1), aside("two", 1), (object(2), "three".to_owned())];
    expected.sort();
    assert_eq!(files(folder.path()), expected);
    // a replay after a crash tells the same again
    let later = TraceFile { is_superseded: true, ..version("two", 1, Some(("one", 1))) };
    keeps(&lake, vec![later, version("three", 2, Some(("two", 1)))], 3);
    lake.flush().await.expect("keeps");
    assert_eq!(files(folder.path()), expected);
}
