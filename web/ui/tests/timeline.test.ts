import { describe, expect, it } from "vitest";
import type { TimelineEvent } from "../src/queries";
import { foldEvents, groupTimeline, kindOf, words } from "../src/timeline";

const BASE = Date.parse("2026-11-21T02:00:00.000Z");
let serial = 0;

/** An event `at` milliseconds after the session's start. */
function event(signal: TimelineEvent["signal"], event_name: string, at: number, more: Partial<TimelineEvent> = {}) {
  serial += 1;
  const nothing = {
    fact: null,
    fact_id: null,
    provider: "claude_code",
    prompt_id: null,
    event_sequence: null,
    trace_id: null,
    span_id: null,
    parent_span_id: null,
    tool_name: null,
    tool_use_id: null,
    success: null,
    duration_ms: null,
    decision: null,
    decision_source: null,
    model: null,
    input_tokens: null,
    cache_read_tokens: null,
    cache_creation_tokens: null,
    output_tokens: null,
    cost_usd: null,
    request_id: null,
    status_code: null,
    error_type: null,
    error_message: null,
    prompt_text: null,
    prompt_length: null,
    output_snippet: null,
    command: null,
    skill_name: null,
    mcp_server: null,
    mcp_tool: null,
    agent_id: null,
    agent_type: null,
  };
  const event_time = new Date(BASE + at).toISOString();
  return { event_id: `e${serial}`, event_time, signal, event_name, ...nothing, ...more } satisfies TimelineEvent;
}

describe("folding", () => {
  it("makes one entry of a tool call that logs, spans and hooks saw", () => {
    const call = { tool_use_id: "toolu_1", tool_name: "Bash" };
    const entries = foldEvents([
      event("logs", "tool_decision", 100, { ...call, prompt_id: "p", decision: "accept", decision_source: "config" }),
      event("logs", "tool_result", 400, { ...call, prompt_id: "p", success: true, duration_ms: 250, command: "ls" }),
      event("traces", "claude_code.tool", 90, { ...call, trace_id: "t", span_id: "s1", duration_ms: 320 }),
      event("traces", "claude_code.tool.blocked_on_user", 95, { trace_id: "t", parent_span_id: "s1", duration_ms: 40 }),
      event("traces", "claude_code.tool.execution", 150, { tool_use_id: "toolu_1", parent_span_id: "s1" }),
      event("hooks", "PreToolUse", 110, call),
      event("hooks", "PostToolUse", 420, { ...call, success: true, duration_ms: 249 }),
    ]);
    expect(entries).toHaveLength(1);
    const [entry] = entries;
    expect(entry).toMatchObject({
      kind: "tool",
      title: "Bash",
      ok: true,
      durationMs: 250,
      command: "ls",
      promptId: "p",
    });
    expect(entry?.signals).toEqual(["logs", "traces", "hooks"]);
    expect(entry?.start).toBe(BASE + 150);
    expect(entry?.end).toBe(BASE + 400);
    expect(entry?.events.find(({ event_id }) => event_id === entry.mainId)?.event_name).toBe("tool_result");
  });

  it("keeps two calls of one tool apart", () => {
    const entries = foldEvents([
      event("hooks", "PreToolUse", 1, { tool_use_id: "a", tool_name: "Read" }),
      event("hooks", "PreToolUse", 1, { tool_use_id: "b", tool_name: "Read" }),
      event("hooks", "PostToolUseFailure", 9, { tool_use_id: "b", tool_name: "Read", error_message: "no such file" }),
    ]);
    expect(entries.map(({ ok, error }) => [ok, error])).toEqual([
      [null, null],
      [false, "no such file"],
    ]);
  });

  it("counts the tokens of a request once, cache included", () => {
    const [entry, ...others] = foldEvents([
      event("logs", "api_request", 300, {
        request_id: "r",
        model: "m",
        duration_ms: 200,
        input_tokens: 10,
        cache_read_tokens: 80,
        cache_creation_tokens: 5,
        output_tokens: 7,
        cost_usd: 0.1,
      }),
      event("traces", "claude_code.llm_request", 100, {
        request_id: "r",
        model: "m",
        input_tokens: 10,
        output_tokens: 7,
      }),
    ]);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ title: "m", inputTokens: 95, outputTokens: 7, costUsd: 0.1, ok: true });
  });

  it("shows an error of the model's API and the end of its retries as one failure", () => {
    const failed = { request_id: "r", error_message: "Overloaded" };
    const entries = foldEvents([
      event("logs", "api_error", 5, failed),
      event("logs", "api_retries_exhausted", 5, failed),
    ]);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ kind: "model", title: "Model request", ok: false, error: "Overloaded" });
  });

  it("takes a rejected call for a failure", () => {
    const [entry] = foldEvents([event("logs", "tool_decision", 1, { tool_use_id: "a", decision: "reject" })]);
    expect(entry).toMatchObject({ ok: false, decision: "reject" });
  });

  it("never merges events without a common id", () => {
    const same = { prompt_id: "p" };
    expect(foldEvents([event("hooks", "Stop", 5, same), event("hooks", "Stop", 5, same)])).toHaveLength(2);
  });
});

