//! Assets: known, counted and bounded, whoever changes them at the same time.

use catalog::{Asset, AssetLimits, Catalog, Database, DatabaseKind, NewDatabase, Stored};
use record::caller::Tenant;

use crate::{Place, acme, on_both_databases};

const LIMITS: AssetLimits = AssetLimits { assets: 100, database_bytes: 1_000, tenant_bytes: 1_500 };

on_both_databases!(
    an_asset_is_made_stored_renamed_and_deleted,
    what_is_bounded_stays_so_with_many_at_once,
    assets_go_with_their_database,
    old_assets_are_found,
);

async fn database(catalog: &Catalog, tenant: &Tenant) -> Database {
    let new = NewDatabase { name: "files".to_owned(), kind: DatabaseKind::Asset, ..NewDatabase::default() };
    catalog.create_database(tenant, new).await.expect("made")
}

async fn made(catalog: &Catalog, database: &Database, filename: &str) -> Asset {
    match catalog.create_asset(&database.tenant, database.id, filename, LIMITS).await.expect("the catalog answers") {
        Stored::Kept(asset) => asset,
        other => panic!("{other:?}"),
    }
}

async fn an_asset_is_made_stored_renamed_and_deleted(place: Place) {
    let catalog = place.open().await;
    let files = database(&catalog, &acme()).await;
    let asset = made(&catalog, &files, "cat.png").await;
    assert!(!asset.is_uploaded);
    place.clock.advance(5);
    let stored = catalog.store_asset(&asset, "image/png", 10, LIMITS).await.expect("the catalog answers");
    let Stored::Kept(kept) = stored else { panic!("{stored:?}") };
    assert_eq!((kept.bytes, kept.content_type.as_deref(), kept.is_uploaded), (10, Some("image/png"), true));
    assert_eq!(kept.updated_at.0 - kept.created_at.0, 5);
    assert_eq!(catalog.store_asset(&asset, "x", 10, LIMITS).await.expect("the catalog answers"), Stored::Taken);
    let renamed = catalog.rename_asset(&asset, "dog.png").await.expect("the catalog answers").expect("there");
    assert_eq!((renamed.filename.as_str(), renamed.bytes), ("dog.png", 10));
    let found = async |tenant: &str, database: &Database| {
        let tenant = Tenant::new(tenant).expect("a tenant");
        catalog.asset(&tenant, database.id, asset.id).await.expect("the catalog answers")
    };
    assert_eq!(found("acme", &files).await, Some(renamed));
    assert_eq!(found("rival", &files).await, None);
    let other = database(&catalog, &acme()).await;
    assert_eq!(found("acme", &other).await, None);
    let second = made(&catalog, &files, "second").await;
    let listed = catalog.assets(files.id, 1, 10).await.expect("the catalog answers");
    assert_eq!(listed.iter().map(|asset| asset.id).collect::<Vec<_>>(), [second.id]);
    assert!(catalog.delete_asset(&asset).await.expect("the catalog answers"));
    assert!(!catalog.delete_asset(&asset).await.expect("the catalog answers"));
    assert_eq!(catalog.store_asset(&asset, "x", 1, LIMITS).await.expect("the catalog answers"), Stored::Gone);
    assert_eq!(catalog.count_assets(files.id).await.expect("the catalog answers"), 1);
}

async fn what_is_bounded_stays_so_with_many_at_once(place: Place) {
    let (one, other) = (place.open().await, place.open().await);
    let databases = [database(&one, &acme()).await, database(&one, &acme()).await];
    let tasks = (0..60).map(|number| {
        let catalog = if number % 2 == 0 { one.clone() } else { other.clone() };
        let database = databases[number % 2].clone();
        tokio::spawn(async move {
            let asset = made(&catalog, &database, "x").await;
            let stored = catalog.store_asset(&asset, "x", 100, LIMITS).await.expect("the catalog answers");
            (database.id, asset, matches!(stored, Stored::Kept(_)))
        })
    });
    let ended = futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    let ended: Vec<_> = ended.into_iter().map(|task| task.expect("ends")).collect();
    let kept = |of: &Database| ended.iter().filter(|(id, _, kept)| *id == of.id && *kept).count();
    let [first, second] = [kept(&databases[0]), kept(&databases[1])];
    assert_eq!(first + second, 15, "the tenant's bound");
    assert!(first <= 10 && second <= 10, "a database's bound: {first}, {second}");
    // what goes makes room
    let (_, gone, _) = ended.iter().find(|(_, _, kept)| *kept).expect("one");
    assert!(one.delete_asset(gone).await.expect("the catalog answers"));
    let next = made(&one, if first < 10 { &databases[0] } else { &databases[1] }, "y").await;
    let stored = one.store_asset(&next, "x", 100, LIMITS).await.expect("the catalog answers");
    assert!(matches!(stored, Stored::Kept(_)), "{stored:?}");
    let few = AssetLimits { assets: 3, ..LIMITS };
    let full = one.create_asset(&acme(), databases[0].id, "z", few).await.expect("the catalog answers");
    assert_eq!(full, Stored::Full { limit: 3 });
}

async fn assets_go_with_their_database(place: Place) {
    let catalog = place.open().await;
    let (files, other) = (database(&catalog, &acme()).await, database(&catalog, &acme()).await);
    for database in [&files, &other] {
        let asset = made(&catalog, database, "x").await;
        catalog.store_asset(&asset, "x", 700, LIMITS).await.expect("the catalog answers");
    }
    assert!(catalog.delete_database(&acme(), files.id).await.expect("the catalog answers"));
    assert_eq!(catalog.count_assets(files.id).await.expect("the catalog answers"), 0);
    let gone = catalog.create_asset(&acme(), files.id, "x", LIMITS).await.expect("the catalog answers");
    assert_eq!(gone, Stored::Gone);
    let third = database(&catalog, &acme()).await;
    let asset = made(&catalog, &third, "x").await;
    let stored = catalog.store_asset(&asset, "x", 800, LIMITS).await.expect("the catalog answers");
    assert!(matches!(stored, Stored::Kept(_)), "the tenant has room again: {stored:?}");
    let asset = made(&catalog, &third, "x").await;
    let full = catalog.store_asset(&asset, "x", 1, LIMITS).await.expect("the catalog answers");
    assert_eq!(full, Stored::Full { limit: 1_500 });
}

async fn old_assets_are_found(place: Place) {
    let catalog = place.open().await;
    let files = database(&catalog, &acme()).await;
    let old = made(&catalog, &files, "old").await;
    catalog.store_asset(&old, "x", 7, LIMITS).await.expect("the catalog answers");
    place.clock.advance(1_000);
    made(&catalog, &files, "new").await;
    let now = place.clock.now();
    let found = catalog.old_assets(files.id, now, 10).await.expect("the catalog answers");
    assert_eq!(found.iter().map(|asset| asset.id).collect::<Vec<_>>(), [old.id]);
    assert_eq!(catalog.count_old_assets(files.id, now).await.expect("the catalog answers"), (1, 7));
}
