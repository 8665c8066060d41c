-- One request to a model, answered or failed. Logs and spans of one `request_id` are one; imported copies of a request under
-- several sessions count once, in the session where they are oldest, or in the one whose live telemetry has the request.
--
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- session_id text: the agent's session
-- signals text: which signals saw it, sorted and joined by commas: `logs,traces`
-- request_id text: id of the request; null where the agent tells none (Codex)
-- message_id text: id of the model's message
-- prompt_id text: the user's prompt it belongs to
-- model text: model that answered, or was to
-- started_at timestamp: end less duration, where both are known
-- ended_at timestamp: when it was answered or had failed
-- duration_ms bigint: how long it took, in milliseconds
-- ttft_ms bigint: time to the first token, in milliseconds
-- attempt bigint: number of the attempt, or how many were made, as the client counts
-- status_code bigint: HTTP status, where it is told; mostly of failures
-- success boolean: false if any signal says so; null where nobody says
-- error_type text: class of the error
-- error_message text: the error's text after redaction
-- input_tokens bigint: input tokens that were neither read from nor written to the cache
-- cache_read_tokens bigint: input tokens read from the cache
-- cache_creation_tokens bigint: input tokens written to the cache
-- output_tokens bigint: output tokens, those spent on reasoning included
-- reasoning_tokens bigint: the part of the output tokens spent on reasoning, where it is told
-- total_tokens bigint: input, cache reads, cache writes and output together; null where none is told
-- cost_usd double: cost in US dollars: the client's own figure, else by the table `prices`; null where neither knows
-- cost_source text: `client`, `price_table`, or null where there is no cost
-- price_valid_from date: where the table was used, the day from which the price it used holds
-- query_source text: what asked the model: main thread, sub-agent, compaction
-- agent_id text: sub-agent it happened in
-- agent_type text: kind of the sub-agent
-- skill_name text: skill at work
-- trace_id text: W3C trace id, hex
-- span_id text: W3C span id, hex: the request's own span where there is one
-- user_id text: user; of the session where the request does not say, as all that follow
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
with told as (
    select f.*,
           case when f.signal = 'traces'
                then arrow_cast(
                    cast(f.event_time as bigint) + 1000 * least(greatest(coalesce(f.duration_ms, 0), 0), 2678400000),
                    'Timestamp(Microsecond, Some("UTC"))')
                else f.event_time
           end as until
    from internal.copies copy
    right join internal.facts f
        on copy.provider = f.provider and copy.session_id = f.session_id and copy.fact_id = f.fact_id
        and f.source = 'coding_agent_history'
    where f.fact = 'api_request' and copy.number is null
),
requests as (
    select provider, session_id, key,
           concat_ws(',',
               case when bool_or(signal = 'history') then 'history' end, case when bool_or(signal = 'hooks') then 'hooks' end,
               case when bool_or(signal = 'logs') then 'logs' end, case when bool_or(signal = 'traces') then 'traces' end
           ) as signals,
           substr(min(rank || request_id), 2) as request_id,
           substr(min(rank || message_id), 2) as message_id,
           substr(min(rank || prompt_id), 2) as prompt_id,
           substr(min(rank || model), 2) as model,
           min(event_time) as first_word,
           coalesce(max(until) filter (where signal <> 'hooks'), max(until)) as ended_at,
           coalesce(
               max(duration_ms) filter (where signal = 'logs'), max(duration_ms) filter (where signal = 'traces'),
               max(duration_ms)
           ) as duration_ms,
           coalesce(max(ttft_ms) filter (where signal = 'logs'), max(ttft_ms)) as ttft_ms,
           max(attempt) as attempt,
           coalesce(
               max(status_code) filter (where signal <> 'traces'), max(status_code) filter (where status_code >= 100)
           ) as status_code,
           bool_and(success) as success,
           substr(min(rank || error_type), 2) as error_type,
           substr(min(rank || error_message), 2) as error_message,
           coalesce(max(input_tokens) filter (where signal = 'logs'), max(input_tokens)) as input_tokens,
           coalesce(max(cache_read_tokens) filter (where signal = 'logs'), max(cache_read_tokens)) as cache_read_tokens,
           coalesce(max(cache_creation_tokens) filter (where signal = 'logs'), max(cache_creation_tokens))
               as cache_creation_tokens,
           coalesce(max(output_tokens) filter (where signal = 'logs'), max(output_tokens)) as output_tokens,
           coalesce(max(reasoning_tokens) filter (where signal = 'logs'), max(reasoning_tokens)) as reasoning_tokens,
           coalesce(max(cost_usd) filter (where signal = 'logs'), max(cost_usd)) as cost_usd,
           substr(min(rank || query_source), 2) as query_source,
           substr(min(rank || agent_id), 2) as agent_id,
           substr(min(rank || agent_type), 2) as agent_type,
           coalesce(
               substr(min(rank || skill_name) filter (where skill_name <> 'custom_skill'), 2), max(skill_name)
           ) as skill_name,
           max(trace_id) as trace_id,
           coalesce(min(span_id) filter (where signal = 'traces'), min(span_id)) as span_id,
           max(user_id) as user_id,
           max(user_email) as user_email,
           max(org_id) as org_id,
           max(project_id) as project_id,
           max(repo) as repo,
           max(branch) as branch
    from told
    group by provider, session_id, key
),
priced as (
    select *,
           price_of(provider, model, ended_at) as price,
           case when input_tokens is not null or cache_read_tokens is not null or cache_creation_tokens is not null
                     or output_tokens is not null
                then coalesce(input_tokens, 0) + coalesce(cache_read_tokens, 0) + coalesce(cache_creation_tokens, 0)
                     + coalesce(output_tokens, 0)
           end as total_tokens
    from requests
),
counted as (
    select *,
           case when total_tokens is not null
                then (case when coalesce(input_tokens, 0) = 0 then 0 else input_tokens * price['input'] end
                      + case when coalesce(cache_read_tokens, 0) = 0 then 0 else cache_read_tokens * price['cache_read'] end
                      + case when coalesce(cache_creation_tokens, 0) = 0 then 0
                             else cache_creation_tokens * price['cache_creation'] end
                      + case when coalesce(output_tokens, 0) = 0 then 0 else output_tokens * price['output'] end
                      + 0 * price['input']) / 1000000
           end as listed_usd
    from priced
)
select c.provider, c.session_id, c.signals, c.request_id, c.message_id, c.prompt_id, c.model,
       coalesce(
           arrow_cast(
               cast(c.ended_at as bigint) - 1000 * least(greatest(c.duration_ms, 0), 2678400000),
               'Timestamp(Microsecond, Some("UTC"))'),
           c.first_word
       ) as started_at,
       c.ended_at, c.duration_ms, c.ttft_ms, c.attempt, c.status_code, c.success, c.error_type, c.error_message,
       c.input_tokens, c.cache_read_tokens, c.cache_creation_tokens, c.output_tokens, c.reasoning_tokens, c.total_tokens,
       coalesce(c.cost_usd, c.listed_usd) as cost_usd,
       case when c.cost_usd is not null then 'client' when c.listed_usd is not null then 'price_table' end as cost_source,
       case when c.cost_usd is null and c.listed_usd is not null then c.price['valid_from'] end as price_valid_from,
       c.query_source, c.agent_id, c.agent_type, c.skill_name, c.trace_id, c.span_id,
       coalesce(c.user_id, o.user_id) as user_id,
       coalesce(c.user_email, o.user_email) as user_email,
       coalesce(c.org_id, o.org_id) as org_id,
       coalesce(c.project_id, o.project_id) as project_id,
       coalesce(c.repo, o.repo) as repo,
       coalesce(c.branch, o.branch) as branch
from internal.owners o
right join counted c on c.provider = o.provider and c.session_id = o.session_id
