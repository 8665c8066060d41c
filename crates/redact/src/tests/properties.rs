//! What holds of every text.

use std::borrow::Cow;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::key;
use crate::text::steps::STEPS;
use crate::{Counts, Options, Redactor};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::new);
static SHORT_LIVED: LazyLock<Redactor> = LazyLock::new(|| {
    let options = Options { short_lived: true, ..Options::default() };
    Redactor::with_options(&options).expect("rules")
});

/// Pieces of which the grammars are made, in any order.
const PIECES: &[&str] = &[
    "password",
    "Token",
    "api_key",
    "SECRET",
    "Authorization",
    "Cookie",
    "key",
    "auth",
    "Bearer ",
    "Basic ",
    "://",
    "@",
    ":",
    "=",
    " = ",
    ": ",
    "\"",
    "\\\"",
    "'",
    "`",
    ",",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "</",
    "|",
    "\n",
    "\\n",
    " ",
    "-",
    "--",
    "$",
    "${",
    "$2a$",
    "curl -u ",
    "mysql -p",
    " login -p ",
    "identified by ",
    "mnemonic: ",
    "is ",
    "value",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9",
    ".",
    "[REDACTED:token:0123abcd]",
    "[REDACTED:",
    "Q4rtz77x",
    "F4k3gVxijtUmX0pEb6sDaF",
    "hunter2",
    "MIIEF4k3Q4rtz77x",
    "word",
    "é",
    "密码",
    "\\",
    "%3D",
    "&",
    ";",
    "#",
    "12345678",
    "1e400",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => "\\PC{0,4}"];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn redact(text: &str) -> String {
    REDACTOR.with_key(&key()).redact(Cow::Borrowed(text), &mut Counts::default()).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn findings_are_whole_sorted_and_apart(text in text()) {
        let findings = REDACTOR.find(&text);
        let mut end = 0;
        for finding in &findings {
            prop_assert!(finding.range.start >= end && !finding.range.is_empty());
            prop_assert!(text.get(finding.range.clone()).is_some());
            end = finding.range.end;
        }
        prop_assert_eq!(findings, SHORT_LIVED.find(&text));
    }

    #[test]
    fn what_was_redacted_stays_as_it_is(text in text()) {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once);
    }

    #[test]
    fn json_stays_json(name in text(), value in text(), other in text(), number in any::<f64>(), pretty in any::<bool>()) {
        let inner = json!({ name.clone(): value, "n": number });
        let document = json!({ name: number, "a": [other, inner], "password": number, "token": inner.to_string() });
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let redacted = redact(&text.expect("a document"));
        prop_assert!(serde_json::from_str::<Value>(&redacted).is_ok(), "{}", redacted);
    }
}

#[test]
fn names_and_texts_that_broke_json_stay_whole() {
    let hostile = [
        "mysql -p",
        "mysql -p'",
        "password)",
        "password\"",
        "password\\",
        "value\\",
        "curl -u :",
        "${password",
        " key:",
        "{, key:",
        "\u{ae}Authorization",
        "Authorization'value",
        "-----BEGIN PRIVATE KEY-----password\"",
        "\nQ4rtz77x",
        "password='",
        "auth(",
        "identified by '",
        "the token is '",
    ];
    for first in hostile {
        for second in hostile {
            let inner = json!({ first: second, "n": 1.5e-123 });
            let document =
                json!({ first: 1.5e-123, "a": [second, inner], "password": 12_345_678, "token": inner.to_string() });
            let redacted = redact(&document.to_string());
            assert!(serde_json::from_str::<Value>(&redacted).is_ok(), "{document}\n{redacted}");
        }
    }
}

/// The grammars look at so many bytes for each byte of a text, at most: a bound that no repetition of anything may break.
const STEPS_PER_BYTE: usize = 96;

#[test]
fn no_text_makes_more_than_linear_work() {
    let pairs = PIECES.iter().flat_map(|a| PIECES.iter().map(move |b| format!("{a}{b}")));
    let mut most = (0, String::new());
    for piece in pairs.chain(PIECES.iter().map(|piece| (*piece).to_owned())) {
        let text = piece.repeat(3_000 / piece.len());
        STEPS.set(0);
        REDACTOR.find(&text);
        most = most.max((STEPS.get() / text.len(), piece));
    }
    assert!(most.0 <= STEPS_PER_BYTE, "{most:?}");
}
