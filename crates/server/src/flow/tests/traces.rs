//! Trace files, stopped between each pair of steps.

use receive::ContentEncoding;
use record::trace::{CommandId, CommandType};

use super::*;
use crate::flow::accept::{Kept, Named, TraceRequest, accept_trace};

const ID: &str = "20260219000719-cYGAL";

/// A row for each path, of the build with this id.
fn file(id: &str, paths: &[&str]) -> String {
    let header = "origin,path,branch,developer,buildOutcome,buildStartTime,buildId,organization".to_owned();
    let row = |path: &&str| format!("github.com,{path},main,,Succeeded,2026-02-19T00:12:22.215Z,{id},ALL");
    let lines: Vec<String> = std::iter::once(header).chain(paths.iter().map(row)).collect();
    lines.join("\r\n") + "\r\n"
}

async fn deliver(house: &House, paths: &[&str]) -> Kept {
    let body = file(ID, paths);
    let request = TraceRequest {
        signal: Signal::CliTraces,
        command_type: CommandType::new("build").expect("valid"),
        named: Named::As(CommandId::new(ID).expect("valid")),
        encoding: ContentEncoding::Identity,
        key: None,
        body: body.as_bytes(),
    };
    accept_trace(house, &caller(), request).await.expect("kept")
}

async fn paths(house: &House) -> String {
    let query = "select coalesce(string_agg(path, ' ' order by path), '') as paths from traces";
    let answer = house.engine.sql(&caller().tenant, query, Vec::new()).await.expect("answers");
    let text = query::format::Format::Json.write(&answer).expect("writes");
    let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    json["rows"][0]["paths"].as_str().unwrap_or_default().to_owned()
}

/// The current version of the file as it lies in the lake.
fn current(folder: &Path) -> String {
    let partition = "traces/tenant=acme/source=cli/type=build/year=2026/month=02/day=19";
    std::fs::read_to_string(folder.join("lake").join(partition).join(format!("{ID}.csv"))).expect("there")
}

/// How many versions were set aside.
fn aside(folder: &Path) -> usize {
    let partition = "superseded/traces/tenant=acme/source=cli/type=build/year=2026/month=02/day=19";
    std::fs::read_dir(folder.join("lake").join(partition)).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_answered_is_known_before_the_drain_has_seen_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    assert!(!deliver(&house, &["a", "b"]).await.was_known);
    drop(house);
    disk.cut_power(0);
    let house = open(folder.path(), &disk).await;
    let again = deliver(&house, &["a", "b"]).await;
    assert!(again.was_known);
    assert_eq!((again.rows, again.rejected), (2, 0));
    assert_eq!(house.journal.status().waiting_records, 1, "nothing was written for it");
    drain_to_the_end(&house).await;
    assert_eq!(paths(&house).await, "a b");
    assert_eq!(current(folder.path()), file(ID, &["a", "b"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_journal_has_and_the_catalog_not_is_stored_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    deliver(&house, &["a"]).await;
    drop(house);
    // as after a kill between the two, when the sender was not answered and sends again
    for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
        std::fs::remove_file(folder.path().join(name)).ok();
    }
    let house = open(folder.path(), &disk).await;
    assert!(!deliver(&house, &["a"]).await.was_known);
    drain_to_the_end(&house).await;
    assert_eq!(paths(&house).await, "a");
    drop(house);
    let house = open(folder.path(), &disk).await;
    assert!(deliver(&house, &["a"]).await.was_known, "the drain remembered it");
    assert_eq!(aside(folder.path()), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_between_commit_and_release_replaces_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    for version in [&["a", "b"][..], &["b", "c"], &["c"]] {
        deliver(&house, version).await;
    }
    for fault in [Fault::Create, Fault::Rename] {
        disk.fail(fault, 0, u32::MAX);
    }
    drain_to_the_end(&house).await;
    drop(house);
    disk.heal();
    let house = open(folder.path(), &disk).await;
    assert_eq!(house.journal.status().waiting_records, 3, "all are replayed");
    drain_to_the_end(&house).await;
    assert_eq!(paths(&house).await, "c");
    assert_eq!(current(folder.path()), file(ID, &["c"]));
    assert_eq!(aside(folder.path()), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_committed_is_replaced_by_one_in_the_replay() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    deliver(&house, &["a", "b"]).await;
    drain_to_the_end(&house).await;
    drop(house);
    let house = open(folder.path(), &disk).await;
    deliver(&house, &["b", "c"]).await;
    drop(house);
    disk.cut_power(0);
    let house = open(folder.path(), &disk).await;
    deliver(&house, &["a", "b"]).await;
    drain_to_the_end(&house).await;
    assert_eq!(paths(&house).await, "a b", "what was there first came back");
    assert_eq!(current(folder.path()), file(ID, &["a", "b"]));
    drop(house);
    let house = open(folder.path(), &disk).await;
    assert_eq!(paths(&house).await, "a b");
}
