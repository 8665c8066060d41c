//! Days that are kept no longer: they go whole, from whoever keeps them no longer and from nobody else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use record::time::Day;
use record::trace::sha256;

use super::*;
use crate::expire::{self, Expired, FirstKept, TRACE_FILES};
use crate::traces::TraceFile;

const HOUR: Duration = Duration::from_hours(1);
const HOUR_MICROS: i64 = 3_600_000_000;
/// Midnight of 2026-01-01.
const NEW_YEAR: i64 = 1_767_225_600_000_000;

fn day(number: u32) -> Day {
    Day { year: 2026, month: 1, day: number }
}

/// A row of each of these days of January.
fn rows_of(days: &[u32]) -> Rows {
    let mut rows = Rows::new(&events::TABLE);
    for number in days {
        let identity = u128::from(*number) + (1 << 90);
        rows.text(events::EVENT_ID, &format!("{identity:032x}"));
        rows.timestamp(events::EVENT_TIME, Timestamp(NEW_YEAR + (i64::from(*number) - 1) * 24 * HOUR_MICROS + 7));
        rows.text(events::SESSION_ID, &format!("d{number:02}"));
        rows.end_row(None);
    }
    rows
}

fn acme_keeps_from(first: Day) -> FirstKept {
    Arc::new(move |tenant, _| (tenant.as_str() == "acme").then_some(first))
}

async fn open_at(folder: &Path, clock: &Clock) -> Lake {
    let root = Root::folder(folder).expect("a folder");
    let options = Options { root, app_id: "journal-1".to_owned(), dedupe_window: 1_000, clock: clock.clone() };
    Lake::open(options).await.expect("opens")
}

fn now() -> Clock {
    Clock::fixed(Clock::default().now())
}

/// Files of the table of events, whatever they are called, by the day's folder they lie in.
fn on_disk(folder: &Path) -> BTreeMap<String, usize> {
    let (mut folders, mut found) = (vec![folder.join("tables/coding_agent_events")], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let parent = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
            match parent {
                _ if path.is_dir() => folders.push(path),
                Some(parent) if parent.starts_with("day=") => *found.entry(parent).or_default() += 1,
                _ => {}
            }
        }
    }
    found
}

fn partition(folder: &Path, day: u32) -> PathBuf {
    let path = "tables/coding_agent_events/tenant=acme/source=otlp/type=claude_code/year=2026/month=01";
    folder.join(path).join(format!("day={day:02}"))
}

