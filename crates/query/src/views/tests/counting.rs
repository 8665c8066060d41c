//! One thing that several signals tell counts once.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_seen_by_three_signals_is_one_with_the_best_of_each() {
    let id = Some("toolu_1");
    let house = House::with(&[
        fact("logs", "tool_call", id, 10.0, json!({
            "tool_name": "mcp_tool", "success": true, "duration_ms": 89, "prompt_id": "p", "user_id": "u", "output_size_bytes": 66,
        })),
        fact("logs", "tool_call", id, 9.0, json!({"decision": "accept", "decision_source": "config"})),
        fact("hooks", "tool_call", id, 10.5, json!({
            "tool_name": "mcp__demo__add", "mcp_server": "demo", "mcp_tool": "add", "duration_ms": 90, "repo": "acme/web",
            "success": true,
        })),
        fact("hooks", "tool_call", id, 8.9, json!({"tool_name": "mcp__demo__add"})),
        json!({"signal": "traces", "event_name": "claude_code.tool", "at": 8.0, "session_id": "s", "fact": "tool_call",
            "fact_id": "toolu_1", "tool_name": "mcp__demo__add", "duration_ms": 2000, "trace_id": "t", "span_id": "a"}),
        json!({"signal": "traces", "event_name": "claude_code.tool.execution", "at": 9.9, "session_id": "s",
            "fact": "tool_call", "fact_id": "toolu_1", "success": false, "error_type": "ShellError", "duration_ms": 89,
            "trace_id": "t", "span_id": "b"}),
    ])
    .await;
    let calls = house.ask("select * from tool_calls").await;
    assert_eq!(
        calls,
        json!([{
            "provider": "claude_code", "session_id": "s", "signals": "hooks,logs,traces", "tool_use_id": "toolu_1", "prompt_id": "p",
            "tool_name": "mcp__demo__add", "mcp_server": "demo", "mcp_tool": "add", "started_at": "2026-01-01T00:00:09.911Z",
            "ended_at": "2026-01-01T00:00:10Z", "duration_ms": 89, "success": false, "decision": "accept",
            "decision_source": "config", "error_type": "ShellError", "output_size_bytes": 66, "trace_id": "t", "span_id": "b",
            "user_id": "u", "repo": "acme/web",
        }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_exits_with_an_error_has_failed() {
    let house = House::with(&[
        fact(
            "logs",
            "tool_call",
            Some("a"),
            1.0,
            json!({"provider": "codex", "success": true, "exit_code": 3, "tool_name": "exec_command"}),
        ),
        fact("hooks", "tool_call", Some("a"), 1.0, json!({"provider": "codex", "tool_name": "Bash"})),
        fact("logs", "tool_call", Some("b"), 2.0, json!({"provider": "codex", "success": true, "exit_code": 0})),
        fact("hooks", "tool_call", Some("c"), 3.0, json!({"provider": "codex"})),
    ])
    .await;
    let calls = house.ask("select tool_name, success, exit_code from tool_calls order by tool_use_id").await;
    let expected = json!([
        {"tool_name": "exec_command", "success": false, "exit_code": 3}, {"success": true, "exit_code": 0}, {},
    ]);
    assert_eq!(calls, expected);
    assert_eq!(
        house.ask("select tool_calls, tool_failures from sessions").await,
        json!([{"tool_calls": 3, "tool_failures": 1}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn small_ids_come_again_in_other_sessions() {
    let call = |session: &str| fact("logs", "tool_call", Some("call_1"), 1.0, json!({"session_id": session}));
    let other = fact("logs", "tool_call", Some("call_1"), 1.0, json!({"session_id": "s", "provider": "codex"}));
    let house = House::with(&[call("s"), call("t"), other]).await;
    assert_eq!(house.ask("select count(*) as n from tool_calls").await, json!([{"n": 3}]));
    assert_eq!(
        house.ask("select count(*) as n, sum(tool_calls) as calls from sessions").await,
        json!([{"n": 3, "calls": 3}])
    );
    let one = house.ask("select tool_use_id from tool_calls where session_id = 't' and provider = 'claude_code'").await;
    assert_eq!(one, json!([{"tool_use_id": "call_1"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn models_and_owners_of_a_session_are_put_together() {
    let house = House::with(&[
        fact("logs", "api_request", Some("a"), 1.0, json!({"model": "sonnet", "user_email": "a@b.c"})),
        fact("logs", "api_request", Some("b"), 2.0, json!({"model": "haiku"})),
        fact("traces", "api_request", Some("b"), 2.0, json!({"model": "haiku"})),
        event("hooks", "SessionStart", 0.5, json!({"repo": "acme/web", "branch": "main"})),
    ])
    .await;
    let sessions = house.ask("select models, user_email, repo, branch from sessions").await;
    let expected = json!([{"models": "haiku,sonnet", "user_email": "a@b.c", "repo": "acme/web", "branch": "main"}]);
    assert_eq!(sessions, expected);
    let by_repo = house.ask("select repo, user_email, count(*) as n from api_requests group by 1, 2").await;
    assert_eq!(by_repo, json!([{"repo": "acme/web", "user_email": "a@b.c", "n": 2}]));
}

/// Logs of Codex have no ids of requests and turns; hooks, spans and imported files do.
fn codex() -> Vec<Value> {
    let codex = |mut more: Value| {
        more["provider"] = json!("codex");
        more
    };
    vec![
        fact("logs", "turn", None, 10.0, codex(json!({"prompt_length": 5}))),
        fact("logs", "turn", None, 20.0, codex(json!({"prompt_length": 7}))),
        fact("hooks", "turn", Some("turn-1"), 10.1, codex(json!({}))),
        fact("traces", "turn", Some("turn-1"), 9.9, codex(json!({"duration_ms": 4000}))),
        fact("history", "turn", Some("turn-1"), 10.0, codex(json!({}))),
        // of the two response.completed only the one with tokens is a fact
        event("logs", "codex.sse_event", 11.0, codex(json!({"duration_ms": 1}))),
        fact(
            "logs",
            "api_request",
            None,
            11.0,
            codex(json!({"input_tokens": 100, "output_tokens": 10, "model": "listed", "success": true})),
        ),
        fact("logs", "api_request", None, 21.0, codex(json!({"status_code": 503, "success": false}))),
        fact(
            "logs",
            "api_request",
            None,
            22.0,
            codex(json!({"input_tokens": 100, "output_tokens": 10, "model": "listed", "success": true})),
        ),
        fact("traces", "api_request", None, 11.0, codex(json!({"input_tokens": 100, "output_tokens": 10}))),
        fact("history", "api_request", Some("r1"), 11.0, codex(json!({"input_tokens": 100, "output_tokens": 10}))),
        fact("logs", "tool_call", Some("c1"), 12.0, codex(json!({"success": true}))),
        fact("hooks", "tool_call", Some("c1"), 12.0, codex(json!({"prompt_id": "turn-1"}))),
        fact("logs", "tool_call", Some("c2"), 23.0, codex(json!({"success": false}))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_ids_displace_those_of_other_signals() {
    let house = House::with(&codex()).await;
    let turns = house
        .ask("select signals, prompt_length, tool_calls, tool_failures, api_requests, api_errors, total_tokens from turns order by started_at")
        .await;
    assert_eq!(
        turns,
        json!([
            {"signals": "logs", "prompt_length": 5, "tool_calls": 1, "tool_failures": 0, "api_requests": 1, "api_errors": 0, "total_tokens": 110},
            {"signals": "logs", "prompt_length": 7, "tool_calls": 1, "tool_failures": 1, "api_requests": 2, "api_errors": 1, "total_tokens": 110},
        ])
    );
    let sessions = house.ask("select turns, api_requests, api_errors, tool_calls, total_tokens, models, cost_usd, cost_source, signals from sessions").await;
    assert_eq!(
        sessions,
        json!([{
            "turns": 2, "api_requests": 3, "api_errors": 1, "tool_calls": 2, "total_tokens": 220, "models": "listed",
            "cost_usd": 0.0004, "cost_source": "price_table", "signals": "history,hooks,logs,traces",
        }])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_rows_count_for_the_time_before_telemetry() {
    let mut events = codex();
    let old =
        |name: &str, at: f64| fact("history", name, Some("old"), at, json!({"provider": "codex", "output_tokens": 1}));
    events.extend([old("turn", -3600.0), old("api_request", -3599.0)]);
    let house = House::with(&events).await;
    let sessions = house.ask("select turns, api_requests, total_tokens from sessions").await;
    assert_eq!(sessions, json!([{"turns": 3, "api_requests": 4, "total_tokens": 221}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_imports_alone_count_by_their_ids() {
    let events: Vec<Value> = codex().into_iter().filter(|event| event["signal"] != "logs").collect();
    let house = House::with(&events).await;
    let sessions = house.ask("select turns, api_requests, tool_calls from sessions").await;
    assert_eq!(sessions, json!([{"turns": 1, "api_requests": 1, "tool_calls": 1}]));
    assert_eq!(
        house.ask("select prompt_id, signals, tool_calls from turns").await,
        json!([{"prompt_id": "turn-1", "signals": "history,hooks,traces", "tool_calls": 1}])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_without_an_id_counts_beside_requests_with_ids() {
    let house = House::with(&[
        fact("logs", "api_request", Some("req_1"), 1.0, json!({"success": true})),
        fact("traces", "api_request", Some("req_1"), 0.5, json!({"success": true, "status_code": 0})),
        fact("logs", "api_request", None, 2.0, json!({"success": false, "error_message": "connection refused"})),
        fact("traces", "api_request", None, 2.0, json!({"success": false})),
    ])
    .await;
    let requests =
        house.ask("select request_id, success, status_code, signals from api_requests order by success").await;
    assert_eq!(requests, json!([{"success": false, "signals": "logs"}, {"success": true, "signals": "logs,traces"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn skills_are_counted_by_the_signal_that_says_so() {
    let activated = |session: &str, name: &str| {
        fact(
            "logs",
            "skill_use",
            None,
            1.0,
            json!({"session_id": session, "skill_name": name, "prompt_id": "p", "skill_trigger": "claude-proactive"}),
        )
    };
    let call = |session: &str, signal: &str| {
        fact(
            signal,
            "tool_call",
            Some("t1"),
            1.1,
            json!({"session_id": session, "tool_name": "Skill", "skill_name": "release-notes", "prompt_id": "p", "success": true}),
        )
    };
    let failed = fact(
        "hooks",
        "tool_call",
        Some("t2"),
        1.0,
        json!({"session_id": "hooks", "tool_name": "Skill", "skill_name": "nowhere", "success": false}),
    );
    let house = House::with(&[
        activated("named", "deploy"),
        call("named", "hooks"),
        call("named", "logs"),
        activated("withheld", "custom_skill"),
        call("withheld", "hooks"),
        activated("unknown", "custom_skill"),
        call("hooks", "hooks"),
        failed,
    ])
    .await;
    let uses = house.ask("select session_id, skill_name, skill_trigger, signals from skill_uses order by 1").await;
    assert_eq!(
        uses,
        json!([
            {"session_id": "hooks", "skill_name": "release-notes", "signals": "hooks"},
            {"session_id": "named", "skill_name": "deploy", "skill_trigger": "claude-proactive", "signals": "logs"},
            {"session_id": "unknown", "skill_name": "custom_skill", "skill_trigger": "claude-proactive", "signals": "logs"},
            {"session_id": "withheld", "skill_name": "release-notes", "skill_trigger": "claude-proactive", "signals": "logs"},
        ])
    );
    let sessions = house.ask("select sum(skill_uses) as uses, sum(tool_calls) as calls from sessions").await;
    assert_eq!(sessions, json!([{"uses": 4, "calls": 4}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_only_says_how_it_was_set_up_is_none() {
    let set_up = |session: &str| {
        ["managed_settings_resolved", "plugin_loaded", "hook_registered", "retention_sweep"]
            .map(|name| event("logs", name, 1.0, json!({"session_id": session})))
    };
    let mut events = set_up("temporary").to_vec();
    events.extend(set_up("s"));
    events.push(fact("logs", "turn", Some("p"), 2.0, json!({"agent_version": "2.1", "user_email": "a@b.c"})));
    events.push(event("traces", "claude_code.interaction", 2.0, json!({"duration_ms": 1500, "branch": "main"})));
    events.push(event("logs", "api_request", 2.5, json!({"agent_id": "a1", "agent_type": "general-purpose"})));
    events.push(event("hooks", "SubagentStop", 2.5, json!({"agent_id": "a2", "agent_type": ""})));
    let house = House::with(&events).await;
    let sessions = house
        .ask("select session_id, started_at, duration_ms, turns, subagents, agent_version, user_email, branch, cost_usd from sessions")
        .await;
    assert_eq!(
        sessions,
        json!([{
            "session_id": "s", "started_at": "2026-01-01T00:00:01Z", "duration_ms": 2500, "turns": 1, "subagents": 1,
            "agent_version": "2.1", "user_email": "a@b.c", "branch": "main",
        }])
    );
}
