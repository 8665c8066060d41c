//! Everything that has no file of its own: read by the usual names, the rest kept in `attributes`.

pub(crate) mod hooks;
pub(crate) mod logs;
pub(crate) mod spans;

use crate::cells::Cells;
use crate::keys::Held;

/// What an operation of the `gen_ai` conventions is. Gemini CLI's `llm_call` and `tool_call` are none of theirs: its logs tell
/// of the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Inference,
    Tool,
    Agent,
}

impl Operation {
    /// `gen_ai.operation.name`, or `llm.request.type` as it was before.
    pub(crate) fn of(cells: &Cells<'_, '_>) -> Option<Self> {
        match cells.held_text(Held::Operation)? {
            "chat" | "text_completion" | "generate_content" | "completion" => Some(Self::Inference),
            "execute_tool" => Some(Self::Tool),
            "invoke_agent" => Some(Self::Agent),
            _ => None,
        }
    }
}