/// Rows of three days of `acme` and `other`, committed.
async fn three_days(folder: &Path, clock: &Clock) -> Lake {
    let lake = open_at(folder, clock).await;
    for (number, tenant) in (1..).zip(["acme", "other"]) {
        lake.append(vec![(prefix(tenant), rows_of(&[1, 2, 3]))], number).expect("appends");
    }
    lake.flush().await.expect("commits");
    lake
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_days_go_in_one_commit_and_nobody_elses() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = three_days(folder.path(), &now()).await;
    let before = lake.table(&events::TABLE).expect("there").version();
    let first = acme_keeps_from(day(3));
    let looked = expire::look(lake.root(), &events::TABLE, &first).await.expect("looks");
    let gone = lake.expire(&events::TABLE, &first).await.expect("expires");
    assert_eq!(gone, looked, "a look tells what goes");
    let Expired { days, files, rows, bytes } = &gone[&Tenant::new("acme").expect("valid")];
    assert_eq!((gone.len(), days, *files, *rows), (1, &BTreeSet::from([day(1), day(2)]), 2, 2));
    assert!(*bytes > 0);
    assert_eq!(sessions(&lake, "acme").await, ["d03"]);
    assert_eq!(sessions(&lake, "other").await, ["d01", "d02", "d03"]);
    assert_eq!(lake.table(&events::TABLE).expect("there").version(), before + 1);
    assert!(lake.expire(&events::TABLE, &first).await.expect("expires").is_empty(), "nothing is left to do");
    assert_eq!(lake.table(&events::TABLE).expect("there").version(), before + 1, "and nothing is committed");
    let lake = open_at(folder.path(), &now()).await;
    assert_eq!(sessions(&lake, "acme").await, ["d03"]);
    assert!(lake.has(&events::TABLE, 2), "the table still knows what it took from the journal");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_under_way_reads_its_version_to_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = now();
    let lake = three_days(folder.path(), &clock).await;
    let reading = lake.read(&events::TABLE, "acme").expect("reads");
    lake.expire(&events::TABLE, &acme_keeps_from(day(3))).await.expect("expires");
    clock.advance(HOUR_MICROS / 2);
    assert_eq!(lake.sweep(&events::TABLE, HOUR).await.expect("sweeps").files, 0, "younger than the grace");
    let context = SessionContext::new();
    let provider = reading.committed(Arc::new(context.state())).await.expect("scans");
    let own = context.read_table(provider).expect("plans").filter(col("tenant").eq(lit("acme"))).expect("plans");
    assert_eq!(own.count().await.expect("runs"), 3);
    clock.advance(HOUR_MICROS);
    assert_eq!(lake.sweep(&events::TABLE, HOUR).await.expect("sweeps").files, 2);
    assert!(!partition(folder.path(), 2).exists() && partition(folder.path(), 3).exists(), "empty folders go too");
    assert_eq!(sessions(&lake, "acme").await, ["d03"]);
    assert_eq!(sessions(&lake, "other").await, ["d01", "d02", "d03"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_between_commit_and_deletion_leaves_the_rest_to_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = now();
    let lake = three_days(folder.path(), &clock).await;
    lake.expire(&events::TABLE, &acme_keeps_from(day(3))).await.expect("expires");
    drop(lake);
    // the next one was killed in the middle of deleting
    let mut first = std::fs::read_dir(partition(folder.path(), 1)).expect("a folder");
    std::fs::remove_file(first.next().expect("a file").expect("an entry").path()).expect("removes");
    let lake = open_at(folder.path(), &clock).await;
    assert_eq!(lake.sweep(&events::TABLE, HOUR).await.expect("sweeps").files, 0, "the grace is remembered");
    clock.advance(2 * HOUR_MICROS);
    assert_eq!(lake.sweep(&events::TABLE, HOUR).await.expect("sweeps").files, 1);
    assert_eq!(on_disk(folder.path()).values().sum::<usize>(), 1 + 3);
    assert_eq!(sessions(&lake, "acme").await, ["d03"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_without_a_commit_goes_after_the_grace() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = now();
    let lake = three_days(folder.path(), &clock).await;
    let stray = ["part-1.zstd.parquet", "part-2.zstd.parquet#1"].map(|name| partition(folder.path(), 1).join(name));
    for path in &stray {
        std::fs::write(path, "rows that nobody committed").expect("writes");
    }
    assert_eq!(lake.sweep(&events::TABLE, HOUR).await.expect("sweeps").files, 0, "they may be on their way");
    clock.advance(2 * HOUR_MICROS);
    lake.append(vec![(prefix("acme"), rows_of(&[4]))], 9).expect("appends");
    lake.flush().await.expect("commits");
    assert_eq!(lake.sweep(&events::TABLE, HOUR).await.expect("sweeps").files, 2);
    assert!(stray.iter().all(|path| !path.exists()));
    assert_eq!(on_disk(folder.path()).values().sum::<usize>(), 7, "what the table names stays");
    assert_eq!(sessions(&open_at(folder.path(), &clock).await, "acme").await, ["d01", "d02", "d03", "d04"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_wait_go_with_the_run_after_their_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = three_days(folder.path(), &now()).await;
    let first = acme_keeps_from(day(3));
    lake.append(vec![(prefix("acme"), event_rows(&["late"]))], 3).expect("appends");
    lake.expire(&events::TABLE, &first).await.expect("expires");
    assert_eq!(sessions(&lake, "acme").await, ["d03", "late"]);
    assert_eq!(lake.flush().await.expect("commits"), 3);
    assert_eq!(sessions(&lake, "acme").await, ["d03", "late"]);
    lake.expire(&events::TABLE, &first).await.expect("expires");
    assert_eq!(sessions(&lake, "acme").await, ["d03"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_and_runs_at_the_same_time_lose_nothing_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open_at(folder.path(), &Clock::default()).await;
    let first = acme_keeps_from(day(2));
    let committing = async {
        for number in 1..=20_u64 {
            lake.append(vec![(prefix("acme"), rows_of(&[1, 2]))], number).expect("appends");
            lake.flush().await.expect("commits");
        }
    };
    let running = async {
        for _ in 0..20 {
            lake.expire(&events::TABLE, &first).await.expect("expires");
            lake.sweep(&events::TABLE, Duration::ZERO).await.expect("sweeps");
        }
    };
    tokio::join!(committing, running);
    lake.expire(&events::TABLE, &first).await.expect("expires");
    tokio::time::sleep(Duration::from_millis(2)).await; // files go in the millisecond after they left
    lake.sweep(&events::TABLE, Duration::ZERO).await.expect("sweeps");
    let lake = open_at(folder.path(), &Clock::default()).await;
    assert_eq!(sessions(&lake, "acme").await, vec!["d02"; 20]);
    assert_eq!(on_disk(folder.path()), BTreeMap::from([("day=02".to_owned(), 20)]));
}

fn trace_object(tenant: &str, day: u32) -> String {
    format!("traces/tenant={tenant}/source=cli/type=build/year=2026/month=01/day={day:02}/c{day}.csv")
}

fn trace_file(tenant: &str, day: u32) -> TraceFile {
    TraceFile {
        prefix: Prefix { source: Source::Cli, kind: "build".into(), ..prefix(tenant) },
        command_id: format!("c{day}"),
        object: trace_object(tenant, day),
        sha256: sha256(b"path\n"),
        text: Bytes::from_static(b"path\n"),
        previous: None,
        is_superseded: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_files_of_expired_days_go_current_and_superseded_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let lake = open_at(folder.path(), &now()).await;
    let replaced = TraceFile { is_superseded: true, ..trace_file("acme", 2) };
    let files =
        vec![trace_file("acme", 1), replaced, trace_file("acme", 2), trace_file("acme", 3), trace_file("other", 1)];
    lake.append(Arriving { files, ..Arriving::default() }, 1).expect("appends");
    lake.flush().await.expect("keeps");
    let rows_only: FirstKept = Arc::new(|_, what| (what != TRACE_FILES).then_some(day(9)));
    assert!(lake.expire_trace_files(&rows_only).await.expect("expires").is_empty());
    let first = acme_keeps_from(day(3));
    let looked = expire::look_at_trace_files(lake.root(), &first).await.expect("looks");
    let gone = lake.expire_trace_files(&first).await.expect("expires");
    assert_eq!(gone, looked);
    assert_eq!(gone[&Tenant::new("acme").expect("valid")].files, 3);
    let is_there = |tenant, day| folder.path().join(trace_object(tenant, day)).exists();
    assert!(!is_there("acme", 1) && !is_there("acme", 2) && is_there("acme", 3) && is_there("other", 1));
    assert!(!folder.path().join("superseded/traces/tenant=acme").exists(), "with their folders");
    // the day comes back when a file of it is delivered again in other words
    lake.append(Arriving { files: vec![trace_file("acme", 1)], ..Arriving::default() }, 2).expect("appends");
    lake.flush().await.expect("keeps");
    assert!(is_there("acme", 1));
    assert_eq!(lake.expire_trace_files(&first).await.expect("expires").len(), 1);
    assert!(!is_there("acme", 1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_is_what_each_tenant_keeps(
        commits in prop::collection::vec((0_usize..3, prop::collection::vec(1_u32..12, 1..6)), 1..6),
        first in prop::array::uniform3(prop::option::of(1_u32..13)),
        moves in 1_u64..3,
    ) {
        let tenants = ["a", "b", "c"];
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
        runtime.block_on(async {
            let folder = tempfile::tempdir().expect("a folder");
            let lake = open_at(folder.path(), &now()).await;
            let mut expected: BTreeMap<&str, Vec<String>> = tenants.map(|tenant| (tenant, Vec::new())).into();
            for (number, (tenant, days)) in (1..).zip(&commits) {
                lake.append(vec![(prefix(tenants[*tenant]), rows_of(days))], number).expect("appends");
                if number.is_multiple_of(moves) {
                    lake.flush().await.expect("commits");
                }
                let kept = days.iter().filter(|day| first[*tenant].is_none_or(|first| **day >= first));
                expected.entry(tenants[*tenant]).or_default().extend(kept.map(|day| format!("d{day:02}")));
            }
            lake.flush().await.expect("commits");
            let first_kept: FirstKept = Arc::new(move |tenant, _| {
                let place = tenants.iter().position(|name| *name == tenant.as_str()).expect("one of them");
                first[place].map(day)
            });
            lake.expire(&events::TABLE, &first_kept).await.expect("expires");
            for (tenant, mut days) in expected {
                days.sort();
                assert_eq!(sessions(&lake, tenant).await, days, "{tenant}");
            }
        });
    }
}
