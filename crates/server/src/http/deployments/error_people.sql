-- Whom errors of deployment $1 in the days from $2 on happened to, of the groups named.
select group_id, max(user_id) as user_id, user_email
from deployment_errors
where deployment_id = $1 and event_time >= cast($2 as timestamp with time zone) and not is_cleared
  and group_id in ($groups) and (user_email is not null or user_id is not null)
group by group_id, person, user_email
order by group_id, user_email, user_id
