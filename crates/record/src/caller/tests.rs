use super::*;

#[test]
fn a_bound_key_works_from_its_origins_only() {
    let tenant = Tenant::new("acme").expect("valid");
    let free = Caller::new(tenant, Scopes::ALL, "k_01");
    assert!(free.allows_origin(None) && free.allows_origin(Some("https://evil.example")));
    assert!(!free.is_bound_to("https://evil.example"));
    let bound = Caller { origins: Arc::from(["https://app.example.com".to_owned()]), ..free };
    assert!(bound.allows_origin(Some("https://app.example.com")));
    for origin in [None, Some("null"), Some("http://app.example.com"), Some("https://app.example.com:8443"), Some("")] {
        assert!(!bound.allows_origin(origin), "{origin:?}");
    }
}

#[test]
fn a_name_is_an_address_only_where_it_looks_like_one() {
    assert_eq!(email_of_name(" ana@example.com "), Some("ana@example.com"));
    for name in ["laptop", "@example.com", "ana@", "ana@localhost", "ana@example.com.", "a b@example.com", "a@b@c.d"] {
        assert_eq!(email_of_name(name), None, "{name}");
    }
}
