//! Tags are a map: asked for by their keys, in rows that are committed and in rows that wait.

use super::*;

fn row(path: &str, tags: &Value) -> Value {
    json!({"type": "build", "buildid": "b1", "path": path, "tags": tags})
}

/// Three rows that are committed, of which one has no tags, and two that wait, of which one has none.
async fn house() -> House {
    let mut house = House::new().await;
    let committed = [
        row("a", &json!({"team": "payments", "wave": "1"})),
        row("b", &json!({"team": "o'search"})),
        row("c", &Value::Null),
    ];
    house.send_to(&traces::TABLE, "acme", &committed);
    house.lake.flush().await.expect("commits");
    let waiting = [row("d", &json!({"wave": "2", "team": "payments"})), row("e", &Value::Null)];
    house.send_to(&traces::TABLE, "acme", &waiting);
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_found_and_grouped_by_tags() {
    let house = house().await;
    let paths = |found: &[&str]| json!(found.iter().map(|path| json!({"path": path})).collect::<Vec<_>>());
    for (condition, found) in [
        ("tags['team'] = 'payments'", &["a", "d"][..]),
        ("tags['team'] = 'payments' and tags['wave'] = '2'", &["d"]),
        ("tags['team'] <> 'payments'", &["b"]),
        ("tags['team'] in ('o''search', 'x')", &["b"]),
        ("tags['team'] like '%search' or tags['wave'] = '1'", &["a", "b"]),
        ("upper(tags['team']) = 'PAYMENTS' and path < 'b'", &["a"]),
        ("tags['nothing'] is not null", &[]),
        ("tags['team'] is null", &["c", "e"]),
        ("tags is null", &["c", "e"]),
        ("tags is not null and day = '01'", &["a", "b", "d"]),
        ("array_has(map_keys(tags), 'wave')", &["a", "d"]),
        ("cardinality(tags) = 2", &["a", "d"]),
    ] {
        for table in ["traces", "moderne_bi.traces", "builds"] {
            if table == "builds" && condition.contains("day") {
                continue;
            }
            let query = format!("select path from {table} where {condition} order by path");
            assert_eq!(house.ask(&query).await, paths(found), "{query}");
        }
    }
    for table in ["traces", "builds"] {
        let query = format!(
            "select tags['team'] as team, count(*) as n, max(path) as last from {table} group by tags['team'] order by n desc, last"
        );
        let expected = json!([
            {"team": "payments", "n": 2, "last": "d"}, {"n": 2, "last": "e"}, {"team": "o'search", "n": 1, "last": "b"},
        ]);
        assert_eq!(house.ask(&query).await, expected, "{table}");
    }
    let by_key =
        "select key, count(*) as n from (select unnest(map_keys(tags)) as key from traces) group by key order by key";
    assert_eq!(house.ask(by_key).await, json!([{"key": "team", "n": 3}, {"key": "wave", "n": 2}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_answered_as_they_came() {
    let house = house().await;
    for table in ["traces", "moderne_bi.traces", "builds"] {
        let expected = json!([
            {"path": "a", "tags": {"team": "payments", "wave": "1"}},
            {"path": "b", "tags": {"team": "o'search"}},
            {"path": "c"},
            {"path": "d", "tags": {"wave": "2", "team": "payments"}},
            {"path": "e"},
        ]);
        assert_eq!(house.ask(&format!("select path, tags from {table} order by path")).await, expected);
    }
    let parts =
        "select map_keys(tags) as k, map_values(tags) as v, map_entries(tags) as e from traces where path = 'a'";
    let entries = json!([{"key": "team", "value": "payments"}, {"key": "wave", "value": "1"}]);
    assert_eq!(house.ask(parts).await, json!([{"k": ["team", "wave"], "v": ["payments", "1"], "e": entries}]));
    let distinct = "select count(*) as n from (select distinct tags from traces)";
    assert_eq!(house.ask(distinct).await, json!([{"n": 4}]));
    let everything = house.ask("select * from traces where path = 'd'").await;
    assert_eq!(everything[0]["tags"], json!({"wave": "2", "team": "payments"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_can_be_a_parameter() {
    let house = house().await;
    let query = "select path from traces where tags[$1] = $2 order by path";
    let tenant = Tenant::new("acme").expect("valid");
    let answer = house.engine.sql(&tenant, query, vec![json!("team"), json!("payments")]).await.expect("answers");
    assert_eq!(answer.batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_picked_out_of_tags_is_counted() {
    let mut house = House::new().await;
    let tags = json!({"short": "x", "long": "x".repeat(200_000)});
    house.send_to(&traces::TABLE, "acme", &[row("a", &tags)]);
    let tight = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let engine = Engine::start(house.lake.clone(), tight, tokio::runtime::Handle::current()).expect("starts");
    let tenant = Tenant::new("acme").expect("valid");
    engine.sql(&tenant, "select length(tags['short']) from traces", Vec::new()).await.expect("answers");
    let error =
        engine.sql(&tenant, "select length(tags['long']) from traces", Vec::new()).await.expect_err("too large");
    assert!(matches!(&error, QueryError::Limit { message, .. } if message.contains("`get_field`")), "{error:?}");
}
