-- What each person did with deployment $1, by day, event and label, in the days from $2 on.
select max(user_email) as email, cast(day as varchar) as day, event_name, label as event_label, sum(events) as value
from deployment_engagement
where deployment_id = $1 and hour >= cast($2 as timestamp with time zone)
group by person, day, event_name, label
order by day, email, event_name, event_label
