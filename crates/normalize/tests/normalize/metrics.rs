//! Single data points and the columns they fill; when two points are one.

use std::collections::HashSet;

use normalize::{Output, normalize};
use record::arrival::Payload;
use record::dictionary::{Column, coding_agent_metrics as metrics};
use record::envelope::Envelope;
use record::otlp::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Metric, MetricData, Number, NumberPoint, Otlp,
    Resource, ResourceGroup, Scope, ScopeGroup, SummaryPoint,
};
use record::rows::Rows;
use record::source::{Provider, Signal};
use record::time::Timestamp;
use record::value::{Attributes, Value};
use serde_json::{Value as Json, json};

use crate::{show, support};

/// 2026-11-21T11:00:00Z and a second before.
const TIME: u64 = 1_795_258_800_000_000_000;
const START: u64 = TIME - 1_000_000_000;

fn attributes(json: &Json) -> Attributes<'static> {
    match support::plain(json) {
        Value::Map(entries) => entries,
        other => panic!("{other:?}"),
    }
}

fn metric(data: MetricData<'static>) -> Metric<'static> {
    Metric { name: "m".into(), unit: "1".into(), data, ..Metric::default() }
}

fn payload(metrics: Vec<Metric<'static>>, scope: Scope<'static>, resource: &Json) -> Payload<'static> {
    let scopes = vec![ScopeGroup { scope, records: metrics, schema_url: "".into() }];
    let resource = Resource { attributes: attributes(resource), dropped_attributes_count: 0 };
    Payload::Otlp(Otlp::Metrics(vec![ResourceGroup { resource, scopes, schema_url: "".into() }]))
}

fn rows(data: MetricData<'static>) -> Rows {
    show::rows_of(&payload(vec![metric(data)], Scope::default(), &json!({})), Provider::Other)
}

fn delta(points: Vec<NumberPoint<'static>>) -> MetricData<'static> {
    MetricData::Sum { points, aggregation_temporality: 1, is_monotonic: true }
}

fn number(value: Number) -> NumberPoint<'static> {
    NumberPoint { start_time_unix_nano: START, time_unix_nano: TIME, value, ..NumberPoint::default() }
}

fn with(point: &Json) -> Rows {
    rows(delta(vec![NumberPoint { attributes: attributes(point), ..number(Number::Int(1)) }]))
}

#[track_caller]
fn check(rows: &Rows, column: Column, expected: impl Into<Json>) {
    assert_eq!(rows.get(0, column), support::plain(&expected.into()), "{}", column.name);
}

fn parsed(rows: &Rows, column: Column) -> Json {
    serde_json::from_str(rows.get_text(0, column).expect("text")).expect("JSON")
}

fn micros(nanos: u64) -> i64 {
    i64::try_from(nanos / 1_000).expect("small")
}

#[test]
fn a_sum() {
    let rows = rows(delta(vec![number(Number::Double(2.5))]));
    check(&rows, metrics::METRIC_NAME, "m");
    check(&rows, metrics::METRIC_TYPE, "sum");
    check(&rows, metrics::UNIT, "1");
    check(&rows, metrics::TEMPORALITY, "delta");
    check(&rows, metrics::IS_MONOTONIC, true);
    check(&rows, metrics::VALUE, 2.5);
    check(&rows, metrics::COUNT, Json::Null);
    check(&rows, metrics::BUCKETS, Json::Null);
    check(&rows, metrics::NO_VALUE, false);
    check(&rows, metrics::EVENT_TIME, micros(TIME));
    check(&rows, metrics::START_TIME, micros(START));
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), json!({}));
}

#[test]
fn a_gauge_has_no_temporality() {
    let rows = rows(MetricData::Gauge(vec![number(Number::Int(-3))]));
    check(&rows, metrics::METRIC_TYPE, "gauge");
    check(&rows, metrics::TEMPORALITY, Json::Null);
    check(&rows, metrics::IS_MONOTONIC, Json::Null);
    check(&rows, metrics::VALUE, -3.0);
}

