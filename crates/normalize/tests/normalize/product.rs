//! What browser mods send, as rows.

use std::collections::HashSet;
use std::path::Path;

use normalize::{Output, normalize};
use proptest::prelude::*;
use receive::{ContentType, ProductForm};
use record::arrival::Payload;
use record::dictionary::{product_errors as errors, product_events as events};
use record::envelope::{Client, Envelope};
use record::source::{Provider, Signal};
use record::value::Value;

use crate::{show, support};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/product").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn envelope(signal: Signal) -> Envelope {
    let client =
        Client { email: Some("key@example.com".to_owned()), user_agent: Some("Mozilla/5.0 (test)".to_owned()) };
    Envelope { client, ..support::envelope(Provider::BrowserMod, signal) }
}

fn rows(signal: Signal, payload: Payload<'static>) -> Output {
    let mut out = Output::default();
    normalize(&envelope(signal), Some(&support::sanitized(payload, Provider::BrowserMod)), &mut out);
    out
}

fn decoded(form: ProductForm, name: &str) -> Payload<'static> {
    let body = fixture(name);
    let items = receive::decode_product(form, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
    Payload::Product(items.into_iter().map(Value::into_owned).collect())
}

fn events_of(form: ProductForm, name: &str) -> String {
    let out = rows(Signal::ProductEvents, decoded(form, name));
    assert!(out.product_errors.is_empty() && out.events.is_empty());
    show::lines(&out.product_events)
}

fn errors_of(name: &str) -> String {
    let out = rows(Signal::ProductErrors, decoded(ProductForm::Errors, name));
    assert!(out.product_events.is_empty() && out.events.is_empty());
    show::lines(&out.product_errors)
}

#[test]
fn events_in_the_names_of_extensions() {
    insta::assert_snapshot!(events_of(ProductForm::Events, "events_extension.json"));
}

#[test]
fn events_in_the_names_of_mods() {
    insta::assert_snapshot!(events_of(ProductForm::Events, "events_mod.json"));
}

#[test]
fn events_of_the_sdk() {
    insta::assert_snapshot!(events_of(ProductForm::Events, "events_sdk.json"));
}

#[test]
fn events_of_other_services_and_what_is_known_of_a_profile() {
    insta::assert_snapshot!(
        events_of(ProductForm::ExternalEvent, "external_event.json")
            + &events_of(ProductForm::Identify, "identify.json")
    );
}

#[test]
fn errors_in_both_generations_of_names() {
    insta::assert_snapshot!(errors_of("errors_extension.json") + &errors_of("errors_mod.json"));
}

#[test]
fn opentelemetry_events_without_otlp() {
    let out = rows(Signal::Logs, decoded(ProductForm::PlainEvents, "opentelemetry_events.json"));
    insta::assert_snapshot!(show::lines(&out.product_events) + &show::lines(&out.product_errors));
}

#[test]
fn opentelemetry_logs_of_a_mod() {
    let body = fixture("opentelemetry_logs.json");
    let otlp = receive::decode_otlp(Signal::Logs, ContentType::Json, &body).expect("OTLP");
    assert_eq!(receive::provider_of(&otlp), Provider::BrowserMod);
    let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let out = rows(Signal::Logs, support::payload(&json));
    assert!(out.events.is_empty());
    insta::assert_snapshot!(show::lines(&out.product_events) + &show::lines(&out.product_errors));
}

#[test]
fn an_event_is_known_by_its_id_and_by_nothing_else() {
    let event = |id: Option<&str>| {
        let mut event = vec![("event".into(), Value::text("a")), ("timestamp".into(), Value::Int(1_795_248_000_000))];
        event.extend(id.map(|id| ("id".into(), Value::text(id.to_owned()))));
        Value::Map(event)
    };
    let items =
        || Payload::Product(vec![event(Some("i1")), event(Some("i1")), event(Some("i2")), event(None), event(None)]);
    let ids = |number: u128| {
        let envelope = Envelope { arrival_id: uuid::Uuid::from_u128(number), ..envelope(Signal::ProductEvents) };
        let mut out = Output::default();
        normalize(&envelope, Some(&items()), &mut out);
        let known = out.product_events.identities().to_vec();
        let ids: Vec<String> = (0..known.len())
            .map(|row| out.product_events.get_text(row, events::EVENT_ID).expect("an id").to_owned())
            .collect();
        (known, ids)
    };
    let ((first, first_ids), (again, again_ids)) = (ids(1), ids(2));
    assert_eq!(first, again);
    assert!(first[0] == first[1] && first[0] != first[2] && first[0].is_some());
    assert_eq!(first[3..], [None, None]);
    let without: HashSet<&String> = first_ids[3..].iter().chain(&again_ids[3..]).collect();
    assert_eq!(without.len(), 4, "of each delivery");
}

