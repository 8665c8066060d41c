use super::*;

#[test]
fn params_are_json_scalars_or_text() {
    for (typed, value) in [
        ("42", json!(42)),
        ("-1.5", json!(-1.5)),
        ("1e3", json!(1e3)),
        ("true", json!(true)),
        ("null", Value::Null),
        (r#""42""#, json!("42")),
        ("", json!("")),
        ("abc", json!("abc")),
        ("007", json!("007")),
        ("'x'", json!("'x'")),
        ("[1]", json!("[1]")),
        ("{}", json!("{}")),
        ("3dd51442-2b32-48c0-ba39-33fc73b10fed", json!("3dd51442-2b32-48c0-ba39-33fc73b10fed")),
        ("18446744073709551615", json!(u64::MAX)),
        ("184467440737095516150", json!("184467440737095516150")),
    ] {
        assert_eq!(param(typed), value, "{typed}");
    }
}