#[test]
fn a_histogram() {
    let point = HistogramPoint {
        time_unix_nano: TIME,
        count: 3,
        sum: Some(-2.5),
        bucket_counts: vec![2, 1, u64::MAX],
        explicit_bounds: vec![0.0, 1.5],
        min: Some(-4.0),
        max: Some(2.0),
        ..HistogramPoint::default()
    };
    let rows = rows(MetricData::Histogram { points: vec![point], aggregation_temporality: 2 });
    check(&rows, metrics::METRIC_TYPE, "histogram");
    check(&rows, metrics::TEMPORALITY, "cumulative");
    check(&rows, metrics::VALUE, -2.5);
    check(&rows, metrics::COUNT, 3);
    check(&rows, metrics::MIN, -4.0);
    check(&rows, metrics::MAX, 2.0);
    check(&rows, metrics::START_TIME, Json::Null);
    assert_eq!(rows.get_text(0, metrics::BUCKETS), Some(r#"{"bounds":[0.0,1.5],"counts":[2,1,18446744073709551615]}"#));
}

#[test]
fn a_histogram_without_buckets_or_sum() {
    let point = HistogramPoint { time_unix_nano: TIME, count: 3, ..HistogramPoint::default() };
    let rows = rows(MetricData::Histogram { points: vec![point], aggregation_temporality: 0 });
    check(&rows, metrics::TEMPORALITY, Json::Null);
    check(&rows, metrics::VALUE, Json::Null);
    check(&rows, metrics::COUNT, 3);
    check(&rows, metrics::BUCKETS, Json::Null);
}

#[test]
fn an_exponential_histogram() {
    let point = ExponentialHistogramPoint {
        time_unix_nano: TIME,
        count: 3,
        sum: Some(10.5),
        scale: -1,
        zero_count: 1,
        positive: Buckets { offset: 1, bucket_counts: vec![0, 2] },
        negative: Buckets { offset: -4, bucket_counts: vec![1] },
        max: Some(5.5),
        zero_threshold: 0.25,
        ..ExponentialHistogramPoint::default()
    };
    let rows = rows(MetricData::ExponentialHistogram { points: vec![point], aggregation_temporality: 1 });
    check(&rows, metrics::METRIC_TYPE, "exponential_histogram");
    check(&rows, metrics::VALUE, 10.5);
    check(&rows, metrics::MAX, 5.5);
    let buckets = json!({
        "scale": -1, "zero_count": 1, "zero_threshold": 0.25,
        "positive": {"offset": 1, "counts": [0, 2]}, "negative": {"offset": -4, "counts": [1]},
    });
    assert_eq!(parsed(&rows, metrics::BUCKETS), buckets);
}

#[test]
fn a_summary() {
    let quantile_values = vec![(0.5, 2.0), (0.99, f64::NAN)];
    let point = SummaryPoint { time_unix_nano: TIME, count: 4, sum: 9.0, quantile_values, ..SummaryPoint::default() };
    let rows = rows(MetricData::Summary(vec![point]));
    check(&rows, metrics::METRIC_TYPE, "summary");
    check(&rows, metrics::VALUE, 9.0);
    check(&rows, metrics::COUNT, 4);
    let quantiles = json!([{"quantile": 0.5, "value": 2.0}, {"quantile": 0.99, "value": "NaN"}]);
    assert_eq!(parsed(&rows, metrics::BUCKETS), json!({"quantiles": quantiles}));
}

#[test]
fn a_metric_without_points_has_no_rows() {
    for data in [MetricData::None, MetricData::Gauge(Vec::new()), delta(Vec::new())] {
        assert!(rows(data).is_empty());
    }
}

#[test]
fn what_a_double_cannot_hold_stays_in_attributes() {
    for (value, column, kept) in [
        (Number::Double(f64::NAN), Json::Null, json!({"value": "NaN"})),
        (Number::Double(f64::INFINITY), Json::Null, json!({"value": "Infinity"})),
        (Number::Double(f64::NEG_INFINITY), Json::Null, json!({"value": "-Infinity"})),
        (Number::Int(i64::MAX), json!(9_223_372_036_854_775_807.0), json!({"value": i64::MAX})),
        (Number::Int(-(1 << 53) - 1), json!(-9_007_199_254_740_992.0), json!({"value": -9_007_199_254_740_993_i64})),
        (Number::Int(1 << 53), json!(9_007_199_254_740_992.0), json!({})),
        (Number::None, Json::Null, json!({})),
    ] {
        let rows = rows(delta(vec![number(value)]));
        check(&rows, metrics::VALUE, column);
        assert_eq!(parsed(&rows, metrics::ATTRIBUTES), kept);
    }
    let point = HistogramPoint {
        count: u64::MAX,
        sum: Some(f64::NAN),
        min: Some(f64::NEG_INFINITY),
        max: Some(f64::INFINITY),
        ..HistogramPoint::default()
    };
    let rows = rows(MetricData::Histogram { points: vec![point], aggregation_temporality: 1 });
    for column in [metrics::VALUE, metrics::MIN, metrics::MAX, metrics::COUNT] {
        check(&rows, column, Json::Null);
    }
    let kept = json!({"sum": "NaN", "min": "-Infinity", "max": "Infinity", "count": "18446744073709551615"});
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), kept);
}

