//! One handle: create, import, find, list, revoke.

use catalog::{Catalog, CatalogError, KeyInfo, NewKey};
use record::caller::{Caller, Scopes, Tenant};
use record::secret::Secret;
use record::time::{Clock, Timestamp};

use crate::{Place, acme, new_key};

crate::on_both_databases! {
    a_caller_has_the_origins_and_the_address_of_its_key,
    a_created_key_finds_its_caller_and_nothing_else_does,
    keys_are_listed_without_text_or_hash,
    a_revoked_key_is_unknown_at_once_and_stays_in_the_list,
    revoking_an_unknown_id_names_it,
    an_imported_key_works_once,
    wrong_input_makes_no_row,
    many_tasks_create_and_revoke_at_once,
    a_tenant_has_one_placeholder_key_forever_and_no_other_has_it,
    keys_survive_closing_and_opening,
    a_catalog_of_a_newer_version_is_not_touched,
    a_row_that_cannot_be_read_stops_its_own_key_only,
}

async fn a_created_key_finds_its_caller_and_nothing_else_does(place: Place) {
    let catalog = place.open().await;
    let made = catalog.create_key(new_key("acme")).await.unwrap();
    let caller = catalog.find(made.key.reveal()).unwrap();
    let scopes = Scopes { ingest: true, read: true, admin: false };
    assert_eq!(*caller, Caller::new(acme(), scopes, made.id.as_str()));

    let text = made.key.reveal();
    for wrong in
        ["", text.trim_start_matches('m'), &format!("{text} "), &text.to_lowercase(), &made.id, "' OR 1=1 --", "\0"]
    {
        assert_eq!(catalog.find(wrong), None, "{wrong:?}");
        assert_eq!(catalog.find_or_load(wrong).await.unwrap(), None, "{wrong:?}");
    }
}

async fn a_caller_has_the_origins_and_the_address_of_its_key(place: Place) {
    let catalog = place.open().await;
    let browser = NewKey {
        scopes: Scopes { ingest: true, ..Scopes::default() },
        name: Some("ana@example.com".to_owned()),
        origins: vec!["https://app.example.com".to_owned()],
        ..new_key("acme")
    };
    assert!(!catalog.knows_origin("https://app.example.com"));
    let made = catalog.create_key(browser).await.unwrap();
    let caller = catalog.find(made.key.reveal()).unwrap();
    assert_eq!(caller.email.as_deref(), Some("ana@example.com"));
    assert!(caller.is_bound_to("https://app.example.com"));
    assert!(catalog.knows_origin("https://app.example.com") && !catalog.knows_origin("https://evil.example"));
    catalog.revoke_key(&made.id).await.unwrap();
    assert!(!catalog.knows_origin("https://app.example.com"));
}

async fn keys_are_listed_without_text_or_hash(place: Place) {
    let catalog = place.open().await;
    let browser = NewKey {
        scopes: Scopes { ingest: true, ..Scopes::default() },
        name: Some("browser 🦀 'quoted'".to_owned()),
        origins: vec!["https://app.example.com".to_owned(), "http://localhost:3000".to_owned()],
        ..new_key("acme")
    };
    let first = catalog.create_key(browser.clone()).await.unwrap();
    place.clock.advance(1_500_000);
    let second = catalog.create_key(new_key("globex")).await.unwrap();

    let all = catalog.list_keys(None).await.unwrap();
    assert_eq!(all.iter().map(|info| info.id.as_str()).collect::<Vec<_>>(), [&first.id, &second.id]);
    let expected = KeyInfo {
        id: first.id,
        tenant: acme(),
        name: browser.name,
        scopes: browser.scopes,
        origins: browser.origins,
        created_at: Timestamp::parse("2026-01-02T03:04:05Z").unwrap(),
        revoked_at: None,
    };
    assert_eq!(catalog.list_keys(Some(&acme())).await.unwrap(), [expected]);
    assert_eq!(all[1].created_at.to_rfc3339(), "2026-01-02T03:04:06.500000Z");
    let shown = format!("{all:?} {:?}", second.key);
    assert!(!shown.contains(first.key.reveal()) && !shown.contains(second.key.reveal()));
}

async fn a_revoked_key_is_unknown_at_once_and_stays_in_the_list(place: Place) {
    let catalog = place.open().await;
    let kept = catalog.create_key(new_key("acme")).await.unwrap();
    let gone = catalog.create_key(new_key("acme")).await.unwrap();
    catalog.revoke_key(&gone.id).await.unwrap();
    assert_eq!(catalog.find(gone.key.reveal()), None);
    assert_eq!(catalog.find_or_load(gone.key.reveal()).await.unwrap(), None);
    assert!(catalog.find(kept.key.reveal()).is_some());

    place.clock.advance(1);
    catalog.revoke_key(&gone.id).await.unwrap();
    let revoked: Vec<_> =
        catalog.list_keys(None).await.unwrap().into_iter().filter_map(|info| info.revoked_at).collect();
    assert_eq!(revoked, [Timestamp::parse("2026-01-02T03:04:05Z").unwrap()]);
}

