/**
 * Every SQL statement of the dashboard, with the type of its rows.
 *
 * One fact often arrives three times: as a log event, as a span and as a hook. Money, tokens, tool calls, prompts and
 * failures are therefore counted from log events alone; sessions and people are distinct over all signals.
 */
import type { Statement } from "./api";
import { bucketUnit, type Range } from "./range";

const LOGS = "signal = 'logs'";
const REQUEST = `${LOGS} and event_name = 'api_request'`;
const TOOL_CALL = `${LOGS} and event_name = 'tool_result'`;
const TOOL_FAILURE = `${TOOL_CALL} and success = false`;
const TOOL_REJECTED = `${LOGS} and event_name = 'tool_decision' and decision = 'reject'`;
const API_ERROR = `${LOGS} and event_name = 'api_error'`;
const PROMPT = `${LOGS} and event_name = 'user_prompt'`;
const PERSON = "coalesce(user_email, user_id)";

/** Codex counts cached tokens as part of its input tokens, Claude Code beside them. */
const FRESH_INPUT =
  "(coalesce(input_tokens, 0) - case when provider = 'codex' then coalesce(cache_read_tokens, 0) else 0 end)";
const ALL_INPUT = `(${FRESH_INPUT} + coalesce(cache_read_tokens, 0) + coalesce(cache_creation_tokens, 0))`;

const counted = (condition: string) => `count(*) filter (where ${condition})`;
const summed = (value: string, condition = REQUEST) => `coalesce(sum(${value}) filter (where ${condition}), 0)`;
const within = (from: string, to: string) =>
  `event_time >= cast(${from} as timestamp with time zone) and event_time < cast(${to} as timestamp with time zone)`;

export interface Totals {
  sessions: number;
  people: number;
  cost_usd: number;
  input_tokens: number;
  output_tokens: number;
  tool_failures: number;
  api_errors: number;
  events: number;
}

export function totals(from: string, to: string): Statement<Totals> {
  return {
    query: `
select count(distinct session_id) as sessions,
       count(distinct ${PERSON}) as people,
       ${summed("cost_usd")} as cost_usd,
       ${summed(ALL_INPUT)} as input_tokens,
       ${summed("output_tokens")} as output_tokens,
       ${counted(TOOL_FAILURE)} as tool_failures,
       ${counted(API_ERROR)} as api_errors,
       count(*) as events
from coding_agent_events
where ${within("$1", "$2")}`,
    params: [from, to],
  };
}

export interface BucketTotals {
  bucket: string;
  sessions: number;
  fresh_input: number;
  cache_write: number;
  cache_read: number;
  output: number;
  tool_failures: number;
  api_errors: number;
}

export function bucketTotals(range: Range): Statement<BucketTotals> {
  return {
    query: `
select date_trunc('${bucketUnit(range)}', event_time) as bucket,
       count(distinct session_id) as sessions,
       ${summed(FRESH_INPUT)} as fresh_input,
       ${summed("cache_creation_tokens")} as cache_write,
       ${summed("cache_read_tokens")} as cache_read,
       ${summed("output_tokens")} as output,
       ${counted(TOOL_FAILURE)} as tool_failures,
       ${counted(API_ERROR)} as api_errors
from coding_agent_events
where ${within("$1", "$2")}
group by 1
order by 1`,
    params: [range.from, range.to],
  };
}

export interface BucketCost {
  bucket: string;
  model: string | null;
  cost_usd: number;
}

export function bucketCosts(range: Range): Statement<BucketCost> {
  return {
    query: `
select date_trunc('${bucketUnit(range)}', event_time) as bucket, model, coalesce(sum(cost_usd), 0) as cost_usd
from coding_agent_events
where ${REQUEST} and ${within("$1", "$2")}
group by 1, 2
order by 1, 2`,
    params: [range.from, range.to],
  };
}

export interface ModelUse {
  model: string | null;
  requests: number;
  errors: number;
  cost_usd: number;
  input_tokens: number;
  cache_read_tokens: number;
  output_tokens: number;
  median_ms: number | null;
}

export function byModel(range: Range): Statement<ModelUse> {
  return {
    query: `
select model,
       ${counted(REQUEST)} as requests,
       ${counted(API_ERROR)} as errors,
       ${summed("cost_usd")} as cost_usd,
       ${summed(ALL_INPUT)} as input_tokens,
       ${summed("cache_read_tokens")} as cache_read_tokens,
       ${summed("output_tokens")} as output_tokens,
       median(duration_ms) filter (where ${REQUEST}) as median_ms
from coding_agent_events
where ${LOGS} and event_name in ('api_request', 'api_error') and ${within("$1", "$2")}
group by 1
order by cost_usd desc, requests desc
limit 200`,
    params: [range.from, range.to],
  };
}

