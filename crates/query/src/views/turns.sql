-- One prompt of a user and what the agent did about it.
--
-- Calls and requests belong to the turn whose id they carry. Where the turns of a session have no ids (Codex logs), and for
-- what carries none, it is the latest prompt before them.
--
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- session_id text: the agent's session
-- signals text: which signals saw the prompt, sorted and joined by commas
-- prompt_id text: the agent's id of the prompt (Codex: turn, Cursor: generation); null where it has none
-- started_at timestamp: when the prompt was sent
-- ended_at timestamp: when the last call or request of the turn ended; the prompt's own time where there was none
-- duration_ms bigint: from start to end, waiting for the user included
-- prompt_length bigint: length of the prompt in characters, as the client counts
-- prompt_text text: the prompt, only where capture is opted in
-- tool_calls bigint: calls of tools, those of sub-agents included, as all that follow
-- tool_failures bigint: calls that failed
-- api_requests bigint: requests to models, failed ones included
-- api_errors bigint: requests that failed
-- input_tokens bigint: input tokens that were neither read from nor written to the cache
-- cache_read_tokens bigint: input tokens read from the cache
-- cache_creation_tokens bigint: input tokens written to the cache
-- output_tokens bigint: output tokens, those spent on reasoning included
-- total_tokens bigint: the four together
-- cost_usd double: cost in US dollars as in `costs`; null where no request's cost is known
-- user_id text: user; of the session where the prompt does not say, as all that follow
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
with prompts as (
    select provider, session_id, key,
           max(fact_id) as fact_id,
           coalesce(max(fact_id), max(prompt_id)) as prompt_id,
           concat_ws(',',
               case when bool_or(signal = 'history') then 'history' end, case when bool_or(signal = 'hooks') then 'hooks' end,
               case when bool_or(signal = 'logs') then 'logs' end, case when bool_or(signal = 'traces') then 'traces' end
           ) as signals,
           coalesce(min(event_time) filter (where signal <> 'hooks'), min(event_time)) as started_at,
           max(case when signal = 'traces'
                    then arrow_cast(
                        cast(event_time as bigint) + 1000 * least(greatest(coalesce(duration_ms, 0), 0), 2678400000),
                        'Timestamp(Microsecond, Some("UTC"))')
               end) as span_end,
           coalesce(max(prompt_length) filter (where signal = 'logs'), max(prompt_length)) as prompt_length,
           substr(min(rank || prompt_text), 2) as prompt_text,
           max(user_id) as user_id,
           max(user_email) as user_email,
           max(org_id) as org_id,
           max(project_id) as project_id,
           max(repo) as repo,
           max(branch) as branch
    from internal.facts
    where fact = 'turn'
    group by provider, session_id, key
),
-- sessions whose prompts have no ids: what belongs to which is a matter of time
timed as (
    select provider, session_id, count(*) as prompts
    from prompts
    where fact_id is null
    group by provider, session_id
),
calls as (
    select c.provider, c.session_id, c.prompt_id,
           case when c.prompt_id is null or t.prompts is not null then c.started_at end as at,
           count(*) as tool_calls, count(*) filter (where not c.success) as tool_failures, max(c.ended_at) as ended_at
    from timed t
    right join tool_calls c on c.provider = t.provider and c.session_id = t.session_id
    group by 1, 2, 3, 4
),
requests as (
    select r.provider, r.session_id, r.prompt_id,
           case when r.prompt_id is null or t.prompts is not null then r.started_at end as at,
           count(*) as api_requests, count(*) filter (where not r.success) as api_errors, max(r.ended_at) as ended_at,
           sum(r.input_tokens) as input_tokens, sum(r.cache_read_tokens) as cache_read_tokens,
           sum(r.cache_creation_tokens) as cache_creation_tokens, sum(r.output_tokens) as output_tokens,
           sum(r.total_tokens) as total_tokens, sum(r.cost_usd) as cost_usd
    from timed t
    right join api_requests r on r.provider = t.provider and r.session_id = t.session_id
    group by 1, 2, 3, 4
),
parts as (
    select provider, session_id, prompt_id, started_at as at, key, fact_id is null as is_without_id, span_end as ended_at,
           0 as tool_calls, 0 as tool_failures, 0 as api_requests, 0 as api_errors,
           cast(null as bigint) as input_tokens, cast(null as bigint) as cache_read_tokens,
           cast(null as bigint) as cache_creation_tokens, cast(null as bigint) as output_tokens,
           cast(null as bigint) as total_tokens, cast(null as double) as cost_usd
    from prompts
    union all
    select provider, session_id, prompt_id, at, null, false, ended_at, tool_calls, tool_failures, 0, 0,
           null, null, null, null, null, null
    from calls
    union all
    select provider, session_id, prompt_id, at, null, false, ended_at, 0, 0, api_requests, api_errors, input_tokens,
           cache_read_tokens, cache_creation_tokens, output_tokens, total_tokens, cost_usd
    from requests
),
placed as (
    select *,
           last_value(key) ignore nulls over before as latest,
           last_value(case when is_without_id then key end) ignore nulls over before as latest_without_id
    from parts
    window before as (
        partition by provider, session_id order by at nulls last, key nulls last
        rows between unbounded preceding and current row
    )
),
totals as (
    select provider, session_id,
           case when key is not null then key
                when session_id is null then prompt_id
                else coalesce(latest_without_id, prompt_id, latest)
           end as key,
           sum(tool_calls) as tool_calls,
           sum(tool_failures) as tool_failures,
           sum(api_requests) as api_requests,
           sum(api_errors) as api_errors,
           max(ended_at) as ended_at,
           coalesce(sum(input_tokens), 0) as input_tokens,
           coalesce(sum(cache_read_tokens), 0) as cache_read_tokens,
           coalesce(sum(cache_creation_tokens), 0) as cache_creation_tokens,
           coalesce(sum(output_tokens), 0) as output_tokens,
           coalesce(sum(total_tokens), 0) as total_tokens,
           sum(cost_usd) as cost_usd
    from placed
    group by 1, 2, 3
)
select p.provider, p.session_id, p.signals, p.prompt_id, p.started_at,
       greatest(t.ended_at, p.started_at) as ended_at,
       (cast(greatest(t.ended_at, p.started_at) as bigint) - cast(p.started_at as bigint)) / 1000 as duration_ms,
       p.prompt_length, p.prompt_text,
       t.tool_calls, t.tool_failures, t.api_requests, t.api_errors,
       t.input_tokens, t.cache_read_tokens, t.cache_creation_tokens, t.output_tokens, t.total_tokens, t.cost_usd,
       coalesce(p.user_id, o.user_id) as user_id,
       coalesce(p.user_email, o.user_email) as user_email,
       coalesce(p.org_id, o.org_id) as org_id,
       coalesce(p.project_id, o.project_id) as project_id,
       coalesce(p.repo, o.repo) as repo,
       coalesce(p.branch, o.branch) as branch
from prompts p
left join totals t
    on (t.provider is not distinct from p.provider) and (t.session_id is not distinct from p.session_id)
    and (t.key is not distinct from p.key)
left join internal.owners o on o.provider = p.provider and o.session_id = p.session_id
