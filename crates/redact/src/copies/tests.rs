use std::borrow::Cow;

use proptest::prelude::*;

use super::{Known, is_memorable};
use crate::{Counts, HashKey};

fn key() -> HashKey {
    HashKey::derive(b"tests", "tests")
}

fn known(values: &[&str]) -> Known {
    let mut known = Known::default();
    for value in values {
        assert!(known.add(&key(), value, "password", 8), "{value}");
    }
    known
}

fn masked(known: &Known, text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    known.redact_in_place(&key(), &mut text, &mut Counts::default());
    text.into_owned()
}

#[test]
fn a_bare_copy_gets_the_placeholder_of_the_first_finding() {
    let known = known(&["hunter22-x", "hunter22-xy9"]);
    let [one, two] = ["hunter22-x", "hunter22-xy9"].map(|value| key().placeholder("password", value));
    assert_eq!(masked(&known, "hunter22-x, then\nhunter22-xy9."), format!("{one}, then\n{two}."));
    assert_eq!(masked(&known, r#"{\"a\":\"hunter22-x\",\nhunter22-x%3Dhunter22-x"#).matches(&one).count(), 3);
    for text in ["xhunter22-x", "hunter22-x1", "hunter22", "Hunter22-x", "éhunter22-x", ""] {
        assert_eq!(masked(&known, text), text);
    }
    let mut counts = Counts::default();
    known.redact_in_place(&key(), &mut Cow::Borrowed("hunter22-x hunter22-x"), &mut counts);
    assert_eq!(counts.to_json(), r#"{"password":2}"#);
}

#[test]
fn words_numbers_and_addresses_are_not_remembered() {
    for value in ["hunter22", "S3cr3t!!", "7b1d0c3e-1f2a-4c5d-8e9f-001122334455", "AbCdEfGhIjKlMnOpQrStUv"] {
        assert!(is_memorable(value), "{value}");
    }
    for value in [
        "production",
        "12345678",
        "short1",
        "has space 1",
        "/etc/ssl/key1",
        "https://a.b/c1",
        "aaaaaaa1",
        "pass\"word1",
    ] {
        assert!(!is_memorable(value), "{value}");
    }
}

#[test]
fn the_oldest_value_is_forgotten_first() {
    let mut some = Known::default();
    for value in ["value-number-1", "value-number-2", "value-number-3"] {
        assert!(some.add(&key(), value, "token", 2));
    }
    assert!(!some.add(&key(), "value-number-3", "token", 2), "known already");
    assert_eq!(some.len(), 2);
    assert_eq!(masked(&some, "value-number-1"), "value-number-1");
    assert_ne!(masked(&some, "value-number-2"), "value-number-2");
    let mut other = known(&["value-number-4"]);
    assert!(other.merge(&some, 8) && !other.merge(&some, 8));
    assert_ne!(masked(&other, "value-number-3"), "value-number-3");
    other.remove_all(&some);
    assert_eq!(other.len(), 1);
    assert!(!Known::default().add(&key(), "value-number-1", "token", 0));
    assert!(!format!("{other:?}").contains("number"));
}

#[test]
fn a_text_made_to_be_slow_goes_rather_than_being_looked_at_for_long() {
    let period = "ab-1-cd-";
    let values: Vec<String> = (8..64).map(|times| period.repeat(times) + "x1").collect();
    let mut some = Known::default();
    for value in &values {
        some.insert(&key(), value, "token", 100);
    }
    let findings = some.find(&period.repeat(100_000));
    assert_eq!(findings.last().map(|finding| finding.range.end), Some(800_000));
}

proptest! {
    #[test]
    fn nothing_but_copies_is_found(values in prop::collection::vec("[a-c1]{8,12}", 0..6), text in "[a-c1 \\\\é]{0,80}") {
        let mut known = Known::default();
        for value in &values {
            known.insert(&key(), value, "token", 8);
        }
        let findings = known.find(&text);
        for finding in &findings {
            prop_assert!(values.iter().any(|value| text.get(finding.range.clone()) == Some(value)));
        }
        prop_assert!(findings.is_sorted_by(|one, next| one.range.end <= next.range.start));
    }
}