#[test]
fn a_point_without_a_recorded_value_has_none() {
    let rows = rows(delta(vec![NumberPoint { flags: 1, ..number(Number::Int(-3)) }]));
    check(&rows, metrics::NO_VALUE, true);
    check(&rows, metrics::VALUE, Json::Null);
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), json!({}));
}

#[test]
fn buckets_are_bounded() {
    let histogram = |buckets: u32| {
        let bucket_counts = vec![0; buckets as usize + 1];
        let explicit_bounds = (0..buckets).map(f64::from).collect();
        let point = HistogramPoint { count: 1, bucket_counts, explicit_bounds, ..HistogramPoint::default() };
        rows(MetricData::Histogram { points: vec![point], aggregation_temporality: 1 })
    };
    let kept = histogram(1_023);
    assert_eq!(parsed(&kept, metrics::BUCKETS)["counts"].as_array().map(Vec::len), Some(1_024));
    let left_out = histogram(1_024);
    check(&left_out, metrics::BUCKETS, Json::Null);
    check(&left_out, metrics::COUNT, 1);
    assert_eq!(parsed(&left_out, metrics::ATTRIBUTES), json!({"buckets_omitted": 2_049}));
}

#[test]
fn times_that_cannot_be_true_become_the_time_of_receipt() {
    let received_at = Timestamp::parse(support::RECEIVED_AT).expect("valid").0;
    for (time, original) in [
        (0, None),
        (u64::MAX, Some("2554-07-21T23:34:33.709551Z")),
        (1_000_000_000, Some("1970-01-01T00:00:01.000000Z")),
    ] {
        let point = NumberPoint { time_unix_nano: time, start_time_unix_nano: u64::MAX, ..NumberPoint::default() };
        let rows = rows(delta(vec![point]));
        check(&rows, metrics::EVENT_TIME, received_at);
        check(&rows, metrics::START_TIME, micros(u64::MAX));
        assert_eq!(parsed(&rows, metrics::ATTRIBUTES)["event_time_original"].as_str(), original);
    }
}

