//! What is written is read again, by us and by prost.

use proptest::prelude::*;
use receive::{ContentType, decode_hooks, decode_otlp, encode_hooks, encode_otlp};
use record::otlp::{ExponentialHistogramPoint, Metric, MetricData, Otlp, Resource, ResourceGroup, Scope, ScopeGroup};
use record::source::Signal;
use record::value::Value;

use crate::oracle;
use crate::trees;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn protobuf((signal, otlp) in trees::otlp()) {
        let mut body = b"before".to_vec();
        encode_otlp(&otlp, &mut body);
        let body = body.strip_prefix(b"before").expect("appended");
        let decoded = decode_otlp(signal, ContentType::Protobuf, body);
        prop_assert_eq!(decoded.as_ref(), Ok(&otlp));
        prop_assert_eq!(oracle::from_protobuf(signal, body), Some(otlp));
    }

    #[test]
    fn json((signal, otlp) in trees::otlp()) {
        let mut body = Vec::new();
        record::json::write_otlp(&otlp, &mut body);
        prop_assert_eq!(decode_otlp(signal, ContentType::Json, &body), Ok(otlp));
    }

    #[test]
    fn hooks(events in proptest::collection::vec(trees::hook(), 0..3)) {
        let mut body = Vec::new();
        encode_hooks(&events, &mut body);
        let decoded = decode_hooks(&body);
        prop_assert_eq!(decoded.as_ref(), Ok(&events));
        let mut array = Vec::new();
        record::json::write_value(&Value::List(events.clone()), &mut array);
        prop_assert_eq!(decode_hooks(&array), Ok(events));
    }
}

#[test]
fn nan_survives_both_encodings() {
    let point = ExponentialHistogramPoint { zero_threshold: f64::NAN, sum: Some(f64::NAN), ..Default::default() };
    let data = MetricData::ExponentialHistogram { points: vec![point], aggregation_temporality: 0 };
    let metric = Metric { data, metadata: vec![("nan".into(), Value::Double(f64::NAN))], ..Metric::default() };
    let scope = ScopeGroup { scope: Scope::default(), records: vec![metric], schema_url: "".into() };
    let group = ResourceGroup { resource: Resource::default(), scopes: vec![scope], schema_url: "".into() };
    let otlp = Otlp::Metrics(vec![group]);
    let (mut protobuf, mut json) = (Vec::new(), Vec::new());
    encode_otlp(&otlp, &mut protobuf);
    record::json::write_otlp(&otlp, &mut json);
    for (content_type, body) in [(ContentType::Protobuf, protobuf), (ContentType::Json, json)] {
        let again = decode_otlp(Signal::Metrics, content_type, &body).expect("decodes");
        assert_eq!(format!("{again:?}"), format!("{otlp:?}"), "{content_type}");
    }
}
