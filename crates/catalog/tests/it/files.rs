//! The file: who may read it, what survives, what is said when it is broken.

use std::fs;
use std::str::FromStr as _;

use catalog::{Catalog, CatalogError, Options};
use record::time::Clock;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};

use crate::{Place, new_key};

async fn raw(place: &Place) -> SqliteConnection {
    let url = format!("sqlite://{}", place.path().display());
    SqliteConnectOptions::from_str(&url).expect("options").connect().await.expect("a connection")
}

async fn open_error(place: &Place) -> CatalogError {
    Catalog::open(&Options::file(place.path()), Clock::System).await.err().expect("the catalog does not open")
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_any_of_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::new();
    let catalog = place.open().await;
    catalog.create_key(new_key("acme")).await.unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["catalog.db", "catalog.db-shm", "catalog.db-wal", "catalog.db.lock"]);
}

#[tokio::test]
async fn no_file_holds_the_text_of_a_key() {
    let place = Place::new();
    let catalog = place.open().await;
    let made = catalog.create_key(new_key("acme")).await.unwrap();
    let random = made.key.reveal().strip_prefix("ml_").unwrap().as_bytes();
    let mut seen_id = false;
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(random));
        seen_id |= holds(made.id.as_bytes());
    }
    assert!(seen_id, "the test looks where keys are stored");
}

#[tokio::test]
async fn keys_survive_closing_and_opening() {
    let place = Place::new();
    let made = place.open().await.create_key(new_key("acme")).await.unwrap();
    let again = place.open().await;
    assert!(again.find(made.key.reveal()).is_some());
    assert!(!again.is_empty().await.unwrap());
}

#[tokio::test]
async fn the_file_is_in_the_safe_modes() {
    let place = Place::new();
    let _catalog = place.open().await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut raw(&place).await).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let place = Place::new();
    fs::write(place.path(), "this is a letter, not a database. ".repeat(100)).unwrap();
    let error = open_error(&place).await;
    assert!(matches!(error, CatalogError::Damaged { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("catalog.db") && message.contains("restore it from a backup"), "{message}");
}

#[tokio::test]
async fn a_damaged_database_is_named_and_left_alone() {
    let place = Place::new();
    let catalog = place.open().await;
    for _ in 0..50 {
        catalog.create_key(new_key("acme")).await.unwrap();
    }
    drop(catalog);
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut raw(&place).await).await.unwrap();
    // Page 1 with its header stays, the pages of the tables become noise.
    let mut bytes = fs::read(place.path()).unwrap();
    bytes[4096..].fill(0xa5);
    fs::write(place.path(), &bytes).unwrap();
    let error = open_error(&place).await;
    assert!(matches!(error, CatalogError::Damaged { .. }), "{error:?}");
    assert_eq!(fs::read(place.path()).unwrap(), bytes);
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let place = Place::new();
    let path = place.folder.path().join("nowhere").join("catalog.db");
    let error = Catalog::open(&Options::file(path), Clock::System).await.err().unwrap();
    assert!(matches!(error, CatalogError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn a_folder_in_place_of_the_file_is_named() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    let error = open_error(&place).await;
    assert!(matches!(error, CatalogError::Open { .. }), "{error:?}");
}

#[tokio::test]
async fn a_catalog_of_a_newer_version_is_not_touched() {
    let place = Place::new();
    drop(place.open().await);
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)")
        .execute(&mut raw(&place).await)
        .await
        .unwrap();
    let error = open_error(&place).await;
    assert!(matches!(error, CatalogError::Newer { migration: 9999, .. }), "{error:?}");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_its_own_key_only() {
    let place = Place::new();
    let catalog = place.open().await;
    let good = catalog.create_key(new_key("acme")).await.unwrap();
    let strange = catalog.create_key(new_key("acme")).await.unwrap();
    sqlx::query("UPDATE api_keys SET scopes = 'ingest,fly' WHERE id = $1")
        .bind(&strange.id)
        .execute(&mut raw(&place).await)
        .await
        .unwrap();
    assert!(catalog.refresh().await.unwrap());
    assert!(catalog.find(good.key.reveal()).is_some());
    assert_eq!(catalog.find(strange.key.reveal()), None);
    let error = catalog.list_keys(None).await.unwrap_err();
    assert!(error.to_string().contains(&strange.id), "{error}");
}