#[test]
fn names_of_a_column_win_in_the_order_of_its_description() {
    let rows = with(&json!({"gen_ai.token.type": "2", "token_type": "1", "type": "0"}));
    check(&rows, metrics::TOKEN_TYPE, "0");
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), json!({"gen_ai.token.type": "2", "token_type": "1"}));
    for (key, column) in [
        ("tool_name", metrics::TOOL_NAME),
        ("gen_ai.tool.name", metrics::TOOL_NAME),
        ("function_name", metrics::TOOL_NAME),
        ("tool", metrics::TOOL_NAME),
        ("model", metrics::MODEL),
        ("gen_ai.request.model", metrics::MODEL),
        ("model_slug", metrics::MODEL),
        ("skill.name", metrics::SKILL_NAME),
        ("skill", metrics::SKILL_NAME),
        ("mcp_server.name", metrics::MCP_SERVER),
        ("agent.name", metrics::AGENT_TYPE),
        ("query_source", metrics::QUERY_SOURCE),
        ("session.id", metrics::SESSION_ID),
        ("conversation.id", metrics::SESSION_ID),
        ("user.email", metrics::USER_EMAIL),
        ("company.id", metrics::ORG_ID),
        ("moda.project_id", metrics::PROJECT_ID),
        ("app.version", metrics::AGENT_VERSION),
        ("terminal.type", metrics::TERMINAL_TYPE),
        ("vcs.ref.head.name", metrics::BRANCH),
    ] {
        let rows = with(&json!({key: "x"}));
        check(&rows, column, "x");
        assert_eq!(parsed(&rows, metrics::ATTRIBUTES), json!({}), "{key}");
    }
    check(&with(&json!({"success": "true"})), metrics::SUCCESS, true);
}

#[test]
fn names_of_columns_that_points_do_not_have_stay() {
    let kept = json!({
        "mcp_tool.name": "add", "tool_use_id": "t", "cost_usd": 1, "status": "200", "decision": "accept", "source": "config",
        "tool_parameters": "{}", "event.timestamp": "now", "prompt": "p", "vcs.ref.head.revision": "c0ffee",
    });
    assert_eq!(parsed(&with(&kept), metrics::ATTRIBUTES), kept);
}

#[test]
fn the_point_goes_before_the_scope_before_the_resource() {
    let point = NumberPoint {
        attributes: attributes(&json!({"org_id": "point", "vcs.repository.url.full": "url"})),
        ..number(Number::Int(1))
    };
    let scope = Scope {
        name: "com.anthropic.claude_code".into(),
        version: "2.1.329".into(),
        attributes: attributes(&json!({"org_id": "scope", "project_id": "scope", "more": "scope"})),
        ..Scope::default()
    };
    let resource = json!({
        "org_id": "resource", "project_id": "resource", "user.id": "resource", "session.id": "resource", "more": "resource",
        "service.version": "9", "os": "Debian", "os_version": "12", "host.arch": "amd64", "host.name": "devbox",
    });
    let payload = payload(vec![metric(delta(vec![point]))], scope, &resource);
    let rows = show::rows_of(&payload, Provider::ClaudeCode);
    check(&rows, metrics::ORG_ID, "point");
    check(&rows, metrics::PROJECT_ID, "scope");
    check(&rows, metrics::USER_ID, "resource");
    check(&rows, metrics::SESSION_ID, "resource");
    check(&rows, metrics::REPO, "url");
    check(&rows, metrics::AGENT_VERSION, "2.1.329");
    check(&rows, metrics::OS_TYPE, "Debian");
    check(&rows, metrics::OS_VERSION, "12");
    check(&rows, metrics::HOST_ARCH, "amd64");
    check(&rows, metrics::HOST_NAME, "devbox");
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), json!({"vcs.repository.url.full": "url", "more": "scope"}));
    check(&show::rows_of(&payload, Provider::Other), metrics::AGENT_VERSION, "9");
}

#[test]
fn what_was_done_to_the_metric_itself_stays_on_its_points() {
    let metadata = attributes(&json!({"modlake.redacted": ["metric.description"]}));
    let metric = Metric { metadata, ..metric(delta(vec![number(Number::Int(1))])) };
    let rows = show::rows_of(&payload(vec![metric], Scope::default(), &json!({})), Provider::Other);
    let kept = json!({"metric.metadata": {"modlake.redacted": ["metric.description"]}});
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), kept);
}

#[test]
fn exemplars_stay_in_the_raw_row() {
    let exemplars = vec![Exemplar { value: Number::Int(2), ..Exemplar::default() }];
    let rows = rows(delta(vec![NumberPoint { exemplars, ..number(Number::Int(1)) }]));
    assert_eq!(parsed(&rows, metrics::ATTRIBUTES), json!({}));
}

