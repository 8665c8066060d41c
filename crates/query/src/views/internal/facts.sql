-- The rows of coding_agent_events that count: those that witness a fact and are not another signal's telling of one that
-- counts already. Rows of equal (provider, session_id, fact, key) are one fact.
--
-- A row with an id joins its like. A row without one cannot be joined, so within a session only the best signal that tells of
-- the fact is counted without ids, and where ids cannot join across signals it displaces the worse signals' rows with ids, too.
-- Imported rows are displaced only for the time that live telemetry covers: a session may be older than its telemetry.
--
-- `rank` is text, so that the best of several values is the smallest `rank || value`.
with witnesses as (
    select *,
           case signal when 'logs' then '0' when 'hooks' then '1' when 'traces' then '2' else '3' end as rank,
           fact = 'skill_use' or provider = 'other' or (provider = 'codex' and fact <> 'tool_call') as is_apart
    from coding_agent_events
    where fact is not null
),
told as (
    select provider, session_id, fact,
           min(rank) as best,
           min(rank) filter (where fact_id is null) as best_apart,
           min(event_time) filter (where rank < '3') as live_from,
           max(event_time) filter (where rank < '3') as live_to
    from witnesses
    where session_id is not null
    group by provider, session_id, fact
)
select w.*, coalesce(w.fact_id, w.event_id) as key
from told t
right join witnesses w on w.provider = t.provider and w.session_id = t.session_id and w.fact = t.fact
where t.best is null
   or case
          when w.fact_id is not null and (not w.is_apart or t.best_apart is null or t.best_apart >= w.rank) then true
          when w.rank = '3' and t.live_from is not null
              then w.event_time < t.live_from - interval '10 seconds' or w.event_time > t.live_to + interval '10 seconds'
          else w.fact_id is null and w.rank = t.best
      end
