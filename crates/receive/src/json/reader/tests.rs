use super::*;

fn reader_of<'a, 'c>(body: &'a str, account: &'c Account) -> Reader<'a, 'c> {
    Reader::new(body.as_bytes(), account).unwrap()
}

fn account() -> Account {
    Account::of(b"")
}

#[test]
fn numbers_follow_the_grammar() {
    let account = account();
    for (text, is_integer) in
        [("0", true), ("-0", true), ("10", true), ("1.5", false), ("1e5", false), ("-1.25E-7", false)]
    {
        let mut reader = reader_of(text, &account);
        let digits = reader.number().unwrap();
        assert_eq!((digits.text, digits.is_integer), (text, is_integer));
        reader.end().unwrap();
    }
    for text in ["-", "1.", ".5", "1e", "1e+", "+1", "-a", ""] {
        assert!(reader_of(text, &account).number().is_err(), "{text}");
    }
    for text in ["01", "1.5.5", "0x1", "1_0"] {
        let mut reader = reader_of(text, &account);
        reader.number().unwrap();
        assert!(reader.end().is_err(), "{text}");
    }
}

#[test]
fn text_borrows_unless_it_has_escapes() {
    let account = account();
    assert!(matches!(reader_of("\"plain ü\"", &account).string().unwrap(), Cow::Borrowed("plain ü")));
    assert!(matches!(reader_of(r#""a\tb""#, &account).string().unwrap(), Cow::Owned(text) if text == "a\tb"));
}

#[test]
fn skipping_stops_right_after_the_value() {
    let account = account();
    for value in
        ["1", "\"a]}\\\"\"", "null", "[]", "{}", "[[],{},[{}]]", r#"{"a":{"b":[1,2,{"c":null}]},"d":[]}"#, "[ 1 , 2 ]"]
    {
        let body = format!("{value} ,rest");
        let mut reader = reader_of(&body, &account);
        reader.skip().unwrap();
        assert_eq!(reader.at(), value.len(), "{value}");
    }
    for value in ["[1,]", "[,1]", "{\"a\":1,}", "{1:2}", "[1}", "{\"a\":1]", "[1", "{\"a\"", "nul", "", "]", "[]]"] {
        let mut reader = reader_of(value, &account);
        assert!(reader.skip().and_then(|()| reader.end()).is_err(), "{value}");
    }
    let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert!(reader_of(&deep(MAX_SKIP_DEPTH), &account).skip().is_ok());
    assert!(reader_of(&deep(MAX_SKIP_DEPTH + 1), &account).skip().is_err());
}

#[test]
fn lines_count_from_one() {
    let account = account();
    let reader = reader_of("a\nb\r\nc", &account);
    assert_eq!([0, 1, 2, 5].map(|at| reader.line_of(at)), [1, 1, 2, 3]);
}
