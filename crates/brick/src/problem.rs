//! What is wrong with a definition, and the list of it.

use serde::Serialize;

use crate::node::{Node, Place};

/// Characters of a name from the file that a message quotes.
const QUOTED_CHARS: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The definition cannot run as it is.
    Error,
    /// It can run, but hardly as it was meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub severity: Severity,
    /// A name for scripts; see docs/bricks.md.
    pub code: &'static str,
    /// Of the value in the definition, such as `pipeline[0].config.body[3].outputKey`; empty for the file as a whole.
    pub path: String,
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode code points.
    pub column: usize,
    /// What was wrong, and what was expected.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// The codes.
pub(crate) mod code {
    pub(crate) const TOO_LARGE: &str = "too-large";
    pub(crate) const SYNTAX: &str = "syntax";
    pub(crate) const TAG: &str = "tag";
    pub(crate) const DUPLICATE: &str = "duplicate";
    pub(crate) const MISSING: &str = "missing";
    pub(crate) const TYPE: &str = "type";
    pub(crate) const VALUE: &str = "value";
    pub(crate) const UNKNOWN: &str = "unknown";
    pub(crate) const SCHEMA: &str = "schema";
    pub(crate) const REFERENCE: &str = "reference";
    pub(crate) const UNKNOWN_BRICK: &str = "unknown-brick";
    pub(crate) const OUTPUT_KEY: &str = "output-key";
    pub(crate) const EXPRESSION: &str = "expression";
    pub(crate) const UNDEFINED: &str = "undefined";
    pub(crate) const NOT_RUN: &str = "not-run";
}

/// Problems in the order they were found, up to a limit.
pub(crate) struct Problems {
    found: Vec<Problem>,
    limit: usize,
}

impl Problems {
    pub(crate) fn new(limit: usize) -> Self {
        Self { found: Vec::new(), limit }
    }

    pub(crate) fn error(&mut self, code: &'static str, path: &str, place: Place, message: String, hint: &str) {
        self.add(Severity::Error, code, path, place, message, hint);
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        path: &str,
        place: Place,
        message: String,
        hint: &str,
    ) {
        if self.is_full() {
            return;
        }
        let Place { line, column } = place;
        self.found.push(Problem {
            severity,
            code,
            path: path.to_owned(),
            line,
            column,
            message,
            hint: hint.to_owned(),
        });
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    pub(crate) fn has(&self, code: &str) -> bool {
        self.found.iter().any(|problem| problem.code == code)
    }

    /// Whether no more are told.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= self.limit
    }

    /// By place, and whether no more were told.
    pub(crate) fn sorted(mut self) -> (Vec<Problem>, bool) {
        let is_full = self.is_full();
        self.found.sort_by_key(|problem| (problem.line, problem.column));
        (self.found, is_full)
    }
}

/// A name from the file for a message: of bounded length, without what moves a terminal's cursor.
pub(crate) fn quoted(name: &str) -> String {
    let visible = |char: char| if char.is_control() { '\u{fffd}' } else { char };
    let mut short: String = name.chars().take(QUOTED_CHARS).map(visible).collect();
    if name.chars().nth(QUOTED_CHARS).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

/// "expected a text, found a list".
pub(crate) fn expected(what: &str, found: &Node) -> String {
    format!("expected {what}, found {}", found.kind())
}
