-- Deployments with figures of the days from $1 on: all, or the one $2; places after $3 up to $4.
with seen as (
    select deployment_id,
           max(mod_id) as mod_id,
           last_value(mod_version order by last_seen_at) filter (where mod_version is not null) as mod_version,
           array_sort(array_agg(distinct mod_version) filter (where mod_version is not null)) as versions,
           min(first_seen_at) as first_seen_at,
           max(last_seen_at) as last_seen_at
    from deployment_users
    where cast($2 as varchar) is null or deployment_id = cast($2 as varchar)
    group by deployment_id
),
placed as (
    select *,
           row_number() over (order by last_seen_at desc, deployment_id) as place,
           count(*) over () as total
    from seen
),
counted as (
    select deployment_id, count(distinct person) as users, sum(events) as events, sum(errors) as errors
    from (
        select deployment_id, person, events, 0 as errors
        from deployment_engagement
        where hour >= cast($1 as timestamp with time zone)
          and (cast($2 as varchar) is null or deployment_id = cast($2 as varchar))
        union all
        select deployment_id, person, 0 as events, 1 as errors
        from deployment_errors
        where event_time >= cast($1 as timestamp with time zone) and not is_cleared
          and (cast($2 as varchar) is null or deployment_id = cast($2 as varchar))
    )
    group by deployment_id
)
select p.deployment_id, p.mod_id, p.mod_version, p.versions, p.first_seen_at, p.last_seen_at, p.total,
       coalesce(c.users, 0) as users,
       coalesce(c.events, 0) as events,
       coalesce(c.errors, 0) as errors,
       d.cleared_at as errors_cleared_at
from placed p
left join counted c on c.deployment_id = p.deployment_id
left join deployment_clearings d on d.deployment_id = p.deployment_id
where p.place > cast($3 as bigint) and p.place <= cast($4 as bigint)
order by p.place
