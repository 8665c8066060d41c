use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use lake::Options;
use lake::paths::Prefix;
use lake::root::Root;
use record::dictionary::{coding_agent_events as events, events_raw};
use record::rows::Rows;
use record::source::Source;
use record::time::{Clock, Timestamp};
use serde_json::json;

use super::*;

struct House {
    engine: Engine,
    lake: Lake,
    _folder: tempfile::TempDir,
}

mod growth;
mod json;
mod moving;
mod records;

async fn empty_house() -> House {
    open(Limits::default()).await
}

async fn open(limits: Limits) -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        root: Root::folder(folder.path()).expect("a folder"),
        app_id: "j".to_owned(),
        dedupe_window: 100,
        clock: Clock::default(),
    };
    let lake = Lake::open(options).await.expect("opens");
    let engine = Engine::start(lake.clone(), limits, tokio::runtime::Handle::current()).expect("starts");
    House { engine, lake, _folder: folder }
}

/// Two tenants, each with a committed and a pending event; `acme` also a raw request.
async fn house(limits: Limits) -> House {
    let house = open(limits).await;
    let lake = &house.lake;
    append(lake, "acme", "acme-1", 1);
    append(lake, "rival", "rival-secret-1", 2);
    lake.flush().await.expect("commits");
    append(lake, "acme", "acme-2", 3);
    append(lake, "rival", "rival-secret-2", 4);
    let mut raw = Rows::new(&events_raw::TABLE);
    raw.timestamp(events_raw::TIMESTAMP, Timestamp(1_767_297_600_000_000));
    raw.int(events_raw::HTTP_STATUS, 200);
    raw.text(events_raw::RAW_EVENT, "{}");
    raw.end_row(None);
    lake.append(vec![(prefix("acme"), raw)], 5).expect("appends");
    house
}

fn prefix(tenant: &str) -> Prefix {
    Prefix { tenant: Tenant::new(tenant).expect("valid"), source: Source::Otlp, kind: "claude_code".into() }
}

fn append(lake: &Lake, tenant: &str, session: &str, sequence: u64) {
    let mut rows = Rows::new(&events::TABLE);
    rows.timestamp(events::EVENT_TIME, Timestamp(1_767_297_600_000_000));
    rows.text(events::SESSION_ID, session);
    rows.int(events::INPUT_TOKENS, 7);
    rows.end_row(None);
    lake.append(vec![(prefix(tenant), rows)], sequence).expect("appends");
}

impl Engine {
    /// Reads whole files and filters afterwards.
    fn without_pushdown(mut self) -> Self {
        let options = self.base.config_mut().options_mut();
        options.execution.parquet.pushdown_filters = false;
        options.execution.parquet.reorder_filters = false;
        self
    }

    /// Without our optimizer rule `name`.
    pub(crate) fn without_rule(mut self, name: &str) -> Self {
        let rules = self.base.optimizers().iter().filter(|rule| rule.name() != name).cloned().collect();
        self.base = SessionStateBuilder::new_from_existing(self.base).with_optimizer_rules(rules).build();
        self
    }
}

