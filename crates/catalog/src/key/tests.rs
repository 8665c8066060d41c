use proptest::prelude::*;

use super::*;

fn new_key(scopes: Scopes, origins: &[&str]) -> NewKey {
    NewKey {
        tenant: Tenant::new("acme").unwrap(),
        scopes,
        name: None,
        origins: origins.iter().map(|&origin| origin.to_owned()).collect(),
    }
}

fn ingest() -> Scopes {
    Scopes { ingest: true, ..Scopes::default() }
}

#[test]
fn the_hash_is_sha_256_in_hex() {
    // FIPS 180-2, appendix B.1
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(KeyHash::of("abc").to_hex(), abc);
    assert!(KeyHash::from_hex(abc).unwrap() == KeyHash::of("abc"));
}

#[test]
fn text_that_is_no_hash_is_refused() {
    let abc = KeyHash::of("abc").to_hex();
    for text in ["", "ba", abc.trim_start_matches('b'), &format!("{abc}0"), &format!("{abc}00"), &abc.replace('b', "x")]
    {
        assert!(KeyHash::from_hex(text).is_none(), "{text}");
    }
}

#[test]
fn random_keys_differ_and_have_the_documented_form() {
    let (one, two) = (random_key().unwrap(), random_key().unwrap());
    assert!(one != two);
    let random = one.reveal().strip_prefix("ml_").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
    assert_eq!(one.reveal().len(), 46);
    check_text(&one).unwrap();
    let id = random_id().unwrap();
    assert!(id.len() == 14 && id.starts_with("k_"), "{id}");
}

#[test]
fn a_given_text_is_long_enough_and_printable() {
    check_text(&Secret::new("0123456789abcdef")).unwrap();
    for (text, word) in [
        ("0123456789abcde", "15 characters"),
        ("", "0 characters"),
        ("0123456789abcdef\n", "line break"),
        ("0123456789 abcdef", "space"),
        ("0123456789abcdefü", "ASCII"),
        (&"x".repeat(513), "513 characters"),
    ] {
        let message = check_text(&Secret::new(text)).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
        assert!(text.is_empty() || !message.contains(text), "the key is in the message: {message}");
    }
}

#[test]
fn a_key_needs_a_scope() {
    assert!(new_key(Scopes::default(), &[]).check().unwrap_err().to_string().contains("at least one scope"));
}

#[test]
fn a_name_is_short_and_one_line() {
    let named = |name: &str| NewKey { name: Some(name.to_owned()), ..new_key(ingest(), &[]) }.check();
    named(&"ü".repeat(200)).unwrap();
    assert!(named(&"ü".repeat(201)).is_err());
    assert!(named("lap\ntop").is_err());
}

#[test]
fn origins_are_written_as_browsers_write_them() {
    for origin in [
        "https://app.example.com",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:8080",
        "http://app.example.com:443",
        "http://[::1]",
        "chrome-extension://abcdefghijklmnop",
    ] {
        new_key(ingest(), &[origin]).check().unwrap_or_else(|error| panic!("{origin}: {error}"));
    }
    for origin in [
        "*",
        "null",
        "",
        "app.example.com",
        "https://",
        "https://app.example.com/",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://*.example.com",
        "https://a b",
        "https://user@app.example.com",
        "https://app.example.com:",
        "https://app.example.com:080",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "https://app.example.com:70000",
        "https://[::g]",
        "https://a?b",
    ] {
        assert!(new_key(ingest(), &[origin]).check().is_err(), "{origin}");
    }
}

#[test]
fn a_key_with_origins_may_only_ingest() {
    let origins = ["https://app.example.com"];
    for scopes in [Scopes::ALL, Scopes { read: true, ..Scopes::default() }, Scopes { admin: true, ..ingest() }] {
        assert!(new_key(scopes, &origins).check().unwrap_err().to_string().contains("public"));
    }
}

proptest! {
    #[test]
    fn an_origin_survives_being_stored_between_spaces(text in "[a-z]{1,3}://[a-z. \\t:@/]{1,4}(:[0-9]{1,3})?") {
        prop_assert!(!is_origin(&text) || text.split_whitespace().eq([text.as_str()]));
    }

    #[test]
    fn a_hash_survives_its_hex_form(text in any::<String>()) {
        let hash = KeyHash::of(&text);
        prop_assert!(KeyHash::from_hex(&hash.to_hex()) == Some(hash));
    }

    #[test]
    fn any_hex_text_is_read_or_refused(text in "[0-9a-fA-F]{64}|[0-9a-fA-Fxü]{62,66}") {
        prop_assert!(KeyHash::from_hex(&text).is_none_or(|hash| hash.to_hex() == text.to_lowercase()));
    }
}
