//! Events, errors and records of browser mods.

use proptest::prelude::*;
use receive::{ContentType, ProductForm, decode_product};
use record::arrival::Payload;
use record::json;
use record::source::{Provider, Signal};
use record::value::Value;

use super::{fixtures, key, sanitizer, written};
use crate::capture::Policy;
use crate::{Owner, Sanitizer, SenderEmail};

fn cleaned(sanitizer: &Sanitizer, form: ProductForm, body: &str) -> String {
    let mut payload = Payload::Product(decode_product(form, body.as_bytes()).unwrap());
    sanitizer.sanitize(&mut payload, Provider::BrowserMod, &key());
    written(&payload)
}

fn record(sanitizer: &Sanitizer, body: &str) -> String {
    let mut events = receive::decode_hooks(body.as_bytes()).unwrap();
    sanitizer.sanitize_data(&mut events[0], &Owner { key: &key(), sessions: None, own_keys: &[] });
    let mut out = Vec::new();
    json::write_value(&events[0], &mut out);
    String::from_utf8(out).unwrap()
}

const EVENT: &str = r#"{"events":[{"uid":"7f4a1c1e-5b7e-4b52-9d4b-0f2f4f5e8a11","event":"CustomUserEvent","timestamp":1795255200123,
    "person":{"email":"ana@example.com"},"data":{"$eventName":"translated","words":120,"note":"any text the mod's author wants",
    "url":"https://u:p@crm.example.com/case/7?session=abc#top","from":"see https://a.example/x?y=1",
    "sessionId":"0d7f6b0a-3a0b-4a57-8a3b-2d0c5b8f0a01","password":"hunter2-but-longer"}}]}"#;

#[test]
fn all_data_stays_but_secrets_and_queries() {
    let text = cleaned(&sanitizer(Policy::default()), ProductForm::Events, EVENT);
    for kept in [
        "any text the mod's author wants",
        r#""words":120"#,
        "7f4a1c1e-5b7e-4b52-9d4b-0f2f4f5e8a11",
        "0d7f6b0a-3a0b-4a57-8a3b-2d0c5b8f0a01",
        r#""url":"https://crm.example.com/case/7""#,
        r#""from":"see https://a.example/x""#,
        r#""email":"ana@example.com""#,
        r#""password":"[REDACTED:password:"#,
        r#""redactions":"{\"password\":1}""#,
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
    for gone in ["session=abc", "y=1", "#top", "u:p", "hunter2"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
}

#[test]
fn queries_stay_where_the_server_keeps_them() {
    let text = cleaned(&sanitizer(Policy::default()).with_kept_queries(true), ProductForm::Events, EVENT);
    assert!(text.contains("https://a.example/x?y=1") && text.contains("/case/7?session="), "{text}");
    assert!(!text.contains("u:p@"), "{text}");
}

#[test]
fn the_sender_may_be_hashed() {
    let hashing = sanitizer(Policy::default()).with_sender_email(SenderEmail::Hash);
    let text = cleaned(&hashing, ProductForm::Events, EVENT);
    assert!(!text.contains("ana@example.com") && text.contains("[REDACTED:email:"), "{text}");
    let owner = Owner { key: &key(), sessions: None, own_keys: &[] };
    assert!(
        text.contains(&hashing.sender_email("ana@example.com", &owner)),
        "the same for the key's own address: {text}"
    );
}

#[test]
fn stack_traces_keep_files_and_lines() {
    let body = r#"[{"uuid":"u1","class_name":"TypeError","message":"GET https://api.example/v1?key=k1 failed with token ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "error_data":{"stack":"TypeError: x\n    at run (https://app.example/main.js?v=9#a:10:5)"}}]"#;
    let text = cleaned(&sanitizer(Policy::default()), ProductForm::Errors, body);
    assert!(text.contains(r"at run (https://app.example/main.js:10:5)"), "{text}");
    assert!(text.contains("GET https://api.example/v1 failed"), "{text}");
    assert!(!text.contains("ghp_0123456789"), "{text}");
}

#[test]
fn a_record_keeps_its_links_unless_its_key_says_address() {
    let sanitizer = sanitizer(Policy::default());
    let text = record(
        &sanitizer,
        r#"{"url":"https://a.example/p?q=1","email":"ana@example.com","videos":["https://b.example/watch?v=1"],
            "data":{"href":"/x?y","api_key":"sk-0123456789abcdefghij0123456789abcdefghij01234567"}}"#,
    );
    assert!(text.contains(r#""url":"https://a.example/p""#), "{text}");
    assert!(text.contains("https://b.example/watch?v=1"), "{text}");
    assert!(text.contains(r#""href":"/x""#) && !text.contains("sk-0123456789"), "{text}");
    assert!(!text.contains("redactions"), "nothing is added: {text}");
}

#[test]
fn logs_of_mods_are_data_and_those_of_others_are_not() {
    let body = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"telemetry.sdk.language","value":{"stringValue":"webjs"}}]},"scopeLogs":[{"logRecords":[
        {"eventName":"opened","attributes":[{"key":"mood","value":{"stringValue":"a sentence of many words"}},
        {"key":"url.full","value":{"stringValue":"https://a.example/p?q=s3cret"}}]}]}]}]}"#;
    let clean = |provider| {
        let mut payload = fixtures::decode(Signal::Logs, ContentType::Json, body.as_bytes());
        sanitizer(Policy::default()).sanitize(&mut payload, provider, &key());
        written(&payload)
    };
    let text = clean(Provider::BrowserMod);
    assert!(text.contains("a sentence of many words") && text.contains("https://a.example/p\""), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert!(!clean(Provider::Other).contains("a sentence of many words"));
}

fn json_value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "([a-z ]{0,8}|://|[?#@=]|password|token|[0-9A-Za-z]{20}){0,6}".prop_map(Value::text),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key =
            prop_oneof!["[a-z]{1,6}", Just("url".to_owned()), Just("password".to_owned()), Just("data".to_owned())];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            proptest::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| Value::Map(map.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cleaning_what_is_clean_changes_nothing(value in json_value()) {
        static SANITIZER: std::sync::LazyLock<Sanitizer> = std::sync::LazyLock::new(|| sanitizer(Policy::default()));
        let (key, mut once) = (key(), value);
        let owner = Owner { key: &key, sessions: None, own_keys: &[] };
        SANITIZER.sanitize_data(&mut once, &owner);
        let mut twice = once.clone();
        SANITIZER.sanitize_data(&mut twice, &owner);
        prop_assert_eq!(&once, &twice);
        let mut payload = Payload::Product(vec![once]);
        SANITIZER.sanitize_for(&mut payload, Provider::BrowserMod, &owner);
        let first = written(&payload);
        SANITIZER.sanitize_for(&mut payload, Provider::BrowserMod, &owner);
        prop_assert_eq!(first, written(&payload));
    }
}
