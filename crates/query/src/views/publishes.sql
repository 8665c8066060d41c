-- One LST published of one repository: a row of a `mod publish`.
--
-- A command over many repositories has one row for each, all of the same `publish_id`: `count(distinct publish_id)` counts
-- commands, `count(*)` repositories.
--
-- publish_id text: id of the publish command
-- origin text: host of the repository, without scheme
-- path text: organization and name of the repository on its host
-- branch text: branch of the repository
-- repository text: host and path together: what to count repositories by
-- developer text: e-mail address of the user as git has it; null where git has none
-- organization text: organization the repository was in, from `ALL` down
-- outcome text: `Succeeded`, `Failed`, `Canceled` or `Skipped`: the last two are neither success nor failure
-- started_at timestamp: when the publication began
-- ended_at timestamp: when the publication ended
-- duration_ms bigint: how long the publication took, in milliseconds
-- uri text: where the LST was published to; null when it was not uploaded
-- build_id text: build whose LST was published
-- build_outcome text: how that build ended
-- tags map(text,text): the command's tags; null without any
-- source text: `cli`: developers and builds; `saas`: for users of the web interface
-- told_by text: type of the command whose row this is
with told as (
    select *, coalesce(publishid, case when type = 'publish' then command_id end) as publish_id,
           case when type = 'publish' then 0 else 1 end as rank
    from traces
    where publishid is not null or (type = 'publish' and (publishoutcome is not null or publishstarttime is not null))
),
best as (
    select *
    from told
    qualify row_number() over (partition by publish_id, origin, path, branch order by rank, received_at desc, row_id) = 1
)
select publish_id, origin, path, branch, concat_ws('/', origin, path) as repository, developer, organization,
       publishoutcome as outcome, publishstarttime as started_at, publishendtime as ended_at,
       publishelapsedtimems as duration_ms, publishuri as uri, buildid as build_id, buildoutcome as build_outcome,
       tags,
       cast(source as varchar) as source, cast(type as varchar) as told_by
from best
