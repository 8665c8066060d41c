-- One call of a tool, whether it ran, was refused or was never answered. Logs, spans and hooks of one `tool_use_id` are one.
--
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- session_id text: the agent's session
-- signals text: which signals saw it, sorted and joined by commas: `hooks,logs,traces`
-- tool_use_id text: the agent's id of the call (Codex: call id); null where it has none
-- prompt_id text: the user's prompt it belongs to
-- tool_name text: `mcp__<server>__<tool>` for a tool of an MCP server where its name is known, else what logs call it, else spans, imported files, hooks (Codex says `exec_command` in logs and `Bash` in hooks)
-- mcp_server text: MCP server that was called
-- mcp_tool text: MCP tool that was called
-- started_at timestamp: end less duration, where both are known, else the first word of it
-- ended_at timestamp: the last word of it; logs and spans before hooks, whose time is the receiver's
-- duration_ms bigint: the tool's own time, without the wait for permission, where a signal tells them apart; logs before hooks before spans
-- success boolean: false if any signal says so or the exit code is not 0; null where nobody says
-- exit_code bigint: exit code of the command that was run
-- decision text: `accept` or `reject`
-- decision_source text: who decided: `config`, `hook`, `user_permanent`, …
-- error_type text: class of the error
-- error_message text: the error's text after redaction
-- input_size_bytes bigint: size of the input in bytes
-- output_size_bytes bigint: size of the output in bytes
-- command text: program (and subcommand) that was run; the whole line only where capture is opted in
-- skill_name text: skill that the call used
-- agent_id text: sub-agent it happened in
-- agent_type text: kind of the sub-agent
-- model text: model that asked for it
-- trace_id text: W3C trace id, hex
-- span_id text: W3C span id, hex: the tool's own span where there is one
-- user_id text: user; of the session where the call does not say, as all that follow
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
with told as (
    select *,
           case when signal = 'traces'
                then arrow_cast(
                    cast(event_time as bigint) + 1000 * least(greatest(coalesce(duration_ms, 0), 0), 2678400000),
                    'Timestamp(Microsecond, Some("UTC"))')
                else event_time
           end as until
    from internal.facts
    where fact = 'tool_call'
),
calls as (
    select provider, session_id, key,
           max(fact_id) as tool_use_id,
           concat_ws(',',
               case when bool_or(signal = 'history') then 'history' end, case when bool_or(signal = 'hooks') then 'hooks' end,
               case when bool_or(signal = 'logs') then 'logs' end, case when bool_or(signal = 'traces') then 'traces' end
           ) as signals,
           substr(min(rank || prompt_id), 2) as prompt_id,
           coalesce(
               'mcp__' || max(mcp_server) || '__' || max(mcp_tool),
               max(tool_name) filter (where starts_with(tool_name, 'mcp__')),
               min(tool_name) filter (where signal = 'logs' and tool_name <> 'mcp_tool'),
               min(tool_name) filter (where signal = 'traces'),
               min(tool_name) filter (where signal = 'history'),
               min(tool_name) filter (where signal = 'hooks'),
               max(tool_name)
           ) as tool_name,
           max(mcp_server) as mcp_server,
           max(mcp_tool) as mcp_tool,
           min(event_time) as first_word,
           coalesce(max(until) filter (where signal <> 'hooks'), max(until)) as ended_at,
           coalesce(
               max(duration_ms) filter (where signal = 'logs'),
               max(duration_ms) filter (where signal = 'hooks'),
               max(duration_ms) filter (where event_name = 'claude_code.tool.execution'),
               max(duration_ms) filter (where signal = 'traces'),
               max(duration_ms)
           ) as duration_ms,
           case when max(exit_code) <> 0 or min(exit_code) <> 0 then false else bool_and(success) end as success,
           coalesce(max(exit_code) filter (where exit_code <> 0), max(exit_code)) as exit_code,
           substr(min(rank || decision), 2) as decision,
           substr(min(rank || decision_source), 2) as decision_source,
           substr(min(rank || error_type), 2) as error_type,
           substr(min(rank || error_message), 2) as error_message,
           coalesce(max(input_size_bytes) filter (where signal = 'logs'), max(input_size_bytes)) as input_size_bytes,
           coalesce(max(output_size_bytes) filter (where signal = 'logs'), max(output_size_bytes)) as output_size_bytes,
           substr(min(rank || command), 2) as command,
           substr(min(rank || skill_name) filter (where skill_name <> 'custom_skill'), 2) as skill_name,
           substr(min(rank || agent_id), 2) as agent_id,
           substr(min(rank || agent_type), 2) as agent_type,
           substr(min(rank || model), 2) as model,
           max(trace_id) as trace_id,
           coalesce(
               min(span_id) filter (where event_name = 'claude_code.tool.execution'),
               min(span_id) filter (where signal = 'traces'),
               min(span_id)
           ) as span_id,
           max(user_id) as user_id,
           max(user_email) as user_email,
           max(org_id) as org_id,
           max(project_id) as project_id,
           max(repo) as repo,
           max(branch) as branch
    from told
    group by provider, session_id, key
)
select c.provider, c.session_id, c.signals, c.tool_use_id, c.prompt_id, c.tool_name, c.mcp_server, c.mcp_tool,
       coalesce(
           arrow_cast(
               cast(c.ended_at as bigint) - 1000 * least(greatest(c.duration_ms, 0), 2678400000),
               'Timestamp(Microsecond, Some("UTC"))'),
           c.first_word
       ) as started_at,
       c.ended_at, c.duration_ms, c.success, c.exit_code, c.decision, c.decision_source, c.error_type, c.error_message,
       c.input_size_bytes, c.output_size_bytes, c.command, c.skill_name, c.agent_id, c.agent_type, c.model, c.trace_id,
       c.span_id,
       coalesce(c.user_id, o.user_id) as user_id,
       coalesce(c.user_email, o.user_email) as user_email,
       coalesce(c.org_id, o.org_id) as org_id,
       coalesce(c.project_id, o.project_id) as project_id,
       coalesce(c.repo, o.repo) as repo,
       coalesce(c.branch, o.branch) as branch
from internal.owners o
right join calls c on c.provider = o.provider and c.session_id = o.session_id
