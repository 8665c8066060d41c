//! What was done to one record, as the attributes it carries afterwards.

use std::borrow::Cow;
use std::collections::BTreeMap;

use record::value::{Attributes, Value};
use redact::Counts;

use super::clean::Cleaner;
use super::keys::{self, Mark};

/// Key names in `content_withheld`.
const WITHHELD_NAMES: usize = 32;
/// Rules of an earlier sanitizing that are taken over.
const EARLIER_RULES: usize = 64;
/// Bytes of a rule's id.
const RULE_BYTES: usize = 64;

/// What was done to one record, written onto it by [`Cleaner::finish`].
#[derive(Default)]
pub(super) struct Marks {
    pub(super) prompt_redacted: bool,
    pub(super) output_redacted: bool,
    pub(super) prompt_truncated: bool,
    pub(super) output_truncated: bool,
    withheld: Vec<String>,
    /// From an earlier sanitizing, perhaps with rules that are none here.
    earlier: BTreeMap<String, u64>,
    pub(super) redactions: Counts,
}

impl Marks {
    /// Names a key whose value was removed. A name that does not look like one is not repeated.
    pub(super) fn withhold(&mut self, key: &str) {
        let name = if keys::is_key(key) { key } else { "other" };
        if self.withheld.len() < WITHHELD_NAMES && !self.withheld.iter().any(|known| known == name) {
            self.withheld.push(name.to_owned());
        }
    }

    fn is_empty(&self) -> bool {
        let flags = self.prompt_redacted || self.output_redacted || self.prompt_truncated || self.output_truncated;
        !flags && self.withheld.is_empty() && self.earlier.is_empty() && self.redactions.is_empty()
    }

    /// `{"bearer":1,"token":2}`, sorted by rule.
    fn redactions_json(&self) -> String {
        let mut counts = self.earlier.clone();
        for (rule, count) in self.redactions.iter() {
            let sum = counts.entry(rule.to_owned()).or_default();
            *sum = sum.saturating_add(count);
        }
        let pairs: Vec<String> = counts.iter().map(|(rule, count)| format!("\"{rule}\":{count}")).collect();
        format!("{{{}}}", pairs.join(","))
    }
}

impl Cleaner<'_> {
    /// Writes what was done as attributes, and into the report.
    pub(super) fn finish(&mut self, marks: Marks, attributes: &mut Attributes<'_>) {
        if marks.is_empty() {
            return;
        }
        self.report.redactions.merge(&marks.redactions);
        let redactions = marks.redactions_json();
        let withheld = marks.withheld.into_iter().map(Value::text).collect::<Vec<_>>();
        for mark in Mark::ALL {
            let (present, value) = match mark {
                Mark::PromptRedacted => (marks.prompt_redacted, Value::Bool(true)),
                Mark::OutputRedacted => (marks.output_redacted, Value::Bool(true)),
                Mark::PromptTruncated => (marks.prompt_truncated, Value::Bool(true)),
                Mark::OutputTruncated => (marks.output_truncated, Value::Bool(true)),
                Mark::Withheld => (!withheld.is_empty(), Value::List(withheld.clone())),
                Mark::Redactions => (redactions != "{}", Value::text(redactions.clone())),
            };
            if present {
                attributes.push((Cow::Borrowed(mark.key()), value));
            }
        }
    }

    /// Takes over what an earlier sanitizing wrote, as far as it is what sanitizing writes.
    pub(super) fn earlier_mark(&mut self, mark: Mark, value: &Value<'_>, marks: &mut Marks) {
        let is_true = *value == Value::Bool(true);
        match (mark, value) {
            (Mark::PromptRedacted, _) => marks.prompt_redacted |= is_true,
            (Mark::OutputRedacted, _) => marks.output_redacted |= is_true,
            (Mark::PromptTruncated, _) => marks.prompt_truncated |= is_true,
            (Mark::OutputTruncated, _) => marks.output_truncated |= is_true,
            (Mark::Withheld, Value::List(names)) => {
                for name in names.iter().filter_map(Value::as_str) {
                    marks.withhold(if self.is_clean(name) { name } else { "other" });
                }
            }
            (Mark::Redactions, Value::Text(text)) => {
                let counts: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
                for (rule, count) in counts {
                    let count = count.as_u64().unwrap_or(0);
                    let room = marks.earlier.len() < EARLIER_RULES || marks.earlier.contains_key(&rule);
                    if count > 0 && room && is_rule_id(&rule) && self.is_clean(&rule) {
                        let sum = marks.earlier.entry(rule).or_default();
                        *sum = sum.saturating_add(count);
                    }
                }
            }
            _ => {}
        }
    }

    fn is_clean(&self, text: &str) -> bool {
        let mut copy = Cow::Borrowed(text);
        self.redact(&mut copy, &mut Marks::default()) && copy == text
    }
}

/// A rule of ours, of a user, or of a client of another version: `lower_snake_case`.
fn is_rule_id(id: &str) -> bool {
    id.len() <= RULE_BYTES
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
