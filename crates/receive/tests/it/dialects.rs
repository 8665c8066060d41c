//! The dialects of OTLP/JSON and hook JSON, and what a bad body is told.

use receive::limits::MAX_VALUE_DEPTH;
use receive::{ContentType, DecodeError, decode_hooks, decode_otlp, encode_otlp};
use record::otlp::{LogRecord, Metric, MetricData, Number, Otlp, Span};
use record::source::Signal;
use record::value::Value;

fn logs(body: &str) -> Result<Otlp<'_>, DecodeError> {
    decode_otlp(Signal::Logs, ContentType::Json, body.as_bytes())
}

/// The one record of a request whose record is `json`.
fn record(json: &str) -> LogRecord<'static> {
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{json}]}}]}}]}}"#);
    let mut protobuf = Vec::new();
    encode_otlp(&logs(&body).unwrap_or_else(|error| panic!("{json}: {error}")), &mut protobuf);
    match crate::oracle::from_protobuf(Signal::Logs, &protobuf) {
        Some(Otlp::Logs(mut groups)) => groups.remove(0).scopes.remove(0).records.remove(0),
        _ => panic!("{json}: not one record"),
    }
}

fn refusal(json: &str) -> String {
    let body = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{json}]}}]}}]}}"#);
    logs(&body).expect_err(json).to_string()
}

fn value(json: &str) -> Value<'static> {
    record(&format!(r#"{{"body":{json}}}"#)).body
}

fn span(json: &str) -> Span<'static> {
    let body = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{json}]}}]}}]}}"#);
    let mut protobuf = Vec::new();
    encode_otlp(&decode_otlp(Signal::Traces, ContentType::Json, body.as_bytes()).expect("decodes"), &mut protobuf);
    match crate::oracle::from_protobuf(Signal::Traces, &protobuf) {
        Some(Otlp::Traces(mut groups)) => groups.remove(0).scopes.remove(0).records.remove(0),
        _ => panic!("{json}: not one span"),
    }
}

fn metric(json: &str) -> Metric<'static> {
    let body = format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{json}]}}]}}]}}"#);
    let mut protobuf = Vec::new();
    encode_otlp(&decode_otlp(Signal::Metrics, ContentType::Json, body.as_bytes()).expect("decodes"), &mut protobuf);
    match crate::oracle::from_protobuf(Signal::Metrics, &protobuf) {
        Some(Otlp::Metrics(mut groups)) => groups.remove(0).scopes.remove(0).records.remove(0),
        _ => panic!("{json}: not one metric"),
    }
}

#[test]
fn an_empty_request() {
    for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
        for (content_type, body) in
            [(ContentType::Protobuf, ""), (ContentType::Json, "{}"), (ContentType::Json, " { } ")]
        {
            let otlp = decode_otlp(signal, content_type, body.as_bytes()).expect("an empty request is one");
            assert_eq!(otlp.record_count(), 0);
        }
        for body in ["", "  ", "null", "[]", "7"] {
            decode_otlp(signal, ContentType::Json, body.as_bytes()).expect_err(body);
        }
    }
    decode_otlp(Signal::Hooks, ContentType::Json, b"{}").expect_err("hooks are not OTLP");
}

