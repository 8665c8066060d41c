//! What Claude Code says of a session in its log and what it says in its metrics is the same, to the token and to the cent.

use std::collections::BTreeMap;

use normalize::{Output, normalize};
use record::dictionary::{Column, coding_agent_events as events, coding_agent_metrics as metrics};
use record::rows::Rows;
use record::source::{Provider, Signal};
use record::value::Value;

use crate::support;

/// By session: tokens by type, and US dollars.
type Totals = BTreeMap<String, Total>;

#[derive(Debug, Default)]
struct Total {
    /// `input`, `output`, `cacheRead`, `cacheCreation`
    tokens: [f64; 4],
    dollars: f64,
}

fn rows_of(scenario: &str) -> Output {
    let mut out = Output::default();
    for (part, signal) in [("_logs.", Signal::Logs), ("_metrics.", Signal::Metrics)] {
        for (_, json) in support::scenario(&format!("claude_code/{scenario}"), part) {
            normalize(&support::envelope(Provider::ClaudeCode, signal), Some(&support::payload(&json)), &mut out);
        }
    }
    out
}

fn number(rows: &Rows, row: usize, column: Column) -> f64 {
    rows.get(row, column).to_double().unwrap_or_default()
}

fn of_events(rows: &Rows) -> Totals {
    let mut totals = Totals::new();
    for row in (0..rows.len()).filter(|row| rows.get_text(*row, events::EVENT_NAME) == Some("api_request")) {
        let total = totals.entry(rows.get_text(row, events::SESSION_ID).expect("a session").to_owned()).or_default();
        let columns =
            [events::INPUT_TOKENS, events::OUTPUT_TOKENS, events::CACHE_READ_TOKENS, events::CACHE_CREATION_TOKENS];
        for (tokens, column) in total.tokens.iter_mut().zip(columns) {
            *tokens += number(rows, row, column);
        }
        total.dollars += number(rows, row, events::COST_USD);
    }
    totals
}

/// As the documentation of `normalize::metrics` says how to sum.
fn of_metrics(rows: &Rows) -> Totals {
    let mut totals = Totals::new();
    let mut last_of: BTreeMap<(&str, Option<i64>), (i64, usize)> = BTreeMap::new();
    let mut counted: Vec<usize> = Vec::new();
    for row in 0..rows.len() {
        let time = rows.get(row, metrics::EVENT_TIME).to_int().expect("a time");
        match rows.get_text(row, metrics::TEMPORALITY) {
            Some("delta") => counted.push(row),
            Some("cumulative") => {
                let series = rows.get_text(row, metrics::SERIES_ID).expect("a series");
                let last = last_of.entry((series, rows.get(row, metrics::START_TIME).to_int())).or_insert((time, row));
                *last = (*last).max((time, row));
            }
            other => panic!("{other:?}"),
        }
    }
    counted.extend(last_of.values().map(|(_, row)| *row));
    for row in counted {
        let name = rows.get_text(row, metrics::METRIC_NAME);
        if !matches!(name, Some("claude_code.token.usage" | "claude_code.cost.usage")) {
            continue;
        }
        let total = totals.entry(rows.get_text(row, metrics::SESSION_ID).expect("a session").to_owned()).or_default();
        let value = number(rows, row, metrics::VALUE);
        match rows.get_text(row, metrics::TOKEN_TYPE) {
            None => total.dollars += value,
            Some(name) => {
                let kinds = ["input", "output", "cacheRead", "cacheCreation"];
                total.tokens[kinds.iter().position(|kind| *kind == name).expect("a kind of tokens")] += value;
            }
        }
    }
    totals
}

#[test]
fn the_log_and_the_metrics_of_a_session_agree() {
    let mut sessions = 0;
    for scenario in [
        "c01_basic_protobuf",
        "c02_http_json",
        "c03_grpc",
        "c04_prompts_and_details",
        "c05_seed_env_block",
        "c06_traces_beta_json",
        "c08_api_errors",
        "c09_skill_details",
        "c10_skill_redacted",
        "c12_denied",
        "c14_gzip_cumulative_includes",
        "c18_settings_json_env",
        "c20_hooks",
        "c22_traceparent_base_endpoint",
        "c24_pull_request_prompts_only",
    ] {
        let out = rows_of(scenario);
        let (log, metrics) = (of_events(&out.events), of_metrics(&out.metrics));
        assert!(!log.is_empty(), "{scenario}");
        assert_eq!(log.keys().collect::<Vec<_>>(), metrics.keys().collect::<Vec<_>>(), "{scenario}");
        for (session, said) in &log {
            let counted = &metrics[session];
            let whole = |tokens: [f64; 4]| tokens.map(|count| Value::Double(count).to_int());
            assert_eq!(whole(said.tokens), whole(counted.tokens), "tokens of {session} in {scenario}");
            let difference = (said.dollars - counted.dollars).abs();
            assert!(difference < 1e-9, "dollars of {session} in {scenario}: {said:?} {counted:?}");
            assert!(said.dollars > 0.0 && said.tokens[0] > 0.0, "{session} in {scenario}");
            sessions += 1;
        }
    }
    assert!(sessions > 25, "{sessions}");
}

#[test]
fn the_log_and_the_metrics_of_a_codex_turn_agree() {
    let mut out = Output::default();
    for (part, signal) in [("_logs.", Signal::Logs), ("_metrics.excerpt", Signal::Metrics)] {
        for (_, json) in support::scenario("codex/d03_all_signals_json", part) {
            normalize(&support::envelope(Provider::Codex, signal), Some(&support::payload(&json)), &mut out);
        }
    }
    for (kind, column, tokens) in [
        ("output", events::OUTPUT_TOKENS, 240),
        ("reasoning_output", events::REASONING_TOKENS, 96),
        ("cached_input", events::CACHE_READ_TOKENS, 3_072),
    ] {
        let said: f64 = (0..out.events.len()).map(|row| number(&out.events, row, column)).sum();
        let of_kind = |row: &usize| {
            out.metrics.get_text(*row, metrics::METRIC_NAME) == Some("codex.turn.token_usage")
                && out.metrics.get_text(*row, metrics::TOKEN_TYPE) == Some(kind)
        };
        let rows = (0..out.metrics.len()).filter(of_kind);
        let counted: f64 = rows.map(|row| number(&out.metrics, row, metrics::VALUE)).sum();
        assert_eq!([said, counted].map(|sum| Value::Double(sum).to_int()), [Some(tokens); 2], "{kind}");
    }
}

#[test]
fn running_totals_are_one_series_from_export_to_export() {
    let out = rows_of("c14_gzip_cumulative_includes");
    let rows = &out.metrics;
    let series: std::collections::HashSet<_> =
        (0..rows.len()).filter_map(|row| rows.get_text(row, metrics::SERIES_ID)).collect();
    assert_eq!((series.len(), rows.len()), (7, 27));
    assert!((0..rows.len()).all(|row| rows.get(row, metrics::IS_MONOTONIC) == Value::Bool(true)));
}
