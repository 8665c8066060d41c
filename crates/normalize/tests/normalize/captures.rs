//! What the real Claude Code and Codex sent, as rows: Claude Code's as they came, Codex's and Cursor's after sanitizing.

use std::fmt::Write;

use record::source::Provider;

use crate::{show, support};

fn shown(scenario: &str, part: &str, provider: Provider) -> String {
    let mut text = String::new();
    for (file, json) in support::scenario(scenario, part) {
        writeln!(text, "# {file}").expect("memory");
        text.push_str(&show::lines(&show::rows_of(&support::payload(&json), provider)));
    }
    text
}

/// The same after sanitizing by the default policy.
fn kept(scenario: &str, part: &str, provider: Provider) -> String {
    let mut text = String::new();
    for (file, json) in support::scenario(scenario, part) {
        writeln!(text, "# {file}").expect("memory");
        let payload = support::sanitized(support::payload(&json), provider);
        text.push_str(&show::lines(&show::rows_of(&payload, provider)));
    }
    text
}

fn claude(scenario: &str, part: &str) -> String {
    shown(&format!("claude_code/{scenario}"), part, Provider::ClaudeCode)
}

#[test]
fn a_session_without_details() {
    insta::assert_snapshot!(claude("c01_basic_protobuf", "logs.decoded"));
}

#[test]
fn prompts_and_tool_details() {
    insta::assert_snapshot!(claude("c04_prompts_and_details", "logs.decoded"));
}

#[test]
fn errors_of_the_api_as_logs() {
    insta::assert_snapshot!(claude("c08_api_errors", "logs.decoded"));
}

#[test]
fn errors_of_the_api_as_spans() {
    insta::assert_snapshot!(claude("c08_api_errors", "001_traces"));
}

#[test]
fn skills() {
    insta::assert_snapshot!(claude("c09_skill_details", "002_logs.decoded"));
}

#[test]
fn denied_tools() {
    insta::assert_snapshot!(claude("c12_denied", "logs.decoded"));
}

#[test]
fn hooks_over_http() {
    insta::assert_snapshot!(claude("c20_hooks", "_hooks."));
}

#[test]
fn hooks_from_stdin() {
    insta::assert_snapshot!(claude("c20_hooks/hooks_stdin", ""));
}

#[test]
fn the_repository_from_vcs_attributes() {
    insta::assert_snapshot!(claude("c14_gzip_cumulative_includes", "005_logs.decoded"));
}

#[test]
fn metrics_as_deltas() {
    insta::assert_snapshot!(claude("c04_prompts_and_details", "002_metrics.decoded"));
}

#[test]
fn metrics_as_running_totals() {
    insta::assert_snapshot!(claude("c14_gzip_cumulative_includes", "013_metrics.decoded"));
}

#[test]
fn metrics_of_codex() {
    insta::assert_snapshot!(shown("codex/d03_all_signals_json", "metrics.excerpt", Provider::Codex));
}

#[test]
fn spans_of_tools_that_worked_and_failed() {
    insta::assert_snapshot!(claude("c06_traces_beta_json", "traces"));
}

#[test]
fn codex_logs() {
    insta::assert_snapshot!(kept("codex/d03_all_signals_json", "logs", Provider::Codex));
}

#[test]
fn codex_logs_of_a_subagent() {
    insta::assert_snapshot!(kept("codex/d10_hooks", "007_logs", Provider::Codex));
}

#[test]
fn codex_logs_of_an_mcp_tool() {
    insta::assert_snapshot!(kept("codex/d08_mcp", "logs", Provider::Codex));
}

#[test]
fn codex_errors_of_the_api() {
    insta::assert_snapshot!(kept("codex/d05_api_errors", "logs.decoded", Provider::Codex));
}

#[test]
fn codex_spans() {
    insta::assert_snapshot!(kept("codex/d03_all_signals_json", "traces", Provider::Codex));
}

#[test]
fn codex_hooks() {
    insta::assert_snapshot!(kept("codex/d10_hooks/hooks_stdin", "", Provider::Codex));
}

#[test]
fn codex_notify() {
    insta::assert_snapshot!(kept("codex/d07_models_resume_notify/hooks_stdin", "", Provider::Codex));
}

#[test]
fn cursor_hooks_made_by_hand() {
    insta::assert_snapshot!(kept("cursor/h01_by_hand/hooks_stdin", "", Provider::Cursor));
}
