//! Single attributes and the columns they fill.

use normalize::{Output, normalize};
use record::dictionary::{Column, coding_agent_events as events, events_raw as raw};
use record::otlp::{LogRecord, Scope, Span, SpanStatus};
use record::source::{Provider, Signal};
use record::time::Timestamp;
use record::value::{Attributes, Value};
use serde_json::{Value as Json, json};

use crate::records::{attributes, check, claude, hook, kept, log_of, span_of};
use crate::{show, support};

#[test]
fn numbers_and_truth_values_come_as_text_too() {
    for record in [
        json!({"success": "true", "duration_ms": "412", "cost_usd": "0.5", "input_tokens": "7", "event.sequence": "3"}),
        json!({"success": true, "duration_ms": 412, "cost_usd": 0.5, "input_tokens": 7, "event.sequence": 3}),
    ] {
        let rows = claude(&record);
        check(&rows, events::SUCCESS, true);
        check(&rows, events::DURATION_MS, 412);
        check(&rows, events::COST_USD, 0.5);
        check(&rows, events::INPUT_TOKENS, 7);
        check(&rows, events::EVENT_SEQUENCE, 3);
        assert_eq!(kept(&rows), json!({}));
    }
}

#[test]
fn what_does_not_fit_its_column_stays() {
    let rows = claude(&json!({"duration_ms": "long", "success": "perhaps", "model": ""}));
    check(&rows, events::DURATION_MS, Json::Null);
    check(&rows, events::SUCCESS, Json::Null);
    check(&rows, events::MODEL, Json::Null);
    assert_eq!(kept(&rows), json!({"duration_ms": "long", "success": "perhaps", "model": ""}));
}

#[test]
fn names_of_a_column_win_in_the_order_of_its_description() {
    let rows = claude(&json!({
        "organization.id": "3", "company.id": "2", "org.id": "1", "org_id": "0",
        "moda.project_id": "2", "project.id": "1",
        "enduser.id": "2", "user.id": "1", "moda.user_id": "0",
        "enduser.email": "b@example.com", "user.email": "a@example.com",
    }));
    check(&rows, events::ORG_ID, "0");
    check(&rows, events::PROJECT_ID, "1");
    check(&rows, events::USER_ID, "0");
    check(&rows, events::USER_EMAIL, "a@example.com");
    let kept = kept(&rows);
    assert_eq!(kept["organization.id"], "3");
    assert_eq!(kept["user.id"], "1");
    assert_eq!(kept.as_object().map(serde_json::Map::len), Some(7));
}

/// "Resource attributes Moda reads", each under its column.
const OWNERS: [(&str, Column); 14] = [
    ("org_id", events::ORG_ID),
    ("org.id", events::ORG_ID),
    ("company.id", events::ORG_ID),
    ("organization.id", events::ORG_ID),
    ("project_id", events::PROJECT_ID),
    ("project.id", events::PROJECT_ID),
    ("moda.project_id", events::PROJECT_ID),
    ("user.id", events::USER_ID),
    ("enduser.id", events::USER_ID),
    ("moda.user_id", events::USER_ID),
    ("user.email", events::USER_EMAIL),
    ("enduser.email", events::USER_EMAIL),
    ("repo", events::REPO),
    ("branch", events::BRANCH),
];

#[test]
fn owners_are_read_wherever_they_are_said() {
    for (name, column) in OWNERS {
        let said = json!({ name: "who" });
        let scope = Scope { attributes: attributes(&said), ..Scope::default() };
        let record = LogRecord { attributes: attributes(&said), ..LogRecord::default() };
        // logs of browser mods have tables of their own
        for provider in Provider::ALL.into_iter().filter(|provider| *provider != Provider::BrowserMod) {
            check(&log_of(LogRecord::default(), Scope::default(), &said, provider), column, "who");
            check(&log_of(LogRecord::default(), scope.clone(), &json!({}), provider), column, "who");
            check(&log_of(record.clone(), Scope::default(), &json!({}), provider), column, "who");
            check(&show::rows_of(&support::payload(&said), provider), column, "who");
            let span = Span { name: "codex.exec".into(), attributes: attributes(&said), ..Span::default() };
            check(&span_of(span, provider), column, "who");
        }
    }
}