fn arrived(number: u128, payload: &Payload<'_>) -> Rows {
    let envelope = support::envelope(Provider::Codex, Signal::Metrics);
    let mut out = Output::default();
    normalize(&Envelope { arrival_id: uuid::Uuid::from_u128(number), ..envelope }, Some(payload), &mut out);
    out.metrics
}

fn texts(rows: &Rows, column: Column) -> Vec<&str> {
    (0..rows.len()).filter_map(|row| rows.get_text(row, column)).collect()
}

#[test]
fn a_request_sent_again_has_the_same_points() {
    for (scenario, part) in [
        ("claude_code/c14_gzip_cumulative_includes", "metrics.decoded"),
        ("claude_code/c20_hooks", "metrics.decoded"),
        ("codex/d03_all_signals_json", "metrics.excerpt"),
    ] {
        let mut seen = HashSet::new();
        for (file, json) in support::scenario(scenario, part) {
            let payload = support::payload(&json);
            let (first, second) = (arrived(1, &payload), arrived(2, &payload));
            assert_eq!(first.len(), payload.record_count(), "{file}");
            assert_eq!(first.identities(), second.identities());
            assert_eq!(texts(&first, metrics::POINT_ID), texts(&second, metrics::POINT_ID));
            for (row, identity) in first.identities().iter().enumerate() {
                let identity = identity.expect("declared");
                assert!(seen.insert(identity), "{scenario}/{file}");
                assert_eq!(texts(&first, metrics::POINT_ID)[row], format!("{identity:032x}"));
            }
        }
    }
}

#[test]
fn points_are_told_apart_by_series_start_time_and_measurement() {
    let base = number(Number::Int(1));
    let points = vec![
        base.clone(),
        NumberPoint { start_time_unix_nano: START + 1, ..base.clone() },
        NumberPoint { time_unix_nano: TIME + 1, ..base.clone() },
        // two processes that do not say who they are
        NumberPoint { value: Number::Int(2), ..base.clone() },
        NumberPoint { value: Number::Double(1.0), ..base.clone() },
        NumberPoint { flags: 1, ..base.clone() },
        NumberPoint { attributes: attributes(&json!({"type": "input"})), ..base.clone() },
        // sent twice in one request
        base,
    ];
    let count = points.len();
    let payload = payload(vec![metric(delta(points))], Scope::default(), &json!({}));
    let (first, again) = (arrived(1, &payload), arrived(2, &payload));
    assert_eq!(first.identities().iter().flatten().collect::<HashSet<_>>().len(), count);
    assert_eq!(first.identities(), again.identities());
    assert_eq!(texts(&first, metrics::SERIES_ID).into_iter().collect::<HashSet<_>>().len(), 2);
}

#[test]
fn histograms_are_told_apart_by_their_buckets() {
    let point = |bucket_counts: &[u64]| HistogramPoint {
        time_unix_nano: TIME,
        count: 2,
        bucket_counts: bucket_counts.to_vec(),
        ..HistogramPoint::default()
    };
    let points = vec![point(&[2, 0]), point(&[0, 2]), point(&[])];
    let data = MetricData::Histogram { points, aggregation_temporality: 1 };
    let rows = arrived(1, &payload(vec![metric(data)], Scope::default(), &json!({})));
    assert_eq!(rows.identities().iter().flatten().collect::<HashSet<_>>().len(), 3);
}

#[test]
fn a_point_without_a_time_is_never_taken_for_another() {
    let point = NumberPoint { time_unix_nano: 0, ..number(Number::Int(1)) };
    let payload = payload(vec![metric(delta(vec![point.clone(), point]))], Scope::default(), &json!({}));
    let (first, again) = (arrived(1, &payload), arrived(2, &payload));
    assert_eq!(first.identities(), [None, None]);
    let ids: HashSet<&str> = [&first, &again].into_iter().flat_map(|rows| texts(rows, metrics::POINT_ID)).collect();
    assert_eq!(ids.len(), 4);
}
