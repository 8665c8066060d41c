//! Whether a tool call was allowed: `accept` or `reject` for all agents, and who decided.
//!
//! Claude Code and Gemini CLI say `accept` and `reject`; Codex says `approved`, `approved_for_session`, `denied`, `abort`. What is
//! spelled otherwise stays in `attributes` beside the column, and so does what is neither (`unknown`).

use record::dictionary::coding_agent_events as events;
use record::rows::Rows;
use record::value::Value;

use crate::cells::Cells;
use crate::keys::Held;

pub(crate) const ACCEPT: &str = "accept";
pub(crate) const REJECT: &str = "reject";

/// Sets `decision` and, on a record that has one, `decision_source` from `source`.
pub(crate) fn write(cells: &mut Cells<'_, '_>, rows: &mut Rows) {
    let told = cells.held(Held::Decision).is_some();
    if told {
        let text = cells.held_text(Held::Decision);
        let decision = text.and_then(decision);
        if let Some(decision) = decision {
            rows.text(events::DECISION, decision);
        }
        if text != decision {
            cells.keep(Held::Decision);
        }
    }
    if let Some(source) = cells.held(Held::Source) {
        if told && rows.is_unset(events::DECISION_SOURCE) && matches!(source, Value::Text(_)) {
            rows.value(events::DECISION_SOURCE, source);
        } else {
            cells.keep(Held::Source);
        }
    }
}

fn decision(text: &str) -> Option<&'static str> {
    const ACCEPTED: [&str; 4] = [ACCEPT, "approved", "auto_accept", "modify"];
    const REJECTED: [&str; 4] = [REJECT, "denied", "abort", "timed_out"];
    let says = |words: &[&str]| {
        let is = |word| text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        words.iter().any(|word| is(*word))
    };
    if says(&ACCEPTED) {
        Some(ACCEPT)
    } else if says(&REJECTED) {
        Some(REJECT)
    } else {
        None
    }
}
