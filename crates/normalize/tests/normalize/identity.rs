//! When two records are one: retries count once, equal records in a request twice, hooks are never merged.

use std::collections::HashSet;

use normalize::{Output, normalize};
use record::arrival::Payload;
use record::dictionary::coding_agent_events as events;
use record::envelope::Envelope;
use record::otlp::{LogRecord, Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span};
use record::rows::Rows;
use record::source::{Provider, Signal};
use record::value::Value;

use crate::support;

fn log(session: &str, timestamp: &str, sequence: i64) -> LogRecord<'static> {
    LogRecord {
        attributes: vec![
            ("session.id".into(), Value::text(session.to_owned())),
            ("event.name".into(), Value::text("tool_result")),
            ("event.timestamp".into(), Value::text(timestamp.to_owned())),
            ("event.sequence".into(), Value::Int(sequence)),
        ],
        ..LogRecord::default()
    }
}

fn logs(records: Vec<LogRecord<'static>>) -> Payload<'static> {
    Payload::Otlp(Otlp::Logs(vec![group(records)]))
}

fn group<R>(records: Vec<R>) -> ResourceGroup<'static, R> {
    let scope = ScopeGroup { scope: Scope::default(), records, schema_url: "".into() };
    ResourceGroup { resource: Resource::default(), scopes: vec![scope], schema_url: "".into() }
}

fn rows(envelope: &Envelope, payload: &Payload<'_>) -> Rows {
    let mut out = Output::default();
    normalize(envelope, Some(payload), &mut out);
    out.events
}

fn arrival(provider: Provider, signal: Signal, number: u128) -> Envelope {
    Envelope { arrival_id: uuid::Uuid::from_u128(number), ..support::envelope(provider, signal) }
}

fn event_ids(rows: &Rows) -> Vec<String> {
    (0..rows.len()).filter_map(|row| rows.get_text(row, events::EVENT_ID)).map(str::to_owned).collect()
}

const T: &str = "2026-11-21T01:57:02.928Z";

#[test]
fn a_request_sent_again_has_the_same_identities() {
    for (_, json) in support::scenario("claude_code/c04_prompts_and_details", "logs.decoded") {
        let payload = support::payload(&json);
        let first = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 1), &payload);
        let second = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 2), &payload);
        assert!(!first.is_empty());
        assert!(first.identities().iter().all(Option::is_some));
        assert_eq!(first.identities(), second.identities());
        assert_eq!(event_ids(&first), event_ids(&second));
    }
}

#[test]
fn no_two_records_of_all_captured_sessions_share_an_identity() {
    let mut seen = HashSet::new();
    for (scenario, part, signal) in [
        ("c01_basic_protobuf", "logs.decoded", Signal::Logs),
        ("c04_prompts_and_details", "logs.decoded", Signal::Logs),
        ("c08_api_errors", "logs.decoded", Signal::Logs),
        ("c08_api_errors", "traces", Signal::Traces),
        ("c20_hooks", "logs.decoded", Signal::Logs),
        ("c20_hooks", "traces", Signal::Traces),
    ] {
        for (file, json) in support::scenario(&format!("claude_code/{scenario}"), part) {
            let rows = rows(&arrival(Provider::ClaudeCode, signal, 1), &support::payload(&json));
            for identity in rows.identities() {
                assert!(seen.insert(identity.expect("declared")), "{scenario}/{file}");
            }
        }
    }
    assert!(seen.len() > 300, "{}", seen.len());
}

#[test]
fn codex_records_are_known_by_the_nanosecond_they_were_observed_in() {
    let mut seen = HashSet::new();
    for scenario in ["d01_seed_config_logs_binary", "d03_all_signals_json", "d05_api_errors", "d08_mcp", "d10_hooks"] {
        let part =
            if matches!(scenario, "d01_seed_config_logs_binary" | "d05_api_errors") { "decoded" } else { "logs" };
        for (file, json) in support::scenario(&format!("codex/{scenario}"), part) {
            let payload = support::payload(&json);
            let first = rows(&arrival(Provider::Codex, Signal::Logs, 1), &payload);
            let again = rows(&arrival(Provider::Codex, Signal::Logs, 2), &payload);
            assert_eq!(first.identities(), again.identities());
            for (row, identity) in first.identities().iter().enumerate() {
                // a stray record of the metrics client declares nothing
                let named = first.get_text(row, events::EVENT_NAME).is_some();
                assert_eq!(identity.is_some(), named, "{scenario}/{file}");
                assert!(identity.is_none_or(|identity| seen.insert(identity)), "{scenario}/{file}");
            }
        }
    }
    assert!(seen.len() > 350, "{}", seen.len());
}

#[test]
fn every_field_that_codex_declares_tells_records_apart() {
    let record =
        |session: &'static str, at: &'static str, observed: u64, kind: &'static str, call: &'static str| LogRecord {
            observed_time_unix_nano: observed,
            attributes: vec![
                ("conversation.id".into(), Value::text(session)),
                ("event.timestamp".into(), Value::text(at)),
                ("event.name".into(), Value::text("codex.sse_event")),
                ("event.kind".into(), Value::text(kind)),
                ("call_id".into(), Value::text(call)),
            ],
            ..LogRecord::default()
        };
    let records = vec![
        record("s", T, 7, "k", "c"),
        record("t", T, 7, "k", "c"),
        record("s", "2026-11-21T02:57:02.928Z", 7, "k", "c"),
        record("s", T, 8, "k", "c"),
        record("s", T, 7, "l", "c"),
        record("s", T, 7, "k", "d"),
        // two deltas within one tick of a coarse clock
        record("s", T, 7, "k", "c"),
        record("s", T, 0, "k", "c"),
    ];
    let rows = rows(&arrival(Provider::Codex, Signal::Logs, 1), &logs(records));
    let (unobserved, observed) = rows.identities().split_last().expect("eight");
    assert_eq!(*unobserved, None);
    assert_eq!(observed.iter().flatten().collect::<HashSet<_>>().len(), 7);
}

