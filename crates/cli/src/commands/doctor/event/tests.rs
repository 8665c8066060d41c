use super::*;

#[test]
fn a_partial_success_tells_why() {
    let reason = Some("no".to_owned());
    for (answer, expected) in [
        (json!({}), None),
        (json!({"partialSuccess": {}}), None),
        (json!({"partialSuccess": {"rejectedLogRecords": "0", "errorMessage": "a warning"}}), None),
        (json!({"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": "no"}}), reason.clone()),
        (json!({"partialSuccess": {"rejectedLogRecords": 1, "errorMessage": "no"}}), reason),
        (json!({"partialSuccess": {"rejectedLogRecords": 1}}), Some("no reason given".to_owned())),
    ] {
        assert_eq!(rejection(&answer), expected, "{answer}");
    }
}

#[test]
fn each_run_has_its_own_session() {
    assert_ne!(session_id(), session_id());
}

#[test]
fn the_event_has_a_time_in_nanoseconds_and_its_session() {
    let request = export_request("s-1");
    let record = request.pointer("/resourceLogs/0/scopeLogs/0/logRecords/0").unwrap();
    let nanos: u64 = record["timeUnixNano"].as_str().unwrap().parse().unwrap();
    assert!((1_700_000_000_000_000_000..4_000_000_000_000_000_000).contains(&nanos), "{nanos}");
    let attributes = record["attributes"].as_array().unwrap();
    assert!(attributes.contains(&json!({"key": "session.id", "value": {"stringValue": "s-1"}})));
}
