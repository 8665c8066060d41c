//! One thing seen through several signals is one: what rows count towards, over whole captured sessions.

use std::collections::{BTreeMap, BTreeSet};

use record::dictionary::{Column, coding_agent_events as events};
use record::rows::Rows;
use record::source::Provider;
use record::value::Value;
use serde_json::{Value as Json, json};

use crate::{show, support};

/// Session and id of a fact.
type Ids = BTreeSet<(String, String)>;

struct Session {
    rows: Vec<Rows>,
}

impl Session {
    fn of(scenario: &str, part: &str, provider: Provider) -> Self {
        let payloads = support::scenario(scenario, part);
        let rows = payloads
            .iter()
            .map(|(_, json)| show::rows_of(&support::sanitized(support::payload(json), provider), provider));
        Self { rows: rows.collect() }
    }

    fn each(&self) -> impl Iterator<Item = (&Rows, usize)> {
        self.rows.iter().flat_map(|rows| (0..rows.len()).map(move |row| (rows, row)))
    }

    fn of_fact<'s>(&'s self, fact: &'s str) -> impl Iterator<Item = (&'s Rows, usize)> {
        self.each().filter(move |(rows, row)| rows.get_text(*row, events::FACT) == Some(fact))
    }

    fn ids(&self, fact: &str) -> Ids {
        self.of_fact(fact)
            .map(|(rows, row)| {
                let text = |column| rows.get_text(row, column).unwrap_or_default().to_owned();
                (text(events::SESSION_ID), text(events::FACT_ID))
            })
            .collect()
    }

    fn count(&self, fact: &str) -> usize {
        self.of_fact(fact).count()
    }

    fn sum(&self, fact: &str, column: Column) -> i64 {
        self.of_fact(fact).filter_map(|(rows, row)| rows.get(row, column).to_int()).sum()
    }

    fn tokens(&self) -> [i64; 4] {
        let columns =
            [events::INPUT_TOKENS, events::OUTPUT_TOKENS, events::CACHE_READ_TOKENS, events::CACHE_CREATION_TOKENS];
        columns.map(|column| self.sum("api_request", column))
    }
}

#[test]
fn claude_code_tells_the_same_through_logs_and_spans() {
    for scenario in ["c06_traces_beta_json", "c08_api_errors", "c09_skill_details"] {
        let scenario = format!("claude_code/{scenario}");
        let logs = Session::of(&scenario, "logs.decoded", Provider::ClaudeCode);
        let spans = Session::of(&scenario, "traces", Provider::ClaudeCode);
        assert_eq!(logs.ids("tool_call"), spans.ids("tool_call"), "{scenario}");
        assert_eq!(logs.ids("api_request"), spans.ids("api_request"), "{scenario}");
        assert_eq!(logs.tokens(), spans.tokens(), "{scenario}");
        assert!(logs.tokens().iter().all(|tokens| *tokens > 0), "{scenario}");
        assert!(
            logs.ids("api_request").iter().all(|(session, id)| !session.is_empty() && !id.is_empty()),
            "{scenario}"
        );
    }
}

/// Version 2.1.197 has none of these.
const NEWER: [&str; 12] = [
    "anthropic.provider",
    "anthropic.custom_base_url",
    "prompt_text",
    "message.uuid",
    "tool_source",
    "permission_mode",
    "ttft_ms",
    "cache_creation_5m_tokens",
    "cache_creation_1h_tokens",
    "gen_ai.tool.call.id",
    "gen_ai.response.id",
    "gen_ai.operation.name",
];

fn without_newer(json: &mut Json) {
    match json {
        Json::Array(items) => {
            items.retain(|item| !item["key"].as_str().is_some_and(|key| NEWER.contains(&key)));
            items.iter_mut().for_each(without_newer);
        }
        Json::Object(entries) => entries.values_mut().for_each(without_newer),
        _ => {}
    }
}

