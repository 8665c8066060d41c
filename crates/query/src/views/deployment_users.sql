-- One person with one version of a deployed mod: everybody of whom a heartbeat, an event or an error tells. Events and errors that
-- tell of nobody are one row for each version, so that their deployments are known.
--
-- A heartbeat names a browser profile. Where an event or error of the same profile names a person, the profile's other rows
-- are that person's, too.
--
-- deployment_id text: deployment the mod is active by
-- person text: who it is: e-mail address, else user, else browser profile; null where nothing is known
-- user_email text: e-mail address of the user
-- mod_id text: id of the mod
-- mod_version text: version of the mod
-- client_version text: version of the program around the mod, the one seen last with this version of the mod
-- first_seen_at timestamp: when this version was first seen with this person
-- last_seen_at timestamp: when it was last seen
with told as (
    select deployment_id, uid, user_id, user_email, mod_id, mod_version, client_version, event_time as first_at,
           event_time as last_at
    from product_events
    where deployment_id is not null
    union all
    select deployment_id, uid, user_id, user_email, mod_id, mod_version, client_version, event_time as first_at,
           event_time as last_at
    from product_errors
    where deployment_id is not null
    union all
    select deployment_id, uid, cast(null as varchar) as user_id, user_email, mod_id, mod_version, client_version,
           first_seen_at as first_at, last_seen_at as last_at
    from deployment_clients
),
profiles as (
    select uid, max(user_email) as user_email, max(user_id) as user_id
    from told
    where uid is not null
    group by uid
),
named as (
    select t.*,
           coalesce(t.user_email, p.user_email) as email,
           coalesce(t.user_email, p.user_email, t.user_id, p.user_id, t.uid) as person
    from profiles p
    right join told t on p.uid = t.uid
)
select deployment_id, person, max(email) as user_email, mod_id, mod_version,
       last_value(client_version order by last_at) filter (where client_version is not null) as client_version,
       min(first_at) as first_seen_at,
       max(last_at) as last_seen_at
from named
group by deployment_id, person, mod_id, mod_version
