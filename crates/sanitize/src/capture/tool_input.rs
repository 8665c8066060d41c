//! A tool's arguments, cut down to what is metadata: the program, the file, the skill, the numbers.
//!
//! Hooks carry them as an object, logs and spans as JSON text (Claude Code puts `[TOOL INPUT: Read] ` before it on spans). What
//! stays keeps its key and its shape, so that whoever reads the original reads the reduced one.

use std::borrow::Cow;

use record::json;
use record::value::{Attributes, Value};

use super::clean::Cleaner;
use super::command;
use super::marks::Marks;

/// What a known argument holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    Command,
    /// The whole line beside a `bash_command` that holds its program.
    FullCommand,
    Text,
    /// Hex digits.
    Commit,
    /// A number or truth value.
    Number,
}

const ARGUMENTS: &[(&str, Argument)] = &[
    ("bash_command", Argument::Command),
    ("cmd", Argument::Command),
    ("command", Argument::Command),
    ("filePath", Argument::Text),
    ("file_path", Argument::Text),
    ("full_command", Argument::FullCommand),
    ("git_branch", Argument::Text),
    ("git_commit_id", Argument::Commit),
    ("limit", Argument::Number),
    ("max_output_tokens", Argument::Number),
    ("mcp_server_name", Argument::Text),
    ("mcp_tool_name", Argument::Text),
    ("notebook_path", Argument::Text),
    ("offset", Argument::Number),
    ("path", Argument::Text),
    ("replace_all", Argument::Number),
    ("run_in_background", Argument::Number),
    ("skill", Argument::Text),
    ("skill_name", Argument::Text),
    ("subagent_type", Argument::Text),
    ("target_file", Argument::Text),
    ("timeout", Argument::Number),
    ("timeout_ms", Argument::Number),
    ("workdir", Argument::Text),
    ("yield_time_ms", Argument::Number),
];

impl Cleaner<'_> {
    /// Whether the input stays, reduced.
    pub(super) fn tool_input(&mut self, key: &str, value: &mut Value<'_>, marks: &mut Marks) -> bool {
        match value {
            Value::Null => true,
            Value::Text(text) if text.is_empty() => true,
            Value::Text(text) => {
                match object(text) {
                    Some(mut entries) => {
                        self.arguments(key, &mut entries, marks);
                        let mut out = Vec::new();
                        json::write_map(&entries, &mut out);
                        *text = Cow::Owned(String::from_utf8_lossy(&out).into_owned());
                    }
                    None => self.reduce_command(key, text, marks),
                }
                true
            }
            Value::Map(entries) => {
                self.arguments(key, entries, marks);
                true
            }
            _ => {
                self.report.unknown_withheld += 1;
                marks.withhold(key);
                false
            }
        }
    }

    fn arguments(&mut self, key: &str, entries: &mut Attributes<'_>, marks: &mut Marks) {
        let before = entries.len();
        self.name_program(entries);
        entries.retain_mut(|(name, value)| self.argument(key, name, value, marks));
        if entries.len() < before {
            self.report.commands_reduced += 1;
            marks.withhold(key);
        }
    }

    /// Claude Code's `bash_command` is the first word only; `full_command` beside it tells the program and subcommand.
    fn name_program(&self, entries: &mut Attributes<'_>) {
        if self.policy.capture_commands {
            return;
        }
        let full = entries.iter().find(|(name, _)| name == "full_command").and_then(|(_, value)| value.as_str());
        let Some(program) = full.map(command::program) else { return };
        if let Some((_, value)) = entries.iter_mut().find(|(name, _)| name == "bash_command") {
            *value = Value::text(program);
        }
    }

    /// `key` is that of the whole input, which markers name.
    fn argument(&mut self, key: &str, name: &str, value: &mut Value<'_>, marks: &mut Marks) -> bool {
        let Ok(at) = ARGUMENTS.binary_search_by(|(known, _)| (*known).cmp(name)) else { return false };
        match (ARGUMENTS[at].1, &value) {
            (Argument::Command, Value::Text(_) | Value::List(_)) => self.command(key, value, marks),
            (Argument::FullCommand, Value::Text(_)) => self.policy.capture_commands && self.command(key, value, marks),
            (Argument::Text, Value::Text(_)) => self.name(key, value, marks),
            (Argument::Commit, Value::Text(text)) => {
                text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            (Argument::Number, Value::Text(text)) => {
                text.parse::<f64>().is_ok() || **text == *"true" || **text == *"false"
            }
            (Argument::Number, Value::Bool(_) | Value::Int(_) | Value::Double(_)) => true,
            _ => false,
        }
    }
}

/// The top level of a JSON object; behind a label in brackets, too.
pub(super) fn object(text: &str) -> Option<Attributes<'static>> {
    let json = text.trim_start();
    let json = if json.starts_with('[') { json.split_once("] ")?.1 } else { json };
    if !json.starts_with('{') {
        return None;
    }
    let entries: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    Some(entries.into_iter().map(|(key, value)| (Cow::Owned(key), convert(value))).collect())
}

/// What [`ARGUMENTS`] may hold; anything else becomes an empty map, which no argument is.
fn convert(value: serde_json::Value) -> Value<'static> {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(bool) => Value::Bool(bool),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Double(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::text(text),
        serde_json::Value::Array(items) => {
            Value::List(items.into_iter().filter(serde_json::Value::is_string).map(convert).collect())
        }
        serde_json::Value::Object(_) => Value::Map(Vec::new()),
    }
}
