use super::{is_placeholder, last_word};

#[test]
fn the_last_word_of_a_name_is_found_in_every_spelling() {
    for (name, word) in [
        ("x-internal-auth", "auth"),
        ("DEPLOY_KEY", "key"),
        ("deployKey2", "key"),
        ("KEY", "key"),
        ("Signature", "signature"),
        ("a.b", "b"),
        ("", ""),
    ] {
        assert_eq!(last_word(name), word, "{name}");
    }
}

#[test]
fn a_placeholder_is_one_and_nothing_more() {
    assert!(is_placeholder("[REDACTED:token:1a2b3c4d]") && is_placeholder("[REDACTED:tok"));
    assert!(!is_placeholder("[REDACTED:token:1a2b3c4d] x") && !is_placeholder("[REDACTED]") && !is_placeholder("x"));
}
