use super::*;

proptest::proptest! {
    #[test]
    fn every_text_is_escaped_as_the_naive_way_does(text in "[\\x00-\\x7f\u{80}-\u{2fff}]{0,40}") {
        let naive: String = text
            .chars()
            .map(|c| match c {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                c if c < ' ' => format!("\\u{:04x}", c as u32),
                c => c.to_string(),
            })
            .collect();
        proptest::prop_assert_eq!(json(&Value::text(text)), format!("\"{naive}\""));
    }
}

proptest::proptest! {
    #[test]
    fn doubles_are_written_as_the_formatter_does(any: f64, whole: i64, small in -1000_i32..1000) {
        #[expect(clippy::cast_precision_loss, reason = "any double will do")]
        let whole = whole as f64;
        for double in [any, whole, whole / 16_384.0, f64::from(small), f64::from(small) / 8.0, -0.0] {
            if double.is_finite() {
                proptest::prop_assert_eq!(json(&Value::Double(double)), format!("{double:?}"));
            }
        }
    }
}

fn json(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    write_value(value, &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn plain_values() {
    assert_eq!(json(&Value::text("a\"b\\c\n\u{1}ü")), r#""a\"b\\c\n\u0001ü""#);
    assert_eq!(json(&Value::Int(i64::MIN)), "-9223372036854775808");
    assert_eq!(json(&Value::Double(5.0)), "5.0");
    assert_eq!(json(&Value::Double(f64::NAN)), "null");
    assert_eq!(json(&Value::List(vec![Value::Null, Value::Bool(true)])), "[null,true]");
    assert_eq!(json(&Value::Map(vec![("k".into(), Value::List(vec![]))])), r#"{"k":[]}"#);
}

#[test]
fn bytes_are_base64() {
    for (bytes, text) in [(&b""[..], ""), (b"f", "Zg=="), (b"fo", "Zm8="), (b"foo", "Zm9v"), (b"foobar", "Zm9vYmFy")] {
        assert_eq!(json(&Value::Bytes(bytes.into())), format!("\"{text}\""));
    }
}

#[test]
fn otlp_leaves_out_defaults_and_writes_ids_in_hex() {
    let record = LogRecord {
        time_unix_nano: 1,
        trace_id: Some([0xAB; 16]),
        attributes: vec![("n".into(), Value::Int(7)), ("unset".into(), Value::Null)],
        ..LogRecord::default()
    };
    let scope = ScopeGroup { scope: Scope::default(), records: vec![record], schema_url: "".into() };
    let group = ResourceGroup { resource: Resource::default(), scopes: vec![scope], schema_url: "".into() };
    let mut out = Vec::new();
    write_otlp(&Otlp::Logs(vec![group]), &mut out);
    let expected = concat!(
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","#,
        r#""attributes":[{"key":"n","value":{"intValue":"7"}},{"key":"unset","value":{}}],"#,
        r#""traceId":"abababababababababababababababab"}]}]}]}"#,
    );
    assert_eq!(String::from_utf8(out).expect("text"), expected);
}
