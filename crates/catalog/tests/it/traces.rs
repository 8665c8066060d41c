//! Versions of trace files: kept in order, once each, whoever writes at the same time.

use catalog::{TraceKey, TraceVersion};
use record::caller::Tenant;
use record::time::Timestamp;

use crate::Place;

crate::on_both_databases! {
    versions_come_in_the_order_of_their_journals_and_places,
    a_version_that_is_known_stays_as_it_is,
    those_that_wait_together_are_all_written,
    what_a_journal_lost_is_forgotten,
}

fn key(tenant: &str, kind: &str) -> TraceKey {
    TraceKey {
        tenant: Tenant::new(tenant).expect("valid"),
        source: "cli",
        kind: kind.to_owned(),
        command_id: "20260219000719-cYGAL".to_owned(),
    }
}

fn version(journal: &str, sequence: u64, sha256: &str) -> TraceVersion {
    TraceVersion {
        journal: journal.to_owned(),
        sequence,
        sha256: sha256.to_owned(),
        object: "traces/a.csv".to_owned(),
        day: "2026-02-19".to_owned(),
        rows: 3,
        rejected: 1,
        stored_at: Timestamp(7),
    }
}

async fn versions_come_in_the_order_of_their_journals_and_places(place: Place) {
    let catalog = place.open().await;
    for (journal, sequence) in [("j2", 1), ("j1", 12), ("j1", 5)] {
        catalog.remember_trace(key("acme", "build"), version(journal, sequence, "aa")).await.expect("written");
    }
    let places = |versions: Vec<TraceVersion>| -> Vec<(String, u64)> {
        versions.into_iter().map(|version| (version.journal, version.sequence)).collect()
    };
    let expected = vec![("j1".to_owned(), 5), ("j1".to_owned(), 12), ("j2".to_owned(), 1)];
    assert_eq!(places(catalog.trace_versions(&key("acme", "build")).await.expect("read")), expected);
    assert!(version("j1", 5, "").is_before("j1", 12) && version("j1", 12, "").is_before("j2", 1));
    for other in [key("other", "build"), key("acme", "run")] {
        assert_eq!(catalog.trace_versions(&other).await.expect("read"), [], "{other:?}");
    }
    let again = place.open().await;
    assert_eq!(places(again.trace_versions(&key("acme", "build")).await.expect("read")), expected);
}

async fn a_version_that_is_known_stays_as_it_is(place: Place) {
    let catalog = place.open().await;
    catalog.remember_trace(key("acme", "build"), version("j1", 1, "aa")).await.expect("written");
    catalog.remember_trace(key("acme", "build"), version("j1", 1, "bb")).await.expect("written");
    let versions = catalog.trace_versions(&key("acme", "build")).await.expect("read");
    assert_eq!(versions, [version("j1", 1, "aa")]);
}

async fn those_that_wait_together_are_all_written(place: Place) {
    let catalog = place.open().await;
    let writing = (0..200).map(|sequence| {
        let catalog = catalog.clone();
        tokio::spawn(async move { catalog.remember_trace(key("acme", "build"), version("j", sequence, "aa")).await })
    });
    for written in futures::future::join_all(writing).await {
        written.expect("ends").expect("written");
    }
    assert_eq!(catalog.trace_versions(&key("acme", "build")).await.expect("read").len(), 200);
}

async fn what_a_journal_lost_is_forgotten(place: Place) {
    let catalog = place.open().await;
    for (journal, sequence) in [("j1", 9), ("j2", 5), ("j2", 6)] {
        catalog.remember_trace(key("acme", "build"), version(journal, sequence, "aa")).await.expect("written");
    }
    assert_eq!(catalog.forget_traces("j2", 5).await.expect("done"), 1);
    let left = catalog.trace_versions(&key("acme", "build")).await.expect("read");
    assert_eq!(left, [version("j1", 9, "aa"), version("j2", 5, "aa")]);
}