#[test]
fn an_older_claude_code_tells_the_same_facts() {
    for part in ["logs.decoded", "traces"] {
        let newer = Session::of("claude_code/c06_traces_beta_json", part, Provider::ClaudeCode);
        let older = support::scenario("claude_code/c06_traces_beta_json", part).into_iter().map(|(_, mut json)| {
            without_newer(&mut json);
            show::rows_of(&support::payload(&json), Provider::ClaudeCode)
        });
        let older = Session { rows: older.collect() };
        for fact in ["turn", "api_request", "tool_call"] {
            assert_eq!(older.ids(fact), newer.ids(fact), "{fact} in {part}");
        }
        assert_eq!(older.tokens(), newer.tokens(), "{part}");
    }
}

#[test]
fn claude_codes_hooks_tell_the_same_as_its_logs() {
    let logs = Session::of("claude_code/c20_hooks", "logs.decoded", Provider::ClaudeCode);
    let spans = Session::of("claude_code/c20_hooks", "traces", Provider::ClaudeCode);
    let hooks = Session::of("claude_code/c20_hooks/hooks_stdin", "", Provider::ClaudeCode);
    let posted = Session::of("claude_code/c20_hooks", "_hooks.", Provider::ClaudeCode);
    assert_eq!(logs.ids("tool_call").len(), 12);
    assert_eq!(logs.ids("tool_call"), hooks.ids("tool_call"));
    assert_eq!(logs.ids("tool_call"), spans.ids("tool_call"));
    assert!(posted.ids("tool_call").is_subset(&logs.ids("tool_call")));
    assert!(hooks.ids("turn").is_subset(&logs.ids("turn")), "{:?}", hooks.ids("turn").difference(&logs.ids("turn")));
    assert!(hooks.ids("turn").len() >= 10);
    assert_eq!(spans.count("turn"), logs.count("turn"));
    assert!(spans.ids("turn").iter().all(|(_, id)| id.is_empty()), "an interaction does not name its prompt");
}

#[test]
fn a_call_that_was_not_allowed_is_one_call_and_no_success() {
    let logs = Session::of("claude_code/c12_denied", "001_logs.decoded", Provider::ClaudeCode);
    assert_eq!(logs.ids("tool_call").len(), 1);
    for (rows, row) in logs.of_fact("tool_call") {
        assert_eq!(rows.get_text(row, events::DECISION), Some("reject"));
        assert_eq!(rows.get(row, events::SUCCESS), Value::Null);
    }
}

#[test]
fn retries_that_were_exhausted_are_one_failure() {
    let logs = Session::of("claude_code/c08_api_errors", "011_logs.decoded", Provider::ClaudeCode);
    assert_eq!(logs.count("api_request"), 1);
    assert_eq!(logs.each().filter(|(rows, row)| rows.get(*row, events::SUCCESS) == Value::Bool(false)).count(), 1);
}

#[test]
fn codex_tells_the_same_through_logs_and_spans() {
    for (scenario, logs, spans) in [
        ("codex/d02_all_signals_binary", "logs.decoded", "traces.decoded"),
        ("codex/d03_all_signals_json", "logs", "traces"),
    ] {
        let logs = Session::of(scenario, logs, Provider::Codex);
        let spans = Session::of(scenario, spans, Provider::Codex);
        assert_eq!(logs.ids("tool_call"), spans.ids("tool_call"), "{scenario}");
        assert_eq!(logs.count("turn"), spans.count("turn"), "{scenario}");
        assert_eq!(logs.count("api_request"), spans.count("api_request"), "{scenario}");
        assert_eq!(logs.tokens(), spans.tokens(), "{scenario}");
        let total: i64 = logs.each().filter_map(|(rows, row)| total(rows, row)).sum();
        assert_eq!(logs.tokens().iter().sum::<i64>(), total, "{scenario}: Codex's own total");
        assert!(spans.ids("api_request").iter().all(|(session, id)| !session.is_empty() && id.is_empty()));
    }
}

/// `tool_token_count`
fn total(rows: &Rows, row: usize) -> Option<i64> {
    let attributes: Json = serde_json::from_str(rows.get_text(row, events::ATTRIBUTES)?).expect("JSON");
    attributes["tool_token_count"].as_str()?.parse().ok()
}

