-- One commit in one repository: a row of a `mod git commit`, or of the `mod git push` that repeats it.
--
-- A command over many repositories has one row for each, all of the same `commit_id`: `count(distinct commit_id)` counts
-- commands, `count(*)` repositories. What a run has saved stands with one commit of it in each repository only, so that a sum
-- counts it once however often the run was committed.
--
-- commit_id text: id of the commit command
-- origin text: host of the repository, without scheme
-- path text: organization and name of the repository on its host
-- branch text: branch of the repository
-- repository text: host and path together: what to count repositories by
-- developer text: e-mail address of the user as git has it; null where git has none
-- organization text: organization the repository was in, from `ALL` down
-- outcome text: `Succeeded`, `Failed`, `Canceled` or `Skipped`: the last two are neither success nor failure
-- started_at timestamp: when the commit began
-- ended_at timestamp: when the commit ended
-- duration_ms bigint: how long the commit took, in milliseconds
-- commit_branch text: branch committed to
-- run_id text: run whose changes were committed
-- recipe_id text: recipe of that run, fully qualified
-- recipe_name text: display name of the recipe
-- files_changed bigint: files that the run changed
-- lines_added bigint: lines that the run added
-- lines_removed bigint: lines that the run removed
-- time_saved_ms bigint: estimated effort that the run saved, in milliseconds, with its first successful commit in the repository; null with others
-- push_outcome text: how the push of it ended; null where none is known
-- tags map(text,text): the command's tags; null without any
-- source text: `cli`: developers and builds; `saas`: for users of the web interface
-- told_by text: type of the command whose row this is
with told as (
    select *, coalesce(commitid, case when type = 'commit' then command_id end) as commit_id,
           case when type = 'commit' then 0 else 1 end as rank
    from traces
    where commitid is not null or (type = 'commit' and (commitoutcome is not null or commitstarttime is not null))
),
best as (
    select *,
           max(pushoutcome) over (partition by commit_id, origin, path, branch) as push_outcome
    from told
    qualify row_number() over (partition by commit_id, origin, path, branch order by rank, received_at desc, row_id) = 1
)
select commit_id, origin, path, branch, concat_ws('/', origin, path) as repository, developer, organization,
       commitoutcome as outcome, commitstarttime as started_at, commitendtime as ended_at,
       commitelapsedtimems as duration_ms, commitbranch as commit_branch, runid as run_id, runrecipeid as recipe_id,
       runrecipeinstancename as recipe_name, runfileswithfixresults as files_changed, runlinesadded as lines_added,
       runlinesremoved as lines_removed,
       case when runid is null
              or (commitoutcome = 'Succeeded' and row_number() over (
                      partition by runid, origin, path, branch
                      order by case when commitoutcome = 'Succeeded' then 0 else 1 end, commitstarttime, commit_id
                  ) = 1)
            then runestimatedefforttimesavingsms
       end as time_saved_ms,
       push_outcome, tags,
       cast(source as varchar) as source, cast(type as varchar) as told_by
from best
