use proptest::prelude::*;
use record::otlp::MetricData;

use super::*;

fn series(attributes: &[Attribute<'_>]) -> u128 {
    Canonical::default().series(7, attributes)
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Double),
        "[a-z]{0,4}".prop_map(Value::text),
        proptest::collection::vec(any::<u8>(), 0..4).prop_map(|bytes| Value::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            proptest::collection::btree_map("[a-z]{0,4}", inner, 0..3)
                .prop_map(|map| Value::Map(map.into_iter().map(|(key, value)| (key.into(), value)).collect())),
        ]
    })
}

fn reversed(value: &Value<'static>) -> Value<'static> {
    match value {
        Value::Map(entries) => {
            Value::Map(entries.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(reversed).collect()),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn the_order_of_attributes_does_not_matter(
        (attributes, shuffled) in proptest::collection::btree_map("[a-z.]{0,6}", value(), 0..8).prop_flat_map(|map| {
            let attributes: Vec<Attribute<'static>> =
                map.into_iter().map(|(key, value)| (key.into(), value)).collect();
            let shuffled = attributes.iter().map(|(key, value)| (key.clone(), reversed(value))).collect::<Vec<_>>();
            (Just(attributes), Just(shuffled).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(series(&attributes), series(&shuffled));
    }

    #[test]
    fn every_key_and_value_matters(
        map in proptest::collection::btree_map("[a-z.]{0,6}", value(), 1..8),
        other in value(),
    ) {
        let attributes: Vec<Attribute<'static>> = map.into_iter().map(|(key, value)| (key.into(), value)).collect();
        let base = series(&attributes);
        for at in 0..attributes.len() {
            let mut renamed = attributes.clone();
            renamed[at].0 = format!("{}!", renamed[at].0).into();
            prop_assert_ne!(base, series(&renamed));
            let mut without = attributes.clone();
            without.remove(at);
            prop_assert_ne!(base, series(&without));
            let mut changed = attributes.clone();
            changed[at].1 = Value::List(vec![other.clone(), changed[at].1.clone()]);
            prop_assert_ne!(base, series(&changed));
        }
    }
}

#[test]
fn types_matter() {
    let values = [
        Value::Null,
        Value::Bool(true),
        Value::Int(1),
        Value::Double(1.0),
        Value::text("1"),
        Value::Bytes(b"1".as_slice().into()),
        Value::List(vec![Value::Int(1)]),
        Value::Map(vec![("1".into(), Value::Int(1))]),
    ];
    let hashes: std::collections::HashSet<u128> =
        values.iter().map(|value| series(&[("k".into(), value.clone())])).collect();
    assert_eq!(hashes.len(), values.len());
}

#[test]
fn of_a_repeated_key_the_first_counts() {
    let first = ("k".into(), Value::Int(1));
    let second = ("k".into(), Value::Int(2));
    assert_eq!(series(&[first.clone(), second.clone()]), series(std::slice::from_ref(&first)));
    assert_ne!(series(&[second, first.clone()]), series(&[first]));
}

#[test]
fn neighbouring_fields_do_not_run_into_each_other() {
    let text = |key: &'static str, value: &'static str| (key.into(), Value::text(value));
    assert_ne!(series(&[text("ab", "c")]), series(&[text("a", "bc")]));
    let mut canonical = Canonical::default();
    let scope = |name: &'static str, version: &'static str| Scope {
        name: name.into(),
        version: version.into(),
        ..Scope::default()
    };
    assert_ne!(canonical.scope(1, &scope("ab", "c")), canonical.scope(1, &scope("a", "bc")));
}

#[test]
fn all_that_identifies_a_metric_matters_and_its_description_does_not() {
    let sum = |aggregation_temporality, is_monotonic| MetricData::Sum {
        points: Vec::new(),
        aggregation_temporality,
        is_monotonic,
    };
    let metric = |name: &'static str, unit: &'static str, data| Metric {
        name: name.into(),
        unit: unit.into(),
        data,
        ..Metric::default()
    };
    let mut canonical = Canonical::default();
    let mut hash = |above, metric: &Metric<'_>| canonical.metric(above, metric, Kind::of(&metric.data));
    let base = metric("m", "s", sum(1, true));
    let others = [
        metric("n", "s", sum(1, true)),
        metric("m", "ms", sum(1, true)),
        metric("m", "s", sum(2, true)),
        metric("m", "s", sum(1, false)),
        metric("m", "s", MetricData::Gauge(Vec::new())),
        metric("m", "s", MetricData::Histogram { points: Vec::new(), aggregation_temporality: 1 }),
    ];
    for other in &others {
        assert_ne!(hash(7, &base), hash(7, other), "{other:?}");
    }
    assert_ne!(hash(7, &base), hash(8, &base));
    let described = Metric { description: "d".into(), ..base.clone() };
    assert_eq!(hash(7, &base), hash(7, &described));
    let of = |provider| Canonical::default().resource(provider, &Resource::default());
    assert_ne!(of(Provider::Codex), of(Provider::Other));
}
