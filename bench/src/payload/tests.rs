use super::*;

fn decode(payload: &Payload) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest::decode(payload.bytes.as_slice()).unwrap()
}

fn identity(record: &LogRecord) -> (String, String, i64, u64) {
    let value = |key: &str| {
        let attribute = record.attributes.iter().find(|attribute| attribute.key == key);
        attribute.and_then(|attribute| attribute.value.clone()).and_then(|value| value.value)
    };
    let text = |key: &str| match value(key) {
        Some(Value::StringValue(text)) => text,
        other => panic!("`{key}` is {other:?}"),
    };
    let Some(Value::IntValue(sequence)) = value("event.sequence") else { panic!("no event.sequence") };
    (text("session.id"), text("event.timestamp"), sequence, record.time_unix_nano)
}

#[test]
fn shapes_hold_what_they_say() {
    for (shape, count, least, most) in [
        (Shape::Small, 13, 8_900, 8_960),
        (Shape::Large, 1_534, 1 << 20, 1_060_000),
        (Shape::Thousand, 1_000, 680_000, 700_000),
    ] {
        let payload = Payload::new(shape).unwrap();
        assert_eq!(payload.records, count);
        assert_eq!(records(&decode(&payload)).count() as u64, count);
        assert!((least..=most).contains(&payload.bytes.len()), "{shape:?}: {}", payload.bytes.len());
    }
}

#[test]
fn every_record_of_every_request_has_its_own_identity() {
    for shape in [Shape::Small, Shape::Thousand] {
        let mut payload = Payload::new(shape).unwrap();
        let mut seen = BTreeSet::new();
        for number in [0, 1, 59, 60, 3_600, 1_000_000] {
            payload.number(number);
            for record in records(&decode(&payload)) {
                let (session, time, sequence, _) = identity(record);
                assert!(seen.insert((session, time, sequence)), "{shape:?} {number}: seen before");
            }
        }
        assert_eq!(seen.len() as u64, 6 * payload.records);
    }
}

#[test]
fn two_runs_differ() {
    let (mut one, mut other) = (Payload::new(Shape::Small).unwrap(), Payload::new(Shape::Small).unwrap());
    (one.run, other.run) = (1, 2);
    one.number(7);
    other.number(7);
    assert_ne!(one.bytes, other.bytes);
}

#[test]
fn numbering_changes_nothing_but_the_identity() {
    let before = Payload::new(Shape::Small).unwrap();
    let mut after = before.clone();
    after.number(61);
    assert_eq!(before.bytes.len(), after.bytes.len());
    let times: Vec<_> = records(&decode(&after)).map(identity).collect();
    for (_, text, _, nanos) in &times {
        assert!(text.starts_with("2026-11-21T01:01:01."), "{text}");
        let millis: u64 = text.get(20..23).unwrap().parse().unwrap();
        assert_eq!(nanos % (SECONDS_OF_HOUR * NANOS_OF_SECOND), 61 * NANOS_OF_SECOND + millis * 1_000_000);
    }
    let names = |payload: &Payload| records(&decode(payload)).map(|record| record.body.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
}