#[test]
fn integers_in_every_spelling() {
    for json in [
        r#"{"intValue":6}"#,
        r#"{"intValue":"6"}"#,
        r#"{"intValue":6.0}"#,
        r#"{"intValue":"6.0"}"#,
        r#"{"intValue":60e-1}"#,
    ] {
        assert_eq!(value(json), Value::Int(6), "{json}");
    }
    assert_eq!(value(r#"{"intValue":"-9223372036854775808"}"#), Value::Int(i64::MIN));
    assert_eq!(value(r#"{"intValue":9223372036854775807}"#), Value::Int(i64::MAX));
    for time in ["\"1795226214226000001\"", "1795226214226000001"] {
        assert_eq!(record(&format!(r#"{{"timeUnixNano":{time}}}"#)).time_unix_nano, 1_795_226_214_226_000_001);
    }
    assert_eq!(record(r#"{"timeUnixNano":"18446744073709551615"}"#).time_unix_nano, u64::MAX);
    for json in [
        r#"{"timeUnixNano":-1}"#,
        r#"{"timeUnixNano":"18446744073709551616"}"#,
        r#"{"timeUnixNano":1.5}"#,
        r#"{"timeUnixNano":""}"#,
        r#"{"timeUnixNano":" 1"}"#,
        r#"{"timeUnixNano":"+1"}"#,
        r#"{"timeUnixNano":true}"#,
        r#"{"flags":4294967296}"#,
        r#"{"severityNumber":2147483648}"#,
        r#"{"body":{"intValue":9223372036854775808}}"#,
        r#"{"body":{"intValue":1e30}}"#,
        r#"{"body":{"intValue":"inf"}}"#,
    ] {
        refusal(json);
    }
}

#[test]
fn doubles_in_every_spelling() {
    for (json, expected) in [
        ("1.5", 1.5),
        ("5", 5.0),
        ("\"1.5\"", 1.5),
        ("-0.0", -0.0),
        ("1e3", 1000.0),
        ("\"Infinity\"", f64::INFINITY),
        ("\"-Infinity\"", f64::NEG_INFINITY),
    ] {
        assert_eq!(value(&format!(r#"{{"doubleValue":{json}}}"#)), Value::Double(expected), "{json}");
    }
    assert!(matches!(value(r#"{"doubleValue":"NaN"}"#), Value::Double(double) if double.is_nan()));
    // exact to the last bit
    for double in
        [0.1 + 0.2, 637.704, 1.797_693_134_862_315_7e308, 5e-324, 123_456_789.012_345_67, 8.988_465_674_311_58e307]
    {
        assert_eq!(value(&format!(r#"{{"doubleValue":{double:?}}}"#)), Value::Double(double));
    }
    refusal(r#"{"body":{"doubleValue":"infinity"}}"#);
    refusal(r#"{"body":{"doubleValue":"1."}}"#.replace("1.", "abc").as_str());
}

#[test]
fn enums_are_integers_or_known_names() {
    assert_eq!(span(r#"{"kind":3}"#).kind, 3);
    assert_eq!(span(r#"{"kind":"3"}"#).kind, 3);
    assert_eq!(span(r#"{"kind":"SPAN_KIND_CLIENT"}"#).kind, 3);
    assert_eq!(span(r#"{"status":{"code":"STATUS_CODE_ERROR"}}"#).status.code, 2);
    assert_eq!(record(r#"{"severityNumber":"SEVERITY_NUMBER_FATAL4"}"#).severity_number, 24);
    let sum = metric(r#"{"sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"}}"#).data;
    assert_eq!(sum, MetricData::Sum { points: vec![], aggregation_temporality: 2, is_monotonic: false });
    assert_eq!(span(r#"{"kind":77}"#).kind, 77);
    refusal(r#"{"severityNumber":"INFO"}"#);
}

#[test]
fn ids_are_hex_of_any_case() {
    let id = Some([0xAB; 16]);
    for text in ["ab".repeat(16), "AB".repeat(16), "aB".repeat(16)] {
        assert_eq!(record(&format!(r#"{{"traceId":"{text}"}}"#)).trace_id, id);
    }
    for none in ["\"\"", "null", "\"00000000000000000000000000000000\""] {
        assert_eq!(record(&format!(r#"{{"traceId":{none}}}"#)).trace_id, None);
    }
    assert_eq!(span(r#"{"parentSpanId":"00000000000000ff"}"#).parent_span_id, Some([0, 0, 0, 0, 0, 0, 0, 255]));
    for (json, reason) in [
        (r#"{"traceId":"q6urq6urq6urq6urq6urqw=="}"#, "0 or 32 hex digits, not 24 characters"),
        (r#"{"traceId":"abc"}"#, "not 3 characters"),
        (r#"{"spanId":"zzzzzzzzzzzzzzzz"}"#, "in hex digits"),
        (r#"{"spanId":"+1+1+1+1+1+1+1+1"}"#, "in hex digits"),
        (r#"{"spanId":7}"#, "expected text, found a number"),
    ] {
        let refusal = refusal(json);
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn null_is_absent() {
    let keys = "timeUnixNano observedTimeUnixNano severityNumber severityText body attributes droppedAttributesCount \
                flags traceId spanId eventName";
    for key in keys.split_whitespace() {
        assert_eq!(record(&format!(r#"{{"{key}":null}}"#)), LogRecord::default(), "{key}");
    }
    assert_eq!(logs(r#"{"resourceLogs":null}"#).expect("null").record_count(), 0);
    assert_eq!(
        logs(r#"{"resourceLogs":[null,{"scopeLogs":[{"scope":null,"logRecords":null}]}]}"#)
            .expect("null")
            .record_count(),
        0
    );
    assert_eq!(metric(r#"{"gauge":{"dataPoints":[{"asInt":3,"asDouble":null}]},"sum":null}"#).data, {
        let point = record::otlp::NumberPoint { value: Number::Int(3), ..Default::default() };
        MetricData::Gauge(vec![point])
    });
    assert_eq!(value(r#"{"stringValue":"kept","intValue":null}"#), Value::text("kept"));
}

#[test]
fn values_without_a_value_are_null() {
    let record = record(
        r#"{"attributes":[{"key":"a","value":{}},{"key":"b","value":null},{"key":"c"},{"value":{"intValue":1}}]}"#,
    );
    let expected = [("a", Value::Null), ("b", Value::Null), ("c", Value::Null), ("", Value::Int(1))];
    assert_eq!(record.attributes, expected.map(|(key, value)| (key.into(), value)));
    assert_eq!(value(r#"{"arrayValue":{}}"#), Value::List(vec![]));
    assert_eq!(value(r#"{"kvlistValue":{"values":null}}"#), Value::Map(vec![]));
    assert_eq!(value(r#"{"arrayValue":{"values":[{},null]}}"#), Value::List(vec![Value::Null, Value::Null]));
    assert_eq!(value(r#"{"futureValue":{"a":[1]}}"#), Value::Null);
}

#[test]
fn bytes_are_base64_of_either_alphabet() {
    for text in ["-_-_AA==", "-_-_AA", "+/+/AA==", "+/+/AA"] {
        assert_eq!(value(&format!(r#"{{"bytesValue":"{text}"}}"#)), Value::Bytes(vec![0xFB, 0xFF, 0xBF, 0].into()));
    }
    refusal(r#"{"body":{"bytesValue":"*"}}"#);
}

#[test]
fn unknown_fields_are_ignored_whatever_they_hold() {
    let unknown = r#""next":{"a":[[],{},[1,{"b":"x\u00e9","c":[null,true,-1.5e3]}],"\ud800"]}"#;
    let body = format!(
        r#"{{{unknown},"resourceLogs":[{{{unknown},"scopeLogs":[{{"logRecords":[{{{unknown},"severityText":"x"}}]}}],"resource":{{{unknown}}}}}]}}"#
    );
    assert_eq!(logs(&body).expect("ignored").record_count(), 1);
    // snake_case is not OTLP/JSON
    assert_eq!(record(r#"{"time_unix_nano":"1","severity_text":"x"}"#), LogRecord::default());
    assert_eq!(logs(r#"{"resource_logs":[{}]}"#).expect("ignored"), Otlp::Logs(vec![]));
    for broken in
        [r#"{"x":[1,]}"#, r#"{"x":{"a"}}"#, r#"{"x":[}"#, r#"{"x":{,}}"#, r#"{"x":[1 2]}"#, r#"{"x":01}"#, r#"{"x":"#]
    {
        logs(broken).expect_err(broken);
    }
}

#[test]
fn of_equal_keys_the_last_counts() {
    assert_eq!(record(r#"{"severityText":"a","severityText":"b"}"#).severity_text, "b");
    assert_eq!(value(r#"{"stringValue":"a","intValue":1}"#), Value::Int(1));
    let events = decode_hooks(br#"{"a":1,"b":2,"a":3}"#).expect("decodes");
    assert_eq!(events, [Value::Map(vec![("b".into(), Value::Int(2)), ("a".into(), Value::Int(3))])]);
    let many: Vec<String> = (0..100).map(|at| format!(r#""{}":{at}"#, at % 50)).collect();
    let body = format!("{{{}}}", many.join(","));
    let events = decode_hooks(body.as_bytes()).expect("decodes");
    assert_eq!(events[0].as_map().map(Vec::len), Some(50));
    assert_eq!(events[0].get("7"), Some(&Value::Int(57)));
}

#[test]
fn text_with_escapes_and_half_surrogates() {
    assert_eq!(
        value(r#"{"stringValue":"\u0041\n\"\\\/\b\f\r\t\ud83d\ude00"}"#),
        Value::text("A\n\"\\/\u{8}\u{C}\r\t😀")
    );
    // JavaScript cuts text between the halves of a pair and writes the half as an escape
    for cut in [r"x\ud83d", r"x\ude00", r"x\ud83dA", r"x\ud83d\n"] {
        let body = format!(r#"{{"stringValue":"{cut}"}}"#);
        let Value::Text(text) = value(&body) else { panic!("{cut}") };
        assert!(text.starts_with("x\u{FFFD}"), "{text}");
    }
    assert_eq!(value(r#"{"stringValue":"\ud83d\ud83d\ude00"}"#), Value::text("\u{FFFD}😀"));
    for broken in [r#""\x""#, r#""\u12"#, r#""\u12g4""#, "\"\n\"", "\"open", r#""\"#] {
        refusal(&format!(r#"{{"severityText":{broken}}}"#));
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(logs("\u{FEFF}{}").expect("decodes").record_count(), 0);
    assert_eq!(decode_hooks("\u{FEFF}{}".as_bytes()).expect("decodes").len(), 1);
}

#[test]
fn text_after_the_end_is_refused() {
    for body in ["{} {}", "{}x", "{},", "{}]"] {
        let refusal = logs(body).expect_err(body).to_string();
        assert!(refusal.contains("follows the end"), "{refusal}");
    }
}

#[test]
fn a_refusal_names_the_place_and_quotes_nothing() {
    let refusal =
        refusal(r#"{},{"attributes":[{},{"key":"k","value":{"arrayValue":{"values":[{},{"intValue":"canary"}]}}}]}"#);
    assert_eq!(
        refusal,
        "resourceLogs[0].scopeLogs[0].logRecords[1].attributes[1].value.arrayValue.values[1].intValue: \
         expected an integer of 64 bits, found another text or number (byte 126)"
    );
    for json in [
        r#"{"attributes":"canary"}"#,
        r#"{"body":"canary"}"#,
        r#"{"flags":"canary"}"#,
        r#"{"canary":[}"#,
        r#"{"traceId":"canary"}"#,
        r#"{"severityNumber":"canary"}"#,
        r#"{"body":{"bytesValue":"canary!"}}"#,
        r#"{"body":{"boolValue":"canary"}}"#,
        r#"{"body":{"stringValue":"canary\x"}}"#,
    ] {
        let refusal = self::refusal(json);
        assert!(!refusal.contains("canary"), "{refusal}");
        assert!(refusal.starts_with("resourceLogs[0]"), "{refusal}");
    }
    let refusal = decode_hooks(b"{}\n{\"canary\":canary}\n").expect_err("not JSON").to_string();
    assert!(refusal.starts_with("line 2") && !refusal.contains("canary"), "{refusal}");
}

#[test]
fn bodies_that_are_not_utf8() {
    let error = decode_otlp(Signal::Logs, ContentType::Json, b"{\"a\":\"\xFF\"}").expect_err("not UTF-8");
    assert_eq!(error.to_string(), "body: the body is not UTF-8 (byte 6)");
    // resource_logs[0].schema_url
    let error = decode_otlp(Signal::Logs, ContentType::Protobuf, b"\x0A\x04\x1A\x02x\xFF").expect_err("not UTF-8");
    assert_eq!(error.to_string(), "resource_logs[0].schema_url: text is not UTF-8 (byte 5)");
}

#[test]
fn one_hook_many_hooks_and_lines_of_hooks() {
    let event = |name: &'static str| Value::Map(vec![("hook_event_name".into(), Value::text(name))]);
    for body in [
        r#"{"hook_event_name":"a"}{"hook_event_name":"b"}"#,
        "{\"hook_event_name\":\"a\"}\n\n{\"hook_event_name\":\"b\"}\r\n",
        "{\n\t\"hook_event_name\": \"a\"\n}\n{\"hook_event_name\":\"b\"}",
        r#"[{"hook_event_name":"a"},{"hook_event_name":"b"}]"#,
    ] {
        assert_eq!(decode_hooks(body.as_bytes()), Ok(vec![event("a"), event("b")]), "{body}");
    }
    assert_eq!(decode_hooks(br#"{"hook_event_name":"a"}"#), Ok(vec![event("a")]));
    assert_eq!(decode_hooks(b"[]"), Ok(vec![]));
    for (body, start) in [
        ("", "body: the body is empty"),
        (" \n", "body: the body is empty"),
        ("[{},7]", "events[1]: expected a hook event, a JSON object, found a number"),
        ("{}\n\n[]", "line 3: expected a hook event, a JSON object, found an array"),
        ("{}\n{\"a\":\n}", "line 2: expected a value"),
        ("\"text\"", "line 1: expected a hook event"),
        ("[{}] {}", "body: text follows the end"),
        ("[{}", "events: expected a comma"),
        ("{\"a\":1e999}", "line 1: a number larger than a double holds"),
    ] {
        let refusal = decode_hooks(body.as_bytes()).expect_err(body).to_string();
        assert!(refusal.starts_with(start), "{body}: {refusal}");
    }
}

#[test]
fn numbers_of_hooks_keep_their_kind() {
    let body = r#"{"i":-5,"big":18446744073709551615,"d":5.0,"e":1e2,"z":-0,"exact":0.30000000000000004}"#;
    let events = decode_hooks(body.as_bytes()).expect("decodes");
    let get = |key: &str| events[0].get(key).expect("a value").clone();
    assert_eq!(get("i"), Value::Int(-5));
    assert_eq!(get("big"), Value::Double(18_446_744_073_709_551_615.0));
    assert_eq!(get("d"), Value::Double(5.0));
    assert_eq!(get("e"), Value::Double(100.0));
    assert!(matches!(get("z"), Value::Double(zero) if zero.is_sign_negative()));
    assert_eq!(get("exact"), Value::Double(0.1 + 0.2));
}

#[test]
fn values_nest_to_the_limit_and_no_deeper() {
    let json = |levels: usize| {
        let (open, close) = (r#"{"arrayValue":{"values":["#, "]}}");
        format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{}{{}}{}}}]}}]}}]}}"#,
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    let body = json(MAX_VALUE_DEPTH);
    let otlp = logs(&body).expect("at the limit");
    let mut protobuf = Vec::new();
    encode_otlp(&otlp, &mut protobuf);
    assert_eq!(decode_otlp(Signal::Logs, ContentType::Protobuf, &protobuf).as_ref(), Ok(&otlp));
    let refusal = logs(&json(MAX_VALUE_DEPTH + 1)).expect_err("beyond").to_string();
    assert!(refusal.contains("nest deeper than 64"), "{refusal}");
    let hooks = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(decode_hooks(hooks(MAX_VALUE_DEPTH).as_bytes()).is_ok());
    assert!(decode_hooks(hooks(MAX_VALUE_DEPTH + 1).as_bytes()).is_err());
}
