use proptest::prelude::*;
use record::value::Value;

use crate::{ProductForm, decode_product, is_plain_event};

const FORMS: [ProductForm; 5] = [
    ProductForm::Events,
    ProductForm::Errors,
    ProductForm::ExternalEvent,
    ProductForm::Identify,
    ProductForm::PlainEvents,
];

fn wrong(form: ProductForm, body: &str) -> String {
    let error = decode_product(form, body.as_bytes()).expect_err(body);
    format!("{}: {}", error.path, error.reason)
}

#[test]
fn the_time_beside_the_events_is_that_of_each_without_its_own() {
    for body in [
        r#"{"timestamp":"2026-11-21T10:00:00Z","events":[{"event":"a"},{"event":"b","timestamp":1},{"event":"c","timestamp":null}]}"#,
        r#"{"events":[{"event":"a"},{"event":"b","timestamp":1},{"event":"c","timestamp":null}],"timestamp":"2026-11-21T10:00:00Z"}"#,
    ] {
        let events = decode_product(ProductForm::Events, body.as_bytes()).unwrap();
        let times: Vec<_> = events.iter().map(|event| event.get("timestamp").cloned()).collect();
        let around = Some(Value::text("2026-11-21T10:00:00Z"));
        assert_eq!(times, [around.clone(), Some(Value::Int(1)), around]);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (form, body, expected) in [
        (ProductForm::Events, "[]", "body: expected an object with `events`, a list, found an array"),
        (ProductForm::Events, "{}", "events: is missing, send a list"),
        (ProductForm::Events, r#"{"events":{}}"#, "events: expected an array, found an object"),
        (ProductForm::Events, r#"{"events":[{"event":"a"},{}]}"#, "events[1].event: is missing, send a text"),
        (ProductForm::Events, r#"{"events":[{"event":" "}]}"#, "events[0].event: must not be empty"),
        (ProductForm::Events, r#"{"events":[{"event":7}]}"#, "events[0].event: must be a text"),
        (ProductForm::Events, r#"{"events":[{"event":"a","data":[]}]}"#, "events[0].data: must be an object"),
        (ProductForm::Events, r#"{"events":[{"event":"a","id":7}]}"#, "events[0].id: must be a text"),
        (
            ProductForm::Events,
            r#"{"events":[{"event":"a","timestamp":"soon"}]}"#,
            "events[0].timestamp: must be milliseconds since 1970 or a text such as 2026-11-21T10:00:00.123Z",
        ),
        (ProductForm::Errors, r#"[{"uuid":"u","class_name":"E"}]"#, "[0].message: is missing, send a text"),
        (ProductForm::Errors, r#"{"class_name":"E","message":""}"#, "uuid: is missing, send a text"),
        (
            ProductForm::Errors,
            r#"[{"uuid":"u","class_name":"E","message":"","is_application_error":"yes"}]"#,
            "[0].is_application_error: must be true or false",
        ),
        (ProductForm::ExternalEvent, r#"{"event":"a"}"#, "email: must be the e-mail address of the person"),
        (ProductForm::Identify, "{}", "uid: is missing, send a text"),
        (ProductForm::PlainEvents, r#"[{"attributes":{}}]"#, "[0].name: is missing, send a text"),
    ] {
        assert_eq!(wrong(form, body), expected, "{body}");
    }
}

#[test]
fn what_clients_leave_out_or_add_is_taken() {
    let error = r#"[{"uuid":"u","class_name":"E","message":"","service_version":null,"novel":[1,{"a":2}]}]"#;
    let errors = decode_product(ProductForm::Errors, error.as_bytes()).unwrap();
    assert!(errors[0].get("novel").is_some() && errors[0].get("platform_name").is_none());
    assert_eq!(decode_product(ProductForm::Events, br#"{"events":[]}"#).unwrap(), []);
    let known = decode_product(ProductForm::Identify, br#"{"uid":"u","event":"x"}"#).unwrap();
    assert_eq!(known[0].get("event"), Some(&Value::text("$identify")));
}

#[test]
fn plain_events_are_told_from_otlp() {
    for body in [r#"[]"#, r#"[{"name":"a"}]"#, r#"{"name":"a"}"#, r#" {"timestamp":1,"attributes":{},"name":"a"}"#] {
        assert!(is_plain_event(body.as_bytes()), "{body}");
    }
    for body in
        ["", "{}", r#"{"resourceLogs":[{"name":1}]}"#, r#"{"x":{"name":1},"resourceLogs":[]}"#, "nope", "{\"name"]
    {
        assert!(!is_plain_event(body.as_bytes()), "{body}");
    }
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in "([\\[\\]{}:,]|\"(events|event|uuid|name|data|timestamp|uid)\"|[0-9a-z.\"\\\\ -]){0,60}") {
        for form in FORMS {
            let _outcome = decode_product(form, body.as_bytes());
        }
        let _told = is_plain_event(body.as_bytes());
    }
}