#[test]
fn record_wins_over_scope_and_scope_over_resource() {
    let record = LogRecord { attributes: attributes(&json!({"enduser.id": "record", "x": 1})), ..LogRecord::default() };
    let scope = Scope {
        name: "com.anthropic.claude_code.events".into(),
        version: "2.1.329".into(),
        attributes: attributes(&json!({"branch": "scope", "y": 2})),
        dropped_attributes_count: 0,
    };
    let resource = json!({
        "moda.user_id": "resource", "branch": "resource", "repo": "acme/web", "service.version": "0.1", "x": 3, "y": 4, "z": 5
    });
    let rows = log_of(record, scope, &resource, Provider::ClaudeCode);
    check(&rows, events::USER_ID, "record");
    check(&rows, events::BRANCH, "scope");
    check(&rows, events::REPO, "acme/web");
    check(&rows, events::AGENT_VERSION, "2.1.329");
    assert_eq!(kept(&rows), json!({"x": 1, "y": 2, "z": 5}));
}

#[test]
fn a_large_resource_is_not_copied_to_every_record() {
    let mut resource = json!({"repo": "r".repeat(10_000), "note": "n".repeat(10_000)});
    for number in 0..1_000 {
        resource[format!("key{number}")] = json!("value");
    }
    let rows = log_of(LogRecord::default(), Scope::default(), &resource, Provider::ClaudeCode);
    check(&rows, events::REPO, Json::Null);
    assert!(rows.get_text(0, events::ATTRIBUTES).is_some_and(|text| text.len() < 2_200));
}

#[test]
fn the_repository_comes_from_vcs_attributes_where_none_is_named() {
    let owner =
        json!({"vcs.owner.name": "acme", "vcs.repository.name": "demo", "vcs.repository.url.full": "https://x/demo"});
    check(&claude(&owner), events::REPO, "acme/demo");
    check(&claude(&json!({"vcs.repository.url.full": "https://x/demo"})), events::REPO, "https://x/demo");
    let record = LogRecord { attributes: attributes(&owner), ..LogRecord::default() };
    let rows = log_of(record, Scope::default(), &json!({"repo": "acme/web"}), Provider::ClaudeCode);
    check(&rows, events::REPO, "acme/web");
    assert_eq!(kept(&rows), owner);
}

#[test]
fn a_prompt_is_kept_once_and_a_placeholder_never() {
    let rows = claude(&json!({"prompt": "Say hello.", "prompt_text": "Say hello.", "prompt_length": "10"}));
    check(&rows, events::PROMPT_TEXT, "Say hello.");
    check(&rows, events::PROMPT_LENGTH, 10);
    assert_eq!(kept(&rows), json!({}));
    for placeholder in ["<REDACTED>", "[REDACTED]", ""] {
        let rows = claude(&json!({"prompt": placeholder, "response": placeholder, "prompt_text_redacted": true}));
        check(&rows, events::PROMPT_TEXT, Json::Null);
        check(&rows, events::OUTPUT_SNIPPET, Json::Null);
        assert_eq!(kept(&rows), json!({"prompt_text_redacted": true}));
    }
}

#[test]
fn the_source_of_a_decision_is_no_other_source() {
    let decided = claude(&json!({"decision": "reject", "source": "user_reject"}));
    check(&decided, events::DECISION_SOURCE, "user_reject");
    let other = claude(&json!({"source": "startup"}));
    check(&other, events::DECISION_SOURCE, Json::Null);
    assert_eq!(kept(&other), json!({"source": "startup"}));
}

