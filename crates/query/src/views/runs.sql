-- One recipe run on one repository: a row of a `mod run`, or of a later command that repeats it.
--
-- A command over many repositories has one row for each, all of the same `run_id`: `count(distinct run_id)` counts commands,
-- `count(*)` repositories. Later commands (`mod git apply`, `add`, `commit`, `push`) repeat what the run told; it counts once,
-- by its own row where there is one.
--
-- run_id text: id of the run command
-- origin text: host of the repository, without scheme
-- path text: organization and name of the repository on its host
-- branch text: branch of the repository
-- repository text: host and path together: what to count repositories by
-- developer text: e-mail address of the user as git has it; null where git has none
-- organization text: organization the repository was in, from `ALL` down
-- outcome text: `Succeeded`, `Failed`, `Canceled` or `Skipped`: the last two are neither success nor failure
-- started_at timestamp: when the run began
-- ended_at timestamp: when the run ended
-- duration_ms bigint: how long the run took, in milliseconds
-- recipe_id text: name of the recipe, fully qualified
-- recipe_name text: display name of the recipe
-- recipe_options text: the recipe's options, a JSON object as text, redacted
-- recipe_artifact text: the recipe's Maven coordinates
-- time_saved_ms bigint: estimated effort saved if the changes are used, in milliseconds; see `commits` for those that were
-- dependency_resolution_ms bigint: time spent on resolving dependencies, in milliseconds
-- pom_cache_hit_rate double: hit rate of the cache of POMs, of one repository
-- resolved_pom_cache_hit_rate double: hit rate of the cache of resolved POMs, of one repository
-- files_changed bigint: files with fixes
-- files_found bigint: files with search markers
-- files_with_errors bigint: files with errors
-- files_searched bigint: files visited
-- lines_added bigint: lines added, as git counts
-- lines_removed bigint: lines removed, as git counts
-- data_tables bigint: data tables written
-- is_streaming boolean: whether the run streamed
-- is_unlicensed boolean: whether the run lacked a license
-- build_id text: build whose LST was used
-- tags map(text,text): the command's tags; null without any
-- source text: `cli`: developers and builds; `saas`: for users of the web interface
-- told_by text: type of the command whose row this is
with told as (
    select *, coalesce(runid, case when type = 'run' then command_id end) as run_id,
           case when type = 'run' then 0 else 1 end as rank
    from traces
    where runid is not null or (type = 'run' and (runoutcome is not null or runstarttime is not null))
),
best as (
    select *
    from told
    qualify row_number() over (partition by run_id, origin, path, branch order by rank, received_at desc, row_id) = 1
)
select run_id, origin, path, branch, concat_ws('/', origin, path) as repository, developer, organization,
       runoutcome as outcome, runstarttime as started_at, runendtime as ended_at, runelapsedtimems as duration_ms,
       runrecipeid as recipe_id, runrecipeinstancename as recipe_name, runrecipeoptions as recipe_options,
       runrecipeartifact as recipe_artifact, runestimatedefforttimesavingsms as time_saved_ms,
       rundependencyresolutiontimems as dependency_resolution_ms, runpomcachehitrate as pom_cache_hit_rate,
       runresolvedpomcachehitrate as resolved_pom_cache_hit_rate, runfileswithfixresults as files_changed,
       runfileswithsearchresults as files_found, runfileswitherrors as files_with_errors,
       runfilessearched as files_searched, runlinesadded as lines_added, runlinesremoved as lines_removed,
       rundatatables as data_tables, runstreaming as is_streaming, rununlicensedattempt as is_unlicensed,
       buildid as build_id, tags,
       cast(source as varchar) as source, cast(type as varchar) as told_by
from best
