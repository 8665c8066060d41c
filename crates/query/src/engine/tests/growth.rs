//! Text that multiplies itself ends in a limit, at once; and what is bounded means what it meant before.

use super::*;

/// `first`, and thirty times `step` of the one before, as `t`; `last` is selected of it.
fn chain(first: &str, step: &str, last: &str) -> String {
    let parts = (1..=30).map(|n| format!("c{n} as (select {step} as t from c{})", n - 1));
    format!("with c0 as (select {first} as t {{}}), {} select {last} from c30", parts.collect::<Vec<_>>().join(", "))
}

async fn ends_in_a_limit(house: &House, query: &str, params: Vec<Value>) {
    let started = std::time::Instant::now();
    let error = house.json(query, params).await.expect_err(query);
    assert!(matches!(error, QueryError::Limit { .. }), "{error:?}: {query}");
    assert!(started.elapsed() < Duration::from_secs(20), "{query}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_that_double_end_in_a_limit() {
    let house = house(Limits { memory_bytes: 64 << 20, time: Duration::from_secs(8), ..Limits::default() }).await;
    let text = "repeat('x', 1000)";
    for (first, step, last) in [
        (text, "t || t", "length(t) as n"),
        (text, "concat(t, t)", "length(t) as n"),
        (text, "concat_ws(t, t, t)", "length(t) as n"),
        (text, "regexp_replace(t, '', t, 'g')", "length(t) as n"),
        (text, "regexp_replace(t, '(.*)', '\\1\\1')", "length(t) as n"),
        (text, "replace(t, 'x', 'xx')", "length(t) as n"),
        (text, "overlay(t placing t from 1 for 1) || t", "length(t) as n"),
        (text, "translate(t, 'x', 'y') || t", "length(t) as n"),
        (text, "array_to_string([t, t], t)", "length(t) as n"),
        (text, "encode(arrow_cast(t, 'Binary'), 'hex')", "length(t) as n"),
        (text, "case when length(t) > 0 then t || t else t end", "length(t) as n"),
        (text, "cast([t, t] as varchar)", "length(t) as n"),
        (text, "max(t) || max(t)", "length(t) as n"),
        (text, "first_value(t || t) over ()", "length(t) as n"),
        ("[1]", "array_concat(t, t)", "array_length(t) as n"),
        ("[1]", "t || t", "array_length(t) as n"),
        ("[[1]]", "array_append(array_concat(t, t), [1])", "array_length(t) as n"),
    ] {
        for from in ["", "from coding_agent_events", "from generate_series(1, 1000)"] {
            if step.starts_with("max") && from.is_empty() {
                continue;
            }
            ends_in_a_limit(&house, &chain(first, step, last).replace("{}", from), vec![]).await;
        }
    }
    let query = chain("cast($1 as varchar)", "t || t", "length(t) as n").replace("{}", "from coding_agent_events");
    ends_in_a_limit(&house, &query, vec![json!("x".repeat(1_000))]).await;
    let query =
        "with recursive r as (select repeat('x', 1000) as t union all select t || t from r) select length(t) from r";
    ends_in_a_limit(&house, query, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_allowed_results_at_once_are_refused_together() {
    let house = house(Limits { memory_bytes: 64 << 20, ..Limits::default() }).await;
    let columns = (0..400).map(|n| format!("repeat(session_id, 200000 + {n}) as c{n}")).collect::<Vec<_>>();
    ends_in_a_limit(&house, &format!("select {} from coding_agent_events", columns.join(", ")), vec![]).await;
    let query = "select array_length(array_agg(t)) from (select repeat('x', 100000) || value as t from generate_series(1, 5000))";
    ends_in_a_limit(&house, query, vec![]).await;
    // and what they held is free again, once their tasks have ended
    let pool = Arc::clone(&house.engine.base.runtime_env().memory_pool);
    let freed = async {
        while pool.reserved() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), freed).await.expect("what they held is kept");
    let query = "select count(*) as n from (select repeat('x', 1000) || value as t from generate_series(1, 20000)) where length(t) > 10";
    assert_eq!(house.json(query, vec![]).await.expect("answers"), json!([{"n": 20_000}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_text_of_the_query_is_not_spread_over_many_rows() {
    let house = house(Limits { memory_bytes: 64 << 20, ..Limits::default() }).await;
    let long = "y".repeat(200_000);
    for query in [
        format!(
            "select length(max(t)) from (select '{long}' as t, value from generate_series(1, 100000)) group by value"
        ),
        format!(
            "select max(t) from (select case when value > 5 then '{long}' else 'a' end as t, value from generate_series(1, 100000)) group by value"
        ),
    ] {
        ends_in_a_limit(&house, &query, vec![]).await;
    }
    let query = format!("select count(*) as n from coding_agent_events where session_id <> '{long}'");
    assert_eq!(house.json(&query, vec![]).await.expect("one value"), json!([{"n": 2}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_value_is_not_spread_by_joins_and_windows() {
    let house = house(Limits { memory_bytes: 64 << 20, ..Limits::default() }).await;
    let long = "(select repeat('x', 1000000) || session_id as t, session_id from coding_agent_events)";
    let list = "(select array_agg(value) as t from generate_series(1, 100000))";
    for query in [
        format!(
            "select sum(length(t || value)) from (select arrow_cast(t, 'Utf8') as t from {long}) cross join generate_series(1, 10000)"
        ),
        format!(
            "select max(array_length(t) + value) from {list} cross join generate_series(1, 10000) where array_length(t) > value"
        ),
        format!(
            "select max(length(f)) from (select first_value(t) over (order by value) as f from {long} cross join generate_series(1, 10000))"
        ),
        format!(
            "select t, unnest(range) as u from (select arrow_cast(t, 'Utf8') as t, make_array(1, 2, 3) as range from {long})"
        ),
    ] {
        ends_in_a_limit(&house, &query, vec![]).await;
    }
    // an answer is as large as it is written
    let query = format!("select t from {long} cross join generate_series(1, 10000)");
    ends_in_a_limit(&house, &query, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_over_a_chain_is_refused_before_it_is_written_out() {
    let house = house(Limits::default()).await;
    let query =
        format!("{} where t = 'x'", chain("session_id", "t || t", "1").replace("{}", "from coding_agent_events"));
    ends_in_a_limit(&house, &query, vec![]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_slow_ends_with_the_query() {
    let house = house(Limits { time: Duration::from_secs(1), ..Limits::default() }).await;
    let query = "select max(levenshtein(repeat('ab', 2000 + value), repeat('ba', 2000 + value))) from generate_series(1, 100000)";
    ends_in_a_limit(&house, query, vec![]).await;
    // what it held is given back when its thread has ended
    let pool = Arc::clone(&house.engine.base.runtime_env().memory_pool);
    let ended = async {
        while pool.reserved() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the thread went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn bounded_operators_mean_what_they_meant() {
    let house = house(Limits::default()).await;
    for (query, expected) in [
        ("select 'a' || 'b' as t, 'a' || null as n, null || 'a' as m", json!([{"t": "ab", "n": null, "m": null}])),
        ("select 'n' || 1 || true as t", json!([{"t": "n1true"}])),
        (
            "select [1] || [2, 3] as l, [1] || 2 as a, 0 || [1] as p",
            json!([{"l": [1, 2, 3], "a": [1, 2], "p": [0, 1]}]),
        ),
        ("select cast([1, 2] as varchar) as l, try_cast([1] as varchar) as t", json!([{"l": "[1, 2]", "t": "[1]"}])),
        ("select concat('a', null, 1) as c, concat_ws('-', 'a', null, 'b') as w", json!([{"c": "a1", "w": "a-b"}])),
        (
            "select coalesce(null, 'x') as c, nvl(null, 'y') as n, nullif('a', 'a') as z",
            json!([{"c": "x", "n": "y", "z": null}]),
        ),
        (
            "select regexp_replace('abc', '(b)', '[\\1]') as r, translate('abc', 'ab', 'x') as t",
            json!([{"r": "a[b]c", "t": "xc"}]),
        ),
        (
            "select array_to_string([1, null, 3], ',', '-') as a, string_to_array('a,b', ',') as s",
            json!([{"a": "1,-,3", "s": ["a", "b"]}]),
        ),
        (
            "select to_char(timestamp '2026-01-02', '%Y/%m') as d, encode('ab', 'hex') as h",
            json!([{"d": "2026/01", "h": "6162"}]),
        ),
        ("select named_struct('a', 1)['a'] as a, [7, 8][2] as b", json!([{"a": 1, "b": 8}])),
        (
            "select arrow_cast('a', 'LargeUtf8') || 'b' as t, arrow_typeof('a' || 'b') as y",
            json!([{"t": "ab", "y": "Utf8"}]),
        ),
        (
            "select session_id || '-' || day as t from coding_agent_events where session_id || '' = 'acme-1'",
            json!([{"t": "acme-1-01"}]),
        ),
        (
            "select upper(session_id) as u, count(*) as n from coding_agent_events group by upper(session_id) order by 1 limit 1",
            json!([{"u": "ACME-1", "n": 1}]),
        ),
        (
            "select a.session_id || b.session_id as t from coding_agent_events a join coding_agent_events b on a.session_id || 'x' = b.session_id || 'x' order by 1 limit 1",
            json!([{"t": "acme-1acme-1"}]),
        ),
        (
            "select string_agg(session_id || '!', ',' order by session_id) as t from coding_agent_events",
            json!([{"t": "acme-1!,acme-2!"}]),
        ),
        ("select max(levenshtein('kitten', 'sitting')) as l from coding_agent_events", json!([{"l": 3}])),
        ("select count(distinct uuid()) as n from generate_series(1, 1000)", json!([{"n": 1_000}])),
        (
            "select sum(length(replace(repeat('ab', 100) || value, 'a', 'xyz'))) as n from generate_series(1, 9)",
            json!([{"n": 9 * 401}]),
        ),
    ] {
        assert_eq!(house.json(query, vec![]).await.expect(query), expected, "{query}");
    }
    let query = "select session_id || $1 as t from coding_agent_events order by 1 limit 1";
    assert_eq!(house.json(query, vec![json!("+")]).await.expect("answers"), json!([{"t": "acme-1+"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_a_plan_is_bounded() {
    let house = house(Limits::default()).await;
    for expression in [
        "session_id || session_id",
        "concat(session_id, session_id)",
        "[session_id, session_id]",
        "cast([session_id] as varchar)",
        "arrow_cast(session_id, 'Utf8')",
        "substr(session_id, 1, 2) || $1",
        "coalesce(session_id || 'x', 'y')",
        "case when input_tokens > 1 then session_id || 'x' end",
        "concat('a', 'b', session_id)",
        "concat_ws('', session_id, session_id)",
        "attributes->'a'->>0",
        "attributes #> '{a,b}'",
        "attributes ? 'a'",
        "json_get_int(attributes, 'a')",
        "json_get_array(attributes, 'a')",
    ] {
        for query in [
            "select {} from coding_agent_events",
            "select max({}) from coding_agent_events group by day",
            "select 1 from coding_agent_events where {} is not null",
            "select day from coding_agent_events order by {}",
            "select (select max({}) from coding_agent_events)",
            "select row_number() over (order by {}) from moda.coding_agent_events",
        ] {
            let query = query.replace("{}", expression);
            let unbounded = unbounded(&house, &query).await;
            assert!(unbounded.is_empty(), "{query}: {unbounded:?}");
        }
    }
}

/// What is left in the optimized plan that could grow and is not bounded.
async fn unbounded(house: &House, query: &str) -> Vec<String> {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

    let allowance =
        Arc::new(Allowance::new(&Limits::default(), Arc::clone(&house.engine.base.runtime_env().memory_pool)));
    let context = house.engine.session(Tenant::new("acme").expect("valid"), &allowance).expect("a session");
    let statement = guard::check(query, 100).expect("reads");
    let plan = context.state().statement_to_plan(statement).await.expect("plans");
    let frame = context.execute_logical_plan(plan).await.expect("plans");
    let frame =
        if query.contains("$1") { frame.with_param_values(vec![ScalarValue::from("p")]).expect("fits") } else { frame };
    let plan = frame.into_optimized_plan().expect("optimizes");
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let unbounded = match expr {
                    Expr::ScalarFunction(call) => {
                        let fixed = ["get_field", "character_length", "array_length"].contains(&call.func.name());
                        !fixed && call.func.inner().downcast_ref::<crate::bounded::Bounded>().is_none()
                    }
                    Expr::BinaryExpr(BinaryExpr { op, .. }) => *op == Operator::StringConcat,
                    Expr::Cast(cast) => *cast.field.data_type() == arrow::datatypes::DataType::Utf8,
                    _ => false,
                };
                if unbounded {
                    found.push(expr.to_string());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .expect("walks");
    found
}