#[test]
fn two_equal_records_in_a_request_are_two() {
    let payload = logs(vec![log("s", T, 7), log("s", T, 7)]);
    let first = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 1), &payload);
    let [Some(one), Some(two)] = first.identities() else { panic!("{:?}", first.identities()) };
    assert_ne!(one, two);
    let again = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 2), &payload);
    assert_eq!(first.identities(), again.identities());
}

#[test]
fn every_declared_field_tells_records_apart() {
    let base = log("s", T, 7);
    let renamed = LogRecord {
        attributes: base
            .attributes
            .iter()
            .map(|(key, value)| {
                let value = if key == "event.name" { Value::text("api_request") } else { value.clone() };
                (key.clone(), value)
            })
            .collect(),
        ..base.clone()
    };
    let records = vec![
        base,
        renamed,
        log("s", T, 8),
        log("t", T, 7),
        // a resumed session: another process counts from its own beginning
        log("s", "2026-11-21T02:57:02.928Z", 7),
    ];
    let claude = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 1), &logs(records.clone()));
    let unknown = rows(&arrival(Provider::Other, Signal::Logs, 1), &logs(records.clone()));
    let tenant = record::caller::Tenant::new("other").expect("valid");
    let other = Envelope { tenant, ..arrival(Provider::ClaudeCode, Signal::Logs, 1) };
    let other = rows(&other, &logs(records));
    let all: HashSet<_> = [&claude, &unknown, &other].into_iter().flat_map(Rows::identities).collect();
    assert_eq!(all.len(), 15);
}

#[test]
fn a_log_record_that_misses_a_part_declares_nothing() {
    for missing in ["session.id", "event.name", "event.timestamp", "event.sequence"] {
        let mut record = log("s", T, 7);
        record.attributes.retain(|(key, _)| key != missing);
        let rows = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 1), &logs(vec![record.clone(), record]));
        assert_eq!(rows.identities(), [None, None], "{missing}");
        let [one, two] = &event_ids(&rows)[..] else { panic!("two rows") };
        assert_ne!(one, two, "{missing}");
    }
}

#[test]
fn the_field_time_stands_for_a_missing_timestamp() {
    let mut record = log("s", T, 7);
    record.attributes.retain(|(key, _)| key != "event.timestamp");
    record.time_unix_nano = 1_795_226_222_928_000_000;
    let rows = rows(&arrival(Provider::ClaudeCode, Signal::Logs, 1), &logs(vec![record]));
    assert!(rows.identities()[0].is_some());
}

#[test]
fn a_span_is_its_ids() {
    let span = |trace_id, span_id| Span { trace_id, span_id, ..Span::default() };
    let spans = vec![
        span(Some([1; 16]), Some([1; 8])),
        span(Some([1; 16]), Some([2; 8])),
        span(None, Some([2; 8])),
        span(Some([1; 16]), None),
    ];
    let rows =
        rows(&arrival(Provider::ClaudeCode, Signal::Traces, 1), &Payload::Otlp(Otlp::Traces(vec![group(spans)])));
    let [Some(one), Some(two), None, None] = rows.identities() else { panic!("{:?}", rows.identities()) };
    assert_ne!(one, two);
}

#[test]
fn a_generic_record_may_declare_a_uid() {
    let record =
        LogRecord { attributes: vec![("log.record.uid".into(), Value::text("01JD3Z"))], ..LogRecord::default() };
    let first = rows(&arrival(Provider::Other, Signal::Logs, 1), &logs(vec![record.clone()]));
    let again = rows(&arrival(Provider::Other, Signal::Logs, 2), &logs(vec![record]));
    assert!(first.identities()[0].is_some());
    assert_eq!(first.identities(), again.identities());
    let anonymous = rows(&arrival(Provider::Other, Signal::Logs, 1), &logs(vec![LogRecord::default()]));
    assert_eq!(anonymous.identities(), [None]);
}

#[test]
fn hooks_are_never_merged_unless_their_sender_numbers_them() {
    let hooks: Vec<Value<'static>> = support::scenario("claude_code/c20_hooks/hooks_stdin", "")
        .iter()
        .map(|(_, json)| support::plain(json))
        .collect();
    let twice = [hooks.clone(), hooks].concat();
    let count = twice.len();
    let first = rows(&arrival(Provider::ClaudeCode, Signal::Hooks, 1), &Payload::Hooks(twice.clone()));
    let again = rows(&arrival(Provider::ClaudeCode, Signal::Hooks, 2), &Payload::Hooks(twice));
    assert!(first.identities().iter().all(Option::is_none));
    let ids: HashSet<String> = event_ids(&first).into_iter().chain(event_ids(&again)).collect();
    assert_eq!(ids.len(), 2 * count);

    for id in ["event_id", "hook_event_id"] {
        let numbered = serde_json::json!({"hook": "Stop", "session_id": "s", id: "e1"});
        let first = rows(&arrival(Provider::ClaudeCode, Signal::Hooks, 1), &support::payload(&numbered));
        let again = rows(&arrival(Provider::ClaudeCode, Signal::Hooks, 2), &support::payload(&numbered));
        assert!(first.identities()[0].is_some());
        assert_eq!(first.identities(), again.identities());
    }
}
