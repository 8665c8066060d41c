//! What a tool call's parameters and input name: the command, the skill, the MCP server and tool.
//!
//! Log records carry both as the text of a JSON object, hooks as a tree.

use std::borrow::Cow;
use std::fmt;

use record::dictionary::{Column, coding_agent_events as events};
use record::rows::Rows;
use record::value::Value;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::cells::Cells;

/// Which words of the input became columns.
#[derive(Clone, Copy, Default)]
pub(crate) struct Moved {
    pub(crate) command: bool,
    pub(crate) skill: bool,
}

/// Sets `command`, `skill_name`, `mcp_server` and `mcp_tool` where no attribute has set them.
pub(crate) fn write(
    tool_name: Option<&str>,
    parameters: Option<&Value<'_>>,
    input: Option<&Value<'_>>,
    rows: &mut Rows,
) -> Moved {
    let mut moved = Moved::default();
    let parameters = parameters.map(ToolCall::of).unwrap_or_default();
    set(events::COMMAND, &parameters.full_command, rows);
    set(events::SKILL_NAME, &parameters.skill_name, rows);
    set(events::MCP_SERVER, &parameters.mcp_server_name, rows);
    set(events::MCP_TOOL, &parameters.mcp_tool_name, rows);
    if let Some(input) = input {
        let input = ToolCall::of(input);
        moved.command = set(events::COMMAND, &input.command, rows);
        set(events::COMMAND, &input.cmd, rows);
        moved.skill = tool_name == Some("Skill") && set(events::SKILL_NAME, &input.skill, rows);
    }
    set(events::COMMAND, &parameters.bash_command, rows);
    if let Some((server, tool)) = tool_name.and_then(|name| name.strip_prefix("mcp__")?.split_once("__")) {
        rows.text(events::MCP_SERVER, server);
        rows.text(events::MCP_TOOL, tool);
    }
    moved
}

/// A command that ended with an error has failed, whatever the call that ran it says; what it says stays in `attributes`.
pub(crate) fn fail_by_exit_code(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let failed = cells.column(events::EXIT_CODE).and_then(Value::to_int).is_some_and(|code| code != 0);
    if failed && cells.column(events::SUCCESS).and_then(Value::to_bool) != Some(false) {
        cells.displace(events::SUCCESS);
        rows.bool(events::SUCCESS, false);
    }
}

/// Whether the word filled the column.
fn set(column: Column, word: &Word<'_>, rows: &mut Rows) -> bool {
    match word.0.as_deref() {
        Some(word) if !word.is_empty() && rows.is_unset(column) => {
            rows.text(column, word);
            true
        }
        _ => false,
    }
}

/// The words that matter of a JSON object.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct ToolCall<'v> {
    #[serde(borrow)]
    full_command: Word<'v>,
    #[serde(borrow)]
    bash_command: Word<'v>,
    #[serde(borrow)]
    command: Word<'v>,
    /// Codex's `exec_command`.
    #[serde(borrow)]
    cmd: Word<'v>,
    #[serde(borrow)]
    mcp_server_name: Word<'v>,
    #[serde(borrow)]
    mcp_tool_name: Word<'v>,
    #[serde(borrow)]
    skill_name: Word<'v>,
    #[serde(borrow)]
    skill: Word<'v>,
}

impl<'v> ToolCall<'v> {
    /// Nothing, where the value is neither an object nor the text of one.
    fn of(value: &'v Value<'_>) -> Self {
        match value {
            Value::Text(text) if text.starts_with('{') => serde_json::from_str(text).unwrap_or_default(),
            Value::Map(_) => {
                let word = |key| Word(value.get(key).and_then(Value::as_str).map(Cow::Borrowed));
                Self {
                    full_command: word("full_command"),
                    bash_command: word("bash_command"),
                    command: word("command"),
                    cmd: word("cmd"),
                    mcp_server_name: word("mcp_server_name"),
                    mcp_tool_name: word("mcp_tool_name"),
                    skill_name: word("skill_name"),
                    skill: word("skill"),
                }
            }
            _ => Self::default(),
        }
    }
}

/// A text; any other value reads as none.
#[derive(Default)]
struct Word<'v>(Option<Cow<'v, str>>);

impl<'de: 'v, 'v> serde::Deserialize<'de> for Word<'v> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Word(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Word(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Word(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Word(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Word(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Word(None))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Word(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Word(None))
    }
}
