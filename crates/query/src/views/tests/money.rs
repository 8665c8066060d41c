//! Costs, imported copies, metrics.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_cost_is_the_clients_else_the_price_tables_else_unknown() {
    let used = |id: &str, at: f64, model: &str| {
        let more = json!({"model": model, "input_tokens": 1_000_000, "cache_read_tokens": 1_000_000, "output_tokens": 100_000});
        fact("logs", "api_request", Some(id), at, more)
    };
    let mut told = used("a", 1.0, "listed");
    told["cost_usd"] = json!(0.5);
    let mut cached = used("d", 86_401.0, "listed");
    cached["cache_read_tokens"] = json!(0);
    let failed = fact("logs", "api_request", Some("f"), 1.0, json!({"model": "listed", "success": false}));
    let house = House::with(&[
        told,
        used("b", 86_399.0, "listed"),
        used("c", 86_400.0, "listed"),
        cached,
        used("e", 1.0, "new"),
        failed,
    ])
    .await;
    let costs =
        house.ask("select day, model, cost_usd, cost_source, price_valid_from from costs order by started_at, cost_usd nulls last").await;
    assert_eq!(
        costs,
        json!([
            {"day": "2026-01-01", "model": "listed", "cost_usd": 0.5, "cost_source": "client"},
            {"day": "2026-01-01", "model": "new"},
            {"day": "2026-01-01", "model": "listed", "cost_usd": 2.1, "cost_source": "price_table", "price_valid_from": "2026-01-01"},
            // no price is listed for reading from the cache
            {"day": "2026-01-02", "model": "listed"},
            {"day": "2026-01-02", "model": "listed", "cost_usd": 4.0, "cost_source": "price_table", "price_valid_from": "2026-01-02"},
        ])
    );
    let sums = house.ask("select cost_usd, cost_source, unpriced_requests, api_errors from sessions").await;
    assert_eq!(
        sums,
        json!([{"cost_usd": 6.6, "cost_source": "client,price_table", "unpriced_requests": 2, "api_errors": 1}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_request_counts_once_whatever_sessions_repeat_it() {
    let copy = |session: &str, at: f64, message: &str, input: i64| {
        fact(
            "history",
            "api_request",
            Some("req_1"),
            at,
            json!({
                "session_id": session, "message_id": message, "request_id": "req_1", "input_tokens": input,
            }),
        )
    };
    let house = House::with(&[
        copy("b", 1.0, "m", 5),
        copy("a", 1.0, "m", 5),
        copy("c", 9.0, "m", 5),
        copy("d", 1.0, "other", 6),
    ])
    .await;
    let requests = house.ask("select session_id, message_id from api_requests order by 1").await;
    assert_eq!(requests, json!([{"session_id": "a", "message_id": "m"}, {"session_id": "d", "message_id": "other"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_request_that_was_seen_live_counts_once() {
    let request = |signal: &str, session: &str, input: i64| {
        fact(
            signal,
            "api_request",
            Some("req_1"),
            1.0,
            json!({
                "session_id": session, "request_id": "req_1", "input_tokens": input, "output_tokens": 2,
                "message_id": (signal == "history").then_some(format!("m{input}")), "cost_usd": (signal == "logs").then_some(0.25),
            }),
        )
    };
    // the live one, its own import, the import of a fork, and a small id of another session
    let events = [
        request("logs", "live", 5),
        request("history", "live", 5),
        request("history", "fork", 5),
        request("history", "apart", 9),
    ];
    let house = House::with(&events).await;
    let requests = house.ask("select session_id, signals, message_id, cost_usd from api_requests order by 1").await;
    assert_eq!(
        requests,
        json!([
            {"session_id": "apart", "signals": "history", "message_id": "m9"},
            {"session_id": "live", "signals": "history,logs", "message_id": "m5", "cost_usd": 0.25},
        ])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn increments_sum_up_over_restarts() {
    let mut house = House::new().await;
    let point = |series: &str, start: i64, at: f64, value: f64, temporality: &str| {
        json!({"series_id": series, "start_time": start, "at": at, "value": value, "temporality": temporality,
            "metric_type": "sum", "is_monotonic": true, "metric_name": series})
    };
    let cumulative = |start, at, value| point("c", start, at, value, "cumulative");
    house.send_to(&coding_agent_metrics::TABLE, "acme", &[
        point("d", 0, 1.0, 3.0, "delta"), point("d", 1, 2.0, 4.0, "delta"),
        // 10, then a new process at 5 s that runs beside the old one, then a fall without a new start
        cumulative(0, 1.0, 4.0), cumulative(0, 10.0, 10.0), cumulative(5, 6.0, 2.0), cumulative(5, 12.0, 7.0), cumulative(5, 20.0, 1.0),
        json!({"series_id": "g", "metric_name": "g", "metric_type": "gauge", "value": 9.0, "at": 1.0}),
        json!({"series_id": "n", "metric_name": "n", "metric_type": "sum", "no_value": true, "at": 1.0}),
        json!({"series_id": "h", "metric_name": "h", "metric_type": "histogram", "temporality": "cumulative", "value": 5.5, "count": 2, "at": 1.0}),
        json!({"series_id": "h", "metric_name": "h", "metric_type": "histogram", "temporality": "cumulative", "value": 7.5, "count": 3, "at": 2.0}),
        json!({"series_id": "u", "metric_name": "u", "metric_type": "sum", "is_monotonic": false, "temporality": "cumulative", "value": 5.0, "at": 1.0}),
        json!({"series_id": "u", "metric_name": "u", "metric_type": "sum", "is_monotonic": false, "temporality": "cumulative", "value": 3.0, "at": 2.0}),
    ]);
    let sums = house
        .ask("select metric_name, sum(increment) as sum, sum(count_increment) as count from coding_agent_metric_increments group by 1 order by 1")
        .await;
    assert_eq!(
        sums,
        json!([
            {"metric_name": "c", "sum": 18.0}, {"metric_name": "d", "sum": 7.0}, {"metric_name": "g"},
            {"metric_name": "h", "sum": 7.5, "count": 3}, {"metric_name": "u", "sum": 3.0},
        ])
    );
}
