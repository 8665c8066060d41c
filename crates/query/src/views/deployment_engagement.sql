-- What one person did with a deployed mod in one hour: how often each event of each mod component happened.
--
-- Every event of `product_events` that names a deployment is in it, runs of starter bricks and a mod's own events alike. The
-- sum of `events` over a day is what reports of engagement call `value`.
--
-- deployment_id text: deployment the mod is active by
-- mod_id text: id of the mod
-- mod_version text: version of the mod
-- day date: day of the hour in UTC
-- hour timestamp: begin of the hour
-- person text: who it was: e-mail address, else user, else browser profile; null where nothing is known
-- user_email text: e-mail address of the user
-- event_name text: what happened
-- label text: label of the mod component
-- client_version text: version of the program around the mod
-- events bigint: how often
-- held_back bigint: events alike that the senders' throttles held back, and that are not in `events`
-- last_at timestamp: when it last happened
select deployment_id, mod_id, mod_version,
       cast(date_trunc('day', event_time) as date) as day,
       date_trunc('hour', event_time) as hour,
       coalesce(user_email, user_id, uid) as person,
       user_email, event_name, label, client_version,
       count(*) as events,
       coalesce(sum(held_back), 0) as held_back,
       max(event_time) as last_at
from product_events
where deployment_id is not null
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
