//! What a row counts towards, so that one thing seen through several signals counts once.
//!
//! Views group the rows of a provider and session by `fact` and `fact_id`; rows of equal id are one. Rows without an id count one
//! each, but only those of the best signal that tells of the fact at all. So a row has a `fact` only if it witnesses one by
//! itself, and never if another row of its signal tells of the same and the two cannot be joined:
//!
//! | fact | Claude Code | Codex | Cursor | others |
//! |---|---|---|---|---|
//! | `turn` | `user_prompt`, `UserPromptSubmit`, `UserPromptExpansion` by `prompt.id`; span `interaction` (no id) | `user_prompt` (no id); `UserPromptSubmit`, span `session_task.turn` by turn id | `beforeSubmitPrompt` by `generation_id` | `gemini_cli.user_prompt` by `prompt_id`; root span `invoke_agent` by span id |
//! | `api_request` | `api_request`, `api_error`, `api_response_body`, span `llm_request` by `request_id` | `sse_event` of `response.completed` with token counts or an error, failed `api_request`, span `handle_responses` with token counts (no id) | `stop` and `afterAgentResponse` with token counts by `generation_id` | inference spans and events by `gen_ai.response.id`, else span id; `gemini_cli.api_response`, `api_error` (no id) |
//! | `tool_call` | `tool_result`, `tool_decision`, spans `tool` and `tool.execution`, `PreToolUse`, `PostToolUse`, `PostToolUseFailure`, `PermissionDenied` by `tool_use_id` | `tool_result`, `tool_decision`, the span of its dispatch, `PreToolUse`, `PostToolUse`, `PermissionRequest` by call id | `preToolUse`, `postToolUse`, `postToolUseFailure` by `tool_use_id` | `execute_tool` spans by `gen_ai.tool.call.id`, else span id; `gemini_cli.tool_call` (no id) |
//! | `skill_use` | `skill_activated` (no id) | `skill_invocation` (no id) | | |
//!
//! No facts, because another row tells of the same: `api_retries_exhausted` (its `api_error`), `api_refusal` (its `api_request`),
//! `PermissionRequest` and `PostToolBatch` of Claude Code (no id, or many), the span `tool.blocked_on_user` (no id), the first of
//! Codex's two `response.completed`, its successful `api_request`, Cursor's hooks around shells, MCP tools and files.

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;

#[derive(Clone, Copy)]
pub(crate) enum Fact {
    Turn,
    ApiRequest,
    ToolCall,
    SkillUse,
}

impl Fact {
    fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::ApiRequest => "api_request",
            Self::ToolCall => "tool_call",
            Self::SkillUse => "skill_use",
        }
    }

    /// The row witnesses the fact of this id, or of none.
    pub(crate) fn write(self, id: Option<&str>, rows: &mut Rows) {
        rows.text(events::FACT, self.as_str());
        if let Some(id) = id {
            rows.text(events::FACT_ID, id);
        }
    }

    /// The same where there is an id: without one it could not be told from the other rows of the fact.
    pub(crate) fn write_if_told(self, id: Option<&str>, rows: &mut Rows) {
        if id.is_some() {
            self.write(id, rows);
        }
    }
}
