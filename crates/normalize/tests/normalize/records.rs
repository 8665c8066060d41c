//! Single records as rows, and what their cells hold.

use record::dictionary::{Column, coding_agent_events as events};
use record::otlp::{LogRecord, Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span};
use record::rows::Rows;
use record::source::Provider;
use record::value::{Attributes, Value};
use serde_json::{Value as Json, json};

use crate::{show, support};

pub(crate) fn attributes(json: &Json) -> Attributes<'static> {
    match support::plain(json) {
        Value::Map(entries) => entries,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn log_of(record: LogRecord<'static>, scope: Scope<'static>, resource: &Json, provider: Provider) -> Rows {
    let resource = Resource { attributes: attributes(resource), dropped_attributes_count: 0 };
    let scopes = vec![ScopeGroup { scope, records: vec![record], schema_url: "".into() }];
    let groups = vec![ResourceGroup { resource, scopes, schema_url: "".into() }];
    show::rows_of(&record::arrival::Payload::Otlp(Otlp::Logs(groups)), provider)
}

pub(crate) fn claude(record: &Json) -> Rows {
    let record = LogRecord { attributes: attributes(record), ..LogRecord::default() };
    log_of(record, Scope::default(), &json!({}), Provider::ClaudeCode)
}

pub(crate) fn hook(event: &Json) -> Rows {
    show::rows_of(&support::payload(event), Provider::ClaudeCode)
}

pub(crate) fn log(record: &Json, provider: Provider) -> Rows {
    let record = LogRecord { attributes: attributes(record), ..LogRecord::default() };
    log_of(record, Scope::default(), &json!({}), provider)
}

pub(crate) fn codex(record: &Json) -> Rows {
    log(record, Provider::Codex)
}

pub(crate) fn span_of(span: Span<'static>, provider: Provider) -> Rows {
    let scopes = vec![ScopeGroup { scope: Scope::default(), records: vec![span], schema_url: "".into() }];
    let groups = vec![ResourceGroup { resource: Resource::default(), scopes, schema_url: "".into() }];
    show::rows_of(&record::arrival::Payload::Otlp(Otlp::Traces(groups)), provider)
}

pub(crate) fn span(name: &'static str, record: &Json, provider: Provider) -> Rows {
    let ids = (Some([1; 16]), Some([0xab; 8]));
    let span =
        Span { name: name.into(), attributes: attributes(record), trace_id: ids.0, span_id: ids.1, ..Span::default() };
    span_of(span, provider)
}

#[track_caller]
pub(crate) fn check_fact(rows: &Rows, fact: &str, id: Option<&str>) {
    check(rows, events::FACT, fact);
    check(rows, events::FACT_ID, id.map_or(Json::Null, Json::from));
}

#[track_caller]
pub(crate) fn check_tokens(rows: &Rows, input: i64, output: i64, read: Option<i64>, written: Option<i64>) {
    let or_null = |tokens: Option<i64>| tokens.map_or(Json::Null, Json::from);
    check(rows, events::INPUT_TOKENS, input);
    check(rows, events::OUTPUT_TOKENS, output);
    check(rows, events::CACHE_READ_TOKENS, or_null(read));
    check(rows, events::CACHE_CREATION_TOKENS, or_null(written));
}

#[track_caller]
pub(crate) fn check(rows: &Rows, column: Column, expected: impl Into<Json>) {
    assert_eq!(rows.get(0, column), support::plain(&expected.into()), "{}", column.name);
}

pub(crate) fn kept(rows: &Rows) -> Json {
    serde_json::from_str(rows.get_text(0, events::ATTRIBUTES).expect("attributes")).expect("JSON")
}
