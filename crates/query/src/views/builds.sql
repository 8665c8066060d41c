-- One build of one repository: a row of a `mod build`, or of a later command that repeats it.
--
-- A command over many repositories has one row for each, all of the same `build_id`: `count(distinct build_id)` counts
-- commands, `count(*)` repositories built. Later commands repeat what the build told; it counts once, by its own row where
-- there is one.
--
-- build_id text: id of the build command
-- origin text: host of the repository, without scheme
-- path text: organization and name of the repository on its host
-- branch text: branch of the repository
-- repository text: host and path together: what to count repositories by
-- developer text: e-mail address of the user as git has it; null where git has none
-- organization text: organization the repository was in, from `ALL` down
-- outcome text: `Succeeded`, `Failed`, `Canceled` or `Skipped`: the last two are neither success nor failure
-- started_at timestamp: when the build began
-- ended_at timestamp: when the build ended
-- duration_ms bigint: how long the build took, in milliseconds
-- is_local boolean: false: a prebuilt LST was downloaded, and this tells of the build that made it, elsewhere
-- dependency_resolution_ms bigint: time spent on resolving dependencies, in milliseconds; may exceed the duration
-- changeset text: commit that was built
-- build_tools text: tools that took part, joined by commas: `maven`, `gradle`, `bazel`, `dotnet`, `python`, `node`; empty where none is known
-- maven_version text: version of Maven
-- gradle_version text: version of Gradle
-- bazel_version text: version of Bazel
-- dotnet_version text: version of .NET
-- python_version text: version of Python
-- node_version text: version of Node.js
-- os_name text: operating system
-- os_version text: version of the operating system
-- os_eol text: line ends of the operating system: `LF`, `CRLF`
-- git_autocrlf text: git's `core.autocrlf`: `False`, `True`, `Input`
-- git_eol text: git's `core.eol`: `CRLF`, `LF`, `Native`
-- source_files bigint: files parsed
-- lines bigint: lines of code
-- parse_errors bigint: files that could not be parsed
-- weight bigint: weight of the LST, summed over its files
-- max_weight bigint: weight of the heaviest file
-- max_weight_source_file text: path of the heaviest file
-- cli_version text: version of the CLI that built
-- tags map(text,text): the command's tags; null without any
-- source text: `cli`: developers and builds; `saas`: for users of the web interface
-- told_by text: type of the command whose row this is
with told as (
    select *, coalesce(buildid, case when type = 'build' then command_id end) as build_id,
           case when type = 'build' then 0 when synclstdownloaduri is null then 1 else 2 end as rank
    from traces
    where buildid is not null or (type = 'build' and (buildoutcome is not null or buildstarttime is not null))
),
best as (
    select *
    from told
    qualify row_number() over (partition by build_id, origin, path, branch order by rank, received_at desc, row_id) = 1
)
select build_id, origin, path, branch, concat_ws('/', origin, path) as repository, developer, organization,
       buildoutcome as outcome, buildstarttime as started_at, buildendtime as ended_at,
       buildelapsedtimems as duration_ms, synclstdownloaduri is null as is_local,
       builddependencyresolutiontimems as dependency_resolution_ms, buildchangeset as changeset,
       concat_ws(',',
           case when buildmavenversion is not null then 'maven' end,
           case when buildgradleversion is not null then 'gradle' end,
           case when buildbazelversion is not null then 'bazel' end,
           case when builddotnetversion is not null then 'dotnet' end,
           case when buildpythonversion is not null then 'python' end,
           case when buildnodeversion is not null then 'node' end
       ) as build_tools,
       buildmavenversion as maven_version, buildgradleversion as gradle_version, buildbazelversion as bazel_version,
       builddotnetversion as dotnet_version, buildpythonversion as python_version, buildnodeversion as node_version,
       buildosname as os_name, buildosversion as os_version, buildoseol as os_eol, buildgitautocrlf as git_autocrlf,
       buildgiteol as git_eol, buildsourcefilecount as source_files, buildlinecount as lines,
       buildparseerrorcount as parse_errors, buildweight as weight, buildmaxweight as max_weight,
       buildmaxweightsourcefile as max_weight_source_file, buildcliversion as cli_version, tags,
       cast(source as varchar) as source, cast(type as varchar) as told_by
from best
