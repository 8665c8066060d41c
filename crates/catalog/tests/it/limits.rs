//! Days to keep and rates: changed in place, seen by every handle.

use catalog::{Rate, Retention, Throttle, Throttled};
use record::caller::Tenant;

use crate::{Place, acme, on_both_databases};

on_both_databases!(days_to_keep_are_set_changed_and_unset, rates_are_set_changed_and_unset);

async fn days_to_keep_are_set_changed_and_unset(place: Place) {
    let (here, there) = (place.open().await, place.open().await);
    assert_eq!(here.retention().await.expect("read"), []);
    let other = Tenant::new("other").expect("a tenant");
    for (tenant, what, days) in [(&acme(), "*", 30), (&acme(), "events_raw", 0), (&other, "*", 7), (&acme(), "*", 31)] {
        here.set_retention(tenant, what, Some(days)).await.expect("set");
    }
    let kept = |tenant: &Tenant, what: &str, days| Retention { tenant: tenant.clone(), what: what.to_owned(), days };
    let all = [kept(&acme(), "*", 31), kept(&acme(), "events_raw", 0), kept(&other, "*", 7)];
    assert_eq!(there.retention().await.expect("read"), all);
    there.set_retention(&acme(), "*", None).await.expect("unset");
    there.set_retention(&acme(), "*", None).await.expect("unset twice");
    assert_eq!(here.retention().await.expect("read"), all[1..]);
}

async fn rates_are_set_changed_and_unset(place: Place) {
    let (here, there) = (place.open().await, place.open().await);
    let rate = |per_minute, burst| Rate { per_minute, burst };
    for (kind, id, rate) in [
        (Throttled::Key, "k1", rate(60, 5)),
        (Throttled::Database, "k1", rate(1_000, 0)),
        (Throttled::Key, "k1", rate(0, 0)),
    ] {
        here.set_throttle(kind, id, Some(rate)).await.expect("set");
    }
    let of = |kind, rate| Throttle { kind, id: "k1".to_owned(), rate };
    let all = [of(Throttled::Database, rate(1_000, 0)), of(Throttled::Key, rate(0, 0))];
    assert_eq!(there.throttles().await.expect("read"), all);
    there.set_throttle(Throttled::Key, "k1", None).await.expect("unset");
    assert_eq!(here.throttles().await.expect("read"), all[..1]);
}
