//! What holds for redaction whatever the text: findings lie in it, in order, apart, and on characters' boundaries; a second
//! pass changes nothing; JSON stays JSON of the same shape, as a text and inside of a string.
#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use redact::{Counts, HashKey, Redactor};
use serde_json::Value;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::new);
static KEY: LazyLock<HashKey> = LazyLock::new(|| HashKey::new([7; 32]));

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    findings_are_sound(text);
    let once = redacted(text);
    assert_eq!(redacted(&once), once, "a second pass changes the text");
    json_stays(text);
    json_stays(&serde_json::json!({ "text": text, "input_tokens": 512 }).to_string());
    names_protect(text);
    Corpus::Keep
});

fn redacted(text: &str) -> String {
    REDACTOR.with_key(&KEY).redact(Cow::Borrowed(text), &mut Counts::default()).into_owned()
}

fn findings_are_sound(text: &str) {
    let mut end = 0;
    for finding in REDACTOR.find(text) {
        let range = finding.range;
        assert!(range.start >= end && range.start < range.end, "{range:?} begins before {end} or is empty");
        assert!(text.get(range.clone()).is_some(), "{range:?} is cut off or outside of {} bytes", text.len());
        end = range.end;
    }
}

fn json_stays(text: &str) {
    let Ok(before) = serde_json::from_str::<Value>(text) else { return };
    let after = redacted(text);
    match serde_json::from_str::<Value>(&after) {
        Ok(after) => assert!(same_shape(&before, &after), "the keys or the nesting changed: {after}"),
        Err(error) => panic!("no JSON any more: {error}: {after}"),
    }
}

/// A secret may be a whole value, of any type but not null; it becomes text.
fn same_shape(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len() && before.iter().zip(after).all(|(before, after)| same_shape(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && before.values().zip(after.values()).all(|(before, after)| same_shape(before, after))
        }
        (Value::Array(_) | Value::Object(_), _) => false,
        (_, Value::String(_)) => true,
        (before, after) => before == after,
    }
}

/// The text as the value of a name, the name being its first line.
fn names_protect(text: &str) {
    let Some((name, value)) = text.split_once('\n') else { return };
    let mut once = Cow::Borrowed(value);
    let mut counts = Counts::default();
    REDACTOR.with_key(&KEY).redact_named_in_place(name, &mut once, &mut counts);
    let mut twice = Cow::Borrowed(once.as_ref());
    REDACTOR.with_key(&KEY).redact_named_in_place(name, &mut twice, &mut counts);
    assert_eq!(twice, once, "a second pass changes the value of {name:?}");
}
