use std::collections::HashMap;
use std::time::Duration;

use lake::paths::Prefix;
use lake::root::Root;
use lake::{Lake, Options};
use record::caller::Tenant;
use record::dictionary::{
    Kind, Table, coding_agent_events, coding_agent_metrics, product_errors, product_events, traces,
};
use record::rows::Rows;
use record::source::{Provider, Signal, Source};
use record::time::{Clock, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::prices::{HEADER, Prices};
use crate::{Engine, Limits, QueryError};

mod coarser_groups;
mod counting;
mod deployments;
mod money;
mod order;
mod scale;
mod tags;
mod traces_counted;

/// 2026-01-01T00:00:00Z, the zero of `at`.
const ZERO: i64 = 1_767_225_600_000_000;

/// A lake of hand-made rows and an engine over it.
struct House {
    engine: Engine,
    lake: Lake,
    sequence: u64,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            root: Root::folder(folder.path()).expect("a folder"),
            app_id: "j".to_owned(),
            dedupe_window: 1_000,
            clock: Clock::default(),
        };
        let lake = Lake::open(options).await.expect("opens");
        let prices = format!("{HEADER}\n*,listed,2026-01-01,2026-01-02,1,10,0.1,2,\n*,listed,2026-01-02,,2,20,,2,");
        // what is slow here is the machine
        let limits = Limits { time: Duration::from_mins(5), ..Limits::default() };
        let engine = Engine::start(lake.clone(), limits, tokio::runtime::Handle::current()).expect("starts");
        let engine = engine.with_prices(Prices::parse(&prices, "test").expect("reads")).expect("takes them");
        Self { engine, lake, sequence: 0, _folder: folder }
    }

    /// A house with `events` of tenant acme.
    async fn with(events: &[Value]) -> Self {
        let mut house = Self::new().await;
        house.send("acme", events);
        house
    }

    /// Rows are what [`cells`] makes of them; equal ones are one record that is delivered again.
    fn send(&mut self, tenant: &str, events: &[Value]) {
        self.send_to(&coding_agent_events::TABLE, tenant, events);
    }

    fn send_to(&mut self, table: &'static Table, tenant: &str, events: &[Value]) {
        for event in events {
            self.sequence += 1;
            let provider = event["provider"].as_str().and_then(Provider::parse).unwrap_or(Provider::ClaudeCode);
            let source = event["signal"].as_str().and_then(Signal::parse).map_or(Source::Otlp, Signal::source);
            let kind = event["type"].as_str().unwrap_or(provider.as_str()).into();
            let prefix = Prefix { tenant: Tenant::new(tenant).expect("valid"), source, kind };
            self.lake.append(vec![(prefix, cells(table, provider, event))], self.sequence).expect("appends");
        }
    }

    async fn ask(&self, query: &str) -> Value {
        self.ask_as("acme", query).await
    }

    async fn ask_as(&self, tenant: &str, query: &str) -> Value {
        self.answer(tenant, query).await.unwrap_or_else(|error| panic!("{error}\n{query}"))
    }

    /// Without the columns that are null.
    async fn answer(&self, tenant: &str, query: &str) -> Result<Value, QueryError> {
        let answer = self.engine.sql(&Tenant::new(tenant).expect("valid"), query, Vec::new()).await?;
        let text = crate::format::Format::Json.write(&answer)?;
        let mut rows = serde_json::from_slice::<Value>(&text).expect("JSON")["rows"].take();
        for row in rows.as_array_mut().expect("rows") {
            row.as_object_mut().expect("a row").retain(|_, value| !value.is_null());
        }
        Ok(rows)
    }

    /// Everything that the views say, in an order of their own.
    async fn everything(&self) -> Vec<(&'static str, Value)> {
        let mut all = Vec::new();
        for view in &VIEWS {
            let columns: Vec<&str> = view.columns().iter().map(|column| column.name).collect();
            let query = format!("select * from {} order by {}", view.name, columns.join(", "));
            all.push((view.name, self.ask(&query).await));
        }
        all
    }
}

/// One row. Keys are columns, `at` is the time in seconds, `n` only tells records apart.
fn cells(table: &'static Table, provider: Provider, event: &Value) -> Rows {
    let mut rows = Rows::new(table);
    let identity = identity(event);
    let at = event["at"].as_f64().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a test")]
    rows.timestamp(table.time, Timestamp(ZERO + (at * 1e6) as i64));
    for (name, value) in event.as_object().expect("an object") {
        let Some(column) = table.column(name) else {
            assert!(["at", "n", "type"].contains(&name.as_str()), "no column {name}");
            continue;
        };
        match (column.kind, value) {
            (_, Value::Null) => {}
            (Kind::Text | Kind::Json, value) => rows.text(column, value.as_str().expect(name)),
            (Kind::Int, value) => rows.int(column, value.as_i64().expect(name)),
            (Kind::Double, value) => rows.double(column, value.as_f64().expect(name)),
            (Kind::Bool, value) => rows.bool(column, value.as_bool().expect(name)),
            (Kind::Timestamp, value) => {
                rows.timestamp(column, Timestamp(ZERO + value.as_i64().expect(name) * 1_000_000));
            }
            (Kind::Map, value) => {
                let entries = value.as_object().expect(name).iter();
                rows.map(column, entries.map(|(key, value)| (key.as_str(), value.as_str().expect(name))));
            }
        }
    }
    let id = format!("{identity:032x}");
    for (name, text) in
        [("provider", provider.as_str()), ("event_id", &id), ("error_id", &id), ("point_id", &id), ("row_id", &id)]
    {
        if let Some(column) = table.column(name) {
            rows.text(column, text);
        }
    }
    rows.end_row(Some(identity));
    rows
}

