//! Heartbeats and cleared errors: kept by tenant, each version of a mod in a profile once, and no more than may be.

use catalog::{ActiveMod, Catalog, Clearing, DeploymentClient, Heartbeat};
use record::caller::Tenant;
use record::time::Timestamp;

use crate::{Place, acme, on_both_databases};

on_both_databases! {
    a_profile_has_a_row_for_each_version_it_ran,
    what_a_later_heartbeat_leaves_out_stays,
    profiles_without_end_push_out_the_oldest,
    each_tenant_has_its_own,
    profiles_that_are_silent_for_long_are_forgotten,
}

fn heartbeat(uid: &str, deployment: &str, version: Option<&str>) -> Heartbeat {
    Heartbeat {
        uid: uid.to_owned(),
        email: None,
        client_version: Some("3.2.10".to_owned()),
        active: vec![ActiveMod {
            deployment_id: deployment.to_owned(),
            mod_id: Some("@acme/refunds".to_owned()),
            mod_version: version.map(str::to_owned),
            updated_at: None,
        }],
    }
}

async fn say(catalog: &Catalog, heartbeat: &Heartbeat, at: i64) {
    catalog.remember_heartbeat(&acme(), heartbeat, Timestamp(at), 10).await.expect("written");
}

async fn all(catalog: &Catalog) -> Vec<(String, String, Option<String>, i64, i64)> {
    let clients = catalog.deployment_clients(&acme(), None, Timestamp(0)).await.expect("read");
    let told = |client: DeploymentClient| {
        (client.deployment_id, client.uid, client.mod_version, client.first_seen_at.0, client.last_seen_at.0)
    };
    clients.into_iter().map(told).collect()
}

fn row(
    deployment: &str,
    uid: &str,
    version: Option<&str>,
    first: i64,
    last: i64,
) -> (String, String, Option<String>, i64, i64) {
    (deployment.to_owned(), uid.to_owned(), version.map(str::to_owned), first, last)
}

async fn a_profile_has_a_row_for_each_version_it_ran(place: Place) {
    let catalog = place.open().await;
    say(&catalog, &heartbeat("u1", "d1", Some("1.0.0")), 1).await;
    say(&catalog, &heartbeat("u1", "d1", Some("1.0.0")), 5).await;
    say(&catalog, &heartbeat("u1", "d1", Some("1.1.0")), 7).await;
    say(&catalog, &heartbeat("u2", "d1", None), 8).await;
    let expected =
        [row("d1", "u1", Some("1.0.0"), 1, 5), row("d1", "u1", Some("1.1.0"), 7, 7), row("d1", "u2", None, 8, 8)];
    assert_eq!(all(&catalog).await, expected);
    // one that was held up on its way turns nothing back
    say(&catalog, &heartbeat("u1", "d1", Some("1.1.0")), 6).await;
    assert_eq!(all(&place.open().await).await, expected);
}

async fn what_a_later_heartbeat_leaves_out_stays(place: Place) {
    let catalog = place.open().await;
    let mut said = heartbeat("u1", "d1", Some("1"));
    said.email = Some("ada@example.com".to_owned());
    say(&catalog, &said, 1).await;
    said.email = None;
    said.client_version = Some("3.3.0".to_owned());
    say(&catalog, &said, 2).await;
    let clients = catalog.deployment_clients(&acme(), Some("d1"), Timestamp(2)).await.expect("read");
    assert_eq!(clients.len(), 1);
    assert_eq!(clients[0].email.as_deref(), Some("ada@example.com"));
    assert_eq!(clients[0].client_version.as_deref(), Some("3.3.0"));
    assert_eq!(clients[0].mod_id.as_deref(), Some("@acme/refunds"));
}

async fn profiles_without_end_push_out_the_oldest(place: Place) {
    let catalog = place.open().await;
    for number in 0..15 {
        say(&catalog, &heartbeat(&format!("u{number:02}"), "d1", Some("1")), number).await;
    }
    let kept = all(&catalog).await;
    assert_eq!(kept.len(), 10);
    assert_eq!(kept[0].1, "u05");
}

async fn each_tenant_has_its_own(place: Place) {
    let catalog = place.open().await;
    let other = Tenant::new("other").expect("a tenant");
    say(&catalog, &heartbeat("u1", "d1", Some("1")), 1).await;
    catalog.clear_errors(&acme(), "d1", Timestamp(3), "key").await.expect("written");
    catalog.clear_errors(&acme(), "d1", Timestamp(9), "key").await.expect("written again");
    let cleared = Clearing { deployment_id: "d1".to_owned(), cleared_at: Timestamp(9), cleared_by: "key".to_owned() };
    assert_eq!(catalog.cleared_errors(&acme()).await.expect("read"), [cleared]);
    assert!(catalog.cleared_errors(&other).await.expect("read").is_empty());
    assert!(catalog.deployment_clients(&other, None, Timestamp(0)).await.expect("read").is_empty());
    assert!(catalog.deployment_clients(&acme(), Some("d2"), Timestamp(0)).await.expect("read").is_empty());
    assert!(catalog.deployment_clients(&acme(), Some("d1"), Timestamp(2)).await.expect("read").is_empty());
}

async fn profiles_that_are_silent_for_long_are_forgotten(place: Place) {
    let catalog = place.open().await;
    let other = Tenant::new("other").expect("a tenant");
    assert_eq!(catalog.tenants_of_heartbeats().await.expect("read"), []);
    for (uid, at) in [("u1", 1), ("u2", 5), ("u3", 6)] {
        say(&catalog, &heartbeat(uid, "d1", Some("1")), at).await;
    }
    catalog.remember_heartbeat(&other, &heartbeat("u1", "d1", Some("1")), Timestamp(1), 10).await.expect("written");
    assert_eq!(catalog.tenants_of_heartbeats().await.expect("read"), [acme(), other.clone()]);
    let before = Timestamp(6);
    assert_eq!(catalog.count_expired_heartbeats(&acme(), before).await.expect("counted"), 2);
    assert_eq!(catalog.expire_heartbeats(&acme(), before).await.expect("forgotten"), 2);
    assert_eq!(all(&catalog).await, [row("d1", "u3", Some("1"), 6, 6)]);
    assert_eq!(catalog.expire_heartbeats(&acme(), before).await.expect("forgotten"), 0);
    assert_eq!(catalog.deployment_clients(&other, None, Timestamp(0)).await.expect("read").len(), 1);
}
