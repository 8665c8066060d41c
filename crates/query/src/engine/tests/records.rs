//! The table `records`, from a source that counts what is asked of it.

use std::sync::Mutex;

use super::*;
use crate::records::{Bytes, NextPage, RecordPages, RecordRow, RecordSource, Wanted};

/// `pages` pages of records of `bytes` bytes each, for `acme` alone.
#[derive(Debug)]
struct Source {
    pages: usize,
    bytes: usize,
    wanted: Mutex<Vec<Wanted>>,
}

struct Pages {
    left: usize,
    bytes: usize,
}

impl RecordSource for Source {
    fn pages(&self, tenant: &Tenant, wanted: Wanted) -> Box<dyn RecordPages> {
        self.wanted.lock().expect("whole").push(wanted);
        let left = if tenant.as_str() == "acme" { self.pages } else { 0 };
        Box::new(Pages { left, bytes: self.bytes })
    }

    fn largest<'a>(&'a self, _: &'a Tenant, _: Wanted) -> Bytes<'a> {
        Box::pin(std::future::ready(Ok(self.bytes + 16)))
    }
}

impl RecordPages for Pages {
    fn next(&mut self) -> NextPage<'_> {
        Box::pin(async {
            let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
            self.left = left;
            let row = |n: usize| RecordRow {
                database_id: "d1".into(),
                database_name: if n == 0 { "one".into() } else { "other".into() },
                key: format!("{left}-{n}"),
                data: format!("{{\"t\":\"{left}{}\"}}", "x".repeat(self.bytes)),
                created_at: Timestamp(1_767_297_600_000_000),
                updated_at: Timestamp(1_767_297_600_000_001),
                updated_by: "k1".to_owned(),
            };
            Ok(Some(vec![row(0), row(1)]))
        })
    }
}

async fn with_source(limits: Limits, pages: usize, bytes: usize) -> (House, Arc<Source>) {
    let mut house = open(limits).await;
    let source = Arc::new(Source { pages, bytes, wanted: Mutex::default() });
    house.engine = house.engine.with_records(Arc::clone(&source) as Arc<dyn RecordSource>);
    (house, source)
}

async fn ask(house: &House, tenant: &str, query: &str) -> Result<Value, QueryError> {
    let answer = house.engine.sql(&Tenant::new(tenant).expect("valid"), query, Vec::new()).await?;
    let bytes = crate::format::Format::Json.write(&answer)?;
    Ok(serde_json::from_slice::<Value>(&bytes).expect("JSON")["rows"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_sees_its_records_whatever_columns_it_asks_for() {
    let (house, _) = with_source(Limits::default(), 2, 0).await;
    let rows =
        ask(&house, "acme", "SELECT updated_at, key FROM moda.records WHERE database_name = 'one' ORDER BY key").await;
    let expected = json!([
        {"updated_at": "2026-01-01T20:00:00.000001Z", "key": "0-0"},
        {"updated_at": "2026-01-01T20:00:00.000001Z", "key": "1-0"},
    ]);
    assert_eq!(rows.expect("answers"), expected);
    let count = "SELECT count(*) AS n FROM records";
    assert_eq!(ask(&house, "acme", count).await.expect("answers"), json!([{"n": 4}]));
    assert_eq!(ask(&house, "rival", count).await.expect("answers"), json!([{"n": 0}]));
    let none = open(Limits::default()).await;
    assert_eq!(ask(&none, "acme", count).await.expect("answers"), json!([{"n": 0}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_the_database_reaches_the_source() {
    let (house, source) = with_source(Limits::default(), 1, 0).await;
    for (condition, ids, names) in [
        ("database_id = 'd1'", Some(vec!["d1"]), None),
        ("'d1' = database_id AND database_name IN ('a', 'b')", Some(vec!["d1"]), Some(vec!["a", "b"])),
        ("database_id <> 'd1'", None, None),
        ("database_id = 'd1' OR key = 'k'", None, None),
        ("database_name NOT IN ('a', 'b')", None, None),
    ] {
        ask(&house, "acme", &format!("SELECT key FROM records WHERE {condition}")).await.expect("answers");
        let wanted = source.wanted.lock().expect("whole").pop().expect("asked");
        let texts = |wanted: Option<Vec<String>>| wanted.map(|wanted| wanted.join(" "));
        let expected = |texts: Option<Vec<&str>>| texts.map(|texts| texts.join(" "));
        assert_eq!((texts(wanted.ids), texts(wanted.names)), (expected(ids), expected(names)), "{condition}");
        assert!(!wanted.data, "only the key is asked for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_count_against_the_memory_of_queries() {
    let limits = Limits { memory_bytes: 64 << 20, ..Limits::default() };
    let (house, _) = with_source(limits, 64, 1 << 20).await;
    let counted = ask(&house, "acme", "SELECT count(*) AS n, max(database_id) AS id FROM records").await;
    assert_eq!(counted.expect("a page at a time fits"), json!([{"n": 128, "id": "d1"}]));
    let sorted = ask(&house, "acme", "SELECT data FROM records ORDER BY data LIMIT 100").await;
    assert!(matches!(sorted, Err(QueryError::Limit { .. })), "{sorted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_records_are_looked_through_a_few_at_a_time() {
    let limits = Limits { memory_bytes: 64 << 20, ..Limits::default() };
    let (house, _) = with_source(limits, 64, 1 << 20).await;
    for (query, expected) in [
        ("SELECT max(substr(data, 1, 5)) AS n FROM records WHERE key <> 'k'", json!([{"n": "{\"t\":"}])),
        ("SELECT count(*) AS n FROM records WHERE data LIKE '%xx%' AND upper(data) LIKE '%XX%'", json!([{"n": 128}])),
        (
            "SELECT count(*) AS n FROM (SELECT length(data) AS l, key FROM records UNION ALL SELECT length(data), key FROM records) u \
          WHERE l > 5",
            json!([{"n": 256}]),
        ),
    ] {
        assert_eq!(ask(&house, "acme", query).await.expect(query), expected, "{query}");
    }
}
