-- One command line run in one repository: a row of a `mod exec`.
--
-- A `mod exec` over many repositories has one row for each, all of the same `exec_id`.
--
-- exec_id text: id of the exec command
-- origin text: host of the repository, without scheme
-- path text: organization and name of the repository on its host
-- branch text: branch of the repository
-- repository text: host and path together: what to count repositories by
-- developer text: e-mail address of the user as git has it; null where git has none
-- organization text: organization the repository was in, from `ALL` down
-- outcome text: `Succeeded`, `Failed`, `Canceled` or `Skipped`: the last two are neither success nor failure
-- started_at timestamp: when the command began
-- ended_at timestamp: when the command ended
-- duration_ms bigint: how long the command took, in milliseconds
-- command text: command line as written, redacted
-- command_with_substitutions text: command line after its variables were filled in, redacted
-- exit_code bigint: exit code of the command
-- directory text: directory the command ran in
-- run_id text: recipe run it belongs to
-- java_home text: variable `JAVA_HOME` of the command
-- java_version text: variable `MODERNE_JAVA_VERSION` of the command
-- build_tool text: variable `MODERNE_BUILD_TOOL` of the command
-- tags map(text,text): the command's tags; null without any
-- source text: `cli`: developers and builds; `saas`: for users of the web interface
-- told_by text: type of the command whose row this is
with told as (
    select *, coalesce(execid, case when type = 'exec' then command_id end) as exec_id,
           case when type = 'exec' then 0 else 1 end as rank
    from traces
    where execid is not null or (type = 'exec' and (execoutcome is not null or execstarttime is not null))
),
best as (
    select *
    from told
    qualify row_number() over (partition by exec_id, origin, path, branch order by rank, received_at desc, row_id) = 1
)
select exec_id, origin, path, branch, concat_ws('/', origin, path) as repository, developer, organization,
       execoutcome as outcome, execstarttime as started_at, execendtime as ended_at,
       execelapsedtimems as duration_ms, execcommand as command,
       execcommandwithsubstitutions as command_with_substitutions, execexitcode as exit_code,
       execexecutiondirectory as directory, execreciperunid as run_id, execvarjavahome as java_home,
       execvarmodernejavaversion as java_version, execvarmodernebuildtool as build_tool, tags,
       cast(source as varchar) as source, cast(type as varchar) as told_by
from best
