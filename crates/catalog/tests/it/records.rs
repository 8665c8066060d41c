//! Records: merged, counted, all or nothing, whoever writes at the same time.

use catalog::{
    Catalog, Database, DatabaseChange, Filter, MergeStrategy, NewDatabase, OnConflict, PageLimits, Record, RecordItem,
    RecordLimits, RecordWrite, Scan, Wanted, WriteError,
};
use record::caller::Tenant;
use record::time::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Place, acme, on_both_databases};

const LIMITS: RecordLimits = RecordLimits { record_bytes: 1 << 20, request_bytes: 64 << 20, database_records: 0 };
const DAY: i64 = 86_400_000_000;

async fn database(catalog: &Catalog) -> Database {
    let new = NewDatabase { name: "telemetry".to_owned(), ..NewDatabase::default() };
    catalog.create_database(&acme(), new).await.expect("made")
}

fn item(key: &str, data: Value) -> RecordItem {
    RecordItem {
        key: key.to_owned(),
        data,
        strategy: MergeStrategy::Replace,
        write_id: None,
        on_conflict: OnConflict::Overwrite,
    }
}

fn merging(key: &str, data: Value, strategy: MergeStrategy) -> RecordItem {
    RecordItem { strategy, ..item(key, data) }
}

async fn try_write(catalog: &Catalog, database: &Database, items: Vec<RecordItem>) -> Result<Vec<Record>, WriteError> {
    let write = RecordWrite { database: database.id, items, by: "k1".to_owned(), limits: LIMITS };
    catalog.write_records(write).await
}

async fn write(catalog: &Catalog, database: &Database, items: Vec<RecordItem>) -> Vec<Record> {
    try_write(catalog, database, items).await.expect("written")
}

async fn data(catalog: &Catalog, database: &Database, key: &str) -> Option<Value> {
    let record = catalog.record(database.id, key).await.expect("read")?;
    Some(serde_json::from_str(&record.data).expect("JSON"))
}

async fn count(catalog: &Catalog, database: &Database) -> u64 {
    catalog.database(&acme(), database.id).await.expect("read").expect("there").num_records
}

async fn keys(catalog: &Catalog, database: &Database, filter: Filter) -> Vec<String> {
    let mut scan = Scan::new(database.id, filter);
    let mut keys = Vec::new();
    while let Some(page) = catalog.next_records(&mut scan, PageLimits { rows: 2, bytes: 1 << 20 }).await.expect("read")
    {
        keys.extend(page.into_iter().map(|record| record.key));
    }
    keys
}

on_both_databases!(
    a_record_is_merged_as_its_write_says,
    the_items_of_a_request_see_each_other,
    a_request_is_written_whole_or_not_at_all,
    concurrent_merges_lose_nothing,
    a_write_that_names_itself_counts_once,
    two_writes_of_one_millisecond_keep_both_their_records,
    records_are_found_by_time_and_field,
    the_largest_record_is_known,
    what_is_deleted_by_time_stays_in_the_archives_of_earlier_days,
    a_days_archive_has_what_was_written_on_it_as_it_was,
    a_database_is_its_tenants_alone_and_goes_whole,
    a_link_opens_what_it_was_made_for_and_not_for_ever,
    exports_that_a_server_left_have_failed,
    records_last_written_before_an_instant_go_with_their_archives,
);

async fn a_record_is_merged_as_its_write_says(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    write(&catalog, &database, vec![item("a", json!({"x": {"l": [1]}, "y": 1}))]).await;
    place.clock.advance(5);
    let patch = json!({"x": {"l": [2]}});
    let answer = write(&catalog, &database, vec![merging("a", patch.clone(), MergeStrategy::DeepAppend)]).await;
    let expected = json!({"x": {"l": [1, 2]}, "y": 1});
    assert_eq!(data(&catalog, &database, "a").await, Some(expected.clone()));
    assert_eq!(serde_json::from_str::<Value>(&answer[0].data).expect("there"), expected);
    assert_eq!(answer[0].updated_at.0 - answer[0].created_at.0, 5);
    write(&catalog, &database, vec![item("a", patch.clone())]).await;
    assert_eq!(data(&catalog, &database, "a").await, Some(patch));
    let now = catalog.database(&acme(), database.id).await.expect("the catalog answers").expect("there");
    assert_eq!((now.num_records, now.last_write_at), (1, Some(place.clock.now())));
}

