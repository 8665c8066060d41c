-- What a request to a model cost: one row per row of `api_requests` that used tokens or has a cost.
--
-- day date: day on which it was answered, UTC
-- provider text: `claude_code`, `codex`, `cursor`, `other`
-- session_id text: the agent's session
-- signals text: which signals saw the request
-- request_id text: id of the request
-- prompt_id text: the user's prompt it belongs to
-- started_at timestamp: when it was made
-- ended_at timestamp: when it was answered
-- model text: model that answered
-- cost_usd double: cost in US dollars
-- cost_source text: `client`: the client's own figure; `price_table`: by the table `prices`; null: neither knows, and `cost_usd` is null
-- price_valid_from date: where the table was used, the day from which the price it used holds
-- input_tokens bigint: input tokens that were neither read from nor written to the cache
-- cache_read_tokens bigint: input tokens read from the cache
-- cache_creation_tokens bigint: input tokens written to the cache
-- output_tokens bigint: output tokens, those spent on reasoning included
-- total_tokens bigint: the four together
-- query_source text: what asked the model: main thread, sub-agent, compaction
-- agent_id text: sub-agent it happened in
-- skill_name text: skill at work
-- user_id text: user
-- user_email text: e-mail address of the user
-- org_id text: organization
-- project_id text: project
-- repo text: repository
-- branch text: branch
select cast(ended_at as date) as day,
       provider, session_id, signals, request_id, prompt_id, started_at, ended_at, model, cost_usd, cost_source,
       price_valid_from, input_tokens, cache_read_tokens, cache_creation_tokens, output_tokens, total_tokens, query_source,
       agent_id, skill_name, user_id, user_email, org_id, project_id, repo, branch
from api_requests
where total_tokens > 0 or cost_usd is not null
