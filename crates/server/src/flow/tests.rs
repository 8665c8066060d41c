//! The whole way with a journal whose disk fails on demand, stopped between each pair of its steps.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use catalog::Catalog;
use journal::Journal;
use journal::disk::{Fault, FaultyDisk};
use lake::root::Root;
use lake::{Lake, Options};
use query::Engine;
use receive::{ContentEncoding, ContentType};
use record::caller::{Caller, Scopes, Tenant};
use record::source::{Provider, Signal};
use record::time::Clock;
use sanitize::Sessions;
use serde_json::json;
use tokio::runtime::Handle;

use super::accept::{Refusal, Refused, Request, accept, keep_refusal};
use super::drain::{self, Stop};
use super::traces::Deliveries;
use crate::asset_files::AssetFiles;
use crate::catalog_rows::InCatalog;
use crate::config::Config;
use crate::house::{self, House};
use crate::http::deployments::ReportJobs;
use crate::observe::Metrics;
use crate::throttle::Throttle;

mod traces;

pub(crate) async fn open(folder: &Path, disk: &FaultyDisk) -> Arc<House> {
    open_with(folder, disk, Config::default()).await
}

/// A house whose rows are committed when asked to, on a journal of at most `journal.max_bytes`.
pub(crate) async fn open_with(folder: &Path, disk: &FaultyDisk, mut config: Config) -> Arc<House> {
    let clock = Clock::default();
    config.lake.flush_after = Duration::from_hours(1);
    let max_bytes = config.journal.max_bytes;
    let options = journal::Options { segment_bytes: 1 << 20, max_bytes, ..journal::Options::new("/journal") };
    let (journal, _) = Journal::open(options, clock.clone(), Arc::new(disk.clone())).expect("opens");
    let catalog =
        Catalog::open(&catalog::Options::file(folder.join("catalog.sqlite")), clock.clone()).await.expect("opens");
    let root = Root::folder(&folder.join("lake")).expect("a folder");
    let options = Options { root, app_id: "journal".to_owned(), dedupe_window: 1_000, clock: clock.clone() };
    let lake = Lake::open(options).await.expect("opens");
    let engine = Engine::start(lake.clone(), config.query.clone(), Handle::current()).expect("starts");
    let engine = engine.with_catalog(Arc::new(InCatalog(catalog.clone())));
    let sanitizer = config.sanitizer().expect("the rules are right");
    let sessions = Sessions::new(config.redaction.known_values);
    let metrics = Metrics::new().expect("metrics");
    let in_flight = house::room_for_bodies(&config);
    let deliveries = Deliveries::default();
    let asset_files = AssetFiles::new(&config.data_dir, config.databases.max_uploads);
    let throttle = Throttle::new(config.throttle.clone());
    Arc::new(House {
        config,
        clock,
        catalog,
        sanitizer,
        sessions,
        journal,
        lake,
        engine,
        metrics,
        in_flight,
        deliveries,
        asset_files,
        report_jobs: ReportJobs::default(),
        throttle,
    })
}

fn caller() -> Caller {
    Caller::new(Tenant::new("acme").expect("valid"), Scopes::ALL, "k")
}

/// One log record with a declared identity.
async fn send(house: &House, session: &str) -> Result<usize, Refusal> {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let attributes = json!([
        text("event.name", "user_prompt"),
        text("session.id", session),
        text("event.timestamp", "2026-01-01T20:00:00.000Z"),
        {"key": "event.sequence", "value": {"intValue": "1"}},
    ]);
    let record = json!({"timeUnixNano": "1767297600000000000", "attributes": attributes});
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).to_string();
    let request = Request {
        provider: Some(Provider::ClaudeCode),
        signal: Signal::Logs,
        content_type: ContentType::Json,
        encoding: ContentEncoding::Identity,
        product: None,
        key: None,
        user_agent: None,
        body: body.as_bytes(),
    };
    accept(house, &caller(), request).await
}

/// One export of a running total that stands at `dollars`.
async fn send_metric(house: &House, dollars: f64) {
    let point = json!({
        "attributes": [{"key": "session.id", "value": {"stringValue": "s1"}}],
        "startTimeUnixNano": "1767297500000000000",
        "timeUnixNano": "1767297600000000000",
        "asDouble": dollars,
    });
    let sum = json!({"dataPoints": [point], "aggregationTemporality": 2, "isMonotonic": true});
    let metric = json!({"name": "claude_code.cost.usage", "unit": "USD", "sum": sum});
    let body = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).to_string();
    let request = Request {
        provider: Some(Provider::ClaudeCode),
        signal: Signal::Metrics,
        content_type: ContentType::Json,
        encoding: ContentEncoding::Identity,
        product: None,
        key: None,
        user_agent: None,
        body: body.as_bytes(),
    };
    accept(house, &caller(), request).await.expect("kept");
}