describe("an agent whose logs have no ids", () => {
  const codex = (
    signal: TimelineEvent["signal"],
    name: string,
    fact: TimelineEvent["fact"],
    at: number,
    more: Partial<TimelineEvent> = {},
  ) => event(signal, name, at, { provider: "codex", fact, ...more });
  const call = { fact_id: "call_1", tool_use_id: "call_1" };
  const session = [
    codex("logs", "user_prompt", "turn", 0, { prompt_length: 5 }),
    codex("hooks", "UserPromptSubmit", "turn", 1, { fact_id: "t1", prompt_id: "t1" }),
    codex("traces", "session_task.turn", "turn", 1, { fact_id: "t1", duration_ms: 900 }),
    codex("logs", "api_request", null, 10),
    codex("logs", "sse_event", null, 11),
    codex("logs", "sse_event", "api_request", 12, { model: "m", input_tokens: 4, cache_read_tokens: 6 }),
    codex("traces", "handle_responses", "api_request", 12, { model: "m", input_tokens: 4 }),
    codex("hooks", "PreToolUse", "tool_call", 20, { ...call, prompt_id: "t1", tool_name: "Bash" }),
    codex("logs", "tool_result", "tool_call", 30, { ...call, tool_name: "exec_command", success: true }),
    codex("logs", "user_prompt", "turn", 100),
    codex("logs", "sse_event", "api_request", 120, { model: "m" }),
  ];
  const told = (kind: string) => foldEvents(session).filter((entry) => entry.kind === kind);

  it("shows what logs, spans and hooks saw once", () => {
    expect(told("prompt").map(({ signals }) => signals)).toEqual([["logs"], ["logs"]]);
    expect(told("model").map(({ inputTokens }) => inputTokens)).toEqual([10, null]);
    expect(told("tool").map(({ title, signals }) => [title, signals])).toEqual([["exec_command", ["logs", "hooks"]]]);
  });

  it("groups by the latest prompt", () => {
    const groups = groupTimeline(session).map(({ prompt, entries }) => [
      prompt?.kind,
      entries.filter(({ kind }) => kind !== "background").map(({ kind }) => kind),
    ]);
    expect(groups).toEqual([
      ["prompt", ["model", "tool"]],
      ["prompt", ["model"]],
    ]);
  });
});

it("joins what a hook says of a request without a request id", () => {
  const cursor = { provider: "cursor", fact: "api_request", fact_id: "g1", prompt_id: "g1" } as const;
  const entries = foldEvents([
    event("hooks", "beforeSubmitPrompt", 0, { ...cursor, fact: "turn" }),
    event("hooks", "afterAgentResponse", 5, { ...cursor, output_tokens: 7 }),
    event("hooks", "stop", 6, cursor),
    event("hooks", "sessionEnd", 9, { provider: "cursor", duration_ms: 900 }),
  ]);
  expect(entries.map(({ kind, outputTokens }) => [kind, outputTokens])).toEqual([
    ["prompt", null],
    ["model", 7],
    ["session", null],
  ]);
});

describe("grouping", () => {
  it("groups by prompt, in order, with what came before first", () => {
    const groups = groupTimeline([
      event("hooks", "SessionEnd", 900),
      event("logs", "user_prompt", 500, { prompt_id: "second", prompt_length: 12 }),
      event("logs", "api_request", 300, { prompt_id: "first", duration_ms: 100 }),
      event("hooks", "UserPromptSubmit", 101, { prompt_id: "first" }),
      event("logs", "user_prompt", 100, { prompt_id: "first", prompt_text: "hello" }),
      event("hooks", "SessionStart", 0),
    ]);
    expect(groups.map(({ promptId }) => promptId)).toEqual([null, "first", "second"]);
    expect(groups[0]?.entries.map(({ title }) => title)).toEqual(["Session start"]);
    expect(groups[1]?.prompt).toMatchObject({ promptText: "hello", signals: ["logs", "hooks"], start: BASE + 100 });
    expect(groups[1]?.entries).toHaveLength(1);
    expect(groups[2]?.entries.map(({ title }) => title)).toEqual(["Session end"]);
    expect(groups[2]?.end).toBe(BASE + 900);
  });

  it("finds the prompt of spans by their trace", () => {
    const groups = groupTimeline([
      event("logs", "user_prompt", 0, { prompt_id: "p", trace_id: "t" }),
      event("traces", "claude_code.interaction", 0, { trace_id: "t", duration_ms: 500 }),
      event("traces", "claude_code.llm_request", 10, { trace_id: "t", request_id: "r", duration_ms: 100 }),
    ]);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.prompt).toMatchObject({ signals: ["logs", "traces"], durationMs: null });
    expect(groups[0]?.entries.map(({ kind, promptId }) => [kind, promptId])).toEqual([["model", "p"]]);
  });

  it("leaves a trace of several prompts to the time", () => {
    const groups = groupTimeline([
      event("logs", "user_prompt", 0, { prompt_id: "a", trace_id: "t" }),
      event("logs", "user_prompt", 100, { prompt_id: "b", trace_id: "t" }),
      event("traces", "claude_code.llm_request", 150, { trace_id: "t" }),
    ]);
    expect(groups.map(({ promptId, entries }) => [promptId, entries.length])).toEqual([
      ["a", 0],
      ["b", 1],
    ]);
  });

  it("has no groups without events", () => expect(groupTimeline([])).toEqual([]));
});

it("sorts unknown names by their signal", () => {
  expect(kindOf(event("hooks", "BrandNewHook", 0))).toBe("hook");
  expect(kindOf(event("logs", "codex.user_prompt", 0))).toBe("prompt");
  expect(kindOf(event("logs", "plugin_loaded", 0))).toBe("background");
});

it("writes names as words", () => {
  expect(words("mcp_server_connection")).toBe("Mcp server connection");
  expect(words("PreCompact")).toBe("Pre compact");
});
