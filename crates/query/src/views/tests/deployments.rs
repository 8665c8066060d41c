//! What deployed mods did, what failed in them, and who ran them.

use std::sync::Arc;

use record::dictionary::{deployment_clearings, deployment_clients};

use super::*;
use crate::catalog_rows::{CatalogRows, Coming};

/// Rows by tenant and table, in the form of [`cells`].
#[derive(Debug)]
struct Kept(Vec<(&'static str, &'static Table, Value)>);

impl CatalogRows for Kept {
    fn rows<'a>(&'a self, table: &'static Table, tenant: &'a Tenant) -> Coming<'a> {
        let mut rows = Rows::new(table);
        for (owner, of, row) in &self.0 {
            if *owner == tenant.as_str() && of.name == table.name {
                fill(&mut rows, table, row);
            }
        }
        Box::pin(std::future::ready(Ok(rows)))
    }
}

/// Times are seconds after [`ZERO`].
fn fill(rows: &mut Rows, table: &'static Table, row: &Value) {
    for (name, value) in row.as_object().expect("an object") {
        let column = table.column(name).expect(name);
        match value {
            Value::String(text) => rows.text(column, text),
            value => rows.timestamp(column, Timestamp(ZERO + value.as_i64().expect(name) * 1_000_000)),
        }
    }
    rows.end_row(None);
}

const HOUR: f64 = 3_600.0;

fn used(person: &str, name: &str, version: &str, at: f64) -> Value {
    json!({
        "at": at, "signal": "product_events", "deployment_id": "d1", "mod_id": "@acme/refunds", "mod_version": version,
        "event_name": name, "label": "Refund button", "user_email": person, "uid": format!("u-{person}"),
    })
}