export interface ToolUse {
  tool: string | null;
  calls: number;
  failures: number;
  rejected: number;
  median_ms: number | null;
}

export function byTool(range: Range): Statement<ToolUse> {
  return {
    query: `
select case when mcp_tool is not null then concat(coalesce(mcp_server, 'mcp'), '/', mcp_tool) else tool_name end as tool,
       ${counted(TOOL_CALL)} as calls,
       ${counted(TOOL_FAILURE)} as failures,
       ${counted(TOOL_REJECTED)} as rejected,
       median(duration_ms) filter (where ${TOOL_CALL}) as median_ms
from coding_agent_events
where ${LOGS} and event_name in ('tool_result', 'tool_decision') and ${within("$1", "$2")}
group by 1
order by calls desc, rejected desc
limit 200`,
    params: [range.from, range.to],
  };
}

export interface GroupUse {
  name: string | null;
  sessions: number;
  prompts: number;
  cost_usd: number;
  tokens: number;
  failures: number;
}

export function byPerson(range: Range): Statement<GroupUse> {
  return byGroup(PERSON, range);
}

export function byRepository(range: Range): Statement<GroupUse> {
  return byGroup("repo", range);
}

function byGroup(name: string, range: Range): Statement<GroupUse> {
  return {
    query: `
select ${name} as name,
       count(distinct session_id) as sessions,
       ${counted(PROMPT)} as prompts,
       ${summed("cost_usd")} as cost_usd,
       ${summed(`${ALL_INPUT} + coalesce(output_tokens, 0)`)} as tokens,
       ${counted(`(${TOOL_FAILURE}) or (${API_ERROR})`)} as failures
from coding_agent_events
where ${within("$1", "$2")}
group by 1
order by cost_usd desc, sessions desc
limit 200`,
    params: [range.from, range.to],
  };
}

export interface Extent {
  events: number;
  last_event: string | null;
}

/** Whether anything was ever received, and when the last of it happened. */
export function extent(): Statement<Extent> {
  return { query: "select count(*) as events, max(event_time) as last_event from coding_agent_events", params: [] };
}

export interface Session {
  session_id: string;
  started_at: string;
  ended_at: string;
  duration_ms: number;
  person: string | null;
  repo: string | null;
  branch: string | null;
  provider: string | null;
  agent_version: string | null;
  /** Names joined by commas, in no order. */
  models: string | null;
  /** Zero where the agent sends hooks or spans only: then the numbers below are unknown, not zero. */
  log_events: number;
  prompts: number;
  tool_calls: number;
  tool_failures: number;
  api_errors: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number;
}

const SESSION_PERSON = "coalesce(max(user_email), max(user_id))";

const SESSION_COLUMNS = `
       session_id,
       min(event_time) as started_at,
       max(event_time) as ended_at,
       (extract(epoch from max(event_time)) - extract(epoch from min(event_time))) * 1000 as duration_ms,
       ${SESSION_PERSON} as person,
       max(repo) as repo,
       max(branch) as branch,
       max(provider) as provider,
       max(agent_version) as agent_version,
       string_agg(distinct model, ',') filter (where model is not null) as models,
       ${counted(LOGS)} as log_events,
       ${counted(PROMPT)} as prompts,
       ${counted(TOOL_CALL)} as tool_calls,
       ${counted(TOOL_FAILURE)} as tool_failures,
       ${counted(API_ERROR)} as api_errors,
       ${summed(ALL_INPUT)} as input_tokens,
       ${summed("output_tokens")} as output_tokens,
       ${summed("cost_usd")} as cost_usd`;

/** What the session list can be sorted by, and the expression it means. */
export const SESSION_SORTS = {
  started_at: "started_at",
  duration_ms: "duration_ms",
  person: "person",
  repo: "repo",
  branch: "branch",
  agent: "agent_version",
  models: "models",
  prompts: "prompts",
  tool_calls: "tool_calls",
  failures: "tool_failures + api_errors",
  tokens: "input_tokens + output_tokens",
  cost_usd: "cost_usd",
} as const;
export type SessionSort = keyof typeof SESSION_SORTS;

export interface SessionFilter {
  text: string;
  person: string;
  repo: string;
  provider: string;
}

export const SESSION_PAGE = 200;

/**
 * One page of the sessions with an event in the range. The numbers are of the whole session: a day more on each side
 * is read, so that one that crosses an edge is not cut.
 */
