-- Groups of errors of deployment $1 in the days from $2 on: places after $3 up to $4, each with its $5 latest errors.
with occurrences as (
    select *, row_number() over (partition by group_id order by event_time desc, error_id) as number
    from deployment_errors
    where deployment_id = $1 and event_time >= cast($2 as timestamp with time zone) and not is_cleared
),
groups as (
    select group_id,
           max(message) as message,
           max(label) as label,
           max(step_label) as step_label,
           max(mod_id) as mod_id,
           max(mod_version) as mod_version,
           max(client_version) as client_version,
           max(client_full_version) as client_full_version,
           max(request_url) as request_url,
           array_sort(array_agg(distinct platform) filter (where platform is not null)) as platforms,
           count(*) as occurrence_count,
           max(event_time) as last_occurrence,
           array_agg(error_id order by event_time desc, error_id) filter (where number <= cast($5 as bigint)) as error_ids
    from occurrences
    group by group_id
),
placed as (
    select *,
           row_number() over (order by last_occurrence desc, group_id) as place,
           count(*) over () as total
    from groups
)
select *
from placed
where place > cast($3 as bigint) and place <= cast($4 as bigint)
order by place
