//! Databases as queues: every record is given out once, the oldest first, whoever asks at the same time.

use std::collections::{BTreeMap, BTreeSet};

use catalog::{
    Catalog, Database, DatabaseChange, MergeStrategy, NewDatabase, OnConflict, Record, RecordClaim, RecordItem,
    RecordLimits, RecordWrite, WriteError,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Place, acme, on_both_databases};

const LIMITS: RecordLimits = RecordLimits { record_bytes: 1 << 20, request_bytes: 64 << 20, database_records: 0 };
const DAY: i64 = 86_400_000_000;

on_both_databases!(
    many_claimers_never_get_the_same_record,
    the_oldest_without_an_owner_comes_next,
    a_claim_that_names_itself_gets_one_record,
    a_claim_is_a_write_like_any_other,
    the_queue_follows_its_field,
    records_of_before_there_were_queues_are_in_them,
);

async fn queue(catalog: &Catalog, owner_field: Option<&str>) -> Database {
    let owner_field = owner_field.map(str::to_owned);
    let new = NewDatabase { name: "tasks".to_owned(), owner_field, ..NewDatabase::default() };
    catalog.create_database(&acme(), new).await.expect("made")
}

async fn put(catalog: &Catalog, database: &Database, records: impl IntoIterator<Item = (String, Value)>) {
    let item = |(key, data)| RecordItem {
        key,
        data,
        strategy: MergeStrategy::Replace,
        write_id: None,
        on_conflict: OnConflict::Overwrite,
    };
    let items = records.into_iter().map(item).collect();
    let write = RecordWrite { database: database.id, items, by: "maker".to_owned(), limits: LIMITS };
    catalog.write_records(write).await.expect("written");
}

fn claim(database: &Database, owner: &str) -> RecordClaim {
    RecordClaim {
        database: database.id,
        owner: owner.to_owned(),
        write_id: None,
        by: format!("key of {owner}"),
        limits: LIMITS,
    }
}

async fn claimed(catalog: &Catalog, database: &Database, owner: &str) -> Option<Record> {
    match catalog.claim_record(claim(database, owner)).await {
        Ok(record) => Some(record),
        Err(WriteError::NothingFree) => None,
        Err(error) => panic!("{error}"),
    }
}

fn data(record: &Record) -> Value {
    serde_json::from_str(&record.data).expect("JSON")
}

async fn change(catalog: &Catalog, database: &Database, change: DatabaseChange) {
    catalog.change_database(&acme(), database.id, change).await.expect("the catalog answers").expect("there");
}

/// Two processes, 24 claimers, 300 records, and one who adds 100 meanwhile.
async fn many_claimers_never_get_the_same_record(place: Place) {
    let (one, other) = (place.open().await, place.open().await);
    let database = queue(&one, None).await;
    put(&one, &database, (0..300).map(|n| (format!("task {n:03}"), json!({"n": n})))).await;
    let owner_field = Some(Some("owner".to_owned()));
    change(&one, &database, DatabaseChange { owner_field, ..DatabaseChange::default() }).await;
    let claimers = (0..24).map(|number| {
        let (catalog, database) = (if number % 2 == 0 { one.clone() } else { other.clone() }, database.clone());
        tokio::spawn(async move {
            let mut got = Vec::new();
            while let Some(record) = claimed(&catalog, &database, &format!("w{number}")).await {
                assert_eq!(data(&record)["owner"], format!("w{number}"));
                got.push(record.key);
            }
            got
        })
    });
    let claimers: Vec<_> = claimers.collect();
    put(&other, &database, (300..400).map(|n| (format!("task {n:03}"), json!({"n": n, "owner": ""})))).await;
    let mut got = Vec::new();
    for claimer in futures::future::join_all(claimers).await {
        got.extend(claimer.expect("ends"));
    }
    while let Some(record) = claimed(&one, &database, "last").await {
        got.push(record.key);
    }
    assert_eq!((got.len(), got.iter().collect::<BTreeSet<_>>().len()), (400, 400));
}

async fn the_oldest_without_an_owner_comes_next(place: Place) {
    let catalog = place.open().await;
    let database = queue(&catalog, Some("owner")).await;
    for (key, data) in [
        ("z first", json!({})),
        ("taken", json!({"owner": "somebody"})),
        ("by number", json!({"owner": 0})),
        ("null", json!({"owner": null, "deep": {"owner": "x"}})),
        ("a empty", json!({"owner": ""})),
    ] {
        put(&catalog, &database, [(key.to_owned(), data)]).await;
        place.clock.advance(1);
    }
    assert_eq!(claimed(&catalog, &database, "ada").await.expect("one").key, "z first");
    // given back, it is the oldest again
    put(&catalog, &database, [("z first".to_owned(), json!({"owner": ""}))]).await;
    let mut keys = Vec::new();
    while let Some(record) = claimed(&catalog, &database, "ada").await {
        keys.push(record.key);
    }
    assert_eq!(keys, ["z first", "null", "a empty"]);
    assert!(catalog.delete_record(database.id, "taken").await.expect("the catalog answers"));
    assert!(claimed(&catalog, &database, "ada").await.is_none());

    let refused = |outcome: Result<Record, WriteError>| outcome.expect_err("refused").to_string();
    let plain = queue(&catalog, None).await;
    assert_eq!(refused(catalog.claim_record(claim(&plain, "ada")).await), WriteError::NoOwnerField.to_string());
    let gone = Database { id: Uuid::nil(), ..plain };
    assert_eq!(refused(catalog.claim_record(claim(&gone, "ada")).await), WriteError::NoDatabase.to_string());
}

