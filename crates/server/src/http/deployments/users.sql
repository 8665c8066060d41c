-- Who ran deployment $1 in the days from $2 on, places after $3 up to $4, with every version each of them ever ran.
with people as (
    select person,
           max(user_email) as email,
           row_number() over (order by coalesce(max(user_email), person), person) as place,
           count(*) over () as total
    from deployment_users
    where deployment_id = $1 and person is not null
    group by person
    having max(last_seen_at) >= cast($2 as timestamp with time zone)
)
select p.place, p.total, p.email, u.mod_version, u.client_version, u.first_seen_at, u.last_seen_at
from people p
join deployment_users u on u.person = p.person
where u.deployment_id = $1 and p.place > cast($3 as bigint) and p.place <= cast($4 as bigint)
order by p.place, u.last_seen_at, u.mod_version
