use super::*;

#[test]
fn a_name_stays_within_its_folder() {
    for good in ["run", "sync", "2fa", "git-x_y"] {
        assert_eq!(CommandType::new(good).expect(good).as_str(), good);
    }
    for bad in ["", "Run", "-x", "a/b", "..", "a.b", "ü", "a=b", &"a".repeat(33)] {
        assert_eq!(CommandType::new(bad), Err(InvalidName::CommandType), "{bad}");
    }
    for good in ["20260219145356-EWS22", "trace-1.2", "a"] {
        assert_eq!(CommandId::new(good).expect(good).as_str(), good);
    }
    for bad in ["", ".hidden", "a..b", "a/b", "a\\b", "a%2f", "ä", "a\0", &"a".repeat(129)] {
        assert_eq!(CommandId::new(bad), Err(InvalidName::CommandId), "{bad}");
    }
}

#[test]
fn an_object_lies_where_hive_looks_for_it() {
    let key = object_key(
        &Tenant::new("acme").expect("a tenant"),
        Source::Saas,
        &CommandType::new("run").expect("a type"),
        Day { year: 2026, month: 2, day: 9 },
        &CommandId::new("20260209145356-EWS22").expect("an id"),
    );
    assert_eq!(key, "traces/tenant=acme/source=saas/type=run/year=2026/month=02/day=09/20260209145356-EWS22.csv");
}

#[test]
fn a_changed_text_keeps_the_quoting_of_its_cell() {
    let written = |quoting: Quoting, text: &str| {
        let mut out = Vec::new();
        quoting.write(text, &mut out);
        String::from_utf8(out).expect("UTF-8")
    };
    assert_eq!(written(Quoting::Bare, r"a\b"), r"a\b");
    assert_eq!(written(Quoting::Bare, r#"a,"b""#), r#""a,""b""""#);
    assert_eq!(written(Quoting::Doubled, r#"\"b"#), r#""\""b""#);
    assert_eq!(written(Quoting::Backslash, r#"\"b"#), r#""\\\"b""#);
}

#[test]
fn a_hash_is_in_lower_case_hexadecimal() {
    // FIPS 180-4's example
    assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
