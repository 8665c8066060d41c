use std::sync::Arc;

use sqlx::Row as _;

use super::*;
use crate::location::ServerUrl;

#[path = "../../tests/it/cluster.rs"]
#[expect(dead_code, reason = "tests of the whole catalog use the rest of it")]
mod cluster;

/// One database, which a test may open as often as there are processes.
struct Place {
    options: Options,
    _folder: tempfile::TempDir,
}

impl Place {
    fn file() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // a name that would mean something in a URL
        Self { options: Options::file(folder.path().join("100%25 a?b#c.sqlite")), _folder: folder }
    }

    async fn server() -> Option<Self> {
        let location = Location::Server(ServerUrl::parse(&cluster::database().await?).expect("a URL"));
        Some(Self { options: Options::new(location), _folder: tempfile::tempdir().expect("a folder") })
    }

    async fn both() -> impl Iterator<Item = Self> {
        [Some(Self::file()), Self::server().await].into_iter().flatten()
    }

    async fn open(&self) -> Database {
        Database::open(&self.options).await.expect("it opens")
    }
}

/// A table with one row, which counts.
async fn counting(database: &Database) {
    let make = async |sql| sqlx::query(sql).execute(database.pool()).await.expect("made");
    make("CREATE TABLE counts (name TEXT NOT NULL PRIMARY KEY, count BIGINT, note TEXT)").await;
    make("INSERT INTO counts (name, count) VALUES ('all', 0)").await;
}

async fn count(database: &Database) -> i64 {
    sqlx::query_scalar("SELECT count FROM counts WHERE name = 'all'").fetch_one(database.pool()).await.expect("read")
}

/// Reads and then writes, as a merge does.
async fn count_on(connection: &mut AnyConnection) -> Result<i64, CatalogError> {
    let count: i64 =
        sqlx::query_scalar("SELECT count FROM counts WHERE name = $1").bind("all").fetch_one(&mut *connection).await?;
    // others shall have come to the same number meanwhile
    tokio::task::yield_now().await;
    let next = sqlx::query("UPDATE counts SET count = $1 WHERE name = $2 RETURNING count").bind(count + 1).bind("all");
    Ok(next.fetch_one(connection).await?.try_get("count")?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_read_and_write_one_row_nobody_is_lost() {
    for place in Place::both().await {
        let processes = [Arc::new(place.open().await), Arc::new(place.open().await)];
        counting(&processes[0]).await;
        let tasks = (0..16).map(|task| {
            let database = Arc::clone(&processes[task % 2]);
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for _ in 0..10 {
                    seen.push(database.write(|connection| Change::of(count_on(connection))).await.expect("counted"));
                }
                seen
            })
        });
        let ended = futures::future::join_all(tasks).await;
        let mut seen: Vec<i64> = ended.into_iter().flat_map(|seen| seen.expect("no panic")).collect();
        seen.sort_unstable();
        assert_eq!(seen, (1..=160).collect::<Vec<_>>(), "{}", place.options.location);
        assert_eq!(count(&processes[1]).await, 160);
    }
}

#[tokio::test]
async fn a_change_that_fails_leaves_nothing() {
    for place in Place::both().await {
        let database = place.open().await;
        counting(&database).await;
        let outcome = database.write(|connection| {
            Change::<()>::of(async move {
                count_on(connection).await?;
                Err(CatalogError::Invalid("no more".to_owned()))
            })
        });
        assert!(matches!(outcome.await, Err(CatalogError::Invalid(_))));
        assert_eq!(count(&database).await, 0, "{}", place.options.location);
        assert_eq!(database.write(|connection| Change::of(count_on(connection))).await.expect("counted"), 1);
    }
}

#[tokio::test]
async fn nulls_numbers_and_texts_come_back_as_they_went() {
    for place in Place::both().await {
        let database = place.open().await;
        counting(&database).await;
        let row = sqlx::query(
            "INSERT INTO counts (name, count, note) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET count = excluded.count \
             RETURNING name, count, note, CAST($4 AS TEXT) IS NULL AS absent, CAST(count + $2 AS BIGINT) AS twice",
        );
        let row = row.bind("Käse 🦀 'x'").bind(i64::MAX / 2).bind(None::<String>).bind(None::<String>);
        let row = row.fetch_one(database.pool()).await.expect("written");
        assert_eq!(row.get::<String, _>("name"), "Käse 🦀 'x'");
        assert_eq!(row.get::<Option<i64>, _>("count"), Some(i64::MAX / 2));
        assert_eq!(row.get::<Option<String>, _>("note"), None);
        assert_eq!(row.get::<i64, _>("twice"), i64::MAX - 1);
    }
}

#[tokio::test]
async fn a_row_that_another_one_holds_is_given_up_in_time() {
    let Some(mut place) = Place::server().await else { return };
    place.options.timeout = Duration::from_secs(2);
    let database = place.open().await;
    counting(&database).await;
    let mut other = database.connect().await.expect("a connection");
    let mut holding = other.begin().await.expect("begun");
    count_on(&mut holding).await.expect("held");
    let error = database.write(|connection| Change::of(count_on(connection))).await.expect_err("it is held");
    let message = error.to_string();
    assert!(matches!(&error, CatalogError::Away { .. }), "{message}");
    assert!(message.contains("within 2 s") || message.contains("lock timeout"), "{message}");
    holding.rollback().await.expect("let go");
    assert_eq!(database.write(|connection| Change::of(count_on(connection))).await.expect("counted"), 1);
}