/// The sessions in the table and the number of raw rows.
async fn stored(house: &House) -> (Vec<String>, usize) {
    let ask = async |query: &str, column: &str| -> Vec<String> {
        let answer = house.engine.sql(&caller().tenant, query, Vec::new()).await.expect("answers");
        let text = query::format::Format::Json.write(&answer).expect("writes");
        let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        json["rows"].as_array().expect("rows").iter().map(|row| row[column].as_str().unwrap_or("").to_owned()).collect()
    };
    let sessions = ask("select session_id from coding_agent_events order by 1", "session_id").await;
    let raw = ask("select arrival_id from events_raw", "arrival_id").await;
    (sessions, raw.len())
}

/// Runs the drain until it has read all there is, then stops it as a shutdown does.
async fn drain_to_the_end(house: &Arc<House>) {
    let stop = Stop::default();
    let drain = tokio::spawn(drain::run(Arc::clone(house), stop.clone()));
    tokio::task::block_in_place(|| house.journal.close());
    stop.stop();
    drain.await.expect("ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_after_the_answer_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    send(&house, "s1").await.expect("kept");
    drop(house);
    disk.cut_power(0);
    let house = open(folder.path(), &disk).await;
    drain_to_the_end(&house).await;
    assert_eq!(stored(&house).await, (vec!["s1".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_between_commit_and_release_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    send(&house, "s1").await.expect("kept");
    send(&house, "s2").await.expect("kept");
    for fault in [Fault::Create, Fault::Rename] {
        disk.fail(fault, 0, u32::MAX);
    }
    drain_to_the_end(&house).await;
    drop(house);
    disk.heal();
    let house = open(folder.path(), &disk).await;
    assert_eq!(house.journal.status().waiting_records, 2, "both are replayed");
    drain_to_the_end(&house).await;
    assert_eq!(stored(&house).await, (vec!["s1".to_owned(), "s2".to_owned()], 2));
    assert_eq!(house.journal.status().waiting_records, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_sent_again_after_a_restart_counts_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    send(&house, "s1").await.expect("kept");
    drain_to_the_end(&house).await;
    drop(house);
    let house = open(folder.path(), &disk).await;
    send(&house, "s1").await.expect("kept");
    send(&house, "s2").await.expect("kept");
    drain_to_the_end(&house).await;
    assert_eq!(stored(&house).await, (vec!["s1".to_owned(), "s2".to_owned()], 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_that_are_replayed_or_sent_again_count_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    send_metric(&house, 0.5).await;
    send(&house, "s1").await.expect("kept");
    for fault in [Fault::Create, Fault::Rename] {
        disk.fail(fault, 0, u32::MAX);
    }
    drain_to_the_end(&house).await;
    drop(house);
    disk.heal();
    let house = open(folder.path(), &disk).await;
    assert_eq!(house.journal.status().waiting_records, 2, "both are replayed");
    send_metric(&house, 0.5).await;
    send_metric(&house, 0.75).await;
    drain_to_the_end(&house).await;
    let query = "select session_id, count(distinct series_id) as series, sum(value) as dollars from coding_agent_metrics group by 1";
    let answer = house.engine.sql(&caller().tenant, query, Vec::new()).await.expect("answers");
    let text = query::format::Format::Csv.write(&answer).expect("writes");
    assert_eq!(String::from_utf8(text).expect("text").lines().nth(1), Some("s1,1,1.25"));
    assert_eq!(stored(&house).await, (vec!["s1".to_owned()], 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_is_told_and_what_was_refused_is_not_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    send(&house, "s1").await.expect("kept");
    disk.fail(Fault::Sync, 0, u32::MAX);
    let refused = send(&house, "s2").await.expect_err("not kept");
    assert!(matches!(&refused, Refusal::Journal(error) if error.is_temporary()), "{refused:?}");
    assert_ne!(house.journal.status().state, journal::State::Ready);
    disk.heal();
    drain_to_the_end(&house).await;
    assert_eq!(stored(&house).await, (vec!["s1".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_a_row_without_its_body() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    let reason = "cannot decode: api_key=sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz";
    let refused = Refused { provider: None, signal: Signal::Logs, status: 400, reason, bytes: 7 };
    keep_refusal(&house, &caller(), refused).await;
    drain_to_the_end(&house).await;
    let query = "select http_status, error, raw_event, bytes from events_raw";
    let answer = house.engine.sql(&caller().tenant, query, Vec::new()).await.expect("answers");
    let text = query::format::Format::Csv.write(&answer).expect("writes");
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains("400,") && text.ends_with(",,7\n"), "{text}");
    assert!(!text.contains("0123456789abcdef"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_visible_within_a_second_of_the_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = FaultyDisk::default();
    let house = open(folder.path(), &disk).await;
    let stop = Stop::default();
    let drain = tokio::spawn(drain::run(Arc::clone(&house), stop.clone()));
    send(&house, "s1").await.expect("kept");
    let seen = async {
        while stored(&house).await.1 == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(1), seen).await.expect("visible");
    tokio::task::block_in_place(|| house.journal.close());
    stop.stop();
    drain.await.expect("ends");
}
