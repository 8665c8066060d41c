use serde_json::json;

use super::*;

/// What `edit` makes of `before`.
fn edited(before: &str, edit: impl FnOnce(&mut Json)) -> String {
    let mut json = Json::parse(before).unwrap();
    edit(&mut json);
    let text = json.to_text();
    Json::parse(&text).expect("an edit leaves JSON");
    text
}

#[test]
fn members_are_appended_in_the_style_of_the_object() {
    for (before, after) in [
        ("{}", "{\n  \"k\": 1\n}"),
        ("{ \"a\": 1 }", "{ \"a\": 1, \"k\": 1 }"),
        ("{\n\t\"a\": 1\n}\n", "{\n\t\"a\": 1,\n\t\"k\": 1\n}\n"),
        ("{\n    \"a\": 1, // why\n}", "{\n    \"a\": 1, // why\n    \"k\": 1,\n}"),
        ("{\n  \"a\": 1 // why\n}", "{\n  \"a\": 1, // why\n  \"k\": 1\n}"),
        ("{\r\n  \"a\": 1\r\n}", "{\r\n  \"a\": 1,\r\n  \"k\": 1\r\n}"),
        ("{ \"a\": 1 // why\n}", "{ \"a\": 1, // why\n\"k\": 1\n}"),
        ("{ /* a, b */ }", "{ /* a, b */\n  \"k\": 1\n}"),
        ("\u{feff}{ \"a\": \"//\" }", "\u{feff}{ \"a\": \"//\", \"k\": 1 }"),
    ] {
        assert_eq!(edited(before, |json| json.set(&[], "k", &1)), after);
    }
}

#[test]
fn values_are_set_where_they_stand() {
    let before = "{\n  \"env\": {\n    \"A\": \"1\", // one\n    \"B\": \"2\"\n  }\n}\n";
    let after = "{\n  \"env\": {\n    \"A\": \"\\\"x\\\"\", // one\n    \"B\": \"2\"\n  }\n}\n";
    assert_eq!(edited(before, |json| json.set(&[Step::Key("env")], "A", &"\"x\"")), after);
    let list = edited("{\"l\": [1]}", |json| json.push(&[Step::Key("l")], &json!({"a": [2]})));
    assert_eq!(list, "{\"l\": [1, {\"a\":[2]}]}");
}

#[test]
fn a_member_goes_with_its_comma_and_comments_stay() {
    let remove_b = |json: &mut Json| json.remove(&[Step::Key("b")]);
    for (before, after) in [
        ("{\"b\": 1}", "{}"),
        ("{\n  \"b\": 1,\n}", "{}"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}", "{\n  \"a\": 1\n}"),
        ("{\n  \"b\": 1,\n  \"c\": 2\n}", "{\n  \"c\": 2\n}"),
        ("{ \"a\": 1, /* of a */ \"b\": 2, \"c\": 3 }", "{ \"a\": 1, /* of a */ \"c\": 3 }"),
        ("{\n  \"a\": 1, // of a\n  \"b\": 2 // of b\n}", "{\n  \"a\": 1 // of a\n   // of b\n}"),
        ("{ \"a\": 1, // of a\n \"b\": 2, \"c\": 3 }", "{ \"a\": 1, // of a\n  \"c\": 3 }"),
        ("{ // first\n \"b\": 2 }", "{ // first\n  }"),
        ("{ \"a\": 1 // x, y\n , \"b\": 2}", "{ \"a\": 1 // x, y\n }"),
        ("{\"a\": 1}", "{\"a\": 1}"),
    ] {
        assert_eq!(edited(before, remove_b), after);
    }
    assert_eq!(edited("{\"l\": [1, 2, 3]}", |json| json.remove(&[Step::Key("l"), Step::Index(1)])), "{\"l\": [1, 3]}");
}

#[test]
fn what_is_not_json_is_told_with_its_place_and_without_its_values() {
    for (text, words) in [
        ("", "is empty"),
        ("// nothing", "is empty"),
        ("[]", "does not hold an object"),
        ("{\"a\": 1 \"b\": 2}", "line 1 column 8"),
        ("{\n  \"k\": SECRET\n}", "line 2"),
        ("{\"k\": \"SECRET}", "line 1"),
        ("{'k': 1}", "line 1 column 2"),
        ("{k: 1}", "line 1"),
        ("{} {}", "line 1"),
    ] {
        let error = Json::parse(text).unwrap_err();
        assert!(error.contains(words), "no `{words}` in {error}");
        assert!(!error.contains("SECRET"), "{error}");
    }
}

#[test]
fn states_and_repeated_keys() {
    let json = Json::parse("{\"a\": { }, \"b\": [1], \"c\": 1, \"c\": 2}").unwrap();
    assert_eq!(json.state(&[Step::Key("a")]), State::Empty("{ }".to_owned()));
    assert_eq!(json.state(&[Step::Key("b")]), State::Filled);
    assert_eq!(json.state(&[Step::Key("x"), Step::Key("y")]), State::Absent);
    assert_eq!(json.repeated_key(&[]), Some("c".to_owned()));
    assert_eq!(json.repeated_key(&[Step::Key("a")]), None);
}