async fn a_claim_that_names_itself_gets_one_record(place: Place) {
    let catalog = place.open().await;
    let database = queue(&catalog, Some("owner")).await;
    put(&catalog, &database, (0..3).map(|n| (format!("k{n}"), json!({})))).await;
    let named = RecordClaim { write_id: Some(Uuid::from_u128(7)), ..claim(&database, "ada") };
    let first = catalog.claim_record(named.clone()).await.expect("one");
    assert_eq!(catalog.claim_record(named.clone()).await.expect("the same"), first);
    assert_eq!(claimed(&catalog, &database, "ada").await.expect("another").key, "k1");
    assert_eq!(catalog.claim_record(named).await.expect("the same").key, "k0");
}

async fn a_claim_is_a_write_like_any_other(place: Place) {
    let catalog = place.open().await;
    let database = queue(&catalog, Some("owner")).await;
    put(&catalog, &database, [("k".to_owned(), json!({"n": 1})), ("later".to_owned(), json!({"n": 2}))]).await;
    place.clock.advance(2 * DAY);
    let record = claimed(&catalog, &database, "ada").await.expect("one");
    assert_eq!(data(&record), json!({"n": 1, "owner": "ada"}));
    assert_eq!((record.updated_at, record.updated_by.as_str()), (place.clock.now(), "key of ada"));
    assert_eq!(record.updated_at.0 - record.created_at.0, 2 * DAY);
    let now = catalog.database(&acme(), database.id).await.expect("read").expect("there");
    assert_eq!((now.num_records, now.last_write_at), (2, Some(place.clock.now())));
    let days = catalog.archived_days(database.id).await.expect("read");
    let days: BTreeMap<String, u64> = days.into_iter().map(|day| (day.day.to_string(), day.records)).collect();
    assert_eq!(days, BTreeMap::from([("2026-01-02".to_owned(), 2), ("2026-01-04".to_owned(), 1)]));

    let strict = DatabaseChange {
        schema: Some(Some(json!({"properties": {"owner": {"const": "bo"}}}))),
        enforce_schema: Some(true),
        ..DatabaseChange::default()
    };
    change(&catalog, &database, strict).await;
    match catalog.claim_record(claim(&database, "ada")).await {
        Err(WriteError::NextIsFaulty { key, faults }) => {
            assert_eq!((key.as_str(), faults[0].0.as_str()), ("later", "data.owner"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(claimed(&catalog, &database, "bo").await.expect("nobody has it").key, "later");
    let small = RecordClaim { limits: RecordLimits { record_bytes: 3, ..LIMITS }, ..claim(&database, "bo") };
    put(&catalog, &database, [("big".to_owned(), json!({"owner": "bo"}))]).await;
    assert!(matches!(catalog.claim_record(small).await, Err(WriteError::NothingFree)));
}

/// More records than one look takes, another field, and none.
async fn the_queue_follows_its_field(place: Place) {
    let catalog = place.open().await;
    let database = queue(&catalog, Some("owner")).await;
    let records =
        (0..2_100).map(|n| (format!("{n:04}"), json!({"owner": "x", "reviewer": if n < 2_099 { "y" } else { "" }})));
    put(&catalog, &database, records).await;
    assert!(claimed(&catalog, &database, "ada").await.is_none());
    let field =
        |name: Option<&str>| DatabaseChange { owner_field: Some(name.map(str::to_owned)), ..DatabaseChange::default() };
    change(&catalog, &database, field(Some("reviewer"))).await;
    put(&catalog, &database, [("new".to_owned(), json!({}))]).await;
    let first = claimed(&catalog, &database, "ada").await.expect("one");
    assert_eq!((first.key.as_str(), data(&first)), ("2099", json!({"owner": "x", "reviewer": "ada"})));
    change(&catalog, &database, field(None)).await;
    put(&catalog, &database, [("unmarked".to_owned(), json!({}))]).await;
    change(&catalog, &database, field(Some("owner"))).await;
    let mut keys = Vec::new();
    while let Some(record) = claimed(&catalog, &database, "ada").await {
        keys.push(record.key);
    }
    assert_eq!(keys, ["new", "unmarked"]);
}

/// As an update leaves what an earlier version wrote: nothing is marked, and that is known.
async fn records_of_before_there_were_queues_are_in_them(place: Place) {
    let catalog = place.open().await;
    let database = queue(&catalog, Some("owner")).await;
    put(&catalog, &database, [("a".to_owned(), json!({"owner": "x"})), ("b".to_owned(), json!({}))]).await;
    let mut raw = place.raw().await;
    for update in ["UPDATE records SET queued = 0", "UPDATE databases SET queue_unsorted = 1"] {
        sqlx::query(update).execute(&mut raw).await.expect("updated");
    }
    assert_eq!(claimed(&catalog, &database, "ada").await.expect("one").key, "b");
    assert!(claimed(&catalog, &database, "ada").await.is_none());
}
