//! A server that is not this process: what is said when it cannot be used, and what still works while it is away.

use std::io::Write as _;
use std::time::Duration;

use catalog::{Catalog, CatalogError, Location, Options, ServerUrl};
use record::time::Clock;
use sqlx::Row as _;
use tokio::net::TcpListener;

use crate::cluster::{Cluster, PASSWORD, database};
use crate::{Place, new_key};

fn options(url: &str) -> Options {
    let location = Location::Server(ServerUrl::parse(url).expect("a URL"));
    Options { timeout: Duration::from_secs(2), ..Options::new(location) }
}

async fn open(url: &str) -> Catalog {
    Catalog::open(&options(url), Clock::System).await.expect("the catalog opens")
}

/// What opening says; it never holds the password.
async fn refusal(url: &str) -> String {
    let error = Catalog::open(&options(url), Clock::System).await.err().expect("the catalog does not open");
    assert!(matches!(error, CatalogError::Open { .. }), "{error:?}");
    let (shown, message) = (format!("{error:?} {error}"), error.to_string());
    assert!(!shown.contains("s3cret"), "{shown}");
    message
}

#[tokio::test]
async fn where_nobody_listens_the_place_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let message = refusal(&format!("postgres://ada:s3cret@{free}/lake")).await;
    assert!(message.contains(&format!("postgres://{free}/lake")) && message.contains("host and port"), "{message}");
}

#[tokio::test]
async fn a_place_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let message = refusal(&format!("postgres://ada:s3cret@{address}/lake")).await;
    assert!(message.contains("no answer within 2 s") && message.contains("host and port"), "{message}");
}

#[tokio::test]
async fn a_wrong_password_a_missing_database_and_missing_rights_are_told_apart() {
    let Some(url) = database().await else { return };
    let wrong = refusal(&url.replace(PASSWORD, "s3cret-but-wrong")).await;
    assert!(wrong.contains("password authentication failed") && wrong.contains("MODLAKE_CATALOG"), "{wrong}");
    let missing = refusal(&url.replace("/test_", "/no_such_test_")).await;
    assert!(missing.contains("does not exist") && missing.contains("createdb"), "{missing}");
    let place = Place::server().await.expect("as before");
    for statement in [
        format!("CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'"),
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut place.raw().await).await.unwrap();
    }
    let guest = place.url().replace("//modlake:", "//guest:");
    let lacking = refusal(&guest).await;
    assert!(lacking.contains("permission denied") && lacking.contains("USAGE and CREATE"), "{lacking}");
}

#[tokio::test]
async fn texts_compare_by_their_bytes_whatever_the_database_would_do() {
    let Some(place) = Place::server().await else { return };
    let _catalog = place.open().await;
    let own = "SELECT table_name || '.' || column_name AS name, CAST(collation_name AS TEXT) AS collation \
               FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text' \
               AND table_name <> '_sqlx_migrations'";
    let columns = sqlx::query(own).fetch_all(&mut place.raw().await).await.unwrap();
    assert!(columns.len() > 10);
    for column in columns {
        let collation: Option<&str> = column.get("collation");
        assert_eq!(collation, Some("C"), "{}", column.get::<&str, _>("name"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_postgres_is_away_known_keys_work_and_unknown_ones_are_not_refused() {
    let Some(mut cluster) = Cluster::start().await else { return };
    let url = cluster.database().await;
    let (server, command) = (open(&url).await, open(&url).await);
    let tenant = record::caller::Tenant::new("acme").unwrap();
    let known = server.create_key(new_key("acme")).await.unwrap();
    let placeholder_key = command.placeholder_key(&tenant).await.unwrap();
    let later = open(&url).await;
    assert!(later.find_or_load("a-stranger-of-before").await.unwrap().is_none());

    stop(&mut cluster);
    for away in [server.refresh().await, server.find_or_load("never-seen").await.map(|_| true), later.refresh().await] {
        assert!(matches!(away, Err(CatalogError::Away { .. })), "{away:?}");
    }
    assert!(server.find(known.key.reveal()).is_some());
    assert!(server.find_or_load(known.key.reveal()).await.unwrap().is_some());
    assert_eq!(later.placeholder_key(&tenant).await.unwrap(), placeholder_key, "read at the start");
    let stranger = later.find_or_load("a-stranger-of-before").await;
    assert!(matches!(stranger, Err(CatalogError::Away { .. })), "it may have become a key: {stranger:?}");
    for away in [server.create_key(new_key("acme")).await.err(), server.revoke_key(&known.id).await.err()] {
        let message = away.expect("nothing can be written").to_string();
        assert!(message.contains("cannot be reached") && !message.contains("s3cret"), "{message}");
    }

    start(&mut cluster).await;
    server.refresh().await.unwrap();
    assert!(server.find(known.key.reveal()).is_some());
    let made = command.create_key(new_key("acme")).await.unwrap();
    command.revoke_key(&known.id).await.unwrap();
    assert!(server.find_or_load(made.key.reveal()).await.unwrap().is_some());
    assert!(server.find(known.key.reveal()).is_none(), "the reading brought the end of the other too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_was_started_again_between_two_looks_is_not_noticed() {
    let Some(mut cluster) = Cluster::start().await else { return };
    let url = cluster.database().await;
    let catalog = open(&url).await;
    let made = catalog.create_key(new_key("acme")).await.unwrap();
    stop(&mut cluster);
    start(&mut cluster).await;
    assert!(catalog.find_or_load("never-seen").await.unwrap().is_none());
    catalog.revoke_key(&made.id).await.unwrap();
    assert!(catalog.find(made.key.reveal()).is_none());
}

/// Ends PostgreSQL as a crash would.
fn stop(cluster: &mut Cluster) {
    let mut input = cluster.keeper.stdin.take().expect("it runs");
    input.write_all(b"keep\n").expect("it listens");
    cluster.keeper.wait().expect("it ends");
}

async fn start(cluster: &mut Cluster) {
    cluster.keeper = Cluster::keep(&cluster.programs, &cluster.folder);
    cluster.answers().await;
}
