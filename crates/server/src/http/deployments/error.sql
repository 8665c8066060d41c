select error_id, uuid, class_name, message, is_application_error, event_time, organization, deployment_id, mod_id,
       mod_version, brick_id, brick_version, service_id, service_version, mod_component_id, label, step_label, user_agent,
       client_version, client_full_version, stack, request_url, error_data, platform, user_id, user_email
from product_errors
where error_id = $1 or uuid = $1
order by event_time desc
limit 1
