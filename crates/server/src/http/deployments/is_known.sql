select 1 as known
from (
    select deployment_id from product_events where deployment_id = $1
    union all
    select deployment_id from product_errors where deployment_id = $1
    union all
    select deployment_id from deployment_clients where deployment_id = $1
)
limit 1
