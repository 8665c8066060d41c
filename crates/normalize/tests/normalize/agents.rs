//! What agents say in their own ways, and what it means for all of them.

use record::dictionary::coding_agent_events as events;
use record::otlp::{LogRecord, Otlp, Resource, ResourceGroup, Scope, ScopeGroup, Span, SpanStatus};
use record::source::Provider;
use serde_json::{Value as Json, json};

use crate::records::{
    attributes, check, check_fact, check_tokens, claude, codex, hook, kept, log, log_of, span, span_of,
};
use crate::{show, support};

#[test]
fn tokens_are_counted_alike_for_all() {
    let claude = claude(&json!({"event.name": "api_request", "input_tokens": 1222, "output_tokens": 67,
        "cache_read_tokens": 8000, "cache_creation_tokens": 512}));
    check_tokens(&claude, 1222, 67, Some(8000), Some(512));
    let codex = codex(&json!({"event.name": "codex.sse_event", "event.kind": "response.completed",
        "input_token_count": "2052", "output_token_count": "80", "cached_token_count": 1024,
        "cache_write_token_count": 28, "reasoning_token_count": 32, "tool_token_count": "2132"}));
    check_tokens(&codex, 1000, 80, Some(1024), Some(28));
    check(&codex, events::REASONING_TOKENS, 32);
    let gemini = log(
        &json!({"event.name": "gemini_cli.api_response", "input_token_count": 1500,
        "output_token_count": 70, "cached_content_token_count": 300, "thoughts_token_count": 20}),
        Provider::Other,
    );
    check_tokens(&gemini, 1200, 90, Some(300), None);
    let conventions = json!({"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 7, "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 10});
    check_tokens(&span("chat", &conventions, Provider::Other), 30, 7, Some(60), Some(10));
    // a sender that counts the cache apart, whatever the conventions say
    let apart = json!({"gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 60});
    check_tokens(&span("chat", &apart, Provider::Other), 5, 7, Some(60), None);
    let before = json!({"gen_ai.usage.prompt_tokens": 5, "gen_ai.usage.completion_tokens": 7});
    check_tokens(&span("chat", &before, Provider::Other), 5, 7, None, None);
    let huge = json!({"gen_ai.usage.input_tokens": i64::MIN, "gen_ai.usage.cache_read.input_tokens": i64::MAX});
    check(&span("chat", &huge, Provider::Other), events::INPUT_TOKENS, i64::MIN);
}

#[test]
fn a_decision_is_told_alike_for_all() {
    for (sent, decision) in [
        ("accept", Some("accept")),
        ("approved", Some("accept")),
        ("approved_for_session", Some("accept")),
        ("auto_accept", Some("accept")),
        ("reject", Some("reject")),
        ("denied", Some("reject")),
        ("abort", Some("reject")),
        ("unknown", None),
        ("acceptable", None),
    ] {
        let rows = codex(&json!({"event.name": "codex.tool_decision", "decision": sent, "source": "Config"}));
        check(&rows, events::DECISION, decision.map_or(Json::Null, Json::from));
        check(&rows, events::DECISION_SOURCE, "Config");
        let stays = (decision != Some(sent)).then(|| json!(sent));
        assert_eq!(kept(&rows).get("decision").cloned(), stays, "{sent}");
    }
    check(&hook(&json!({"hook_event_name": "PermissionDenied", "tool_use_id": "t"})), events::DECISION, "reject");
}

#[test]
fn a_command_that_failed_did_not_succeed() {
    let result = |success: &str, exit_code: i64| {
        codex(&json!({"event.name": "codex.tool_result", "call_id": "c", "success": success, "exit_code": exit_code}))
    };
    let failed = result("true", 3);
    check(&failed, events::SUCCESS, false);
    check(&failed, events::EXIT_CODE, 3);
    assert_eq!(kept(&failed), json!({"success": "true"}));
    let worked = result("true", 0);
    check(&worked, events::SUCCESS, true);
    assert_eq!(kept(&worked), json!({}));
    check(&result("false", 0), events::SUCCESS, false);
}

#[test]
fn codex_hooks_know_of_success_what_the_exit_code_tells() {
    let hook = |exit_code: Json| {
        let event = json!({"hook_event_name": "PostToolUse", "tool_use_id": "c", "exit_code": exit_code});
        show::rows_of(&support::payload(&event), Provider::Codex)
    };
    check(&hook(json!(0)), events::SUCCESS, true);
    check(&hook(json!(1)), events::SUCCESS, false);
    check(&hook(Json::Null), events::SUCCESS, Json::Null);
}

#[test]
fn skills_are_told_in_full() {
    let rows = claude(&json!({"event.name": "skill_activated", "skill.name": "release-notes",
        "invocation_trigger": "user-slash", "skill.source": "projectSettings"}));
    check_fact(&rows, "skill_use", None);
    check(&rows, events::EVENT_NAME, "skill_activated");
    check(&rows, events::SKILL_NAME, "release-notes");
    check(&rows, events::SKILL_SCOPE, "projectSettings");
    check(&rows, events::SKILL_TRIGGER, "user-slash");
    let rows = codex(&json!({"event.name": "codex.skill_invocation", "skill.name": "release-notes",
        "skill.scope": "repo", "skill.invocation_type": "implicit", "turn.id": "t1"}));
    check_fact(&rows, "skill_use", None);
    check(&rows, events::EVENT_NAME, "skill_invocation");
    check(&rows, events::SKILL_NAME, "release-notes");
    check(&rows, events::SKILL_SCOPE, "repo");
    check(&rows, events::SKILL_TRIGGER, "implicit");
    check(&rows, events::PROMPT_ID, "t1");
    assert_eq!(kept(&rows), json!({}));
}

#[test]
fn a_request_of_claude_code_has_its_cost_and_its_message() {
    let rows = claude(&json!({"event.name": "api_request", "request_id": "r", "cost_usd_micros": 6060}));
    check_fact(&rows, "api_request", Some("r"));
    check(&rows, events::COST_USD, 0.006_06);
    check(&rows, events::SUCCESS, true);
    let both = claude(&json!({"event.name": "api_request", "cost_usd": 0.5, "cost_usd_micros": 6060}));
    check(&both, events::COST_USD, 0.5);
    let body = claude(&json!({"event.name": "api_response_body", "request_id": "r", "message.id": "msg_1"}));
    check_fact(&body, "api_request", Some("r"));
    check(&body, events::MESSAGE_ID, "msg_1");
    let failed = claude(&json!({"event.name": "api_error", "request_id": "r", "attempt": 3, "error": "Overloaded"}));
    check_fact(&failed, "api_request", Some("r"));
    check(&failed, events::SUCCESS, false);
    check(&failed, events::ATTEMPT, 3);
    let exhausted = claude(&json!({"event.name": "api_retries_exhausted", "total_attempts": 3, "request_id": "r"}));
    check(&exhausted, events::FACT, Json::Null);
    check(&exhausted, events::ATTEMPT, 3);
}

#[test]
fn a_failed_execution_tells_the_class_of_its_error() {
    let failed = |record: Json| {
        let span = Span {
            name: "claude_code.tool.execution".into(),
            attributes: attributes(&record),
            status: SpanStatus { code: 2, message: record["error"].as_str().expect("text").to_owned().into() },
            ..Span::default()
        };
        span_of(span, Provider::ClaudeCode)
    };
    for record in [
        json!({"tool_use_id": "t", "error.type": "tool_error", "error": "ShellError", "error_class": "ShellError"}),
        json!({"tool_use_id": "t", "error.type": "tool_error", "error": "ShellError"}),
    ] {
        let rows = failed(record);
        check_fact(&rows, "tool_call", Some("t"));
        check(&rows, events::ERROR_TYPE, "ShellError");
        check(&rows, events::ERROR_MESSAGE, Json::Null);
        check(&rows, events::SUCCESS, false);
    }
    let told = json!({"error.type": "tool_error", "error": "Shell command failed", "error_class": "ShellError"});
    let rows = failed(told);
    check(&rows, events::ERROR_TYPE, "ShellError");
    check(&rows, events::ERROR_MESSAGE, "Shell command failed");
    check(&hook(&json!({"hook": "StopFailure", "error": "server_error"})), events::ERROR_TYPE, "server_error");
}

#[test]
fn spans_of_the_conventions_witness_what_their_operation_is() {
    let of = |operation: &str, more: Json| {
        let mut record = json!({"gen_ai.operation.name": operation, "session.id": "s"});
        record.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        span("x", &record, Provider::Other)
    };
    for operation in ["chat", "text_completion", "generate_content"] {
        check_fact(&of(operation, json!({})), "api_request", Some("abababababababab"));
        check_fact(&of(operation, json!({"gen_ai.response.id": "r1"})), "api_request", Some("r1"));
    }
    check_fact(&of("execute_tool", json!({})), "tool_call", Some("abababababababab"));
    check_fact(&of("execute_tool", json!({"gen_ai.tool.call.id": "c1"})), "tool_call", Some("c1"));
    check_fact(&of("invoke_agent", json!({})), "turn", Some("abababababababab"));
    check(&of("embeddings", json!({})), events::FACT, Json::Null);
    let inner = Span {
        attributes: attributes(&json!({"gen_ai.operation.name": "invoke_agent"})),
        parent_span_id: Some([1; 8]),
        ..Span::default()
    };
    check(&span_of(inner, Provider::Other), events::FACT, Json::Null);
}

#[test]
fn the_conventions_event_beside_a_span_is_the_same_request() {
    let details = |more: Json, scope: &'static str| {
        let mut record = json!({"event.name": "gen_ai.client.inference.operation.details",
            "gen_ai.operation.name": "generate_content"});
        record.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        let record = LogRecord { attributes: attributes(&record), span_id: Some([0xab; 8]), ..LogRecord::default() };
        log_of(record, Scope { name: scope.into(), ..Scope::default() }, &json!({}), Provider::Other)
    };
    check_fact(&details(json!({}), "openai"), "api_request", Some("abababababababab"));
    check_fact(&details(json!({"gen_ai.response.id": "r1"}), "openai"), "api_request", Some("r1"));
    // Gemini CLI tells of it by an event of its own
    check(&details(json!({"gen_ai.response.id": "r1"}), "gemini-cli"), events::FACT, Json::Null);
    let own = log(&json!({"event.name": "gemini_cli.api_response", "model": "gemini-2.5-pro"}), Provider::Other);
    check_fact(&own, "api_request", None);
    let tool = json!({"event.name": "gemini_cli.tool_call", "function_name": "run_shell_command", "success": true,
        "decision": "accept", "exit_code": 3});
    let tool = log(&tool, Provider::Other);
    check_fact(&tool, "tool_call", None);
    check(&tool, events::TOOL_NAME, "run_shell_command");
    check(&tool, events::SUCCESS, false);
}

#[test]
fn a_codex_span_without_a_session_counts_towards_nothing() {
    let tokens = json!({"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1});
    let rows = span("handle_responses", &tokens, Provider::Codex);
    check_tokens(&rows, 10, 1, None, None);
    check(&rows, events::FACT, Json::Null);
    let trace = |conversations: &[&'static str]| {
        let spans = conversations.iter().map(|conversation| {
            let named = json!({"conversation.id": conversation, "turn.id": "t"});
            Span {
                name: "codex.sampling".into(),
                trace_id: Some([1; 16]),
                attributes: attributes(&named),
                ..Span::default()
            }
        });
        let response = Span {
            name: "handle_responses".into(),
            trace_id: Some([1; 16]),
            attributes: attributes(&tokens),
            ..Span::default()
        };
        let records = std::iter::once(response).chain(spans).collect();
        let scopes = vec![ScopeGroup { scope: Scope::default(), records, schema_url: "".into() }];
        let groups = vec![ResourceGroup { resource: Resource::default(), scopes, schema_url: "".into() }];
        show::rows_of(&record::arrival::Payload::Otlp(Otlp::Traces(groups)), Provider::Codex)
    };
    let found = trace(&["c1", "c1"]);
    check_fact(&found, "api_request", None);
    check(&found, events::SESSION_ID, "c1");
    // an agent and its sub-agent
    let mixed = trace(&["c1", "c2"]);
    check(&mixed, events::FACT, Json::Null);
    check(&mixed, events::SESSION_ID, Json::Null);
}

#[test]
fn cursor_hooks_say_the_same_in_other_words() {
    let rows = show::rows_of(
        &support::payload(&json!({
            "hook_event_name": "postToolUseFailure", "conversation_id": "c1", "generation_id": "g1", "cursor_version": "1.7",
            "workspace_roots": ["/home/dev/demo"], "user_email": "dev@example.com", "duration": 12.4,
            "error_message": "denied", "failure_type": "permission_denied", "is_interrupt": false,
        })),
        Provider::Cursor,
    );
    check(&rows, events::SESSION_ID, "c1");
    check(&rows, events::PROMPT_ID, "g1");
    check(&rows, events::AGENT_VERSION, "1.7");
    check(&rows, events::CWD, "/home/dev/demo");
    check(&rows, events::USER_EMAIL, "dev@example.com");
    check(&rows, events::DURATION_MS, 12);
    check(&rows, events::ERROR_MESSAGE, "denied");
    check(&rows, events::ERROR_TYPE, "permission_denied");
    check(&rows, events::SUCCESS, false);
    assert_eq!(kept(&rows), json!({"is_interrupt": false}));
}
