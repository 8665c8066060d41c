use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

fn merged(strategy: &str, old: Value, new: Value) -> Value {
    let strategy = MergeStrategy::parse(strategy).expect("a strategy");
    Value::Object(strategy.merge(object(old), object(new)))
}

#[test]
fn each_strategy_does_what_its_row_says() {
    let old = || json!({"a": {"x": 1, "y": [1]}, "l": [1, 2], "kept": true, "n": 1});
    let new = || json!({"a": {"y": [2], "z": 3}, "l": [3], "n": null});
    for (strategy, expected) in [
        ("replace", new()),
        ("", new()),
        ("shallow", json!({"a": {"y": [2], "z": 3}, "l": [3], "kept": true, "n": null})),
        ("deep", json!({"a": {"x": 1, "y": [2], "z": 3}, "l": [3], "kept": true, "n": null})),
        ("deep_append", json!({"a": {"x": 1, "y": [1, 2], "z": 3}, "l": [1, 2, 3], "kept": true, "n": null})),
    ] {
        assert_eq!(merged(strategy, old(), new()), expected, "{strategy:?}");
    }
}

#[test]
fn another_kind_of_value_takes_the_place() {
    for strategy in ["shallow", "deep", "deep_append"] {
        for (old, new) in [(json!([1]), json!({"a": 1})), (json!({"a": 1}), json!([1])), (json!(null), json!([1]))] {
            let after = merged(strategy, json!({"k": old}), json!({"k": new}));
            assert_eq!(after, json!({"k": new}), "{strategy}");
        }
    }
}

#[test]
fn unknown_names_are_none() {
    assert_eq!(MergeStrategy::parse("Replace"), None);
    assert!(MergeStrategy::NAMES.into_iter().all(|name| MergeStrategy::parse(name).is_some()));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i64..4).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn data() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[abc]", value(), 0..4).prop_map(|map| map.into_iter().collect())
}

/// Every list anywhere is empty or gone: then appending is replacing.
fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(map) => map.values().any(has_list),
        _ => false,
    }
}

fn items(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.values().map(items).sum(),
        _ => 0,
    }
}

const MERGING: [MergeStrategy; 3] = [MergeStrategy::Shallow, MergeStrategy::Deep, MergeStrategy::DeepAppend];

proptest! {
    /// The empty object is neutral on both sides.
    #[test]
    fn merging_nothing_changes_nothing(a in data()) {
        for strategy in MERGING {
            prop_assert_eq!(strategy.merge(a.clone(), Map::new()), a.clone());
            prop_assert_eq!(strategy.merge(Map::new(), a.clone()), a.clone());
        }
    }

    #[test]
    fn every_key_of_both_is_there_and_no_other(a in data(), b in data()) {
        for strategy in MERGING {
            let merged = strategy.merge(a.clone(), b.clone());
            prop_assert!(merged.keys().all(|key| a.contains_key(key) || b.contains_key(key)));
            prop_assert!(a.keys().chain(b.keys()).all(|key| merged.contains_key(key)));
        }
    }

    /// Writing the same again changes nothing, unless lists grow.
    #[test]
    fn the_same_write_twice_is_once(a in data(), b in data()) {
        for strategy in [MergeStrategy::Replace, MergeStrategy::Shallow, MergeStrategy::Deep] {
            let once = strategy.merge(a.clone(), b.clone());
            prop_assert_eq!(strategy.merge(once.clone(), b.clone()), once);
        }
    }

    /// Two writes after each other are their merge in one, for data whose objects stay objects: a value of another kind between
    /// them would cut what lies before it.
    #[test]
    fn top_level_writes_join(a in data(), b in data(), c in data()) {
        let strategy = MergeStrategy::Shallow;
        let left = strategy.merge(strategy.merge(a.clone(), b.clone()), c.clone());
        prop_assert_eq!(left, strategy.merge(a, strategy.merge(b, c)));
    }

    #[test]
    fn without_lists_appending_is_deep(a in data(), b in data()) {
        prop_assume!(!has_list(&Value::Object(a.clone())));
        let deep = MergeStrategy::Deep.merge(a.clone(), b.clone());
        prop_assert_eq!(MergeStrategy::DeepAppend.merge(a, b), deep);
    }

    /// Counters that are lists lose nothing: as many items afterwards as both sides had.
    #[test]
    fn appended_lists_are_as_long_as_both(lists in prop::collection::vec(prop::collection::vec(0_i64..9, 0..5), 1..6)) {
        let mut record = Map::new();
        for list in &lists {
            let write = object(json!({"at": {"log": list}}));
            record = MergeStrategy::DeepAppend.merge(record, write);
        }
        prop_assert_eq!(items(&Value::Object(record.clone())), lists.iter().map(Vec::len).sum::<usize>());
        prop_assert_eq!(&record["at"]["log"], &json!(lists.concat()));
    }
}
