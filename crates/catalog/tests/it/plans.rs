//! What PostgreSQL reads for a statement, where its statistics do not know the database yet.

use catalog::{Catalog, MergeStrategy, OnConflict, RecordItem, RecordLimits, RecordWrite};
use record::time::Timestamp;
use serde_json::json;
use sqlx::AnyConnection;
use uuid::Uuid;

use crate::{Place, acme};

const RECORDS: usize = 2_000;
const DAY: i64 = 86_400_000_000;

async fn write(catalog: &Catalog, database: Uuid, keys: std::ops::Range<usize>) {
    let item = |n| RecordItem {
        key: format!("k{n}"),
        data: json!({"n": n}),
        strategy: MergeStrategy::Deep,
        write_id: Some(Uuid::now_v7()),
        on_conflict: OnConflict::Overwrite,
    };
    let limits = RecordLimits { record_bytes: 1 << 20, request_bytes: 1 << 20, database_records: 0 };
    let write = RecordWrite { database, items: keys.map(item).collect(), by: "k1".to_owned(), limits };
    catalog.write_records(write).await.expect("written");
}

async fn full_database(catalog: &Catalog) -> Uuid {
    let database = catalog.create_database(&acme(), catalog::NewDatabase::default()).await.expect("made").id;
    write(catalog, database, 0..RECORDS).await;
    database
}

/// Entries of indexes and rows that statements have read so far, told when all connections but this one have ended: each tells what it
/// read no later than that.
async fn read_so_far(connection: &mut AnyConnection) -> usize {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                  AND backend_type = 'client backend'";
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut *connection).await.expect("counted") > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let read = "SELECT CAST(sum(seq_tup_read) + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes) AS BIGINT) \
                FROM pg_stat_user_tables";
    let read: i64 = sqlx::query_scalar(read).fetch_one(connection).await.expect("counted");
    usize::try_from(read).expect("a count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_few_records_are_reached_without_walking_the_others() {
    let Some(place) = Place::server().await else { return };
    let mut connection = place.raw().await;
    let catalog = place.open().await;
    for table in ["records", "record_writes"] {
        let off = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
        sqlx::query(sqlx::AssertSqlSafe(off)).execute(&mut connection).await.expect("set");
    }
    full_database(&catalog).await;
    // the statistics know one database, and no other
    sqlx::query("ANALYZE").execute(&mut connection).await.expect("analyzed");
    let database = full_database(&catalog).await;
    drop(catalog);
    let before = read_so_far(&mut connection).await;

    let catalog = place.open().await;
    assert!(catalog.record(database, "k1999").await.expect("read").is_some());
    place.clock.advance(DAY);
    write(&catalog, database, 1_900..1_910).await;
    write(&catalog, database, 1_920..1_921).await;
    assert!(catalog.delete_record(database, "k1930").await.expect("deleted"));
    drop(catalog);
    let read = read_so_far(&mut connection).await - before;
    assert!(read < RECORDS / 2, "{read} entries and rows for 14 records");

    // what is kept no longer goes 500 at a time: each time those, and not the whole database for each of them
    let catalog = place.open().await;
    let day = Timestamp(place.clock.now().0 - DAY / 2);
    assert!(catalog.expire_records(database, day).await.expect("expired") > 1_900);
    drop(catalog);
    let expired = read_so_far(&mut connection).await - before - read;
    assert!(expired < 100 * RECORDS, "{expired} entries and rows for {RECORDS} records");
}
