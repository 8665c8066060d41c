//! The file: who may read it, what survives, what is said when it is broken.

use std::fs;

use catalog::{Catalog, CatalogError, Options, TraceKey};
use record::time::Clock;
use sqlx::Executor as _;

use crate::{Place, new_key};

async fn open_error(place: &Place) -> CatalogError {
    Catalog::open(&Options::file(place.path()), Clock::System).await.err().expect("the catalog does not open")
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_any_of_the_files() {
    use std::os::unix::fs::PermissionsExt as _;

    let place = Place::file();
    let catalog = place.open().await;
    catalog.create_key(new_key("acme")).await.unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(place.folder()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["catalog.db", "catalog.db-shm", "catalog.db-wal", "catalog.db.lock"]);
}

#[tokio::test]
async fn no_file_holds_the_text_of_a_key() {
    let place = Place::file();
    let catalog = place.open().await;
    let made = catalog.create_key(new_key("acme")).await.unwrap();
    let random = made.key.reveal().strip_prefix("ml_").unwrap().as_bytes();
    let mut seen_id = false;
    for entry in fs::read_dir(place.folder()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(random));
        seen_id |= holds(made.id.as_bytes());
    }
    assert!(seen_id, "the test looks where keys are stored");
}

#[tokio::test]
async fn the_file_is_in_the_safe_modes() {
    let place = Place::file();
    let _catalog = place.open().await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut place.raw().await).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let place = Place::file();
    fs::write(place.path(), "this is a letter, not a database. ".repeat(100)).unwrap();
    let error = open_error(&place).await;
    assert!(matches!(error, CatalogError::Damaged { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("catalog.db") && message.contains("restore it from a backup"), "{message}");
}

#[tokio::test]
async fn a_damaged_database_is_named_and_left_alone() {
    let place = Place::file();
    let catalog = place.open().await;
    for _ in 0..50 {
        catalog.create_key(new_key("acme")).await.unwrap();
    }
    drop(catalog);
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut place.raw().await).await.unwrap();
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
    let place = Place::file();
    let path = place.folder().join("nowhere").join("catalog.db");
    let error = Catalog::open(&Options::file(path), Clock::System).await.err().unwrap();
    assert!(matches!(error, CatalogError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn a_folder_in_place_of_the_file_is_named() {
    let place = Place::file();
    fs::create_dir(place.path()).unwrap();
    let error = open_error(&place).await;
    assert!(matches!(error, CatalogError::Open { .. }), "{error:?}");
}

/// What every later version must read: the catalog of a server that had migrations 1 to 3.
#[tokio::test]
async fn a_catalog_of_before_goes_on() {
    let place = Place::file();
    let dump = include_str!("../../../../frozen/catalog/0003.sql");
    fs::write(place.path(), "").unwrap();
    place.raw().await.execute(dump).await.unwrap();
    let catalog = place.open().await;
    let caller = catalog.find("frozen-catalog-key-of-tenant-default").expect("the key works");
    assert_eq!(&*caller.key_id, "k_8f64e755b923");
    let keys = catalog.list_keys(None).await.unwrap();
    let [first, browser] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!((first.revoked_at, browser.origins.as_slice()), (None, &["https://app.example.com".to_owned()][..]));
    assert!(browser.revoked_at.is_some());
    let key = catalog.placeholder_key(&first.tenant).await.unwrap();
    assert_eq!(key[..4], [0x07, 0x8a, 0x75, 0x30]);
    let trace = TraceKey {
        tenant: first.tenant.clone(),
        source: "cli",
        kind: "build".to_owned(),
        command_id: "20260219000719-cYGAL".to_owned(),
    };
    assert_eq!(catalog.trace_versions(&trace).await.unwrap()[0].rows, 3);
    catalog.revoke_key(&first.id).await.unwrap();
    assert!(catalog.find("frozen-catalog-key-of-tenant-default").is_none());
}
