-- One call of a tool of the `mod` command's MCP server.
--
-- A call has no id of its own: calls of one session, tool, arguments and time are one.
--
-- session_id text: session of the MCP server
-- tool_name text: tool that was called: `find_types`, `run_recipe`, …
-- origin text: host of the repository, without scheme
-- path text: organization and name of the repository on its host
-- branch text: branch of the repository
-- repository text: host and path together: what to count repositories by
-- developer text: e-mail address of the user as git has it; null where git has none
-- organization text: organization the repository was in, from `ALL` down
-- outcome text: `Succeeded`, `Failed`, `Canceled` or `Skipped`: the last two are neither success nor failure
-- started_at timestamp: when the call began
-- ended_at timestamp: when the call ended
-- duration_ms bigint: how long the call took, in milliseconds
-- recipe_id text: recipe of the call; null for tools that only look up
-- run_id text: recipe run that the call started
-- arguments text: summary of the arguments, cut by the CLI, redacted; not always valid JSON
-- matches bigint: matches found
-- changes bigint: changes made
-- result_bytes bigint: size of the result in bytes
-- tags map(text,text): the command's tags; null without any
-- source text: `cli`: developers and builds; `saas`: for users of the web interface
with best as (
    select *
    from traces
    where type = 'mcp'
    qualify row_number() over (
        partition by mcpsessionid, mcptoolname, mcparguments, mcpstarttime, mcpendtime, origin, path, branch,
                     case when mcpsessionid is null or mcpstarttime is null then row_id end
        order by received_at desc, row_id
    ) = 1
)
select mcpsessionid as session_id, mcptoolname as tool_name, origin, path, branch,
       concat_ws('/', origin, path) as repository, developer, organization, mcpoutcome as outcome,
       mcpstarttime as started_at, mcpendtime as ended_at, mcpelapsedtimems as duration_ms, mcprecipeid as recipe_id,
       mcprunid as run_id, mcparguments as arguments, mcpmatchcount as matches, mcpchangecount as changes,
       mcpresultbytes as result_bytes, tags, cast(source as varchar) as source
from best