async fn the_items_of_a_request_see_each_other(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let items = (0..250).map(|n| merging("a", json!({"l": [n]}), MergeStrategy::DeepAppend)).collect();
    write(&catalog, &database, items).await;
    let expected: Vec<i32> = (0..250).collect();
    assert_eq!(data(&catalog, &database, "a").await, Some(json!({"l": expected})));
    assert_eq!(count(&catalog, &database).await, 1);
    let many = (0..250).map(|n| item(&format!("k{n}"), json!({"n": n}))).collect();
    assert_eq!(write(&catalog, &database, many).await.len(), 250);
    assert_eq!(count(&catalog, &database).await, 251);
}

async fn a_request_is_written_whole_or_not_at_all(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let change = DatabaseChange {
        schema: Some(Some(json!({"properties": {"n": {"type": "number"}}}))),
        enforce_schema: Some(true),
        ..DatabaseChange::default()
    };
    catalog.change_database(&acme(), database.id, change).await.expect("the catalog answers").expect("there");
    let items = vec![item("good", json!({"n": 1})), item("bad", json!({"n": "x"}))];
    let Err(WriteError::Items(faults)) = try_write(&catalog, &database, items).await else { panic!("refused") };
    assert!(faults[0].is_empty());
    assert_eq!(faults[1][0].0, "data.n");
    assert_eq!((data(&catalog, &database, "good").await, count(&catalog, &database).await), (None, 0));

    let limits = RecordLimits { database_records: 2, ..LIMITS };
    let items = (0..3).map(|n| item(&format!("k{n}"), json!({}))).collect();
    let write = RecordWrite { database: database.id, items, by: "k1".to_owned(), limits };
    assert!(matches!(catalog.write_records(write).await, Err(WriteError::Full { limit: 2 })));
    assert_eq!(count(&catalog, &database).await, 0);

    let limits = RecordLimits { record_bytes: 10, ..LIMITS };
    let items = vec![item("k", json!({"text": "0123456789"}))];
    let write = RecordWrite { database: database.id, items, by: "k1".to_owned(), limits };
    assert!(matches!(catalog.write_records(write).await, Err(WriteError::Items(_))));

    let items = vec![item("k", json!({}))];
    let write = RecordWrite { database: Uuid::nil(), items, by: "k1".to_owned(), limits: LIMITS };
    assert!(matches!(catalog.write_records(write).await, Err(WriteError::NoDatabase)));
}

