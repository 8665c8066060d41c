-- Imported model requests that are told of elsewhere: a session that was resumed or forked repeats the requests of the one
-- it came from. One (request, message) counts in the session where it is oldest; a request that live telemetry of another
-- session has, with the same input, counts there.
with imported as (
    select provider, session_id, fact_id, max(message_id) as message_id, min(event_time) as at,
           max(input_tokens) as input_tokens, max(cache_read_tokens) as cache_read_tokens,
           max(cache_creation_tokens) as cache_creation_tokens
    from coding_agent_events
    where source = 'coding_agent_history' and fact = 'api_request' and fact_id is not null
    group by provider, session_id, fact_id
),
live as (
    select e.provider, e.session_id, e.fact_id, e.input_tokens, e.cache_read_tokens, e.cache_creation_tokens
    from (select distinct provider, fact_id from imported) i
    join coding_agent_events e on e.provider = i.provider and e.fact_id = i.fact_id
    where e.source <> 'coding_agent_history' and e.fact = 'api_request'
),
numbered as (
    select i.provider, i.session_id, i.fact_id, i.message_id,
           own.fact_id is not null as is_live,
           other.fact_id is not null as is_live_elsewhere,
           row_number() over (
               partition by i.provider, i.fact_id, i.message_id
               order by own.fact_id is not null desc, i.at, i.session_id
           ) as number
    from imported i
    left join (select distinct provider, session_id, fact_id from live) own
        on own.provider = i.provider and own.session_id = i.session_id and own.fact_id = i.fact_id
    left join (
        select distinct provider, fact_id, input_tokens, coalesce(cache_read_tokens, 0) as cache_read_tokens,
               coalesce(cache_creation_tokens, 0) as cache_creation_tokens
        from live
        where input_tokens is not null
    ) other
        on other.provider = i.provider and other.fact_id = i.fact_id and other.input_tokens = i.input_tokens
        and other.cache_read_tokens = coalesce(i.cache_read_tokens, 0)
        and other.cache_creation_tokens = coalesce(i.cache_creation_tokens, 0)
)
select provider, session_id, fact_id, number
from numbered
where not is_live and (is_live_elsewhere or (number > 1 and message_id is not null))
