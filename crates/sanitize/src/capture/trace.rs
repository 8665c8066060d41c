//! Trace files: every text of the file is redacted, with the name of its column as context, and stays otherwise.
//!
//! The file is the owner's own record of commands, so there is no opt-in as for prompts: command lines of `mod exec` are what
//! its rows are about, and stay without their secrets. What goes are the texts of `buildLog`, `runLog`, … : paths of logs on the
//! machine, which the CLI leaves out of the copies that it sends itself.

use std::borrow::Cow;

use record::dictionary::traces;
use record::trace::{Text, Trace};

use super::clean::Cleaner;
use super::marks::Marks;

/// What a command goes through; each may have a column of its log.
const STAGES: [&str; 13] =
    ["apply", "add", "build", "checkout", "clone", "commit", "exec", "mcp", "publish", "push", "run", "study", "sync"];

impl Cleaner<'_> {
    pub(super) fn trace(&mut self, trace: &mut Trace<'_>) {
        for name in &mut trace.header {
            self.redact_cell(None, &mut name.text);
        }
        let names = trace.header.iter().map(|cell| cell.text.as_str().trim());
        let mut columns: Vec<Column> = names.map(Column::of).collect();
        for at in 0..trace.cells.len() {
            let (before, rest) = trace.cells.split_at_mut(at);
            let Some(cell) = rest.first_mut() else { break };
            let Some(column) = columns.get_mut(usize::from(cell.column)) else {
                self.redact_cell(None, &mut cell.text);
                continue;
            };
            if column.is_log {
                cell.text.set(String::new());
                continue;
            }
            let text = cell.text.as_str();
            let is_clean =
                column.clean.and_then(|clean| before.get(clean)).is_some_and(|clean| clean.text.as_str() == text);
            if is_clean || (column.name.is_none() && is_number_or_time(text)) {
                continue;
            }
            if !self.redact_cell(column.name.as_deref(), &mut cell.text) {
                column.clean = Some(at);
            }
        }
        for line in &mut trace.rejected {
            self.rejected(&mut line.text);
        }
    }

    /// Takes the secrets out of a text; tells whether there were any. A text that cannot be looked at goes.
    fn redact_cell(&mut self, name: Option<&str>, text: &mut Text<'_>) -> bool {
        let mut marks = Marks::default();
        let mut cleaned = Cow::Borrowed(text.as_str());
        let is_checked = match name {
            Some(name) => self.redact_named(name, &mut cleaned, &mut marks),
            None => self.redact(&mut cleaned, &mut marks),
        };
        self.report.redactions.merge(&marks.redactions);
        if !is_checked {
            self.report.unknown_withheld += 1;
            text.set(String::new());
            return true;
        }
        let Cow::Owned(cleaned) = cleaned else { return false };
        text.set(cleaned);
        true
    }

    /// A line without cells is redacted as it stands. Where quoting hides a secret from that, the line loses its quoting.
    fn rejected(&mut self, line: &mut Text<'_>) {
        self.redact_cell(None, line);
        let plain = line.as_str().replace("\"\"", "\"").replace("\\\"", "\"");
        if let Cow::Owned(cleaned) = self.redactor.redact(Cow::Borrowed(&plain), &mut self.report.redactions) {
            line.set(cleaned);
        }
    }
}

struct Column {
    /// What its values are; `None`: a column of the format, none of which is a secret by its name.
    name: Option<String>,
    is_log: bool,
    /// The last cell of it that held no secret. Most cells of a file say what the row above says.
    clean: Option<usize>,
}

impl Column {
    fn of(name: &str) -> Self {
        let known = traces::TABLE.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        let value_of = name.strip_prefix("tag.").unwrap_or(name);
        Self { name: (!known).then(|| value_of.to_owned()), is_log: is_log(name), clean: None }
    }
}

/// No secret is found but by a word or by `://`; this has neither.
fn is_number_or_time(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'-' | b'+' | b'T' | b'Z'))
}

/// `buildLog`, `runLog`, …
fn is_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_suffix("log").is_some_and(|stage| STAGES.contains(&stage))
}
