//! Looking into text that is JSON.

use proptest::prelude::*;
use record::dictionary::product_events as product;

use super::*;
use crate::format::Format;

fn happened(lake: &Lake, sequence: u64, data: &[Option<&str>]) {
    let mut rows = Rows::new(&product::TABLE);
    for data in data {
        rows.timestamp(product::EVENT_TIME, Timestamp(1_767_297_600_000_000));
        rows.text(product::EVENT_NAME, "TriggerRun");
        if let Some(data) = data {
            rows.text(product::DATA, data);
        }
        rows.end_row(None);
    }
    lake.append(vec![(prefix("acme"), rows)], sequence).expect("appends");
}

/// Events with data, half of them committed.
async fn events() -> House {
    let house = empty_house().await;
    let committed = [
        Some(r#"{"label":"pay","words":12,"page":{"host":"a.example","tags":["x","y"]},"ok":true,"share":0.5}"#),
        Some(r#"{"label":"pay","words":7,"page":{"host":"b.example","tags":[]},"ok":false}"#),
        Some("no JSON"),
    ];
    happened(&house.lake, 1, &committed);
    house.lake.flush().await.expect("commits");
    let pending =
        [Some(r#"{"label":"ship","words":30,"page":{"host":"a.example"},"inner":"{\"deep\":\"yes\"}"}"#), None];
    happened(&house.lake, 2, &pending);
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_look_into_json_wherever_a_text_may_stand() {
    let house = events().await;
    for (query, expected) in [
        (
            "select data->'label' as l, data->>'label' as t from product_events order by data->'label', data->'words'",
            json!([{"l": "pay", "t": "pay"}, {"l": "pay", "t": "pay"}, {"l": "ship", "t": "ship"}, {"l": null, "t": null}, {"l": null, "t": null}]),
        ),
        (
            "select data->'label' as l, count(*) as n, sum((data->>'words')::int) as w from product_events where data ? 'label' group by data->'label' order by 1",
            json!([{"l": "pay", "n": 2, "w": 19}, {"l": "ship", "n": 1, "w": 30}]),
        ),
        ("select count(*) as n from product_events where data->'label' = 'pay'", json!([{"n": 2}])),
        (
            "select count(*) as n from product_events where data->'label' in ('ship', 'x') or data->>'label' like 'pa%'",
            json!([{"n": 3}]),
        ),
        ("select count(distinct data->'label') as n from product_events", json!([{"n": 2}])),
        (
            "select cast(data->'words' as double) as w from product_events where (data->'words')::bigint > 7 order by 1",
            json!([{"w": 12.0}, {"w": 30.0}]),
        ),
        (
            "select data->'page'->>'host' as h, count(*) as n from product_events group by 1 order by n desc, h limit 2",
            json!([{"h": "a.example", "n": 2}, {"h": null, "n": 2}]),
        ),
        (
            "select data->'page' as p, data->'page'->'tags'->0 as t from product_events where json_get_int(data, 'words') = 12",
            json!([{"p": r#"{"host":"a.example","tags":["x","y"]}"#, "t": "x"}]),
        ),
        ("select data #>> '{page,tags,1}' as t from product_events where data ? 'share'", json!([{"t": "y"}])),
        (
            "select data->'inner'->>'deep' as d from product_events where json_contains(data, 'inner')",
            json!([{"d": "yes"}]),
        ),
        (
            "select a.data->>'words' as a, b.data->>'words' as b from product_events a join product_events b on a.data->'page'->'host' = b.data->'page'->'host' and a.data->'words' <> b.data->'words' order by 1",
            json!([{"a": "12", "b": "30"}, {"a": "30", "b": "12"}]),
        ),
        ("select l from (select data->'label' as l from product_events) as e where l = 'ship'", json!([{"l": "ship"}])),
        (
            "select upper(data->'label') || '!' as u from product_events where data->'label' is not null group by 1 order by 1",
            json!([{"u": "PAY!"}, {"u": "SHIP!"}]),
        ),
        (
            "select coalesce(data->'label', 'none') as l from product_events union select 'other' order by 1",
            json!([{"l": "none"}, {"l": "other"}, {"l": "pay"}, {"l": "ship"}]),
        ),
        (
            "select row_number() over (partition by data->'label' order by data->'words') as n from product_events where data->'label' = 'pay'",
            json!([{"n": 1}, {"n": 2}]),
        ),
        (
            "select json_get_str(data, 'label') as s, json_get_int(data, 'words') as i, json_get_float(data, 'share') as f, json_get_bool(data, 'ok') as b, json_get_json(data, 'label') as j, json_get(data, 'label') as g, json_length(data, 'page', 'tags') as n from product_events where data ? 'share'",
            json!([{"s": "pay", "i": 12, "f": 0.5, "b": true, "j": "\"pay\"", "g": "pay", "n": 2}]),
        ),
        (
            "select unnest(json_get_array(data, 'page', 'tags')) as t from product_events",
            json!([{"t": "\"x\""}, {"t": "\"y\""}]),
        ),
        (
            "select key, count(*) as n from (select unnest(json_object_keys(data)) as key from product_events) as keys group by key having count(*) = 3 order by 1",
            json!([{"key": "label", "n": 3}, {"key": "page", "n": 3}, {"key": "words", "n": 3}]),
        ),
        (
            "select event_name from product_events where data is null or not data ? 'label' order by 1",
            json!([{"event_name": "TriggerRun"}, {"event_name": "TriggerRun"}]),
        ),
        ("select data -> 'label' from product_events where data ? 'share'", json!([{"data -> 'label'": "pay"}])),
    ] {
        assert_eq!(house.json(query, vec![]).await.expect(query), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_may_be_the_key_or_the_value() {
    let house = events().await;
    let query = "select data->'page'->>$1 as v from product_events where data->>$2 = $3";
    let params = ["host", "label", "ship"].map(|text| json!(text)).to_vec();
    assert_eq!(house.json(query, params).await.expect("answers"), json!([{"v": "a.example"}]));
    let query = "select data #> array['page','tags'] ->> $1 as v from product_events where data ? $2";
    let rows = house.json(query, vec![json!("1"), json!("share")]).await.expect("answers");
    assert_eq!(rows, json!([{"v": "y"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_within_files_and_behind_them_find_the_same() {
    let house = events().await;
    let whole = House {
        engine: house.engine.clone().without_pushdown(),
        lake: house.lake.clone(),
        _folder: tempfile::tempdir().expect("a folder"),
    };
    for _ in 0..2 {
        for condition in [
            "data->'label' = 'pay'",
            "data->>'label' <> 'pay'",
            "data ? 'inner'",
            "not data ? 'inner'",
            "data->'label' is null",
            "json_get_int(data, 'words') between 7 and 12",
            "try_cast(data->>'words' as int) > 11 and event_name = 'TriggerRun'",
            "json_length(data, 'page', 'tags') = 0",
            "data->'page'->'tags'->>0 = 'x'",
            "event_name || (data->>'label') = 'TriggerRunship'",
        ] {
            let query = format!(
                "select data, data->'label' as l, json_get_int(data, 'words') as w from product_events where {condition} order by data"
            );
            let found = house.json(&query, vec![]).await.expect(&query);
            assert_eq!(found, whole.json(&query, vec![]).await.expect(&query), "{query}");
            assert!(!found.as_array().expect("rows").is_empty(), "{query}");
        }
        house.lake.flush().await.expect("commits");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_has_them() {
    let house = events().await;
    let query = "select data->'label' as label, data->'page' as page, json_get_array(data, 'page', 'tags') as tags, json_object_keys(data) as keys, json_length(data) as n, data ? 'ok' as ok from product_events where data ? 'share'";
    let answer = house.engine.sql(&Tenant::new("acme").expect("valid"), query, vec![]).await.expect("answers");
    let written = |format: Format| format.write(&answer).expect("writes");
    let text = |format: Format| String::from_utf8(written(format)).expect("text");
    let row = concat!(
        r#"{"label":"pay","page":"{\"host\":\"a.example\",\"tags\":[\"x\",\"y\"]}","tags":["\"x\"","\"y\""],"#,
        r#""keys":["label","words","page","ok","share"],"n":5,"ok":true}"#
    );
    assert!(text(Format::Json).ends_with(&format!("\"rows\":[{row}]}}")), "{}", text(Format::Json));
    assert_eq!(text(Format::Ndjson), format!("{row}\n"));
    assert!(text(Format::Csv).starts_with("label,page,tags,keys,n,ok\npay,\"{\"\"host\"\""), "{}", text(Format::Csv));
    let arrow = arrow::ipc::reader::StreamReader::try_new(std::io::Cursor::new(written(Format::ArrowStream)), None);
    let arrow: Vec<_> = arrow.expect("a stream").collect::<Result<_, _>>().expect("batches");
    let parquet = bytes::Bytes::from(written(Format::Parquet));
    let parquet = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(parquet, 1_024).expect("a file");
    let parquet: Vec<_> = parquet.collect::<Result<_, _>>().expect("batches");
    for batches in [arrow, parquet] {
        let [batch] = &batches[..] else { panic!("one batch") };
        assert_eq!(batch.column(0).as_string::<i32>().value(0), "pay");
        assert_eq!(batch.column(2).as_list::<i32>().value(0).as_string::<i32>().value(1), "\"y\"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_into_says_so() {
    let house = events().await;
    for query in [
        "select event_time->'a' from product_events",
        "select data->1.5 from product_events",
        "select data->'label'::int from product_events",
        "select json_union_to_text(data) from product_events",
        "select data #>> '{page,\"host\"}' from product_events",
        "select (data->>'label')::int from product_events",
    ] {
        let error = house.json(query, vec![]).await.expect_err(query);
        assert!(matches!(error, QueryError::Invalid(_)), "{query}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_into_json_is_within_the_limits() {
    let house = house(Limits { time: Duration::from_secs(2), ..Limits::default() }).await;
    let long = "repeat('x', 15000000)";
    for query in [
        // every row looks through a text of 15 MB
        format!("select sum(json_length('[' || {long} || ']', value)) from generate_series(1, 100000)"),
        format!(
            "select count(*) from (select '[\"' || {long} || '\",1]' as j) cross join generate_series(1, 100000) where json_get_int(j, value) = 2"
        ),
        format!(
            "select count(json_contains(j, 'k' || value)) from (select '{{\"a\":\"' || {long} || '\"}}' as j) cross join generate_series(1, 100000)"
        ),
        // texts of their own for each value
        "select json_get_array('[' || repeat('1,', 7000000) || '1]')".to_owned(),
        format!(
            "select max(json_get_str('{{\"a\":\"' || {long} || '\"}}', 'a') || value) from generate_series(1, 100000)"
        ),
        format!("select data{} from product_events", "->'a'".repeat(3_000)),
    ] {
        let begun = std::time::Instant::now();
        let error = house.json(&query, vec![]).await.expect_err(&query);
        assert!(matches!(error, QueryError::Limit { .. }), "{query}: {error:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{query}");
    }
}

const ALL: &str = "data->'a' as text, data #>> '{a,b}' as path, json_get_str(data, 'a') as str, json_get_int(data, 'a') as int, \
    json_get_float(data, 'a') as float, json_get_bool(data, 'a') as bool, json_get_json(data, 'a') as json, \
    json_get_array(data) as items, json_object_keys(data) as keys, json_length(data) as length, data ? 'a' as has, \
    data->-1 as last, data->'a'->'a' as twice, json_as_text(data) as whole";

fn of_texts(texts: &[String]) -> String {
    let values: Vec<String> =
        texts.iter().enumerate().map(|(n, text)| format!("({n}, '{}')", text.replace('\'', "''"))).collect();
    format!("select {ALL} from (values {}) as t (n, data) order by n", values.join(", "))
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_and_hostile_texts_are_looked_into_safely() {
    let house = empty_house().await;
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    let texts = [
        "[".repeat(100_000),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"a\":{}}}", deep("[", "]")),
        r#"{"a":"\ud800"}"#.to_owned(),
        r#"{"a":"\udc00\ud800","b":1}"#.to_owned(),
        r#"{"\ud800":1,"a":2}"#.to_owned(),
        r#"{"a":1,"a":2}"#.to_owned(),
        format!("{{\"a\":{}}}", "9".repeat(10_000)),
        format!("{{\"a\":-{}.{}e{}}}", "9".repeat(5_000), "1".repeat(5_000), "9".repeat(50)),
        r#"{"a":1e400}"#.to_owned(),
        r#"{"a":-1e400}"#.to_owned(),
        r#"{"a":NaN}"#.to_owned(),
        r#"{"a":Infinity}"#.to_owned(),
        r#"{"a":-0}"#.to_owned(),
        r#"{"a":9223372036854775808}"#.to_owned(),
        String::new(),
        "\u{feff}{\"a\":1}".to_owned(),
        "{\"a\":\"\u{0}\"}".to_owned(),
        r#"{"a":"#.to_owned(),
        r#"{"a":tru"#.to_owned(),
        r#"{"a""#.to_owned(),
        r#"{"a":"\u12"}"#.to_owned(),
    ];
    let rows = house.json(&of_texts(&texts), vec![]).await.expect("answers");
    assert_eq!(rows.as_array().expect("rows").len(), texts.len());
    for place in [0, 1, 2] {
        assert_eq!(rows[place]["length"], json!(null), "deeper than is looked into");
    }
    assert_eq!(rows[7]["text"], json!("1"), "the first of keys alike");
    assert_eq!(rows[15]["int"], json!(null), "no such number in 64 bits");
    // none of a case's branches has rows here
    let query = "select case when value > 9 then json_get_str('{\"a\":1}', value || '') else 'none' end as t from generate_series(1, 1)";
    assert_eq!(house.json(query, vec![]).await.expect("answers"), json!([{"t": "none"}]));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|n| json!(f64::from(n) / 8.0)),
        "[a-c\"\\\\\u{0}-\u{1f}é😀']{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Valid JSON, or one with something else somewhere in it.
fn any_text() -> impl Strategy<Value = (String, Option<Value>)> {
    let broken = (any_json(), any::<prop::sample::Index>(), r#"[\[\]{}:,"\\0-9eE+.\-utnN]{0,3}"#);
    let broken = broken.prop_map(|(value, at, with)| {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        text.splice(at..=at, with.chars());
        (text.into_iter().collect(), None)
    });
    prop_oneof![any_json().prop_map(|value| (value.to_string(), Some(value))), broken]
}

fn as_text(value: Option<&Value>) -> Value {
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => json!(text),
        Some(other) => json!(other.to_string()),
    }
}

fn check(value: &Value, row: &Value) {
    let a = value.get("a");
    assert_eq!(row["text"], as_text(a), "{value}");
    assert_eq!(row["json"], a.map_or(Value::Null, |a| json!(a.to_string())), "{value}");
    assert_eq!(row["str"], a.filter(|a| a.is_string()).cloned().unwrap_or_default(), "{value}");
    assert_eq!(row["bool"], a.filter(|a| a.is_boolean()).cloned().unwrap_or_default(), "{value}");
    assert_eq!(row["has"], json!(a.is_some()), "{value}");
    assert_eq!(row["path"], as_text(a.and_then(|a| a.get("b"))), "{value}");
    assert_eq!(row["last"], as_text(value.as_array().and_then(|items| items.last())), "{value}");
    assert_eq!(row["whole"], as_text(Some(value)), "{value}");
    if let Some(int) = a.and_then(Value::as_i64) {
        assert_eq!(row["int"], json!(int), "{value}");
    }
    let items = value.as_array().map(|items| items.iter().map(Value::to_string).collect::<Vec<_>>());
    assert_eq!(row["items"], json!(items), "{value}");
    let keys = value.as_object().map(|object| object.keys().collect::<Vec<_>>());
    assert_eq!(row["keys"], json!(keys), "{value}");
    let length = value.as_object().map(serde_json::Map::len).or(value.as_array().map(Vec::len));
    assert_eq!(row["length"], json!(length), "{value}");
}

#[test]
fn they_say_what_the_text_says() {
    let threads = tokio::runtime::Runtime::new().expect("threads");
    let house = threads.block_on(empty_house());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 48, ..ProptestConfig::default() });
    let cases = prop::collection::vec(any_text(), 1..40);
    let ran = runner.run(&cases, |cases| {
        let texts: Vec<String> = cases.iter().map(|(text, _)| text.clone()).collect();
        let rows = threads.block_on(house.json(&of_texts(&texts), vec![])).expect("answers");
        for ((_, value), row) in cases.iter().zip(rows.as_array().expect("rows")) {
            if let Some(value) = value {
                check(value, row);
            }
        }
        Ok(())
    });
    ran.expect("they do");
}
