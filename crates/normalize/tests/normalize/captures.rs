//! What the real Claude Code sent, as rows. The captures are not sanitized.

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
fn codex_logs_by_the_usual_names() {
    insta::assert_snapshot!(shown("codex/d10_hooks", "001_logs", Provider::Codex));
}

#[test]
fn codex_hooks() {
    insta::assert_snapshot!(shown("codex/d10_hooks/hooks_stdin", "", Provider::Codex));
}
