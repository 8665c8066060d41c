//! The exit code that a tool's output or error begins with, read before the text goes: Codex calls a command that failed a
//! success, and no agent has a field for it.
//!
//! | who | where | how |
//! |---|---|---|
//! | Codex `exec_command` | log `output` | header lines, among them `Process exited with code 3`, then `Output:` |
//! | Codex `apply_patch` | log `output`, hook `tool_response` | `Exit code: 0`, first line |
//! | Claude Code `Bash` | hook `error` of a failure | `Exit code 3`, first line |
//! | Cursor `Shell` | hook `tool_output` | `exitCode` of a JSON object |
//! | Gemini CLI `run_shell_command` | log `metadata` | `exitCode` of a JSON object |
//!
//! Only what stands where the agent itself writes it counts: a command may print the same words.

use record::value::{self, Attribute, Value};

/// The attribute that holds it.
pub(super) const KEY: &str = "exit_code";

const SOURCES: [&str; 5] = ["output", "tool_response", "tool_output", "error", "metadata"];

/// Lines of Codex's header before the one with the code, at most.
const HEADER_LINES: usize = 6;

/// A larger JSON text is the output of no command.
const LARGEST_JSON: usize = 1 << 20;

/// Nothing where the record has an `exit_code` already.
pub(super) fn of(attributes: &[Attribute<'_>]) -> Option<i64> {
    if value::get(attributes, KEY).is_some() {
        return None;
    }
    attributes.iter().filter(|(key, _)| SOURCES.contains(&key.as_ref())).find_map(|(_, value)| match value {
        Value::Text(text) => of_text(text),
        Value::Map(_) => value.get("exitCode").or_else(|| value.get("exit_code")).and_then(as_code),
        _ => None,
    })
}

fn of_text(text: &str) -> Option<i64> {
    if text.starts_with('{') {
        return of_json(text);
    }
    let mut lines = text.lines();
    let first = lines.next()?;
    if let Some(rest) = first.strip_prefix("Exit code") {
        return code(rest.strip_prefix(':').unwrap_or(rest).strip_prefix(' ')?);
    }
    for line in std::iter::once(first).chain(lines).take(HEADER_LINES) {
        if let Some(rest) = line.strip_prefix("Process exited with code ") {
            return code(rest);
        }
        if !line.starts_with("Chunk ID: ") && !line.starts_with("Wall time: ") {
            break;
        }
    }
    None
}

fn of_json(text: &str) -> Option<i64> {
    if text.len() > LARGEST_JSON || !text.contains("exitCode") && !text.contains(KEY) {
        return None;
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    object.get("exitCode").or_else(|| object.get(KEY))?.as_i64().and_then(as_exit_code)
}

fn as_code(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(int) => as_exit_code(*int),
        _ => None,
    }
}

fn code(text: &str) -> Option<i64> {
    text.trim_end().parse().ok().and_then(as_exit_code)
}

/// Windows has 32 bits of them.
fn as_exit_code(code: i64) -> Option<i64> {
    (i32::try_from(code).is_ok() || u32::try_from(code).is_ok()).then_some(code)
}

#[cfg(test)]
mod tests;
