//! Cleans a decoded request in place, before a byte of it is written anywhere.
//!
//! Two jobs: [`capture`] decides which text may stay at all (prompts, outputs, commands and whatever may hold them go unless
//! somebody opted in), and the crate [`redact`] takes secrets out of every text that stays.
//!
//! What a record carries afterwards, as attributes (log record, span, data point, resource) or top-level keys (hook):
//!
//! | key | value | meaning |
//! |---|---|---|
//! | `prompt_text_redacted`, `output_snippet_redacted` | `true` | text was sent and suppressed here |
//! | `prompt_text_truncated`, `output_snippet_truncated` | `true` | captured text was cut at the policy's limit |
//! | `content_withheld` | list of key names | unknown or oversized values that were removed, and reduced commands, tool inputs and errors |
//! | `exit_code` | integer | what a tool's output or error said of it (see `capture::exit_code`) |
//! | `redactions` | text, a JSON object of rule → count | secrets replaced by `[REDACTED:<rule>:<hash>]` |
//!
//! Sanitizing what is sanitized changes nothing.
//!
//! Architecture invariant: pure; no clock, no I/O, no environment.

use std::borrow::Cow;

use record::arrival::Payload;
use record::source::Provider;

pub mod capture;

use capture::{Keys, Policy};
use redact::{Counts, HashKey, Redactor};

/// The policy and the compiled rules; made once, shared by every request.
#[derive(Debug)]
pub struct Sanitizer {
    policy: Policy,
    keys: Keys,
    redactor: Redactor,
}

/// What one request lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Values with prompt text that were removed.
    pub prompts_suppressed: u64,
    /// Values with output text that were removed.
    pub outputs_suppressed: u64,
    /// Command lines cut down to their program, and tool inputs cut down to their known keys.
    pub commands_reduced: u64,
    /// Values under unknown keys, or too large for their key, that were removed.
    pub unknown_withheld: u64,
    /// Secrets replaced, by rule.
    pub redactions: Counts,
}

impl Sanitizer {
    pub fn new(policy: Policy) -> Self {
        let keys = Keys::new(&policy.keep_attributes);
        Self { policy, keys, redactor: Redactor::new() }
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Applies the capture policy, then redaction, to every string of the request.
    /// Placeholders are made with the tenant's `key`.
    pub fn sanitize(&self, payload: &mut Payload<'_>, provider: Provider, key: &HashKey) -> Report {
        capture::clean(&self.policy, &self.keys, self.redactor.with_key(key), payload, provider)
    }

    /// Redaction alone, for text that comes from a request by another way: error messages, names.
    pub fn redact_text<'t>(&self, text: &'t str, key: &HashKey) -> Cow<'t, str> {
        self.redactor.with_key(key).redact(Cow::Borrowed(text), &mut Counts::default())
    }
}

#[cfg(test)]
mod tests;
