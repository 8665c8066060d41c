//! Attribute names that several agents share, by what they tell about. Ranks follow the order of names in the columns'
//! descriptions in `record::dictionary`.

use record::dictionary::coding_agent_events as events;

use crate::keys::{Held, Key, content_to, held, held_int, text_to, to};

/// Who and what an event belongs to: read on records, scopes, resources and hooks ("Resource attributes Moda reads").
pub(crate) const OWNER: &[Key] = &[
    ("org_id", to(events::ORG_ID, 0)),
    ("org.id", to(events::ORG_ID, 1)),
    ("company.id", to(events::ORG_ID, 2)),
    ("organization.id", to(events::ORG_ID, 3)),
    ("project_id", to(events::PROJECT_ID, 0)),
    ("project.id", to(events::PROJECT_ID, 1)),
    ("moda.project_id", to(events::PROJECT_ID, 2)),
    ("moda.user_id", to(events::USER_ID, 0)),
    ("user.id", to(events::USER_ID, 1)),
    ("enduser.id", to(events::USER_ID, 2)),
    ("user.email", to(events::USER_EMAIL, 0)),
    ("enduser.email", to(events::USER_EMAIL, 1)),
    ("repo", to(events::REPO, 0)),
    ("branch", to(events::BRANCH, 0)),
    ("vcs.ref.head.name", to(events::BRANCH, 1)),
    ("vcs.ref.head.revision", to(events::COMMIT_SHA, 0)),
    ("vcs.owner.name", held(Held::VcsOwner, 0)),
    ("vcs.repository.name", held(Held::VcsName, 0)),
    ("vcs.repository.url.full", held(Held::VcsUrl, 0)),
    ("app.version", to(events::AGENT_VERSION, 0)),
    ("terminal.type", to(events::TERMINAL_TYPE, 0)),
];

/// The machine and the program: read on scopes and resources.
pub(crate) const MACHINE: &[Key] = &[
    ("service.version", to(events::AGENT_VERSION, 1)),
    ("os.type", to(events::OS_TYPE, 0)),
    ("os.version", to(events::OS_VERSION, 0)),
    ("host.arch", to(events::HOST_ARCH, 0)),
    ("host.name", to(events::HOST_NAME, 0)),
];

/// Tool calls, model requests and their outcome: read on records, spans and hooks of all agents.
pub(crate) const WORK: &[Key] = &[
    ("tool_name", to(events::TOOL_NAME, 0)),
    ("tool_use_id", to(events::TOOL_USE_ID, 0)),
    ("success", to(events::SUCCESS, 0)),
    ("duration_ms", to(events::DURATION_MS, 0)),
    ("ttft_ms", to(events::TTFT_MS, 0)),
    ("attempt", to(events::ATTEMPT, 0)),
    ("exit_code", to(events::EXIT_CODE, 0)),
    ("decision", held(Held::Decision, 0)),
    ("decision_type", held(Held::Decision, 1)),
    ("decision_source", to(events::DECISION_SOURCE, 0)),
    ("model", to(events::MODEL, 0)),
    ("cost_usd", to(events::COST_USD, 0)),
    ("request_id", to(events::REQUEST_ID, 0)),
    ("message.id", to(events::MESSAGE_ID, 0)),
    ("status_code", to(events::STATUS_CODE, 0)),
    ("error_type", to(events::ERROR_TYPE, 0)),
    // Claude Code says `tool_error` by `error.type`, and which by `error_class`
    ("error_class", to(events::ERROR_TYPE, 1)),
    ("error.type", to(events::ERROR_TYPE, 2)),
    ("error_name", to(events::ERROR_TYPE, 3)),
    ("error_code", to(events::ERROR_TYPE, 4)),
    ("error", content_to(events::ERROR_MESSAGE, 0)),
    ("error.message", content_to(events::ERROR_MESSAGE, 1)),
    ("error_message", content_to(events::ERROR_MESSAGE, 2)),
    ("prompt", content_to(events::PROMPT_TEXT, 0)),
    ("prompt_text", content_to(events::PROMPT_TEXT, 1)),
    ("prompt_length", to(events::PROMPT_LENGTH, 0)),
    ("output", content_to(events::OUTPUT_SNIPPET, 1)),
    ("tool_input_size_bytes", to(events::INPUT_SIZE_BYTES, 0)),
    ("tool_result_size_bytes", to(events::OUTPUT_SIZE_BYTES, 0)),
    ("full_command", to(events::COMMAND, 0)),
    ("skill.name", to(events::SKILL_NAME, 0)),
    ("skill_name", to(events::SKILL_NAME, 1)),
    ("skill.source", to(events::SKILL_SCOPE, 0)),
    ("skill.scope", to(events::SKILL_SCOPE, 1)),
    ("invocation_trigger", to(events::SKILL_TRIGGER, 0)),
    ("skill.invocation_type", to(events::SKILL_TRIGGER, 1)),
    ("mcp_server.name", to(events::MCP_SERVER, 0)),
    ("mcp_server_name", to(events::MCP_SERVER, 1)),
    ("mcp_server", to(events::MCP_SERVER, 2)),
    ("mcp_tool.name", to(events::MCP_TOOL, 0)),
    ("mcp_tool_name", to(events::MCP_TOOL, 1)),
    ("agent_id", to(events::AGENT_ID, 0)),
    ("agent_type", to(events::AGENT_TYPE, 0)),
    ("agent.name", to(events::AGENT_TYPE, 1)),
    ("permission_mode", to(events::PERMISSION_MODE, 0)),
    ("query_source", to(events::QUERY_SOURCE, 0)),
    ("cwd", to(events::CWD, 0)),
    ("source", held(Held::Source, 0)),
    ("tool_parameters", held(Held::ToolParameters, 0)),
    ("tool_input", held(Held::ToolInput, 0)),
];