export function sessions(
  range: Range,
  filter: SessionFilter,
  sort: SessionSort,
  descending: boolean,
  offset: number,
): Statement<Session> {
  const params: string[] = [range.from, range.to];
  const having = [`count(*) filter (where ${within("$1", "$2")}) > 0`];
  const where = (expression: (placeholder: string) => string, value: string) => {
    if (value === "") return;
    params.push(value);
    having.push(expression(`$${params.length}`));
  };
  where((value) => `${SESSION_PERSON} = ${value}`, filter.person);
  where((value) => `max(repo) = ${value}`, filter.repo);
  where((value) => `max(provider) = ${value}`, filter.provider);
  where(
    (value) =>
      `strpos(lower(concat_ws(' ', session_id, ${SESSION_PERSON}, max(repo), max(branch), max(agent_version), string_agg(distinct model, ',') filter (where model is not null))), lower(${value})) > 0`,
    filter.text.trim(),
  );
  return {
    query: `
select * from (
select ${SESSION_COLUMNS}
from coding_agent_events
where session_id is not null
  and event_time >= cast($1 as timestamp with time zone) - interval '1 day'
  and event_time < cast($2 as timestamp with time zone) + interval '1 day'
group by session_id
having ${having.join("\n   and ")}
) as listed
order by ${SESSION_SORTS[sort]} ${descending ? "desc" : "asc"} nulls last, session_id
limit ${SESSION_PAGE} offset ${Math.trunc(offset)}`,
    params,
  };
}

export interface Facet {
  kind: "person" | "repo" | "provider";
  value: string;
  sessions: number;
}

/** The choices of the session list's filters. */
export function facets(range: Range): Statement<Facet> {
  const one = (kind: Facet["kind"], value: string) =>
    `select '${kind}' as kind, ${value} as value, count(distinct session_id) as sessions
from coding_agent_events where ${value} is not null and ${within("$1", "$2")} group by ${value}`;
  return {
    query: `select * from (
${one("person", PERSON)}
union all
${one("repo", "repo")}
union all
${one("provider", "provider")}
) as choices
order by kind, sessions desc, value
limit 1000`,
    params: [range.from, range.to],
  };
}

export function session(sessionId: string): Statement<Session> {
  return {
    query: `select ${SESSION_COLUMNS}\nfrom coding_agent_events\nwhere session_id = $1\ngroup by session_id`,
    params: [sessionId],
  };
}

export type Signal = "logs" | "traces" | "hooks";

/** One event as the timeline needs it; the drawer reads the rest. */
export interface TimelineEvent {
  event_id: string;
  event_time: string;
  signal: Signal;
  event_name: string;
  provider: string | null;
  prompt_id: string | null;
  event_sequence: number | null;
  trace_id: string | null;
  span_id: string | null;
  parent_span_id: string | null;
  tool_name: string | null;
  tool_use_id: string | null;
  success: boolean | null;
  duration_ms: number | null;
  decision: string | null;
  decision_source: string | null;
  model: string | null;
  fresh_input: number | null;
  cache_read_tokens: number | null;
  cache_creation_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
  request_id: string | null;
  status_code: number | null;
  error_type: string | null;
  error_message: string | null;
  prompt_text: string | null;
  prompt_length: number | null;
  output_snippet: string | null;
  command: string | null;
  skill_name: string | null;
  mcp_server: string | null;
  mcp_tool: string | null;
  agent_id: string | null;
  agent_type: string | null;
}

export const TIMELINE_LIMIT = 10_000;

export function timeline(sessionId: string): Statement<TimelineEvent> {
  return {
    query: `
select event_id, event_time, signal, event_name, provider, prompt_id, event_sequence, trace_id, span_id, parent_span_id,
       tool_name, tool_use_id, success, duration_ms, decision, decision_source, model,
       case when input_tokens is null then null else ${FRESH_INPUT} end as fresh_input,
       cache_read_tokens, cache_creation_tokens, output_tokens, cost_usd, request_id, status_code, error_type,
       error_message, prompt_text, prompt_length, output_snippet, command, skill_name, mcp_server, mcp_tool, agent_id,
       agent_type
from coding_agent_events
where session_id = $1
order by event_time, event_sequence nulls last, event_id
limit ${TIMELINE_LIMIT}`,
    params: [sessionId],
  };
}

/** A row with every column, whatever columns there are. */
export type FullEvent = Record<string, string | number | boolean | null>;

export function fullEvents(sessionId: string, eventIds: string[]): Statement<FullEvent> {
  const places = eventIds.map((_, index) => `$${index + 2}`).join(", ");
  return {
    query: `select * from coding_agent_events where session_id = $1 and event_id in (${places}) order by event_time`,
    params: [sessionId, ...eventIds],
  };
}