/// 32 writers add 50 entries each to one record; every entry is there, once, and none of a writer's is out of order.
async fn concurrent_merges_lose_nothing(place: Place) {
    let (one, other) = (place.open().await, place.open().await);
    let database = database(&one).await;
    let writers = (0..32).map(|writer| {
        let (catalog, database) = (if writer % 2 == 0 { one.clone() } else { other.clone() }, database.clone());
        tokio::spawn(async move {
            for n in 0..50 {
                let entry = json!({"log": [[writer, n]]});
                let items =
                    vec![merging("counter", entry, MergeStrategy::DeepAppend), item(&format!("w{writer}"), json!({}))];
                write(&catalog, &database, items).await;
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.expect("ends");
    }
    let log = data(&one, &database, "counter").await.expect("there");
    let log: Vec<(i64, i64)> = serde_json::from_value(log["log"].clone()).expect("pairs");
    assert_eq!(log.len(), 1_600);
    for writer in 0..32 {
        let of_writer: Vec<i64> = log.iter().filter(|(by, _)| *by == writer).map(|(_, n)| *n).collect();
        assert_eq!(of_writer, (0..50).collect::<Vec<_>>(), "writer {writer}");
    }
    assert_eq!(count(&one, &database).await, 33);
}

async fn a_write_that_names_itself_counts_once(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let once =
        RecordItem { write_id: Some(Uuid::from_u128(7)), ..merging("a", json!({"l": [1]}), MergeStrategy::DeepAppend) };
    let first = write(&catalog, &database, vec![once.clone(), once.clone()]).await;
    assert_eq!(first[0], first[1]);
    place.clock.advance(1_000);
    assert_eq!(write(&catalog, &database, vec![once.clone()]).await[0], first[0]);
    assert_eq!(data(&catalog, &database, "a").await, Some(json!({"l": [1]})));

    assert!(catalog.delete_record(database.id, "a").await.expect("the catalog answers"));
    assert_eq!(write(&catalog, &database, vec![once.clone()]).await[0].key, "a");
    assert_eq!(data(&catalog, &database, "a").await, None, "what was deleted stays so");

    assert_eq!(catalog.forget_writes(place.clock.now().plus_micros(1)).await.expect("the catalog answers"), 1);
    write(&catalog, &database, vec![once]).await;
    assert_eq!(data(&catalog, &database, "a").await, Some(json!({"l": [1]})));
}

async fn two_writes_of_one_millisecond_keep_both_their_records(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let event = |id: u128| RecordItem {
        write_id: Some(Uuid::from_u128(id)),
        on_conflict: OnConflict::NextMillisecond,
        ..item("ada-2026-11-21T10:00:00.123Z", json!({"id": id.to_string()}))
    };
    let answers = write(&catalog, &database, vec![event(1), event(2)]).await;
    let again = write(&catalog, &database, vec![event(3), event(2), event(1)]).await;
    let taken = |answers: &[Record]| {
        answers.iter().map(|record| record.key.chars().skip(24).take(3).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(
        (taken(&answers), taken(&again)),
        (vec!["123".into(), "124".into()], vec!["125".into(), "124".into(), "123".into()])
    );
    assert_eq!(count(&catalog, &database).await, 3);
    assert_eq!(data(&catalog, &database, "ada-2026-11-21T10:00:00.124Z").await, Some(json!({"id": "2"})));

    let full: Vec<RecordItem> = (4..1_002).map(event).collect();
    write(&catalog, &database, full).await;
    let over = try_write(&catalog, &database, vec![event(2_000)]).await;
    assert!(matches!(over, Err(WriteError::NoFreeKey { item: 0, .. })), "{over:?}");
}

async fn records_are_found_by_time_and_field(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let start = place.clock.now();
    for (key, kind) in [("b", json!("x")), ("a", json!("y")), ("d", json!(null)), ("c", json!("x"))] {
        write(&catalog, &database, vec![item(key, json!({"kind": kind}))]).await;
        place.clock.advance(DAY);
    }
    assert_eq!(keys(&catalog, &database, Filter::default()).await, ["b", "a", "d", "c"]);
    let middle =
        Filter { from: Some(start.plus_micros(DAY)), until: Some(start.plus_micros(3 * DAY)), ..Filter::default() };
    assert_eq!(keys(&catalog, &database, middle.clone()).await, ["a", "d"]);
    let x = Filter::default().with_field("kind", Wanted::Text("x".to_owned()));
    assert_eq!(keys(&catalog, &database, x.clone()).await, ["b", "c"]);
    assert_eq!(keys(&catalog, &database, middle.clone().with_field("kind", Wanted::Null(true))).await, ["d"]);

    let page = PageLimits { rows: 1, bytes: 1 << 20 };
    let listed = async |filter: &Filter, offset| {
        let (records, more) = catalog
            .listed_records(database.id, filter, offset, page)
            .await
            .expect("the catalog answers")
            .expect("there");
        (records.into_iter().map(|record| record.key).collect::<Vec<_>>(), more)
    };
    assert_eq!(listed(&Filter::default(), 2).await, (vec!["d".to_owned()], true));
    assert_eq!(listed(&Filter::default(), 3).await, (vec!["c".to_owned()], false));
    assert_eq!(listed(&Filter::default(), 4).await, (vec![], false));
    assert_eq!(listed(&x, 0).await, (vec!["b".to_owned()], true));
    assert_eq!(listed(&x, 1).await, (vec!["c".to_owned()], false));
    let small = PageLimits { rows: 10, bytes: 20 };
    assert_eq!(catalog.listed_records(database.id, &x, 0, small).await.expect("the catalog answers"), None);

    assert_eq!(catalog.delete_records(database.id, &x).await.expect("the catalog answers"), 2);
    assert_eq!(keys(&catalog, &database, Filter::default()).await, ["a", "d"]);
    assert_eq!(count(&catalog, &database).await, 2);
}

async fn a_days_archive_has_what_was_written_on_it_as_it_was(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let first = place.clock.now();
    write(
        &catalog,
        &database,
        vec![item("a", json!({"v": 1})), item("b", json!({"v": 1})), item("c", json!({"v": 1}))],
    )
    .await;
    write(&catalog, &database, vec![item("a", json!({"v": 2}))]).await;
    place.clock.advance(2 * DAY);
    let second = place.clock.now();
    write(&catalog, &database, vec![item("a", json!({"v": 3}))]).await;
    catalog.delete_record(database.id, "b").await.expect("the catalog answers");
    let archive = async |day: Timestamp| {
        let limits = PageLimits { rows: 2, bytes: 1 << 20 };
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = catalog
                .archived_records(database.id, day, after.as_deref(), limits)
                .await
                .expect("the catalog answers");
            let Some(last) = page.last() else { return found };
            after = Some(last.key.clone());
            found.extend(page.into_iter().map(|record| (record.key, record.data)));
        }
    };
    let record = |key: &str, v: i32| (key.to_owned(), format!("{{\"v\":{v}}}"));
    assert_eq!(archive(first).await, [record("a", 2), record("b", 1), record("c", 1)]);
    assert_eq!(archive(second).await, [record("a", 3)]);
    assert_eq!(archive(second.plus_micros(-DAY)).await, []);
    let days: Vec<(String, u64)> = catalog
        .archived_days(database.id)
        .await
        .expect("there")
        .into_iter()
        .map(|day| (day.day.to_string(), day.records))
        .collect();
    assert_eq!(days, [("2026-01-04".to_owned(), 1), ("2026-01-02".to_owned(), 3)]);
    assert_eq!(catalog.forget_archives(database.id, first).await.expect("the catalog answers"), 0);
    assert_eq!(catalog.forget_archives(database.id, second).await.expect("the catalog answers"), 2);
    assert_eq!(archive(first).await, [record("c", 1)], "what a record is now stays");
}

async fn records_last_written_before_an_instant_go_with_their_archives(place: Place) {
    let catalog = place.open().await;
    let (database, other) = (database(&catalog).await, database(&catalog).await);
    let many = |day: &str| (0..700).map(|n| item(&format!("{day}-{n}"), json!({"n": n}))).collect::<Vec<_>>();
    write(&catalog, &database, many("old")).await;
    write(&catalog, &other, many("old")).await;
    place.clock.advance(3 * DAY);
    write(&catalog, &database, vec![item("old-7", json!({"again": true})), item("new", json!({}))]).await;
    let last = catalog.database(&acme(), database.id).await.expect("read").expect("there").last_write_at;
    let before = place.clock.now().plus_micros(-2 * DAY);
    place.clock.advance(DAY);
    let expected = catalog.count_expired_records(database.id, before).await.expect("counted");
    assert_eq!(expected, 699 + 1, "the record that was written again has an earlier version in the archive");
    assert_eq!(catalog.expire_records(database.id, before).await.expect("gone"), expected);
    assert_eq!(catalog.expire_records(database.id, before).await.expect("gone"), 0);
    assert_eq!(keys(&catalog, &database, Filter::default()).await.len(), 2);
    let now = catalog.database(&acme(), database.id).await.expect("read").expect("there");
    assert_eq!((now.num_records, now.last_write_at), (2, last));
    assert_eq!(catalog.archived_days(database.id).await.expect("read").len(), 1);
    assert_eq!(count(&catalog, &other).await, 700, "another database is untouched");
    let mut all = catalog.all_databases().await.expect("read");
    all.retain(|(tenant, id)| *tenant == acme() && [database.id, other.id].contains(id));
    assert_eq!(all.len(), 2);
}

async fn a_database_is_its_tenants_alone_and_goes_whole(place: Place) {
    let catalog = place.open().await;
    let database = database(&catalog).await;
    let rival = Tenant::new("rival").expect("there");
    assert_eq!(catalog.database(&rival, database.id).await.expect("the catalog answers"), None);
    assert!(!catalog.delete_database(&rival, database.id).await.expect("the catalog answers"));
    assert_eq!(
        catalog.change_database(&rival, database.id, DatabaseChange::default()).await.expect("the catalog answers"),
        None
    );
    assert_eq!(catalog.databases(&rival, 0, 10).await.expect("the catalog answers"), []);
    write(&catalog, &database, vec![item("a", json!({}))]).await;
    assert!(catalog.delete_database(&acme(), database.id).await.expect("the catalog answers"));
    assert_eq!(data(&catalog, &database, "a").await, None);
    assert_eq!(catalog.count_databases(&acme()).await.expect("the catalog answers"), 0);
}

async fn what_is_deleted_by_time_stays_in_the_archives_of_earlier_days(place: Place) {
    let catalog = place.open().await;
    let (database, other) = (database(&catalog).await, database(&catalog).await);
    write(&catalog, &database, vec![item("a", json!({})), item("b", json!({}))]).await;
    write(&catalog, &other, vec![item("a", json!({}))]).await;
    place.clock.advance(DAY);
    let today = Filter { from: Some(place.clock.now()), ..Filter::default() };
    write(&catalog, &database, vec![item("c", json!({})), item("b", json!({"n": 1}))]).await;
    assert_eq!(catalog.delete_records(database.id, &today).await.expect("deleted"), 1);
    assert_eq!(keys(&catalog, &database, Filter::default()).await, ["a", "b"]);
    assert_eq!(catalog.delete_records(database.id, &Filter::default()).await.expect("deleted"), 2);
    assert_eq!(keys(&catalog, &database, Filter::default()).await, [""; 0]);
    assert_eq!((count(&catalog, &database).await, count(&catalog, &other).await), (0, 1));
    let days = catalog.archived_days(database.id).await.expect("read");
    assert_eq!(days.iter().map(|day| day.records).collect::<Vec<_>>(), [2], "those of the first day, as they were");
}

async fn the_largest_record_is_known(place: Place) {
    let catalog = place.open().await;
    let (database, other) = (database(&catalog).await, database(&catalog).await);
    assert_eq!(catalog.largest_record(database.id).await.expect("read"), 0);
    write(&catalog, &database, vec![item("a", json!({"t": "é"})), item("b", json!({}))]).await;
    write(&catalog, &other, vec![item("a", json!({"t": "x".repeat(1_000)}))]).await;
    assert_eq!(catalog.largest_record(database.id).await.expect("read"), "{\"t\":\"é\"}".len() as u64);
}

async fn a_link_opens_what_it_was_made_for_and_not_for_ever(place: Place) {
    let catalog = place.open().await;
    let link = catalog.make_link(&acme(), "export/1", 1_000).await.expect("the catalog answers");
    let token = link.token.reveal();
    assert_eq!(catalog.open_link(token, "export/1").await.expect("the catalog answers"), Some(acme()));
    assert_eq!(catalog.open_link(token, "export/2").await.expect("the catalog answers"), None);
    assert_eq!(catalog.open_link("", "export/1").await.expect("the catalog answers"), None);
    place.clock.advance(1_000);
    assert_eq!(catalog.open_link(token, "export/1").await.expect("the catalog answers"), None);
}

async fn exports_that_a_server_left_have_failed(place: Place) {
    let catalog = place.open().await;
    let (left, done) = (
        catalog.start_export(&acme(), "text/csv").await.expect("the catalog answers"),
        catalog.start_export(&acme(), "text/csv").await.expect("the catalog answers"),
    );
    catalog.end_export(done.id, None).await.expect("the catalog answers");
    assert_eq!(catalog.fail_exports("the server ended").await.expect("the catalog answers"), 1);
    let job = catalog.export(&acme(), left.id).await.expect("the catalog answers").expect("there");
    assert_eq!((job.status.as_str(), job.error_message.as_deref()), ("FAILURE", Some("the server ended")));
    assert_eq!(
        catalog.export(&acme(), done.id).await.expect("the catalog answers").expect("there").status.as_str(),
        "SUCCESS"
    );
    assert_eq!(
        catalog.export(&Tenant::new("rival").expect("there"), done.id).await.expect("the catalog answers"),
        None
    );
}
