/**
 * Every SQL statement of the dashboard, with the type of its rows.
 *
 * One fact often arrives three times: as a log event, as a span and as a hook. Figures are therefore counted from the
 * views, which have each thing once; a thing belongs to the time at which it started. A view is read whole whatever the
 * period is, so a statement reads each view once, and only its columns that are needed.
 */
import type { Statement } from "./api";
import { bucketUnit, type Range } from "./range";

const PERSON = "coalesce(user_email, user_id)";
const FAILED = "case when success = false then 1 else 0 end";
const UNPRICED = "case when total_tokens > 0 and cost_usd is null then 1 else 0 end";

const total = (column: string) => `coalesce(sum(${column}), 0) as ${column}`;
const within = (from: string, to: string) =>
  `started_at >= cast(${from} as timestamp with time zone) and started_at < cast(${to} as timestamp with time zone)`;

/** What is counted, each under its name, and the expression that has it in a view. */
const FIGURES = {
  // Prompts are those of the sessions that began: the view of turns reads all that the others read once more.
  sessions: { sessions: "1", prompts: "turns" },
  tool_calls: { tool_failures: FAILED },
  api_requests: {
    requests: "1",
    api_errors: FAILED,
    cost_usd: "cost_usd",
    unpriced_requests: UNPRICED,
    input_tokens: "input_tokens",
    cache_read_tokens: "cache_read_tokens",
    cache_creation_tokens: "cache_creation_tokens",
    output_tokens: "output_tokens",
  },
} as const;

/** Rows of the views one below the other: each has its time, person and repository, and the figures of its own view. */
function activity(where: string): string {
  const names = Object.values(FIGURES).flatMap((figures) => Object.keys(figures));
  const rows = Object.entries<Record<string, string>>(FIGURES).map(([view, own]) => {
    // Of the figures only a cost may be unknown.
    const none = (name: string) => (name === "cost_usd" ? "cast(null as double)" : "0");
    const figures = names.map((name) => `${own[name] ?? none(name)} as ${name}`);
    return `select started_at, ${PERSON} as person, repo, ${figures.join(", ")}\nfrom ${view} where ${where}`;
  });
  return `(\n${rows.join("\nunion all\n")}\n) as activity`;
}

export interface Totals {
  period: "current" | "previous";
  sessions: number;
  people: number;
  requests: number;
  /** Null where no request's cost is known. */
  cost_usd: number | null;
  /** Requests with tokens whose cost is unknown, and not in `cost_usd`. */
  unpriced_requests: number;
  /** With what was read from and written to the cache. */
  input_tokens: number;
  output_tokens: number;
  tool_failures: number;
  api_errors: number;
}

/** A row for the period and one for the period before it; none where nothing happened. */
export function totals(range: Range): Statement<Totals> {
  const either = `(${within("$1", "$2")} or ${within("$3", "$4")})`;
  return {
    query: `
select case when ${within("$1", "$2")} then 'current' else 'previous' end as period,
       count(distinct person) as people,
       ${["sessions", "requests", "unpriced_requests", "output_tokens", "tool_failures", "api_errors"].map(total).join(",\n       ")},
       coalesce(sum(input_tokens), 0) + coalesce(sum(cache_read_tokens), 0)
         + coalesce(sum(cache_creation_tokens), 0) as input_tokens,
       sum(cost_usd) as cost_usd
from ${activity(either)}
group by 1`,
    params: [range.from, range.to, range.previousFrom, range.previousTo],
  };
}

export interface BucketTotals {
  bucket: string;
  sessions: number;
  input_tokens: number;
  cache_creation_tokens: number;
  cache_read_tokens: number;
  output_tokens: number;
  tool_failures: number;
  api_errors: number;
}