#[test]
fn a_time_that_cannot_be_true_is_that_of_receipt() {
    let event = |timestamp| Value::Map(vec![("event".into(), Value::text("a")), ("timestamp".into(), timestamp)]);
    let late = rows(Signal::ProductEvents, Payload::Product(vec![event(Value::Int(4_000_000_000_000))]));
    let received = record::time::Timestamp::parse(support::RECEIVED_AT).expect("valid").0;
    assert_eq!(late.product_events.get(0, events::EVENT_TIME), Value::Int(received));
    let attributes = late.product_events.get_text(0, events::ATTRIBUTES).expect("attributes");
    assert!(attributes.contains("event_time_original"), "{attributes}");
}

fn json_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        "[a-z0-9.: -]{0,12}".prop_map(Value::text),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            "[a-z]{1,5}",
            proptest::sample::select(
                &[
                    "event",
                    "uuid",
                    "id",
                    "data",
                    "attributes",
                    "error_data",
                    "person",
                    "timestamp",
                    "message",
                    "url",
                    "uid",
                    "blueprint_version",
                    "brick_version",
                    "modId",
                    "mod",
                    "version",
                    "held_back",
                    "is_frame",
                    "email",
                    "stack",
                    "exception.type",
                ][..]
            )
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::btree_map(key, inner, 0..6)
                .prop_map(|map| Value::Map(map.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

/// Every text of a tree, keys left out.
fn texts(value: &Value<'_>, out: &mut Vec<String>) {
    match value {
        Value::Text(text) => out.push(text.to_string()),
        Value::List(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Map(entries) => entries.iter().for_each(|(_, value)| texts(value, out)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn each_item_has_its_row_and_nothing_of_it_is_lost(
        items in proptest::collection::vec(json_value(), 0..5),
        signal in proptest::sample::select(&[Signal::ProductEvents, Signal::ProductErrors, Signal::Logs][..]),
    ) {
        let items: Vec<Value<'static>> =
            items.into_iter().map(|item| if item.as_map().is_some() { item } else { Value::Map(Vec::new()) }).collect();
        let mut out = Output::default();
        normalize(&envelope(signal), Some(&Payload::Product(items.clone())), &mut out);
        prop_assert_eq!(out.product_events.len() + out.product_errors.len(), items.len());
        let mut sent = Vec::new();
        items.iter().for_each(|item| texts(item, &mut sent));
        let kept = show::lines(&out.product_events) + &show::lines(&out.product_errors);
        for text in sent.iter().filter(|text| Value::text(text.as_str()).to_timestamp().is_none() && !text.is_empty()) {
            // a truth value or a number told as text fills its column as what it tells
            if Value::text(text.as_str()).to_double().is_none() && Value::text(text.as_str()).to_bool().is_none() {
                prop_assert!(kept.contains(text.as_str()), "{text} in {kept}");
            }
        }
    }
}

#[test]
fn the_columns_of_errors_come_from_either_name() {
    let out = rows(Signal::ProductErrors, decoded(ProductForm::Errors, "errors_extension.json"));
    let text = |column| out.product_errors.get_text(0, column).map(str::to_owned);
    assert_eq!(text(errors::MOD_ID).as_deref(), Some("@acme/overdue"));
    assert_eq!(text(errors::BRICK_ID).as_deref(), Some("@pixiebrix/http"));
    assert_eq!(text(errors::REQUEST_URL).as_deref(), Some("https://api.example.com/items"));
    assert_eq!(text(errors::USER_EMAIL).as_deref(), Some("key@example.com"));
}
