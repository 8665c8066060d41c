-- Who ran deployment $1 in the days from $2 on, places after $3 up to $4, with every version each of them ever ran.
with versions as (
    select *,
           max(user_email) over (partition by person) as email,
           max(last_seen_at) over (partition by person) as last_of_all
    from deployment_users
    where deployment_id = $1 and person is not null
),
placed as (
    select *, dense_rank() over (order by coalesce(email, person), person) as place
    from versions
    where last_of_all >= cast($2 as timestamp with time zone)
),
counted as (
    select *, max(place) over () as total
    from placed
)
select place, total, email, mod_version, client_version, first_seen_at, last_seen_at
from counted
where place > cast($3 as bigint) and place <= cast($4 as bigint)
order by place, last_seen_at, mod_version
