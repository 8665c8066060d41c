use super::*;

#[test]
fn numbers_are_read_from_every_type_that_carries_them() {
    for value in [Value::Int(412), Value::Double(412.0), Value::text("412"), Value::text(" 412.0 ")] {
        assert_eq!(value.to_int(), Some(412), "{value:?}");
        assert_eq!(value.to_double(), Some(412.0), "{value:?}");
    }
    for value in [Value::Null, Value::text("many"), Value::Double(f64::NAN), Value::Double(1e300)] {
        assert_eq!(value.to_int(), None, "{value:?}");
    }
}

#[test]
fn truth_is_read_from_strings_and_ints() {
    assert_eq!(Value::text("true").to_bool(), Some(true));
    assert_eq!(Value::Int(0).to_bool(), Some(false));
    assert_eq!(Value::text("yes").to_bool(), None);
}

#[test]
fn the_first_of_repeated_keys_wins() {
    let map = Value::Map(vec![("a".into(), Value::Int(1)), ("a".into(), Value::Int(2))]);
    assert_eq!(map.get("a"), Some(&Value::Int(1)));
}

#[test]
fn an_instant_is_milliseconds_or_iso() {
    let at = Timestamp::parse("2026-11-21T10:00:00.123Z");
    for value in [
        Value::Int(1_795_255_200_123),
        Value::Double(1_795_255_200_123.0),
        Value::text("1795255200123"),
        Value::text("2026-11-21T10:00:00.123Z"),
        Value::text("2026-11-21T11:00:00.123+01:00"),
        Value::text(" 2026-11-21T10:00:00.123 "),
        Value::text("2026-11-21 10:00:00.123"),
        Value::text("2026-11-21T12:00:00.123+0200"),
        Value::text("2026-11-21 12:00:00.123+02"),
    ] {
        assert_eq!(value.to_timestamp(), at, "{value:?}");
    }
    let whole = Timestamp::parse("2026-11-21T10:00:00Z");
    for text in ["2026-11-21T10:00", "2026-11-21 10:00", "2026-11-21T12:00+02:00", "2026-11-21T10:00Z"] {
        assert_eq!(Value::text(text).to_timestamp(), whole, "{text}");
    }
    assert_eq!(Value::text("2026-11-21").to_timestamp(), Timestamp::parse("2026-11-21T00:00:00Z"));
    let wrong = ["", "soon", "2026-11-31", "2026-11-21T25:00", "2026-11-21T10:00:00+2"].map(Value::text);
    for value in [Value::Null, Value::Bool(true), Value::Double(1e300)].into_iter().chain(wrong) {
        assert_eq!(value.to_timestamp(), None, "{value:?}");
    }
}
