/**
 * A session's events as a person would tell them: grouped by prompt, each thing once.
 *
 * `fact` and `fact_id` say which events tell of one thing. Rows of older data have none, and some events say more of a
 * thing without being a witness of it; they are joined by other ids:
 *
 * A tool call comes as `tool_decision` and `tool_result` (logs), `claude_code.tool…` (spans) and `PreToolUse`,
 * `PostToolUse` (hooks); they share `tool_use_id`. A model request comes as log and span with one `request_id`. A prompt
 * comes as `user_prompt`, `UserPromptSubmit` and the root span, joined by `prompt_id`; spans carry none, but their
 * trace does.
 *
 * A witness without an id joins nothing: where a better signal tells of the same fact it is background, by the rules of
 * the server's views.
 */
import type { Signal, TimelineEvent } from "./queries";

export const KINDS = [
  "prompt",
  "model",
  "response",
  "tool",
  "skill",
  "agent",
  "session",
  "hook",
  "background",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Entry {
  /** Id of its first event; stable for links. */
  id: string;
  kind: Kind;
  title: string;
  /** Milliseconds since 1970. */
  start: number;
  end: number;
  durationMs: number | null;
  /** `null` where nothing tells. */
  ok: boolean | null;
  promptId: string | null;
  /** In order of time. */
  events: TimelineEvent[];
  /** The event that tells most about it. */
  mainId: string;
  signals: Signal[];
  model: string | null;
  command: string | null;
  decision: string | null;
  decisionSource: string | null;
  error: string | null;
  promptText: string | null;
  promptLength: number | null;
  output: string | null;
  agentType: string | null;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
}

export interface Group {
  promptId: string | null;
  start: number;
  end: number;
  /** The prompt itself; absent for what came before the first one. */
  prompt: Entry | null;
  entries: Entry[];
}

const ROOT_SPAN = "interaction";
const PROMPT_NAMES = new Set(["user_prompt", "UserPromptSubmit", ROOT_SPAN]);
const BACKGROUND_NAMES = new Set([
  "managed_settings_resolved",
  "plugin_loaded",
  "hook_registered",
  "hook_execution_start",
  "hook_execution_complete",
  "retention_sweep",
  "InstructionsLoaded",
  "MessageDisplay",
  "PostToolBatch",
  "system_prompt",
  // Codex: the pieces of an answer, and its own times.
  "sse_event",
  "startup_phase",
  "turn_ttft",
  "event",
  // Cursor: its tool hooks tell of the call.
  "beforeReadFile",
  "afterFileEdit",
  "beforeShellExecution",
  "afterShellExecution",
  "beforeMCPExecution",
  "afterMCPExecution",
  "workspaceOpen",
]);
const KIND_OF_FACT = { turn: "prompt", api_request: "model", tool_call: "tool", skill_use: "skill" } as const;
const KIND_OF_NAME: Record<string, Kind> = {
  assistant_response: "response",
  api_request: "model",
  api_error: "model",
  api_refusal: "model",
  api_retries_exhausted: "model",
  llm_request: "model",
  tool_decision: "tool",
  tool_result: "tool",
  tool: "tool",
  "tool.execution": "tool",
  "tool.blocked_on_user": "tool",
  PreToolUse: "tool",
  PostToolUse: "tool",
  PostToolUseFailure: "tool",
  PermissionRequest: "tool",
  skill_activated: "skill",
  subagent_completed: "agent",
  SubagentStart: "agent",
  SubagentStop: "agent",
  SessionStart: "session",
  SessionEnd: "session",
  sessionStart: "session",
  sessionEnd: "session",
  subagentStart: "agent",
  subagentStop: "agent",
  stop: "session",
  preCompact: "session",
  Stop: "session",
  StopFailure: "session",
  PreCompact: "session",
  PostCompact: "session",
  compaction: "session",
  permission_mode_changed: "session",
  mcp_server_connection: "session",
};
const FAILED_NAMES = new Set([
  "api_error",
  "api_retries_exhausted",
  "api_refusal",
  "PostToolUseFailure",
  "StopFailure",
]);

/** `claude_code.tool.execution` and `codex.tool_result` without the agent's name. */
export function baseName(name: string): string {
  return name.replace(/^(claude_code|codex|cursor|gemini_cli)\./, "");
}

export function kindOf(event: TimelineEvent): Kind {
  if (event.fact) return KIND_OF_FACT[event.fact];
  const name = baseName(event.event_name);
  // Codex sends these besides the events that count.
  const repeats = event.provider === "codex" && (event.signal === "traces" || name === "api_request");
  if (BACKGROUND_NAMES.has(name) || repeats) return "background";
  if (PROMPT_NAMES.has(name)) return "prompt";
  return KIND_OF_NAME[name] ?? (event.signal === "hooks" ? "hook" : "session");
}

/** Events of one session, in any order, to groups in order of time. */
export function groupTimeline(events: TimelineEvent[]): Group[] {
  const entries = promptsNamed(foldEvents(events));
  const groups = new Map<string, Group>();
  const before: Entry[] = [];
  const loose: Entry[] = [];
  for (const entry of entries) {
    if (entry.promptId === null) {
      loose.push(entry);
      continue;
    }
    const group = groups.get(entry.promptId) ?? newGroup(entry.promptId);
    groups.set(entry.promptId, group);
    if (entry.kind === "prompt" && group.prompt === null) group.prompt = entry;
    else group.entries.push(entry);
  }
  const ordered = [...groups.values()];
  for (const group of ordered) measure(group);
  ordered.sort((a, b) => a.start - b.start);
  for (const entry of loose) {
    const owner = ordered.findLast((group) => group.start <= entry.start);
    (owner ? owner.entries : before).push(entry);
  }
  if (before.length > 0) ordered.unshift({ ...newGroup(null), entries: before });
  for (const group of ordered) {
    group.entries.sort((a, b) => a.start - b.start || a.end - b.end);
    measure(group);
  }
  return ordered;
}

/** Where prompts have no ids (Codex), each is a group of its own, and all that belongs to no prompt goes by its time. */
function promptsNamed(entries: Entry[]): Entry[] {
  const known = new Set(entries.filter(({ kind }) => kind === "prompt").map(({ promptId }) => promptId));
  if (!known.has(null)) return entries;
  return entries.map((entry) => {
    if (entry.kind === "prompt") return { ...entry, promptId: entry.promptId ?? entry.id };
    return known.has(entry.promptId) ? entry : { ...entry, promptId: null };
  });
}

/** Each thing once, in order of time. */
export function foldEvents(events: TimelineEvent[]): Entry[] {
  const toolOfSpan = new Map<string, string>();
  for (const event of events) {
    if (event.signal === "traces" && event.span_id && event.tool_use_id)
      toolOfSpan.set(event.span_id, event.tool_use_id);
  }
  const promptOfTrace = promptsOfTraces(events);
  const promptOf = (event: TimelineEvent) =>
    event.prompt_id ?? (event.trace_id ? (promptOfTrace.get(event.trace_id) ?? null) : null);
  const isToldBetter = betterWitnesses(events);
  const folded = new Map<string, TimelineEvent[]>();
  for (const event of events) {
    const key = identityOf(event, toolOfSpan, promptOf(event));
    const others = folded.get(key);
    if (others) others.push(event);
    else folded.set(key, [event]);
  }
  return [...folded.values()]
    .map((same) => {
      const entry = entryOf(same, same.map(promptOf).find((id) => id !== null) ?? null);
      return same.every(isToldBetter) ? { ...entry, kind: "background" as const } : entry;
    })
    .sort((a, b) => a.start - b.start || a.end - b.end);
}

const SIGNAL_RANK: Record<Signal, number> = { logs: 0, hooks: 1, traces: 2, history: 3 };

/**
 * Tells which events repeat what a better signal says of the same fact without an id that would join them. Only one
 * signal counts for witnesses without ids; where ids do not agree between signals it displaces the others' with ids, too.
 */
function betterWitnesses(events: TimelineEvent[]): (event: TimelineEvent) => boolean {
  const best = new Map<string, number>();
  const bestWithoutId = new Map<string, number>();
  const least = (of: Map<string, number>, fact: string, rank: number) =>
    of.set(fact, Math.min(of.get(fact) ?? Number.POSITIVE_INFINITY, rank));
  for (const { fact, fact_id, signal } of events) {
    if (!fact) continue;
    least(best, fact, SIGNAL_RANK[signal]);
    if (!fact_id) least(bestWithoutId, fact, SIGNAL_RANK[signal]);
  }
  return ({ fact, fact_id, signal, provider }) => {
    if (!fact) return false;
    const rank = SIGNAL_RANK[signal];
    if (!fact_id) return rank > (best.get(fact) ?? rank);
    const isApart = fact === "skill_use" || provider === "other" || (provider === "codex" && fact !== "tool_call");
    return isApart && rank > (bestWithoutId.get(fact) ?? rank);
  };
}

const IDENTITY_OF_FACT = { turn: "prompt", api_request: "request", tool_call: "tool", skill_use: "skill" } as const;

/** What makes two events one thing. */
function identityOf(event: TimelineEvent, toolOfSpan: Map<string, string>, promptId: string | null): string {
  const kind = kindOf(event);
  if (event.fact && event.fact_id) return `${IDENTITY_OF_FACT[event.fact]} ${event.fact_id}`;
  if (kind === "tool") {
    const tool = event.tool_use_id ?? (event.parent_span_id ? toolOfSpan.get(event.parent_span_id) : undefined);
    if (tool) return `tool ${tool}`;
  }
  if (kind === "model" && event.request_id) return `request ${event.request_id}`;
  if (kind === "prompt" && promptId) return `prompt ${promptId}`;
  return `event ${event.event_id}`;
}

/** The prompt of each trace that belongs to exactly one, by what its logs and its tool calls and requests say. */
function promptsOfTraces(events: TimelineEvent[]): Map<string, string> {
  const promptOfThing = new Map<string, string>();
  for (const { prompt_id, tool_use_id, request_id } of events) {
    if (!prompt_id) continue;
    if (tool_use_id) promptOfThing.set(tool_use_id, prompt_id);
    if (request_id) promptOfThing.set(request_id, prompt_id);
  }
  const seen = new Map<string, Set<string>>();
  for (const event of events) {
    const prompt =
      event.prompt_id ?? promptOfThing.get(event.tool_use_id ?? "") ?? promptOfThing.get(event.request_id ?? "");
    if (!event.trace_id || !prompt) continue;
    const prompts = seen.get(event.trace_id) ?? new Set();
    seen.set(event.trace_id, prompts.add(prompt));
  }
  const found = new Map<string, string>();
  for (const [trace, prompts] of seen) {
    const [only] = prompts;
    if (only !== undefined && prompts.size === 1) found.set(trace, only);
  }
  return found;
}

function entryOf(events: TimelineEvent[], promptId: string | null): Entry {
  const sorted = [...events].sort((a, b) => spanOf(a).start - spanOf(b).start || rank(a) - rank(b));
  const trusted = [...events].sort((a, b) => rank(a) - rank(b));
  const first = <T>(read: (event: TimelineEvent) => T | null): T | null => {
    for (const event of trusted) {
      const value = read(event);
      if (value !== null && value !== undefined) return value;
    }
    return null;
  };
  const { start, end, durationMs } = extentOf(events, trusted);
  const head = sorted[0] as TimelineEvent;
  const kind = kindOf(head);
  return {
    id: head.event_id,
    kind,
    title: titleOf(kind, head, first),
    start,
    end,
    durationMs,
    ok: outcomeOf(kind, events, first),
    promptId,
    events: sorted,
    mainId: trusted[0]?.event_id ?? head.event_id,
    signals: (["logs", "traces", "hooks", "history"] as const).filter((signal) =>
      events.some((event) => event.signal === signal),
    ),
    model: first((event) => event.model),
    command: first((event) => event.command),
    decision: first((event) => event.decision),
    decisionSource: first((event) => event.decision_source),
    error: first((event) => event.error_message) ?? first((event) => event.error_type),
    promptText: first((event) => event.prompt_text),
    promptLength: first((event) => event.prompt_length),
    output: first((event) => event.output_snippet),
    agentType: first((event) => event.agent_type),
    inputTokens: first(inputOf),
    outputTokens: first((event) => event.output_tokens),
    costUsd: first((event) => event.cost_usd),
  };
}

/** Whose word counts first: logs, then spans, then hooks; within one signal the event that ends the thing. */
function rank(event: TimelineEvent): number {
  const signal = { logs: 0, traces: 10, hooks: 20, history: 30 }[event.signal];
  const name = baseName(event.event_name);
  return signal + (/^(tool_decision|tool\.|[Pp]reToolUse|api_retries)/.test(name) ? 1 : 0);
}

/** Spans are stamped at their start; logs and hooks when the thing is over. */
function spanOf(event: TimelineEvent): { start: number; end: number } {
  const at = Date.parse(event.event_time);
  const length = event.duration_ms ?? 0;
  return event.signal === "traces" ? { start: at, end: at + length } : { start: at - length, end: at };
}

function extentOf(events: TimelineEvent[], trusted: TimelineEvent[]) {
  // A prompt is a moment. Its root span covers the whole answer and would hide everything else; so would the end of a
  // session, which Cursor says with the session's length.
  if (events.some((event) => kindOf(event) === "prompt" || event.event_name === "sessionEnd")) {
    const start = Math.min(...events.map((event) => Date.parse(event.event_time)));
    return { start, end: start, durationMs: null };
  }
  const timed = trusted.find((event) => event.duration_ms !== null);
  if (timed) return { ...spanOf(timed), durationMs: timed.duration_ms };
  const times = events.map((event) => Date.parse(event.event_time));
  return { start: Math.min(...times), end: Math.max(...times), durationMs: null };
}

type First = <T>(read: (event: TimelineEvent) => T | null) => T | null;

function outcomeOf(kind: Kind, events: TimelineEvent[], first: First): boolean | null {
  if (events.some((event) => FAILED_NAMES.has(baseName(event.event_name)))) return false;
  if (first((event) => event.decision) === "reject") return false;
  const told = first((event) => event.success);
  if (told !== null) return told;
  return kind === "model" && events.some((event) => baseName(event.event_name) === "api_request") ? true : null;
}

function titleOf(kind: Kind, head: TimelineEvent, first: First): string {
  const name = baseName(head.event_name);
  if (kind === "prompt") return "Prompt";
  if (kind === "model") return first((event) => event.model) ?? "Model request";
  if (kind === "response") return "Answer";
  if (kind === "skill") return first((event) => event.skill_name) ?? "Skill";
  if (name === "PermissionRequest") return `Permission asked: ${head.tool_name ?? "tool"}`;
  if (kind === "tool") {
    const tool = first((event) => event.mcp_tool);
    if (tool) return `${first((event) => event.mcp_server) ?? "mcp"}/${tool}`;
    return first((event) => event.tool_name) ?? words(name);
  }
  return words(name);
}

/** `mcp_server_connection` and `SessionStart` as words. */
export function words(name: string): string {
  const text = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replace(/[._]/g, " ")
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function inputOf(event: TimelineEvent): number | null {
  if (event.input_tokens === null) return null;
  return event.input_tokens + (event.cache_read_tokens ?? 0) + (event.cache_creation_tokens ?? 0);
}

function newGroup(promptId: string | null): Group {
  return { promptId, start: 0, end: 0, prompt: null, entries: [] };
}

function measure(group: Group) {
  const all = group.prompt ? [group.prompt, ...group.entries] : group.entries;
  group.start = all.reduce((least, entry) => Math.min(least, entry.start), Number.POSITIVE_INFINITY);
  group.end = all.reduce((most, entry) => Math.max(most, entry.end), Number.NEGATIVE_INFINITY);
}
