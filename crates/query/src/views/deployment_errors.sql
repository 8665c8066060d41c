-- One error of a deployed mod, and the group it belongs to.
--
-- Errors alike in deployment, mod and its version, label, step, message, version of the client and address of the failed
-- request are one group: `count(*)` by `group_id` is how often it happened, whoever it happened to. Errors that were cleared
-- (`DELETE /api/deployments/{id}/errors/`) stay here and say so.
--
-- group_id text: the group, 32 hex digits; the same ones whenever it happens again
-- error_id text: identity of the error, as in `product_errors`
-- uuid text: id the client made
-- deployment_id text: deployment the mod is active by
-- event_time timestamp: when it happened
-- received_at timestamp: when modlake received it
-- mod_id text: id of the mod
-- mod_version text: version of the mod
-- label text: label of the mod component
-- step_label text: label of the step that failed
-- class_name text: class of the error
-- message text: the error's text after redaction
-- is_application_error boolean: false where the author of the mod can mend it, true where the platform must
-- request_url text: address of the request that failed
-- client_version text: version of the program around the mod
-- client_full_version text: the same in full
-- platform text: platform
-- person text: whom it happened to: e-mail address, else user, else browser profile; null where nothing is known
-- user_id text: user
-- user_email text: e-mail address of the user
-- held_back bigint: errors alike that the sender's throttle held back since the one before
-- is_cleared boolean: whether it was received before the deployment's errors were cleared: the Errors tab no longer counts it
select md5(concat_ws(chr(31),
           'd' || e.deployment_id, 'm' || e.mod_id, 'v' || e.mod_version, 'l' || e.label, 's' || e.step_label,
           't' || e.message, 'c' || e.client_version, 'r' || e.request_url
       )) as group_id,
       e.error_id, e.uuid, e.deployment_id, e.event_time, e.received_at, e.mod_id, e.mod_version, e.label, e.step_label,
       e.class_name, e.message, e.is_application_error, e.request_url, e.client_version, e.client_full_version, e.platform,
       coalesce(e.user_email, e.user_id, e.uid) as person,
       e.user_id, e.user_email, e.held_back,
       coalesce(e.received_at <= c.cleared_at, false) as is_cleared
from deployment_clearings c
right join product_errors e on c.deployment_id = e.deployment_id
where e.deployment_id is not null
