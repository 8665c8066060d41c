-- One data point of `coding_agent_metrics` and what it adds: `sum(increment)` over any points is what happened in their time.
--
-- A delta point adds its value. A cumulative point adds what it has more than the one before it of the same series and start;
-- the first after a start counts from that start, and a count that fell has begun anew. A gauge adds nothing.
--
-- point_id text: identity of the point; a point delivered twice is here once
-- event_time timestamp: the point's time: the end of what it covers
-- start_time timestamp: where the point's count begins
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- metric_name text: name of the metric
-- metric_type text: `sum`, `gauge`, `histogram`, `exponential_histogram` or `summary`
-- unit text: unit as UCUM writes it
-- temporality text: `delta` or `cumulative`
-- series_id text: points that share it are one series
-- value double: value of a sum or gauge; the sum of a histogram or summary
-- increment double: what the point adds to `value`'s sum; null for gauges and points without a measurement
-- count bigint: number of measurements of a histogram or summary
-- count_increment bigint: what the point adds to `count`'s sum
-- session_id text: the agent's session, where the point names it
-- token_type text: kind of tokens, lines or time
-- model text: model
-- tool_name text: tool
-- success boolean: whether it succeeded
-- skill_name text: skill
-- mcp_server text: MCP server
-- agent_type text: kind of the sub-agent
-- query_source text: what asked the model: main thread, sub-agent, compaction
-- agent_version text: version of the coding agent
-- terminal_type text: terminal or editor the agent ran in
-- os_type text: operating system
-- host_name text: name of the machine
-- user_id text: user
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
with points as (
    select *,
           lag(point_id) over line as point_before,
           lag(value) over line as value_before,
           lag(count) over line as count_before
    from coding_agent_metrics
    where no_value is distinct from true
    window line as (partition by provider, series_id, start_time order by event_time, point_id)
),
stepped as (
    select *,
           metric_type = 'gauge' as is_gauge,
           (temporality is distinct from 'cumulative') and metric_type <> 'summary' as is_delta,
           case when metric_type = 'sum' then coalesce(is_monotonic and value < value_before, false)
                else coalesce(count < count_before, false)
           end as is_reset
    from points
    where point_id is null or point_id is distinct from point_before
)
select point_id, event_time, start_time, provider, metric_name, metric_type, unit, temporality, series_id, value,
       case when is_gauge then null when is_delta or is_reset then value else value - coalesce(value_before, 0) end
           as increment,
       count,
       case when is_gauge then null when is_delta or is_reset then count else count - coalesce(count_before, 0) end
           as count_increment,
       session_id, token_type, model, tool_name, success, skill_name, mcp_server, agent_type, query_source, agent_version,
       terminal_type, os_type, host_name, user_id, user_email, org_id, project_id, repo, branch
from stepped
