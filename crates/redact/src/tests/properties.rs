//! What holds of every text.

use std::borrow::Cow;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{REDACTOR, key};
use crate::text::steps::STEPS;
use crate::{Counts, Options, Redactor};

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
    "echo ",
    "--password-stdin ",
    " <<EOF\n",
    "EOF",
    "sudo -S ",
    "chpasswd",
    ":5432:",
    "htpasswd -b ",
    "config set ",
    "passwords:\n",
    "- ",
    "  ",
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

/// Each broke JSON, or was no fixed point, when a fuzzer found it.
const FUZZED: &[&str] = &[
    "L=\"-----BEGIN OPH PRIVATE KEY-----\nMIT83\"",
    "---O-----BEGIN RSA PRIVATE KEY----nal\"\ngN42TOKEN\")\nii_t\"\n",
    "-----BEGIN PRIVATE KEY----\0\"}",
    "-----BEGINPRIVATE KEY----O7mx\"",
    "-----BEGINPRIVATE KEY----\x0c\0\0\" >>v",
    "token \"x\0\\",
    "IKEY \"|\0\\",
    "\x03key=\"G\0\\",
    "uKey=\"O\x01\\",
    "password=\"\u{1f511}Q4rtz77x\u{1f511}\\",
    "secret set  --body EN --body HN --body 5W --body HD --body ke",
    "htpasswd -b \x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b",
    "htpasswd -b .htpas\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1bswd svc-10l Maple-F4k3-Q)uartz54",
    "secret set  --body HX --body JF --body He --body Hy --body He",
    "secret set  --body EN --body HN --body 5W --body HD --body ke --body EN --body HN --body 5W --body HD --body ke --body z3",
];

#[test]
fn what_a_fuzzer_found_stays_repaired() {
    for text in FUZZED {
        let once = redact(text);
        assert_eq!(redact(&once), once);
        let inner = json!({ "text": text, "input_tokens": 512 }).to_string();
        for document in [inner.clone(), json!({ "text": inner, "n": 1 }).to_string()] {
            let redacted = redact(&document);
            let value = serde_json::from_str::<Value>(&redacted).unwrap_or_else(|_| panic!("{document}\n{redacted}"));
            assert_eq!(value.as_object().map(serde_json::Map::len), Some(2), "{redacted}");
            assert!(serde_json::to_string(&value).is_ok_and(|again| redact(&again) == again));
        }
    }
}

#[test]
fn no_range_ends_within_an_escape() {
    // each beginning and end of a range in a string of JSON
    let text = json!("a\n\"\\\\\"b\u{1}c").to_string().replace('b', "\\ud83d\\udd11");
    for start in 1..text.len() - 1 {
        for end in start..text.len() - 1 {
            let mut range = start..end;
            crate::find::whole_escapes(text.as_bytes(), &mut range);
            let mut replaced = text.clone();
            replaced.replace_range(range, "x");
            assert!(serde_json::from_str::<String>(&replaced).is_ok(), "{start}..{end} of {text}: {replaced}");
        }
    }
}

#[test]
fn a_text_that_does_not_settle_goes_whole() {
    let key = key();
    let flags = "--body Q4rtz77x ".repeat(200);
    for text in [format!("secret set {flags}"), json!({ "a": format!("secret set {flags}") }).to_string()] {
        let redacted = REDACTOR.with_key(&key).redact(Cow::Borrowed(&text), &mut Counts::default());
        assert!(!redacted.contains("Q4rtz77x") || REDACTOR.find(&redacted).is_empty(), "{redacted}");
        assert_eq!(text.starts_with('{'), serde_json::from_str::<Value>(&redacted).is_ok());
    }
}

/// The grammars look at so many bytes for each byte of a text, at most: a bound that no repetition of anything may break.
const STEPS_PER_BYTE: usize = 96;

#[test]
fn no_text_makes_more_than_linear_work() {
    let pairs = PIECES.iter().flat_map(|a| PIECES.iter().map(move |b| format!("{a}{b}")));
    let mut most = (0, String::new());
    let slow = [
        "aivenv1_=",
        "skey_=",
        "PVEAPIToken=",
        "sig=-_./+",
        "bootstraptoken\": \"",
        "DOCKER_PASSWOerToken\": \"glrt",
        "cookie: a=",
        "auth(\"",
        ",\"token\"",
        "kinit<<A\n",
        "chpasswd<<A\na:b\n",
        "a | sudo -S ",
        "echo a|kinit;",
        "passwords:\n- ",
        "passwords:\n a: b\n",
        "secret: |\n a1b2c3\n",
        "password='a1b2\n",
        "secret=\"\"\"\na1b2\n",
        "secret=<<A\na1b2\n",
        "api_keys: [a, ",
        "sqlplus a/",
        "*:*:a:b:",
    ];
    for piece in pairs.chain(PIECES.iter().chain(&slow).map(|piece| (*piece).to_owned())) {
        let text = piece.repeat(3_000 / piece.len());
        STEPS.set(0);
        REDACTOR.find(&text);
        most = most.max((STEPS.get() / text.len(), piece));
    }
    assert!(most.0 <= STEPS_PER_BYTE, "{most:?}");
}
