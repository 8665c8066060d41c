use proptest::prelude::*;

use super::*;

fn trimmed(kind: Kind, text: &str) -> String {
    let mut text = Cow::Borrowed(text);
    trim(kind, &mut text, false);
    text.into_owned()
}

#[test]
fn keys_tell_what_their_text_is() {
    for key in ["url", "pageurl", "requesturl", "href", "documentreferrer", "location", "path"] {
        assert_eq!(Kind::of(key), Kind::Address, "{key}");
    }
    assert_eq!(Kind::of("search"), Kind::Part);
    for key in ["urlquery", "urlfragment", "querystring"] {
        assert_eq!(Kind::of(key), Kind::WholePart, "{key}");
    }
    assert_eq!(Kind::of("stack"), Kind::Prose);
    for key in ["note", "event", "urlish", ""] {
        assert_eq!(Kind::of(key), Kind::Other, "{key}");
    }
}

#[test]
fn an_address_keeps_the_place_it_names() {
    for (kind, text, expected) in [
        (Kind::Address, "https://a.example/p?q=1#x", "https://a.example/p"),
        (Kind::Address, "https://a.example/p#x", "https://a.example/p"),
        (Kind::Address, "https://ana:pw@a.example:8443/p", "https://a.example:8443/p"),
        (Kind::Address, "https://a.example/@ana/p", "https://a.example/@ana/p"),
        (Kind::Address, "https://[::1]:80/p?q", "https://[::1]:80/p"),
        (Kind::Address, "/orders/7?token=abc", "/orders/7"),
        (Kind::Address, "//a.example/p?q", "//a.example/p"),
        (Kind::Address, "data:text/html;base64,PGI+", "data:text/html;base64"),
        (Kind::Address, "mailto:ana@example.com?subject=x", "mailto:ana@example.com"),
        (Kind::Address, "Room #3, is it?", "Room #3, is it?"),
        (Kind::Part, "?q=shoes", ""),
        (Kind::Part, "shoes", "shoes"),
        (Kind::WholePart, "q=shoes", ""),
        (Kind::Other, "C# or F#?", "C# or F#?"),
        (Kind::Other, "see https://a.example/p?q=1, or not", "see https://a.example/p or not"),
        (Kind::Other, r#"{"u":"https:\/\/a.example\/p?q=1","v":2}"#, r#"{"u":"https:\/\/a.example\/p","v":2}"#),
        (Kind::Other, "://x?y http://z?k", "://x?y http://z"),
        (
            Kind::Prose,
            "Error: x\n    at f (https://a.example/m.js?v=s3cret#h:10:5)\n    at https://b.example/n.js?w=1:7:8",
            "Error: x\n    at f (https://a.example/m.js:10:5)\n    at https://b.example/n.js:7:8",
        ),
        (Kind::Prose, "GET https://a.example/p?otp=:123456 failed", "GET https://a.example/p failed"),
        (Kind::Prose, "GET /orders?mail=ana: 404, \"/x?y=1\" too?", "GET /orders 404, \"/x\" too?"),
        (Kind::Prose, "at f (/app/m.js?v=s3cret:10:5)", "at f (/app/m.js:10:5)"),
        (Kind::Prose, "/a??b=1 what? and/or?c /help? ?d", "/a what? and/or?c /help? ?d"),
        (Kind::Prose, "ü/?x /ü?ü", "ü/?x /ü"),
    ] {
        assert_eq!(trimmed(kind, text), expected, "{text}");
    }
}

#[test]
fn kept_queries_do_not_keep_user_info() {
    let mut text = Cow::Borrowed("https://ana:pw@a.example/p?q=1#x");
    trim(Kind::Address, &mut text, true);
    assert_eq!(text, "https://a.example/p?q=1#x");
}

proptest! {
    #[test]
    fn trimming_what_is_trimmed_changes_nothing(
        text in "([a-z]{1,3}|://|:\\\\/\\\\/|[?#@:/\\[\\]()\"\\\\ =0-9]|ä|\u{1}){0,40}",
        kind in prop_oneof![Just(Kind::Address), Just(Kind::Part), Just(Kind::Prose), Just(Kind::Other)],
    ) {
        let once = trimmed(kind, &text);
        prop_assert_eq!(trimmed(kind, &once), once);
    }

    #[test]
    fn no_query_stays_in_an_address(host in "[a-z]{1,8}", path in "[a-z/]{0,8}", query in "[a-z=&%0-9]{1,16}") {
        let text = format!("open https://{host}/{path}?{query}; done");
        prop_assert!(!trimmed(Kind::Other, &text).contains('?'));
    }
}
