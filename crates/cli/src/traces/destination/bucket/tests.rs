use super::*;

#[test]
fn a_key_beside_another_is_named_by_its_content() {
    assert_eq!(beside("org=a/type=b/1.csv", "0123456789abcdef"), "org=a/type=b/1.0123456789ab.csv");
}

#[test]
fn a_signature_does_not_stand_in_an_error() {
    let text = bare("error for url (https://h/c/k?sig=SECRET&x=1)\n  what? yes");
    assert_eq!(text, "error for url (https://h/c/k what? yes");
}
