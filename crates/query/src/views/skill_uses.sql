-- One use of a skill.
--
-- Claude Code's `skill_activated` and Codex's `codex.skill_invocation` say it themselves. In a session without them, calls of
-- the tool `Skill` that did not fail are counted.
--
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- session_id text: the agent's session
-- signals text: which signals saw it, sorted and joined by commas
-- skill_name text: name of the skill; `custom_skill` where the client withholds it and no tool call or request of the same prompt tells the one name
-- skill_scope text: where the skill comes from
-- skill_trigger text: what made the agent use it: `user-slash`, `claude-proactive`, `explicit`, `implicit`, …
-- used_at timestamp: when it was used
-- prompt_id text: the user's prompt it belongs to
-- agent_id text: sub-agent it happened in
-- user_id text: user; of the session where the use does not say, as all that follow
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
with told as (
    select provider, session_id, key,
           concat_ws(',',
               case when bool_or(signal = 'history') then 'history' end, case when bool_or(signal = 'hooks') then 'hooks' end,
               case when bool_or(signal = 'logs') then 'logs' end, case when bool_or(signal = 'traces') then 'traces' end
           ) as signals,
           coalesce(
               substr(min(rank || skill_name) filter (where skill_name <> 'custom_skill'), 2), max(skill_name)
           ) as skill_name,
           substr(min(rank || skill_scope), 2) as skill_scope,
           substr(min(rank || skill_trigger), 2) as skill_trigger,
           min(event_time) as used_at,
           substr(min(rank || prompt_id), 2) as prompt_id,
           substr(min(rank || agent_id), 2) as agent_id,
           max(user_id) as user_id,
           max(user_email) as user_email,
           max(org_id) as org_id,
           max(project_id) as project_id,
           max(repo) as repo,
           max(branch) as branch
    from internal.facts
    where fact = 'skill_use'
    group by provider, session_id, key
),
names as (
    select provider, session_id, prompt_id, min(skill_name) as name
    from coding_agent_events
    where skill_name is not null and skill_name <> 'custom_skill' and prompt_id is not null
    group by provider, session_id, prompt_id
    having min(skill_name) = max(skill_name)
),
uses as (
    select t.provider, t.session_id, t.signals,
           case when t.skill_name is null or t.skill_name = 'custom_skill' then coalesce(n.name, t.skill_name)
                else t.skill_name
           end as skill_name,
           t.skill_scope, t.skill_trigger, t.used_at, t.prompt_id, t.agent_id,
           coalesce(t.user_id, o.user_id) as user_id,
           coalesce(t.user_email, o.user_email) as user_email,
           coalesce(t.org_id, o.org_id) as org_id,
           coalesce(t.project_id, o.project_id) as project_id,
           coalesce(t.repo, o.repo) as repo,
           coalesce(t.branch, o.branch) as branch
    from told t
    left join names n on n.provider = t.provider and n.session_id = t.session_id and n.prompt_id = t.prompt_id
    left join internal.owners o on o.provider = t.provider and o.session_id = t.session_id
),
telling as (
    select provider, session_id, count(*) as uses
    from coding_agent_events
    where fact = 'skill_use' and session_id is not null
    group by provider, session_id
),
calls as (
    select provider, session_id,
           concat_ws(',',
               case when bool_or(signal = 'history') then 'history' end, case when bool_or(signal = 'hooks') then 'hooks' end,
               case when bool_or(signal = 'logs') then 'logs' end, case when bool_or(signal = 'traces') then 'traces' end
           ) as signals,
           substr(min(rank || skill_name), 2) as skill_name,
           min(event_time) as used_at,
           substr(min(rank || prompt_id), 2) as prompt_id,
           substr(min(rank || agent_id), 2) as agent_id,
           max(user_id) as user_id,
           max(user_email) as user_email,
           max(org_id) as org_id,
           max(project_id) as project_id,
           max(repo) as repo,
           max(branch) as branch
    from internal.facts
    where fact = 'tool_call' and tool_name = 'Skill'
    group by provider, session_id, key
    having bool_and(success) is distinct from false
)
select * from uses
union all
select c.provider, c.session_id, c.signals, c.skill_name, null, null, c.used_at, c.prompt_id, c.agent_id,
       coalesce(c.user_id, o.user_id),
       coalesce(c.user_email, o.user_email),
       coalesce(c.org_id, o.org_id),
       coalesce(c.project_id, o.project_id),
       coalesce(c.repo, o.repo),
       coalesce(c.branch, o.branch)
from calls c
left join internal.owners o on o.provider = c.provider and o.session_id = c.session_id
left join telling t on t.provider = c.provider and t.session_id = c.session_id
where t.uses is null