async fn revoking_an_unknown_id_names_it(place: Place) {
    let catalog = place.open().await;
    let error = catalog.revoke_key("k_nowhere").await.unwrap_err();
    assert!(matches!(&error, CatalogError::KeyNotFound(id) if id == "k_nowhere"), "{error:?}");
    assert!(error.to_string().contains("k_nowhere"));
}

async fn an_imported_key_works_once(place: Place) {
    let catalog = place.open().await;
    let key = Secret::new("given-by-the-owner");
    let id = catalog.import_key(&key, new_key("acme")).await.unwrap();
    assert_eq!(*catalog.find(key.reveal()).unwrap().key_id, *id);

    catalog.revoke_key(&id).await.unwrap();
    let error = catalog.import_key(&key, new_key("globex")).await.unwrap_err();
    assert!(matches!(&error, CatalogError::KeyExists(existing) if *existing == id), "{error:?}");
    assert_eq!(catalog.find(key.reveal()), None);
}

async fn wrong_input_makes_no_row(place: Place) {
    let catalog = place.open().await;
    assert!(catalog.is_empty().await.unwrap());
    let short = catalog.import_key(&Secret::new("short"), new_key("acme")).await.unwrap_err();
    assert!(matches!(short, CatalogError::Invalid(_)));
    let unscoped = NewKey { scopes: Scopes::default(), ..new_key("acme") };
    assert!(matches!(catalog.create_key(unscoped).await, Err(CatalogError::Invalid(_))));
    assert!(catalog.is_empty().await.unwrap());
    catalog.create_key(new_key("acme")).await.unwrap();
    assert!(!catalog.is_empty().await.unwrap());
}

async fn many_tasks_create_and_revoke_at_once(place: Place) {
    let catalog = place.open().await;
    let tasks = (0..32).map(|n| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let made = catalog.create_key(new_key(&format!("tenant-{}", n % 4))).await.unwrap();
            assert!(catalog.find(made.key.reveal()).is_some());
            if n % 2 == 0 {
                catalog.revoke_key(&made.id).await.unwrap();
            }
            (n, made)
        })
    });
    for task in futures::future::join_all(tasks).await {
        let (n, made) = task.unwrap();
        assert_eq!(catalog.find(made.key.reveal()).is_some(), n % 2 == 1);
    }
    assert_eq!(catalog.list_keys(None).await.unwrap().len(), 32);
}

async fn a_tenant_has_one_placeholder_key_forever_and_no_other_has_it(place: Place) {
    let (one, other) = (place.open().await, place.open().await);
    let acme = acme();
    let asked = futures::future::join_all((0..8).map(|_| one.placeholder_key(&acme)));
    let keys: Vec<[u8; 32]> = asked.await.into_iter().map(Result::unwrap).collect();
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_eq!(other.placeholder_key(&acme).await.unwrap(), keys[0], "another process reads the same");
    assert_eq!(place.open().await.placeholder_key(&acme).await.unwrap(), keys[0], "a restart too");
    let globex = Tenant::new("globex").unwrap();
    assert_ne!(one.placeholder_key(&globex).await.unwrap(), keys[0]);
    assert_ne!(keys[0], [0; 32]);
}

async fn keys_survive_closing_and_opening(place: Place) {
    let made = place.open().await.create_key(new_key("acme")).await.unwrap();
    let again = place.open().await;
    assert!(again.find(made.key.reveal()).is_some());
    assert!(!again.is_empty().await.unwrap());
}

async fn a_catalog_of_a_newer_version_is_not_touched(place: Place) {
    drop(place.open().await);
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 9999, 'later', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
    )
    .execute(&mut place.raw().await)
    .await
    .unwrap();
    let error = Catalog::open(&place.options(), Clock::System).await.err().expect("the catalog does not open");
    assert!(matches!(error, CatalogError::Newer { migration: 9999, .. }), "{error:?}");
}

async fn a_row_that_cannot_be_read_stops_its_own_key_only(place: Place) {
    let catalog = place.open().await;
    let good = catalog.create_key(new_key("acme")).await.unwrap();
    let strange = catalog.create_key(new_key("acme")).await.unwrap();
    sqlx::query("UPDATE api_keys SET scopes = 'ingest,fly' WHERE id = $1")
        .bind(&strange.id)
        .execute(&mut place.raw().await)
        .await
        .unwrap();
    assert!(catalog.refresh().await.unwrap());
    assert!(catalog.find(good.key.reveal()).is_some());
    assert_eq!(catalog.find(strange.key.reveal()), None);
    let error = catalog.list_keys(None).await.unwrap_err();
    assert!(error.to_string().contains(&strange.id), "{error}");
}
