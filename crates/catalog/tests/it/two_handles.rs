//! Two handles on one file: what `modlaked keys` does while the server runs.

use crate::{Place, new_key};

crate::on_both_databases! {
    a_key_made_by_another_process_works_at_once,
    a_key_revoked_by_another_process_ends_with_the_next_refresh,
    a_refused_text_works_when_it_became_a_key,
    a_flood_of_wrong_keys_stops_reaching_the_database,
    one_wrong_key_sent_often_leaves_questions_for_others,
    a_new_key_on_many_connections_at_once_is_known_to_all,
    handles_that_open_and_write_at_once_do_not_disturb_each_other,
}

async fn a_key_made_by_another_process_works_at_once(place: Place) {
    let (server, command) = (place.open().await, place.open().await);
    let made = command.create_key(new_key("acme")).await.unwrap();
    assert_eq!(server.find(made.key.reveal()), None);
    assert!(server.find_or_load(made.key.reveal()).await.unwrap().is_some());
    assert!(server.find(made.key.reveal()).is_some());
}

async fn a_key_revoked_by_another_process_ends_with_the_next_refresh(place: Place) {
    let (server, command) = (place.open().await, place.open().await);
    let made = command.create_key(new_key("acme")).await.unwrap();
    assert!(server.refresh().await.unwrap());
    assert!(server.find(made.key.reveal()).is_some());

    command.revoke_key(&made.id).await.unwrap();
    assert!(server.refresh().await.unwrap());
    assert_eq!(server.find(made.key.reveal()), None);
    assert_eq!(server.find_or_load(made.key.reveal()).await.unwrap(), None);
    assert!(!server.refresh().await.unwrap(), "nothing changed since");
}

async fn a_refused_text_works_when_it_became_a_key(place: Place) {
    let (server, command) = (place.open().await, place.open().await);
    let key = record::secret::Secret::new("given-by-the-owner");
    assert_eq!(server.find_or_load(key.reveal()).await.unwrap(), None);
    command.import_key(&key, new_key("acme")).await.unwrap();
    assert_eq!(server.find_or_load(key.reveal()).await.unwrap(), None, "remembered as a stranger");
    server.refresh().await.unwrap();
    assert!(server.find_or_load(key.reveal()).await.unwrap().is_some());
}

/// While the clock stands, the flood uses up the questions of this second; that the new key stays unknown shows that no
/// further question went to the database.
async fn a_flood_of_wrong_keys_stops_reaching_the_database(place: Place) {
    let (server, command) = (place.open().await, place.open().await);
    for n in 0..200 {
        assert_eq!(server.find_or_load(&format!("wrong-{n}")).await.unwrap(), None);
    }
    let made = command.create_key(new_key("acme")).await.unwrap();
    assert_eq!(server.find_or_load(made.key.reveal()).await.unwrap(), None);
    place.clock.advance(1_000_000);
    assert!(server.find_or_load(made.key.reveal()).await.unwrap().is_some());
}

async fn one_wrong_key_sent_often_leaves_questions_for_others(place: Place) {
    let (server, command) = (place.open().await, place.open().await);
    for _ in 0..1_000 {
        assert_eq!(server.find_or_load("the-same-wrong-key").await.unwrap(), None);
    }
    let made = command.create_key(new_key("acme")).await.unwrap();
    assert!(server.find_or_load(made.key.reveal()).await.unwrap().is_some());
}

/// An exporter that opens many connections with a key that was just made: none of them may be turned away.
async fn a_new_key_on_many_connections_at_once_is_known_to_all(place: Place) {
    let (server, command) = (place.open().await, place.open().await);
    let made = command.create_key(new_key("acme")).await.unwrap();
    let tasks = (0..500).map(|_| {
        let (server, key) = (server.clone(), made.key.clone());
        tokio::spawn(async move { server.find_or_load(key.reveal()).await.unwrap().is_some() })
    });
    let found = futures::future::join_all(tasks).await.into_iter().filter(|known| *known.as_ref().unwrap()).count();
    assert_eq!(found, 500);
}

async fn handles_that_open_and_write_at_once_do_not_disturb_each_other(place: Place) {
    let handles = futures::future::join_all((0..8).map(|_| place.open())).await;
    let tasks = handles.iter().cloned().map(|handle| {
        tokio::spawn(async move {
            let mut keys = Vec::new();
            for _ in 0..5 {
                keys.push(handle.create_key(new_key("acme")).await.unwrap().key);
            }
            keys
        })
    });
    let keys: Vec<_> = futures::future::join_all(tasks).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(keys.len(), 40);
    for handle in &handles {
        handle.refresh().await.unwrap();
        assert!(keys.iter().all(|key| handle.find(key.reveal()).is_some()));
    }
}