export function bucketTotals(range: Range): Statement<BucketTotals> {
  const tokens = ["input_tokens", "cache_creation_tokens", "cache_read_tokens", "output_tokens"];
  return {
    query: `
select date_trunc('${bucketUnit(range)}', started_at) as bucket,
       ${["sessions", ...tokens, "tool_failures", "api_errors"].map(total).join(",\n       ")}
from ${activity(within("$1", "$2"))}
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

/** Requests of unknown cost are not in it. */
export function bucketCosts(range: Range): Statement<BucketCost> {
  return {
    query: `
select date_trunc('${bucketUnit(range)}', started_at) as bucket, model, sum(cost_usd) as cost_usd
from costs
where cost_usd is not null and ${within("$1", "$2")}
group by 1, 2
order by 1, 2`,
    params: [range.from, range.to],
  };
}

export interface ModelUse {
  model: string | null;
  requests: number;
  errors: number;
  cost_usd: number | null;
  unpriced_requests: number;
  input_tokens: number;
  cache_read_tokens: number;
  output_tokens: number;
  median_ms: number | null;
}

export function byModel(range: Range): Statement<ModelUse> {
  return {
    query: `
select model,
       count(*) as requests,
       count(*) filter (where success = false) as errors,
       sum(cost_usd) as cost_usd,
       sum(${UNPRICED}) as unpriced_requests,
       coalesce(sum(input_tokens), 0) + coalesce(sum(cache_read_tokens), 0)
         + coalesce(sum(cache_creation_tokens), 0) as input_tokens,
       ${total("cache_read_tokens")},
       ${total("output_tokens")},
       median(duration_ms) filter (where success is distinct from false) as median_ms
from api_requests
where ${within("$1", "$2")}
group by 1
order by cost_usd desc nulls last, requests desc
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

/** Calls that were rejected are among the calls. */
export function byTool(range: Range): Statement<ToolUse> {
  return {
    query: `
select case when mcp_tool is not null then concat(coalesce(mcp_server, 'mcp'), '/', mcp_tool) else tool_name end as tool,
       count(*) as calls,
       count(*) filter (where success = false) as failures,
       count(*) filter (where decision = 'reject') as rejected,
       median(duration_ms) as median_ms
from tool_calls
where ${within("$1", "$2")}
group by 1
order by calls desc, rejected desc
limit 200`,
    params: [range.from, range.to],
  };
}

export interface GroupUse {
  kind: "person" | "repo";
  name: string | null;
  sessions: number;
  prompts: number;
  cost_usd: number | null;
  unpriced_requests: number;
  tokens: number;
  failures: number;
}

/** The dearest people and the dearest repositories; both are made from one reading of the views. */
export function byPersonAndRepository(range: Range): Statement<GroupUse> {
  return {
    query: `
select * from (
select *, row_number() over (partition by kind order by cost_usd desc nulls last, sessions desc, name) as place
from (
select case when grouping(person) = 0 then 'person' else 'repo' end as kind,
       case when grouping(person) = 0 then person else repo end as name,
       ${["sessions", "prompts", "unpriced_requests"].map(total).join(",\n       ")},
       sum(cost_usd) as cost_usd,
       coalesce(sum(input_tokens), 0) + coalesce(sum(cache_read_tokens), 0)
         + coalesce(sum(cache_creation_tokens), 0) + coalesce(sum(output_tokens), 0) as tokens,
       coalesce(sum(tool_failures), 0) + coalesce(sum(api_errors), 0) as failures
from ${activity(within("$1", "$2"))}
group by grouping sets ((person), (repo))
) as groups
) as placed
where place <= 200
order by kind, place`,
    params: [range.from, range.to],
  };
}

export interface Extent {
  last_session: string | null;
}

/** When the last session began; null where there never was one. */
export function extent(): Statement<Extent> {
  return { query: "select max(started_at) as last_session from sessions", params: [] };
}

export interface Session {
  provider: string | null;
  session_id: string;
  started_at: string;
  ended_at: string;
  duration_ms: number;
  person: string | null;
  repo: string | null;
  branch: string | null;
  agent_version: string | null;
  /** Names joined by commas. */
  models: string | null;
  prompts: number;
  tool_calls: number;
  tool_failures: number;
  /** Zero where no signal tells of requests: then tokens are unknown, not zero. */
  api_requests: number;
  api_errors: number;
  /** With what was read from and written to the cache. */
  input_tokens: number;
  output_tokens: number;
  /** Null where no request's cost is known. */
  cost_usd: number | null;
  unpriced_requests: number;
}

const SESSION_COLUMNS = `
       provider, session_id, started_at, ended_at, duration_ms, ${PERSON} as person, repo, branch, agent_version, models,
       turns as prompts, tool_calls, tool_failures, api_requests, api_errors,
       input_tokens + cache_read_tokens + cache_creation_tokens as input_tokens, output_tokens, cost_usd,
       unpriced_requests`;

/** What the session list can be sorted by, and the expression it means. */
export const SESSION_SORTS = {
  started_at: "started_at",
  duration_ms: "duration_ms",
  person: "person",
  repo: "repo",
  branch: "branch",
  agent: "concat_ws(' ', provider, agent_version)",
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

/** One page of the sessions that began in the range. The numbers are of the whole session. */
export function sessions(
  range: Range,
  filter: SessionFilter,
  sort: SessionSort,
  descending: boolean,
  offset: number,
): Statement<Session> {
  const params: string[] = [range.from, range.to];
  const conditions = [within("$1", "$2")];
  const where = (expression: (placeholder: string) => string, value: string) => {
    if (value === "") return;
    params.push(value);
    conditions.push(expression(`$${params.length}`));
  };
  where((value) => `${PERSON} = ${value}`, filter.person);
  where((value) => `repo = ${value}`, filter.repo);
  where((value) => `provider = ${value}`, filter.provider);
  where(
    (value) =>
      `strpos(lower(concat_ws(' ', session_id, ${PERSON}, repo, branch, provider, agent_version, models)), lower(${value})) > 0`,
    filter.text.trim(),
  );
  return {
    query: `
select * from (
select ${SESSION_COLUMNS}
from sessions
where ${conditions.join("\n  and ")}
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
  return {
    query: `
select * from (
select case when grouping(person) = 0 then 'person' when grouping(repo) = 0 then 'repo' else 'provider' end as kind,
       coalesce(person, repo, provider) as value,
       count(*) as sessions
from (select ${PERSON} as person, repo, provider from sessions where ${within("$1", "$2")}) as began
group by grouping sets ((person), (repo), (provider))
) as choices
where value is not null
order by kind, sessions desc, value
limit 1000`,
    params: [range.from, range.to],
  };
}

export function session(sessionId: string): Statement<Session> {
  return {
    query: `select ${SESSION_COLUMNS}\nfrom sessions\nwhere session_id = $1\norder by started_at\nlimit 1`,
    params: [sessionId],
  };
}

export type Signal = "logs" | "traces" | "hooks" | "history";

/** One event as the timeline needs it; the drawer reads the rest. */
export interface TimelineEvent {
  event_id: string;
  event_time: string;
  signal: Signal;
  event_name: string;
  /** What it counts towards, and the identity of that within the session. */
  fact: "turn" | "api_request" | "tool_call" | "skill_use" | null;
  fact_id: string | null;
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
  input_tokens: number | null;
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
select event_id, event_time, signal, coalesce(event_name, 'event') as event_name, fact, fact_id, provider, prompt_id,
       event_sequence, trace_id, span_id, parent_span_id, tool_name, tool_use_id, success, duration_ms, decision,
       decision_source, model, input_tokens, cache_read_tokens, cache_creation_tokens, output_tokens, cost_usd, request_id, status_code, error_type,
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