fn failed(person: &str, message: &str, at: f64, more: Value) -> Value {
    let mut error = json!({
        "at": at, "received_at": at, "deployment_id": "d1", "mod_id": "@acme/refunds", "mod_version": "1.0.0",
        "label": "Refund button", "step_label": "Call the bank", "message": message, "user_email": person,
        "client_version": "3.2.10",
    });
    let Value::Object(more) = more else { panic!("not an object") };
    error.as_object_mut().expect("an object").extend(more);
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
    let received = error["received_at"].as_f64().expect("a number") as i64;
    error["received_at"] = json!(received);
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn engagement_counts_per_person_day_event_and_label() {
    let mut house = House::new().await;
    let events = [
        used("ada", "TriggerRun", "1.0.0", 1.0),
        used("ada", "TriggerRun", "1.0.0", 2.0),
        used("ada", "TriggerRun", "1.0.0", 2.0 * HOUR),
        used("ada", "TriggerRun", "1.1.0", 24.0 * HOUR),
        used("grace", "MenuItemClick", "1.0.0", 3.0),
        json!({"at": 4.0, "signal": "product_events", "event_name": "TriggerRun", "mod_id": "not deployed"}),
    ];
    house.send_to(&product_events::TABLE, "acme", &events);
    let by_day = "select person, day, event_name, sum(events) as value from deployment_engagement \
                  where deployment_id = 'd1' group by 1, 2, 3 order by 1, 2";
    let expected = json!([
        {"person": "ada", "day": "2026-01-01", "event_name": "TriggerRun", "value": 3},
        {"person": "ada", "day": "2026-01-02", "event_name": "TriggerRun", "value": 1},
        {"person": "grace", "day": "2026-01-01", "event_name": "MenuItemClick", "value": 1},
    ]);
    assert_eq!(house.ask(by_day).await, expected);
    let all = house.ask("select sum(events) as n, count(distinct hour) as hours from deployment_engagement").await;
    assert_eq!(all, json!([{"n": 5, "hours": 3}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_alike_are_one_group_whoever_they_happened_to() {
    let mut house = House::new().await;
    let errors = [
        failed("ada", "no money", 1.0, json!({})),
        failed("grace", "no money", 2.0, json!({"class_name": "Other"})),
        failed("ada", "no bank", 3.0, json!({})),
        failed("ada", "no money", 4.0, json!({"mod_version": "1.1.0"})),
        failed("ada", "no money", 5.0, json!({"step_label": "Elsewhere"})),
        failed("ada", "no money", 6.0, json!({"label": "Other button"})),
        failed("ada", "no money", 7.0, json!({"client_version": "3.3.0"})),
        failed("ada", "no money", 8.0, json!({"request_url": "https://bank.example.com/"})),
        failed("ada", "no money", 9.0, json!({"deployment_id": "d2"})),
        failed("ada", "no money", 10.0, json!({"deployment_id": null})),
    ];
    house.send_to(&product_errors::TABLE, "acme", &errors);
    let groups = house
        .ask("select count(*) as n, count(distinct person) as people from deployment_errors group by group_id order by n desc")
        .await;
    let groups = groups.as_array().expect("rows");
    assert_eq!(groups.len(), 8);
    assert_eq!(groups[0], json!({"n": 2, "people": 2}));
    assert!(groups[1..].iter().all(|group| *group == json!({"n": 1, "people": 1})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_missing_is_not_another_part() {
    let mut house = House::new().await;
    let errors = [
        failed("ada", "no money", 1.0, json!({"label": "x", "step_label": null})),
        failed("ada", "no money", 2.0, json!({"label": null, "step_label": "x"})),
    ];
    house.send_to(&product_errors::TABLE, "acme", &errors);
    assert_eq!(house.ask("select count(distinct group_id) as n from deployment_errors").await, json!([{"n": 2}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn cleared_errors_stay_and_say_so() {
    let mut house = House::new().await;
    let cleared = [("acme", &deployment_clearings::TABLE, json!({"deployment_id": "d1", "cleared_at": 20}))];
    house.engine = house.engine.clone().with_catalog(Arc::new(Kept(Vec::from(cleared))));
    let errors = [
        failed("ada", "no money", 1.0, json!({"received_at": 20})),
        failed("ada", "no money", 2.0, json!({"received_at": 21})),
        failed("ada", "no money", 3.0, json!({"received_at": 3, "deployment_id": "d2"})),
    ];
    house.send_to(&product_errors::TABLE, "acme", &errors);
    house.send_to(&product_errors::TABLE, "other", &[failed("grace", "no money", 1.0, json!({"received_at": 20}))]);
    let query = "select deployment_id, event_time, is_cleared from deployment_errors order by event_time";
    let cleared = |rows: Value| -> Vec<bool> {
        rows.as_array().expect("rows").iter().map(|row| row["is_cleared"].as_bool().expect("told")).collect()
    };
    assert_eq!(cleared(house.ask(query).await), [true, false, false]);
    assert_eq!(cleared(house.ask_as("other", query).await), [false]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_a_heartbeat_is_the_person_of_its_events() {
    let mut house = House::new().await;
    let client = |uid: &str, version: &str, first: i64, last: i64| {
        let row = json!({
            "deployment_id": "d1", "uid": uid, "mod_id": "@acme/refunds", "mod_version": version,
            "client_version": "3.3.0", "first_seen_at": first, "last_seen_at": last,
        });
        ("acme", &deployment_clients::TABLE, row)
    };
    let kept = vec![client("u-ada", "1.0.0", 5, 50), client("u-ada", "1.1.0", 60, 70), client("nobody", "1.1.0", 6, 7)];
    house.engine = house.engine.clone().with_catalog(Arc::new(Kept(kept)));
    house.send_to(&product_events::TABLE, "acme", &[used("ada", "TriggerRun", "1.0.0", 1.0)]);
    let query = "select person, user_email, mod_version, client_version, first_seen_at, last_seen_at \
                 from deployment_users order by person, first_seen_at";
    let expected = json!([
        {"person": "ada", "user_email": "ada", "mod_version": "1.0.0", "client_version": "3.3.0",
         "first_seen_at": "2026-01-01T00:00:01Z", "last_seen_at": "2026-01-01T00:00:50Z"},
        {"person": "ada", "user_email": "ada", "mod_version": "1.1.0", "client_version": "3.3.0",
         "first_seen_at": "2026-01-01T00:01:00Z", "last_seen_at": "2026-01-01T00:01:10Z"},
        {"person": "nobody", "mod_version": "1.1.0", "client_version": "3.3.0",
         "first_seen_at": "2026-01-01T00:00:06Z", "last_seen_at": "2026-01-01T00:00:07Z"},
    ]);
    assert_eq!(house.ask(query).await, expected);
    assert_eq!(house.ask_as("other", query).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_known_by_errors_that_tell_of_nobody() {
    let mut house = House::new().await;
    let nobodys = |at: f64, version: &str| {
        let unknown = json!({"user_id": null, "user_email": null, "uid": null, "mod_version": version});
        failed("ada", "no money", at, unknown)
    };
    let errors = [nobodys(1.0, "1.0.0"), nobodys(2.0, "1.0.0"), nobodys(3.0, "1.1.0")];
    house.send_to(&product_errors::TABLE, "acme", &errors);
    let query = "select deployment_id, person, mod_version, last_seen_at from deployment_users order by mod_version";
    let expected = json!([
        {"deployment_id": "d1", "mod_version": "1.0.0", "last_seen_at": "2026-01-01T00:00:02Z"},
        {"deployment_id": "d1", "mod_version": "1.1.0", "last_seen_at": "2026-01-01T00:00:03Z"},
    ]);
    assert_eq!(house.ask(query).await, expected);
}
