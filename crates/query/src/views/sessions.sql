-- One session of an agent, resumed ones included.
--
-- A session has at least one event besides those by which a client says how it was set up: `claude --continue` sends them
-- under an id that is never used again.
--
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- session_id text: the agent's session
-- signals text: which signals saw it, sorted and joined by commas
-- started_at timestamp: its first event
-- ended_at timestamp: end of its last event
-- duration_ms bigint: from start to end, pauses included
-- turns bigint: prompts of the user
-- tool_calls bigint: calls of tools, those of sub-agents included, as all that follow
-- tool_failures bigint: calls that failed
-- api_requests bigint: requests to models, failed ones included
-- api_errors bigint: requests that failed
-- skill_uses bigint: uses of skills
-- subagents bigint: sub-agents that were started
-- input_tokens bigint: input tokens that were neither read from nor written to the cache
-- cache_read_tokens bigint: input tokens read from the cache
-- cache_creation_tokens bigint: input tokens written to the cache
-- output_tokens bigint: output tokens, those spent on reasoning included
-- total_tokens bigint: the four together
-- cost_usd double: cost in US dollars as in `costs`; null where no request's cost is known
-- cost_source text: `client`, `price_table`, both joined by a comma, or null
-- unpriced_requests bigint: requests with tokens whose cost is unknown, and not in `cost_usd`
-- models text: models that were asked, sorted and joined by commas
-- agent_version text: version of the coding agent, the highest where it was upgraded
-- terminal_type text: terminal or editor the agent ran in
-- os_type text: operating system
-- host_name text: name of the machine
-- cwd text: working directory
-- user_id text: user
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
with events as (
    select provider, session_id,
           concat_ws(',',
               case when bool_or(signal = 'history') then 'history' end, case when bool_or(signal = 'hooks') then 'hooks' end,
               case when bool_or(signal = 'logs') then 'logs' end, case when bool_or(signal = 'traces') then 'traces' end
           ) as signals,
           min(event_time) as started_at,
           max(case when signal = 'traces'
                    then arrow_cast(
                        cast(event_time as bigint) + 1000 * least(greatest(coalesce(duration_ms, 0), 0), 2678400000),
                        'Timestamp(Microsecond, Some("UTC"))')
                    else event_time
               end) as ended_at,
           max(agent_version) as agent_version,
           max(terminal_type) as terminal_type,
           max(os_type) as os_type,
           max(host_name) as host_name,
           min(cwd) as cwd,
           max(user_id) as user_id,
           max(user_email) as user_email,
           max(org_id) as org_id,
           max(project_id) as project_id,
           max(repo) as repo,
           max(branch) as branch
    from coding_agent_events
    where session_id is not null
    group by provider, session_id
    having count(*) filter (
        where fact is not null or event_name is null or event_name not in (
            'managed_settings_resolved', 'plugin_loaded', 'hook_registered', 'retention_sweep', 'mcp_server_connection')
    ) > 0
),
prompts as (
    select provider, session_id, count(*) as turns
    from (select provider, session_id, key from internal.facts where fact = 'turn' group by provider, session_id, key)
    group by provider, session_id
),
agents as (
    select provider, session_id, count(*) as subagents
    from (
        select provider, session_id, agent_id
        from coding_agent_events
        where agent_id is not null
        group by provider, session_id, agent_id
        -- compaction and its like have an id and an empty type
        having max(agent_type) is distinct from ''
    )
    group by provider, session_id
),
calls as (
    select provider, session_id, count(*) as tool_calls, count(*) filter (where not success) as tool_failures
    from tool_calls
    group by provider, session_id
),
skills as (
    select provider, session_id, count(*) as skill_uses from skill_uses group by provider, session_id
),
requests as (
    select provider, session_id,
           count(*) as api_requests,
           count(*) filter (where not success) as api_errors,
           coalesce(sum(input_tokens), 0) as input_tokens,
           coalesce(sum(cache_read_tokens), 0) as cache_read_tokens,
           coalesce(sum(cache_creation_tokens), 0) as cache_creation_tokens,
           coalesce(sum(output_tokens), 0) as output_tokens,
           coalesce(sum(total_tokens), 0) as total_tokens,
           sum(cost_usd) as cost_usd,
           nullif(
               concat_ws(',',
                   case when bool_or(cost_source = 'client') then 'client' end,
                   case when bool_or(cost_source = 'price_table') then 'price_table' end),
               ''
           ) as cost_source,
           count(*) filter (where total_tokens > 0 and cost_usd is null) as unpriced_requests
    from api_requests
    group by provider, session_id
),
models as (
    -- sorted afterwards: aggregates with an order of their own hold far more than they aggregate
    select provider, session_id,
           array_to_string(array_sort(string_to_array(string_agg(model, ','), ',')), ',') as models
    from (
        select provider, session_id, model
        from coding_agent_events
        where fact = 'api_request' and model is not null
        group by provider, session_id, model
    )
    group by provider, session_id
)
select e.provider, e.session_id, e.signals, e.started_at, e.ended_at,
       (cast(e.ended_at as bigint) - cast(e.started_at as bigint)) / 1000 as duration_ms,
       coalesce(p.turns, 0) as turns,
       coalesce(c.tool_calls, 0) as tool_calls,
       coalesce(c.tool_failures, 0) as tool_failures,
       coalesce(r.api_requests, 0) as api_requests,
       coalesce(r.api_errors, 0) as api_errors,
       coalesce(s.skill_uses, 0) as skill_uses,
       coalesce(a.subagents, 0) as subagents,
       coalesce(r.input_tokens, 0) as input_tokens,
       coalesce(r.cache_read_tokens, 0) as cache_read_tokens,
       coalesce(r.cache_creation_tokens, 0) as cache_creation_tokens,
       coalesce(r.output_tokens, 0) as output_tokens,
       coalesce(r.total_tokens, 0) as total_tokens,
       r.cost_usd, r.cost_source,
       coalesce(r.unpriced_requests, 0) as unpriced_requests,
       m.models, e.agent_version, e.terminal_type, e.os_type, e.host_name, e.cwd,
       e.user_id, e.user_email, e.org_id, e.project_id, e.repo, e.branch
from events e
left join prompts p on p.provider = e.provider and p.session_id = e.session_id
left join agents a on a.provider = e.provider and a.session_id = e.session_id
left join calls c on c.provider = e.provider and c.session_id = e.session_id
left join skills s on s.provider = e.provider and s.session_id = e.session_id
left join requests r on r.provider = e.provider and r.session_id = e.session_id
left join models m on m.provider = e.provider and m.session_id = e.session_id