fn identity(event: &Value) -> u128 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, event.to_string()).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// `event` of session `s` with more cells.
fn event(signal: &str, name: &str, at: f64, more: Value) -> Value {
    let mut event = json!({"signal": signal, "event_name": name, "at": at, "session_id": "s"});
    let Value::Object(more) = more else { panic!("not an object") };
    event.as_object_mut().expect("an object").extend(more);
    event
}

fn fact(signal: &str, fact: &str, id: Option<&str>, at: f64, more: Value) -> Value {
    let mut event = event(signal, fact, at, more);
    event["fact"] = json!(fact);
    event["fact_id"] = json!(id);
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_what_the_headers_say() {
    let house = House::new().await;
    for view in &VIEWS {
        let described = house.ask(&format!("describe {}", view.name)).await;
        let found: Vec<(String, String)> = described
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                (
                    row["column_name"].as_str().expect("a name").to_owned(),
                    kind(row["data_type"].as_str().expect("a type")),
                )
            })
            .collect();
        let said: Vec<(String, String)> =
            view.columns().iter().map(|column| (column.name.to_owned(), column.kind.to_owned())).collect();
        assert_eq!(found, said, "{}", view.name);
        assert!(!view.doc().is_empty(), "{} says nothing", view.name);
    }
}

fn kind(data_type: &str) -> String {
    match data_type {
        "Utf8" | "Utf8View" | "LargeUtf8" => "text",
        "Int64" => "bigint",
        "Float64" => "double",
        "Boolean" => "boolean",
        "Date32" => "date",
        timestamp if timestamp.contains("Timestamp") && timestamp.contains("UTC") => "timestamp",
        map if map.starts_with("Map(") && map.matches("Utf8").count() == 2 => "map(text,text)",
        other => other,
    }
    .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_listed_and_named_in_their_schemas() {
    let house = House::new().await;
    let tables = house.ask("show tables").await.to_string();
    for name in VIEWS.iter().map(|view| view.name).chain(["prices"]) {
        assert!(tables.contains(&format!("\"{name}\"")), "{name} is not in {tables}");
        house.ask(&format!("select count(*) from moda.{name}")).await;
    }
    for name in MODERNE_BI.iter().map(|view| view.name).chain(TRACE_VIEWS) {
        house.ask(&format!("select count(*) from moderne_bi.{name}")).await;
    }
    let error = house.answer("acme", "select * from moderne_bi.events_raw").await.expect_err("not there");
    assert!(matches!(error, QueryError::Invalid(_)), "{error:?}");
    for name in ["facts", "owners", "copies"] {
        let error = house.answer("acme", &format!("select * from internal.{name}")).await.expect_err("not there");
        assert!(matches!(error, QueryError::Invalid(_)), "{error:?}");
        assert!(!tables.contains(name), "{tables}");
    }
    let prices = house.ask("select model, valid_from, input from prices order by 2").await;
    assert_eq!(prices[1], json!({"model": "listed", "valid_from": "2026-01-02", "input": 2.0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_view_shows_the_own_tenant_only() {
    let mut house = House::new().await;
    let secret = json!({"tool_use_id": "rival", "model": "listed", "input_tokens": 7, "tool_name": "Skill", "skill_name": "rival"});
    let rival: Vec<Value> = ["turn", "api_request", "tool_call", "skill_use"]
        .iter()
        .map(|name| fact("logs", name, Some("rival"), 1.0, secret.clone()))
        .collect();
    house.send("rival", &rival);
    house.send_to(
        &coding_agent_metrics::TABLE,
        "rival",
        &[json!({"series_id": "x", "value": 1.0, "metric_type": "sum"})],
    );
    let ids = ["buildid", "runid", "commitid", "publishid", "execid"].map(|name| (name, "rival"));
    let mut row = json!(HashMap::from(ids));
    row["type"] = json!("mcp");
    house.send_to(&traces::TABLE, "rival", &[row]);
    let used = json!({"deployment_id": "rival", "user_email": "rival@example.com"});
    for table in [&product_events::TABLE, &product_errors::TABLE] {
        house.send_to(table, "rival", std::slice::from_ref(&used));
    }
    for view in &VIEWS {
        let count = format!("select count(*) as n from {}", view.name);
        assert_eq!(house.ask_as("rival", &count).await, json!([{"n": 1}]), "{}", view.name);
        assert_eq!(house.ask(&format!("select * from {}", view.name)).await, json!([]), "{}", view.name);
        assert_eq!(house.ask(&count).await, json!([{"n": 0}]), "{}", view.name);
    }
    // own rows that join on the same ids take nothing from the other tenant
    house.send("acme", &[fact("logs", "api_request", Some("rival"), 1.0, json!({"output_tokens": 1}))]);
    let own = house.ask("select model, total_tokens, cost_usd from api_requests").await;
    assert_eq!(own, json!([{"total_tokens": 1}]));
}
