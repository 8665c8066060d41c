use super::*;
use crate::dictionary::{coding_agent_events as events, traces};

#[test]
fn cells_that_were_not_set_are_null() {
    let mut rows = Rows::new(&events::TABLE);
    rows.text(events::EVENT_NAME, "tool_result");
    rows.end_row(None);
    rows.int(events::DURATION_MS, 412);
    rows.end_row(Some(7));
    assert_eq!(rows.len(), 2);
    assert_eq!(rows.get_text(0, events::EVENT_NAME), Some("tool_result"));
    assert_eq!(rows.get(0, events::DURATION_MS), Value::Null);
    assert_eq!(rows.get_text(1, events::EVENT_NAME), None);
    assert_eq!(rows.get(1, events::DURATION_MS), Value::Int(412));
    assert_eq!(rows.identities(), [None, Some(7)]);
}

#[test]
fn the_first_value_of_a_cell_stays() {
    let mut rows = Rows::new(&events::TABLE);
    rows.text(events::MODEL, "first");
    rows.text(events::MODEL, "second");
    rows.end_row(None);
    assert_eq!(rows.get_text(0, events::MODEL), Some("first"));
}

#[test]
fn values_are_coerced_to_the_column() {
    let mut rows = Rows::new(&events::TABLE);
    assert!(rows.value(events::SUCCESS, &Value::text("true")));
    assert!(rows.value(events::DURATION_MS, &Value::text("412")));
    assert!(!rows.value(events::INPUT_TOKENS, &Value::text("many")));
    assert!(rows.value(events::ATTRIBUTES, &Value::Map(vec![("a".into(), Value::Int(1))])));
    rows.end_row(None);
    assert_eq!(rows.get(0, events::SUCCESS), Value::Bool(true));
    assert_eq!(rows.get(0, events::DURATION_MS), Value::Int(412));
    assert_eq!(rows.get(0, events::INPUT_TOKENS), Value::Null);
    assert_eq!(rows.get_text(0, events::ATTRIBUTES), Some(r#"{"a":1}"#));
}

#[test]
fn maps_keep_their_order_and_none_is_not_an_empty_one() {
    let mut rows = Rows::new(&traces::TABLE);
    rows.map(traces::TAGS, [("wave", "2"), ("team", "")]);
    rows.map(traces::TAGS, [("late", "1")]);
    rows.end_row(None);
    rows.end_row(None);
    assert!(rows.is_unset(traces::TAGS));
    rows.map(traces::TAGS, []);
    assert!(!rows.is_unset(traces::TAGS));
    rows.end_row(None);
    let map = |entries: &[(&'static str, &'static str)]| {
        Value::Map(entries.iter().map(|(key, value)| ((*key).into(), Value::text(*value))).collect())
    };
    assert_eq!(rows.get(0, traces::TAGS), map(&[("wave", "2"), ("team", "")]));
    assert_eq!(rows.get(1, traces::TAGS), Value::Null);
    assert_eq!(rows.get(2, traces::TAGS), map(&[]));
    assert_eq!(rows.get_text(0, traces::TAGS), None);
    let (columns, _) = rows.into_columns();
    let Values::Map(tags) = &columns[traces::TAGS.index].values else { panic!("a map") };
    assert_eq!(tags.offsets, [0, 2, 2, 2]);
    assert_eq!((tags.keys.bytes.as_slice(), tags.keys.offsets.as_slice()), (&b"waveteam"[..], &[0, 4, 8][..]));
    assert_eq!((tags.values.bytes.as_slice(), tags.values.offsets.as_slice()), (&b"2"[..], &[0, 1, 1][..]));
}
