-- Who and what a session belongs to, by everything it sent: hooks know the repository, logs the user.
select provider, session_id,
       max(user_id) as user_id,
       max(user_email) as user_email,
       max(org_id) as org_id,
       max(project_id) as project_id,
       max(repo) as repo,
       max(branch) as branch
from coding_agent_events
where session_id is not null
group by provider, session_id