impl House {
    async fn json(&self, query: &str, params: Vec<Value>) -> Result<Value, QueryError> {
        let answer = self.engine.sql(&Tenant::new("acme").expect("valid"), query, params).await?;
        let text = crate::format::Format::Json.write(&answer)?;
        Ok(serde_json::from_slice::<Value>(&text).expect("JSON")["rows"].take())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_and_pending_rows_of_the_own_tenant_answer() {
    let house = house(Limits::default()).await;
    let rows = house.json("select session_id, day from coding_agent_events order by 1", vec![]).await.expect("answers");
    assert_eq!(rows, json!([{"session_id": "acme-1", "day": "01"}, {"session_id": "acme-2", "day": "01"}]));
    house.lake.flush().await.expect("commits");
    let again =
        house.json("select session_id, day from coding_agent_events order by 1", vec![]).await.expect("answers");
    assert_eq!(again, rows);
    let sums =
        "select count(*) as n, sum(input_tokens) as tokens, min(event_time) as first from moda.coding_agent_events";
    let expected = json!([{"n": 2, "tokens": 14, "first": "2026-01-01T20:00:00Z"}]);
    assert_eq!(house.json(sums, vec![]).await.expect("answers"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_troubleshooting_query_runs_unchanged() {
    let house = house(Limits::default()).await;
    let query = "SELECT timestamp, source, http_status, raw_event\nFROM moda.events_raw\nWHERE source = 'otlp'\n   OR source = 'coding_agent_hook'\nORDER BY timestamp DESC\nLIMIT 50;";
    let expected =
        json!([{"timestamp": "2026-01-01T20:00:00Z", "source": "otlp", "http_status": 200, "raw_event": "{}"}]);
    assert_eq!(house.json(query, vec![]).await.expect("answers"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_value_comes_last_in_any_order() {
    let house = house(Limits::default()).await;
    for (order, expected) in [("asc", [json!(1), json!(2), json!(null)]), ("desc", [json!(2), json!(1), json!(null)])] {
        let query = format!("select n from (values (1), (null), (2)) as t (n) order by n {order}");
        let rows = house.json(&query, vec![]).await.expect("answers");
        assert_eq!(rows, json!(expected.map(|n| json!({ "n": n }))), "{order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_values_and_never_text_of_the_query() {
    let house = house(Limits::default()).await;
    let query = "select count(*) as n from coding_agent_events where session_id = $1 and input_tokens > $2";
    let rows = house.json(query, vec![json!("acme-1"), json!(3)]).await.expect("answers");
    assert_eq!(rows, json!([{"n": 1}]));
    let rows = house.json(query, vec![json!("x' or '1'='1"), json!(3)]).await.expect("answers");
    assert_eq!(rows, json!([{"n": 0}]));
    let error = house.json(query, vec![json!(["a"]), json!(1)]).await.expect_err("no list");
    assert!(matches!(error, QueryError::Invalid(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_way_leads_to_another_tenant() {
    let house = house(Limits::default()).await;
    for query in [
        "select session_id from coding_agent_events where tenant = 'rival'",
        "select session_id from coding_agent_events where tenant = 'rival' or true",
        "select * from coding_agent_events where tenant <> 'acme' or 1 = 1",
        "with coding_agent_events as (select * from modlake.public.coding_agent_events) select * from coding_agent_events",
        "select a.session_id from coding_agent_events a full outer join moda.coding_agent_events b on true",
        "select session_id from coding_agent_events union all select session_id from modlake.moda.coding_agent_events",
        "select (select max(session_id) from coding_agent_events) as x",
        "select * from \"coding_agent_events\" /* ' */ -- \"",
        "select array_agg(session_id) from coding_agent_events",
        "select * from information_schema.tables",
        "select * from information_schema.columns",
        "select * from information_schema.views",
        "select * from information_schema.df_settings",
        "explain analyze select * from coding_agent_events",
        "explain verbose select * from coding_agent_events",
    ] {
        if let Ok(rows) = house.json(query, vec![]).await {
            assert!(!rows.to_string().contains("rival-secret"), "{query}: {rows}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_can_be_read() {
    let house = house(Limits::default()).await;
    for query in [
        "select * from '/etc/passwd'",
        "select * from \"/etc/passwd\"",
        "select * from 'file:///etc/passwd'",
        "select * from 's3://bucket/key.parquet'",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('/etc/passwd')",
        "select * from parquet_scan('/etc/passwd')",
        "select * from parquet_metadata('/etc/passwd')",
        "select pg_read_file('/etc/passwd')",
        "select * from datafusion.public.coding_agent_events",
    ] {
        let error = house.json(query, vec![]).await.expect_err(query);
        assert!(matches!(error, QueryError::Invalid(_)), "{query}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_say_which_setting_they_are() {
    let short = Limits { rows: 10, time: Duration::from_millis(300), ..Limits::default() };
    let small = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    let endless = "select count(*) from generate_series(1, 9000000000) a where a.value % 7 = 9";
    let grouped = "select count(*) from (select value, count(*) from generate_series(1, 200000) group by value)";
    for (limits, query, setting) in [
        (short.clone(), "select * from generate_series(1, 1000)", "query.max_rows"),
        (short, endless, "query.time_seconds"),
        (small, grouped, "query.memory_bytes"),
    ] {
        let house = house(limits).await;
        match house.json(query, vec![]).await {
            Err(QueryError::Limit { setting: reached, .. }) => assert_eq!(reached, setting, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_make_much_out_of_little_are_not_there() {
    let house = house(Limits::default()).await;
    for query in [
        "select array_length(generate_series(1, 100000000000))",
        "select array_length(array_resize([1], 2000000000, 1))",
        "select array_length(array_repeat(1, 2000000000))",
    ] {
        let error = house.json(query, vec![]).await.expect_err(query);
        assert!(matches!(error, QueryError::Invalid(_)), "{query}: {error:?}");
    }
    let much = "a".repeat(1_000);
    for query in [
        "select length(repeat('x', 2000000000))".to_owned(),
        "select length(lpad(session_id, 2000000000)) from coding_agent_events".to_owned(),
        "select length(rpad('x', 2000000000))".to_owned(),
        format!("select length(replace(replace('{much}', 'a', '{much}'), 'a', '{much}'))"),
    ] {
        let error = house.json(&query, vec![]).await.expect_err(&query);
        assert!(matches!(error, QueryError::Limit { .. }), "{query}: {error:?}");
    }
    let query =
        "select lpad('7', 3, '0') as l, rpad('a', 2) as r, repeat('ab', 2) as t, replace('abc', 'b', 'xx') as x";
    let expected = json!([{"l": "007", "r": "a ", "t": "abab", "x": "axxc"}]);
    assert_eq!(house.json(query, vec![]).await.expect("answers"), expected);
    let rows = house.json("select count(*) as n from generate_series(1, 10)", vec![]).await.expect("streamed");
    assert_eq!(rows, json!([{"n": 10}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_is_answered_plainly() {
    let house = house(Limits::default()).await;
    let error = house.json("select nothing from coding_agent_events", vec![]).await.expect_err("no such column");
    assert!(matches!(&error, QueryError::Invalid(message) if message.contains("nothing")), "{error:?}");
    let error = house.json("select 1 from nowhere", vec![]).await.expect_err("no such table");
    assert!(matches!(&error, QueryError::Invalid(message) if message.contains("nowhere")), "{error:?}");
}

#[test]
fn columns_of_answers_are_typed() {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let house = house(Limits::default()).await;
        let tenant = Tenant::new("acme").expect("valid");
        let answer = house.engine.sql(&tenant, "select count(*) as n from events_raw", vec![]).await.expect("answers");
        assert_eq!(answer.batches[0].column(0).as_primitive::<Int64Type>().value(0), 1);
    });
}