#[test]
fn commands_and_mcp_tools_are_read_from_tool_parameters() {
    let parameters = r#"{"bash_command":"git","full_command":"git log \"x\"","timeout":5,"list":[1],"o":{}}"#;
    let rows = claude(&json!({"tool_name": "Bash", "tool_parameters": parameters}));
    check(&rows, events::COMMAND, "git log \"x\"");
    assert_eq!(kept(&rows), json!({"tool_parameters": parameters}));

    check(&claude(&json!({"tool_parameters": r#"{"bash_command":"git"}"#})), events::COMMAND, "git");
    check(&claude(&json!({"tool_input": r#"{"command":"ls src"}"#})), events::COMMAND, "ls src");
    check(&claude(&json!({"tool_parameters": "{torn", "tool_input": "[1]"})), events::COMMAND, Json::Null);

    let parameters = r#"{"mcp_server_name":"demo","mcp_tool_name":"add"}"#;
    let rows = claude(&json!({"tool_name": "mcp_tool", "tool_parameters": parameters}));
    check(&rows, events::MCP_SERVER, "demo");
    check(&rows, events::MCP_TOOL, "add");
    let rows = claude(&json!({"tool_name": "mcp__demo__add__two"}));
    check(&rows, events::MCP_SERVER, "demo");
    check(&rows, events::MCP_TOOL, "add__two");
}

#[test]
fn an_unknown_event_is_kept_whole() {
    let record = LogRecord {
        body: Value::text("something happened"),
        attributes: attributes(&json!({"event.name": "brand_new", "a": {"b": [1, null]}, "n": null})),
        ..LogRecord::default()
    };
    let rows = log_of(record, Scope::default(), &json!({}), Provider::ClaudeCode);
    check(&rows, events::EVENT_NAME, "brand_new");
    assert_eq!(kept(&rows), json!({"a": {"b": [1, null]}, "n": null, "body": "something happened"}));
}

#[test]
fn a_repeated_key_comes_once() {
    let repeated = |count: usize| {
        let mut attributes: Attributes<'static> = vec![("k".into(), Value::Int(0)), ("k".into(), Value::Int(1))];
        attributes.extend((0..count).map(|number| (format!("k{number}").into(), Value::Null)));
        let record = LogRecord { attributes, ..LogRecord::default() };
        log_of(record, Scope::default(), &json!({}), Provider::ClaudeCode)
    };
    for count in [0, 100] {
        let rows = repeated(count);
        let text = rows.get_text(0, events::ATTRIBUTES).expect("attributes");
        assert_eq!(text.matches("\"k\":").count(), 1, "{text}");
        assert_eq!(kept(&rows)["k"], 0);
    }
}

#[test]
fn a_time_that_cannot_be_true_is_kept_aside() {
    let received_at = Timestamp::parse(support::RECEIVED_AT).expect("valid");
    for (timestamp, believed) in [
        ("2026-11-22T11:59:59Z", true),
        ("2026-11-22T12:00:01Z", false),
        ("2016-11-14T12:00:00Z", true),
        ("1970-01-01T00:00:01Z", false),
        ("9999-12-31T23:59:59Z", false),
    ] {
        let rows = claude(&json!({"event.timestamp": timestamp}));
        let claimed = Timestamp::parse(timestamp).expect("valid");
        let expected = if believed { claimed } else { received_at };
        check(&rows, events::EVENT_TIME, expected.0);
        let original = kept(&rows).get("event_time_original").cloned();
        assert_eq!(original, (!believed).then(|| json!(claimed.to_rfc3339())), "{timestamp}");
    }
    let rows = claude(&json!({"event.timestamp": "yesterday"}));
    check(&rows, events::EVENT_TIME, received_at.0);
    assert_eq!(kept(&rows), json!({"event.timestamp": "yesterday"}));
}

#[test]
fn a_generic_event_takes_its_name_where_it_is() {
    let named = |record| {
        let rows = log_of(record, Scope::default(), &json!({"session.id": "s1"}), Provider::Other);
        check(&rows, events::SESSION_ID, "s1");
        (rows.get_text(0, events::EVENT_NAME).map(str::to_owned), kept(&rows))
    };
    let field = "event otel/src/events/session_telemetry.rs:1200";
    let attribute = LogRecord {
        attributes: attributes(&json!({"event.name": "codex.user_prompt"})),
        event_name: field.into(),
        ..LogRecord::default()
    };
    assert_eq!(named(attribute).0.as_deref(), Some("codex.user_prompt"));
    let by_field = LogRecord { event_name: "login".into(), body: Value::text("a user came"), ..LogRecord::default() };
    assert_eq!(named(by_field), (Some("login".to_owned()), json!({"body": "a user came"})));
    let by_body = LogRecord { event_name: field.into(), body: Value::text("a user came"), ..LogRecord::default() };
    assert_eq!(named(by_body), (Some("a user came".to_owned()), json!({})));
    let message = "m".repeat(200);
    let long = LogRecord { body: Value::text(message.clone()), severity_text: "INFO".into(), ..LogRecord::default() };
    assert_eq!(named(long), (None, json!({"body": message, "severity_text": "INFO"})));
}

#[test]
fn a_number_under_thread_id_is_no_session() {
    let record = LogRecord {
        attributes: vec![("thread.id".into(), Value::Int(12)), ("thread.id".into(), Value::text("conversation"))],
        ..LogRecord::default()
    };
    let rows = log_of(record, Scope::default(), &json!({}), Provider::Codex);
    check(&rows, events::SESSION_ID, "conversation");
}

#[test]
fn a_span_says_its_outcome_itself_or_by_its_status() {
    let rows = |attributes_json: &Json, code| {
        let span = Span {
            name: "claude_code.tool".into(),
            start_time_unix_nano: 1_795_226_231_590_000_000,
            end_time_unix_nano: 1_795_226_231_621_543_457,
            attributes: attributes(attributes_json),
            status: SpanStatus { code, message: if code == 2 { "Overloaded".into() } else { "".into() } },
            ..Span::default()
        };
        span_of(span, Provider::ClaudeCode)
    };
    let plain = rows(&json!({}), 0);
    check(&plain, events::EVENT_NAME, "claude_code.tool");
    check(&plain, events::DURATION_MS, 31);
    check(&plain, events::SUCCESS, Json::Null);
    check(&plain, events::STATUS_CODE, Json::Null);
    let failed = rows(&json!({}), 2);
    check(&failed, events::SUCCESS, false);
    check(&failed, events::STATUS_CODE, 2);
    check(&failed, events::ERROR_MESSAGE, "Overloaded");
    let own = rows(&json!({"success": true, "duration_ms": 40, "status_code": 529, "error": "busy"}), 2);
    check(&own, events::SUCCESS, true);
    check(&own, events::DURATION_MS, 40);
    check(&own, events::STATUS_CODE, 529);
    check(&own, events::ERROR_MESSAGE, "busy");
}

#[test]
fn the_hook_of_the_page() {
    let rows = hook(&json!({
        "hook": "PostToolUse", "session_id": "sess_123", "tool_name": "Bash", "tool_use_id": "tool_abc", "success": true,
        "duration_ms": 412, "cwd": "/home/user/repo", "repo": "acme/web", "branch": "main",
        "timestamp": "2025-01-15T12:34:56Z",
    }));
    check(&rows, events::EVENT_NAME, "PostToolUse");
    check(&rows, events::SESSION_ID, "sess_123");
    check(&rows, events::TOOL_USE_ID, "tool_abc");
    check(&rows, events::SUCCESS, true);
    check(&rows, events::DURATION_MS, 412);
    check(&rows, events::CWD, "/home/user/repo");
    check(&rows, events::REPO, "acme/web");
    check(&rows, events::BRANCH, "main");
    check(&rows, events::EVENT_TIME, Timestamp::parse("2025-01-15T12:34:56Z").expect("valid").0);
    assert_eq!(kept(&rows), json!({}));
}

#[test]
fn hooks_tell_success_by_their_name() {
    for (name, success) in [
        ("PostToolUse", json!(true)),
        ("PostToolUseFailure", json!(false)),
        ("StopFailure", json!(false)),
        ("PreToolUse", Json::Null),
    ] {
        check(&hook(&json!({"hook_event_name": name})), events::SUCCESS, success);
    }
    check(&hook(&json!({"hook": "PostToolUse", "success": "false"})), events::SUCCESS, false);
}

#[test]
fn a_hooks_tool_input_gives_its_command_or_skill_to_the_columns() {
    let rows = hook(&json!({"tool_name": "Bash", "tool_input": {"command": "ls", "description": "List"}}));
    check(&rows, events::COMMAND, "ls");
    assert_eq!(kept(&rows), json!({"tool_input": {"description": "List"}}));
    let rows = hook(&json!({"tool_name": "Skill", "tool_input": {"skill": "release-notes"}}));
    check(&rows, events::SKILL_NAME, "release-notes");
    assert_eq!(kept(&rows), json!({}));
    let rows = hook(&json!({"tool_name": "Read", "tool_input": {"file_path": "/x", "skill": "no"}}));
    check(&rows, events::SKILL_NAME, Json::Null);
    assert_eq!(kept(&rows), json!({"tool_input": {"file_path": "/x", "skill": "no"}}));
}

#[test]
fn a_hooks_prompt_has_its_length() {
    let rows = hook(&json!({"hook_event_name": "UserPromptSubmit", "prompt": "a\u{1F600}"}));
    check(&rows, events::PROMPT_TEXT, "a\u{1F600}");
    check(&rows, events::PROMPT_LENGTH, 3);
    check(&hook(&json!({"prompt_length": 42})), events::PROMPT_LENGTH, 42);
    let rows = hook(&json!({"prompt": "ab", "prompt_length": 42}));
    check(&rows, events::PROMPT_LENGTH, 42);
    let rows = hook(&json!({"prompt": "ab", "prompt_text_truncated": true}));
    check(&rows, events::PROMPT_LENGTH, Json::Null);
    assert_eq!(kept(&rows), json!({"prompt_text_truncated": true}));
}

#[test]
fn a_refused_request_has_its_raw_row_only() {
    let envelope = record::envelope::Envelope {
        http_status: 413,
        error: Some("body is larger than 64 MiB".to_owned()),
        ..support::envelope(Provider::Codex, Signal::Traces)
    };
    let mut out = Output::default();
    normalize(&envelope, None, &mut out);
    assert_eq!((out.raw.len(), out.events.len()), (1, 0));
    assert_eq!(out.raw.get_text(0, raw::RAW_EVENT), None);
    assert_eq!(out.raw.get(0, raw::HTTP_STATUS), Value::Int(413));
    assert_eq!(out.raw.get_text(0, raw::ERROR), envelope.error.as_deref());
    assert_eq!(out.raw.get_text(0, raw::ARRIVAL_ID), Some("01990000-0000-7000-8000-000000000001"));
    assert_eq!(out.raw.get_text(0, raw::SIGNAL), Some("traces"));
    assert_eq!(out.raw.get(0, raw::BYTES), Value::Int(1_234));
    assert_eq!(out.raw.get_text(0, raw::KEY_ID), Some("k_01"));
}

#[test]
fn the_raw_row_of_hooks_is_as_they_came() {
    let envelope = support::envelope(Provider::ClaudeCode, Signal::Hooks);
    let mut out = Output::default();
    for body in [json!({"hook": "Stop"}), json!([{"hook": "Stop"}, {"hook": "SessionEnd"}]), json!([])] {
        normalize(&envelope, Some(&support::payload(&body)), &mut out);
    }
    let raw_events: Vec<_> = (0..3).map(|row| out.raw.get_text(row, raw::RAW_EVENT).expect("JSON")).collect();
    assert_eq!(raw_events, [r#"{"hook":"Stop"}"#, r#"[{"hook":"Stop"},{"hook":"SessionEnd"}]"#, "[]"]);
    assert_eq!(out.events.len(), 3);
}
