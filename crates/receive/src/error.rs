//! What is wrong with a body, and where.

use std::fmt::Write;

/// A body that cannot be decoded: the client's fault, answered with 400 and not retried.
///
/// Shape: `resource_logs[0].scope_logs[0].log_records[3].attributes[2].key: text is not UTF-8 (byte 512)`.
/// Paths name fields as the body's encoding does (`log_records` in protobuf, `logRecords` in JSON). No text of the body
/// is ever part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason} (byte {offset})")]
pub struct DecodeError {
    /// The field, or `body`.
    pub path: String,
    pub reason: String,
    /// How far into the (decompressed) body.
    pub offset: usize,
}

/// A fault on its way up: every level it passes adds its name, innermost first.
#[derive(Debug)]
pub(crate) struct Fault(Box<Parts>);

#[derive(Debug)]
struct Parts {
    at: usize,
    reason: String,
    trail: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Field(String),
    Index(usize),
}

impl Fault {
    #[cold]
    pub(crate) fn new(at: usize, reason: impl Into<String>) -> Self {
        Self(Box::new(Parts { at, reason: reason.into(), trail: Vec::new() }))
    }

    #[cold]
    pub(crate) fn field(mut self, name: &str) -> Self {
        self.0.trail.push(Step::Field(name.to_owned()));
        self
    }

    #[cold]
    pub(crate) fn index(mut self, index: usize) -> Self {
        self.0.trail.push(Step::Index(index));
        self
    }

    /// `base`: what the fault's position counts from.
    #[cold]
    pub(crate) fn into_error(self, base: usize) -> DecodeError {
        let mut path = String::new();
        for step in self.0.trail.iter().rev() {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => drop(write!(path, ".{name}")),
                Step::Index(index) => drop(write!(path, "[{index}]")),
            }
        }
        if path.is_empty() {
            path.push_str("body");
        }
        DecodeError { path, reason: self.0.reason, offset: self.0.at.saturating_sub(base) }
    }
}