/// Tokens by the names that Claude Code gives them, and scripts after it: the cache counts apart.
pub(crate) const TOKENS: &[Key] = &[
    ("input_tokens", to(events::INPUT_TOKENS, 0)),
    ("output_tokens", to(events::OUTPUT_TOKENS, 0)),
    ("cache_read_tokens", to(events::CACHE_READ_TOKENS, 0)),
    ("cache_creation_tokens", to(events::CACHE_CREATION_TOKENS, 0)),
    ("reasoning_tokens", to(events::REASONING_TOKENS, 0)),
];

/// Ids of log records and spans, as Claude Code, Codex, Gemini CLI and OpenTelemetry's `gen_ai` conventions name them.
pub(crate) const IDS: &[Key] = &[
    ("session.id", to(events::SESSION_ID, 0)),
    ("conversation.id", to(events::SESSION_ID, 1)),
    ("session_id", to(events::SESSION_ID, 2)),
    ("conversation_id", to(events::SESSION_ID, 3)),
    ("gen_ai.conversation.id", to(events::SESSION_ID, 4)),
    // a number under these two is a thread of the operating system
    ("thread.id", text_to(events::SESSION_ID, 5)),
    ("thread_id", text_to(events::SESSION_ID, 6)),
    ("prompt.id", to(events::PROMPT_ID, 0)),
    ("prompt_id", to(events::PROMPT_ID, 1)),
    ("turn.id", to(events::PROMPT_ID, 2)),
    ("turn_id", to(events::PROMPT_ID, 3)),
    ("call_id", to(events::TOOL_USE_ID, 1)),
    ("gen_ai.tool.call.id", to(events::TOOL_USE_ID, 2)),
    ("gen_ai.tool.call_id", to(events::TOOL_USE_ID, 3)),
    ("event.sequence", to(events::EVENT_SEQUENCE, 0)),
    ("event.timestamp", held(Held::EventTimestamp, 0)),
];

/// Names of OpenTelemetry's `gen_ai` conventions, those of earlier versions too.
pub(crate) const OTHERS: &[Key] = &[
    ("gen_ai.operation.name", held(Held::Operation, 0)),
    ("llm.request.type", held(Held::Operation, 1)),
    ("gen_ai.tool.name", to(events::TOOL_NAME, 1)),
    // Gemini CLI's, on log records and data points
    ("function_name", to(events::TOOL_NAME, 2)),
    ("gen_ai.request.model", to(events::MODEL, 1)),
    ("gen_ai.response.model", to(events::MODEL, 2)),
    ("gen_ai.usage.input_tokens", held_int(Held::GrossInput, 0)),
    ("gen_ai.usage.prompt_tokens", held_int(Held::GrossInput, 1)),
    ("gen_ai.usage.output_tokens", to(events::OUTPUT_TOKENS, 1)),
    ("gen_ai.usage.completion_tokens", to(events::OUTPUT_TOKENS, 2)),
    ("gen_ai.usage.cache_read.input_tokens", to(events::CACHE_READ_TOKENS, 1)),
    ("gen_ai.usage.cache_creation.input_tokens", to(events::CACHE_CREATION_TOKENS, 1)),
    ("gen_ai.usage.cache_write.input_tokens", to(events::CACHE_CREATION_TOKENS, 2)),
    ("gen_ai.usage.reasoning.output_tokens", to(events::REASONING_TOKENS, 3)),
    ("gen_ai.response.id", to(events::REQUEST_ID, 1)),
    ("http.response.status_code", to(events::STATUS_CODE, 1)),
    ("http.status_code", to(events::STATUS_CODE, 2)),
];

/// Names of Codex's log records and spans.
pub(crate) const CODEX: &[Key] = &[
    ("input_token_count", held_int(Held::GrossInput, 2)),
    ("output_token_count", to(events::OUTPUT_TOKENS, 3)),
    ("cached_token_count", to(events::CACHE_READ_TOKENS, 2)),
    ("cache_write_token_count", to(events::CACHE_CREATION_TOKENS, 3)),
    ("reasoning_token_count", to(events::REASONING_TOKENS, 1)),
    ("codex.usage.reasoning_output_tokens", to(events::REASONING_TOKENS, 2)),
    ("arguments", held(Held::ToolInput, 1)),
];
