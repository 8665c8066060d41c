//! Trace files: every text of the file is redacted, with the name of its column as context, and stays otherwise.
//!
//! The file is the owner's own record of commands, so there is no opt-in as for prompts: command lines of `mod exec` are what
//! its rows are about, and stay without their secrets. What goes are the texts of `buildLog`, `runLog`, … : paths of logs on the
//! machine, which the CLI leaves out of the copies that it sends itself.

use std::borrow::Cow;

use record::trace::{Rejected, Trace};

use super::clean::Cleaner;

/// What a command goes through; each may have a column of its log.
const STAGES: [&str; 13] =
    ["apply", "add", "build", "checkout", "clone", "commit", "exec", "mcp", "publish", "push", "run", "study", "sync"];

impl Cleaner<'_> {
    pub(super) fn trace(&mut self, trace: &mut Trace<'_>) {
        for name in &mut trace.header {
            name.text.edit(|text| self.redactor.redact_in_place(text, &mut self.report.redactions));
        }
        let columns: Vec<(String, bool)> = trace
            .header
            .iter()
            .map(|cell| cell.text.as_str().trim())
            .map(|name| (name.strip_prefix("tag.").unwrap_or(name).to_owned(), is_log(name)))
            .collect();
        for cell in &mut trace.cells {
            match columns.get(usize::from(cell.column)) {
                Some((_, true)) => cell.text.set(String::new()),
                Some((name, false)) => {
                    cell.text.edit(|text| self.redactor.redact_named_in_place(name, text, &mut self.report.redactions));
                }
                None => {
                    cell.text.edit(|text| self.redactor.redact_in_place(text, &mut self.report.redactions));
                }
            }
        }
        for line in &mut trace.rejected {
            self.rejected(line);
        }
    }

    /// A line without cells is redacted as it stands. Where quoting hides a secret from that, the line loses its quoting.
    fn rejected(&mut self, line: &mut Rejected<'_>) {
        let redactor = self.redactor;
        let counts = &mut self.report.redactions;
        line.text.edit(|text| {
            redactor.redact_in_place(text, counts);
            let plain = text.replace("\"\"", "\"").replace("\\\"", "\"");
            let cleaned = redactor.redact(Cow::Borrowed(&plain), counts);
            if let Cow::Owned(cleaned) = cleaned {
                *text = Cow::Owned(cleaned);
            }
        });
    }
}

/// `buildLog`, `runLog`, …
fn is_log(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_suffix("log").is_some_and(|stage| STAGES.contains(&stage))
}