#[test]
fn codexs_hooks_tell_the_same_as_its_logs() {
    let logs = Session::of("codex/d10_hooks", "_logs", Provider::Codex);
    let hooks = Session::of("codex/d10_hooks/hooks_stdin", "", Provider::Codex);
    let missing: Vec<_> = logs.ids("tool_call").difference(&hooks.ids("tool_call")).cloned().collect();
    assert!(hooks.ids("tool_call").is_subset(&logs.ids("tool_call")), "sub-agents included");
    // a tool that Codex does not have runs no hooks
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(hooks.count("turn"), 10);
    assert_eq!(logs.count("turn"), 11, "logs do not tell a sub-agent's prompt from a user's");
}

#[test]
fn codexs_failures_are_found() {
    let logs = Session::of("codex/d03_all_signals_json", "logs", Provider::Codex);
    let results: Vec<_> = logs
        .of_fact("tool_call")
        .filter(|(rows, row)| rows.get_text(*row, events::EVENT_NAME) == Some("tool_result"))
        .map(|(rows, row)| (rows.get(row, events::SUCCESS), rows.get(row, events::EXIT_CODE)))
        .collect();
    assert_eq!(results, [(Value::Bool(false), Value::Int(3)), (Value::Bool(false), Value::Null)]);

    let logs = Session::of("codex/d05_api_errors", "logs.decoded", Provider::Codex);
    let mut outcomes: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (rows, row) in logs.of_fact("api_request") {
        let name = rows.get_text(row, events::EVENT_NAME).unwrap_or_default().to_owned();
        *outcomes.entry((name, format!("{:?}", rows.get(row, events::SUCCESS)))).or_default() += 1;
    }
    let expected =
        [("api_request", "Bool(false)", 10), ("sse_event", "Bool(false)", 2), ("sse_event", "Bool(true)", 2)];
    let expected = expected.map(|(name, success, count)| ((name.to_owned(), success.to_owned()), count));
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_generation_of_cursor_is_one_request_however_often_its_tokens_come() {
    let hooks = Session::of("cursor/h01_by_hand/hooks_stdin", "", Provider::Cursor);
    assert_eq!(hooks.ids("api_request").len(), 1);
    assert_eq!(hooks.count("api_request"), 2);
    assert_eq!(hooks.ids("turn").len(), 2);
    assert_eq!(hooks.ids("tool_call").len(), 7);
    for (rows, row) in hooks.of_fact("api_request") {
        let tokens = [events::INPUT_TOKENS, events::CACHE_READ_TOKENS, events::CACHE_CREATION_TOKENS];
        assert_eq!(tokens.map(|column| rows.get(row, column)), [2, 23_617, 47].map(Value::Int));
    }
    let without = |name: &str| {
        let hook = json!({"hook_event_name": name, "conversation_id": "c", "generation_id": "", "output_tokens": 5});
        show::rows_of(&support::payload(&hook), Provider::Cursor).get_text(0, events::FACT).map(str::to_owned)
    };
    assert_eq!(without("stop").as_deref(), Some("api_request"));
    assert_eq!(without("afterAgentResponse"), None);
}

#[test]
fn internal_spans_of_codex_are_counted_and_have_no_row() {
    let mut out = normalize::Output::default();
    let envelope = support::envelope(Provider::Codex, record::source::Signal::Traces);
    let mut spans = 0;
    for (_, json) in support::scenario("codex/d03_all_signals_json", "traces") {
        let payload = support::payload(&json);
        spans += payload.record_count();
        normalize::normalize(&envelope, Some(&payload), &mut out);
    }
    let dropped: BTreeMap<&str, u64> = out.dropped.iter().collect();
    assert_eq!(out.events.len() as u64 + dropped.values().sum::<u64>(), spans as u64);
    assert!(out.events.len() < 30 && spans > 600, "{} of {spans}", out.events.len());
    assert_eq!(dropped.get("append_items"), Some(&82));
    // the raw row keeps all
    let raw = out.raw.get_text(0, record::dictionary::events_raw::RAW_EVENT).expect("JSON");
    assert!(raw.contains("append_items"));
}
