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
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use record::arrival::Payload;
use record::caller::Tenant;
use record::secret::Secret;
use record::source::Provider;

mod address;
pub mod capture;
mod product;
mod sessions;

pub use sessions::{Bounds, Sessions};

use capture::{Cleaning, Keys, Policy};
use redact::{Counts, HashKey, Known, Redactor};

/// Bytes of the longest value that is looked at; a longer one is withheld. See [`Sanitizer::with_max_value_bytes`].
pub const MAX_VALUE_BYTES: usize = 16 << 20;

/// The rule by which all values of files that exist to hold secrets go; it tells by the file, not by the text.
pub const SENSITIVE_FILE: &str = "sensitive_file";

/// The policy and the compiled rules; made once, shared by every request.
#[derive(Debug)]
pub struct Sanitizer(Cleaning);

/// What becomes of the address by which agents identify the sender (`user.email`): it is kept by policy, which the class `email`
/// of redaction does not change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SenderEmail {
    #[default]
    Keep,
    /// A placeholder with a keyed hash, by which people can still be counted.
    Hash,
}

/// Whose request it is, as far as redaction must know.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'o> {
    /// Of the tenant's placeholders.
    pub key: &'o HashKey,
    /// What earlier requests of a session told, and the tenant whose sessions these are. `None`: only the request itself counts.
    pub sessions: Option<(&'o Sessions, &'o Tenant)>,
    /// Keys of this server, which are masked wherever they stand.
    pub own_keys: &'o [&'o Secret],
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
        Self::with_redactor(policy, Redactor::new())
    }

    /// With rules that somebody chose.
    pub fn with_redactor(policy: Policy, redactor: Redactor) -> Self {
        let keys = Keys::new(&policy.keep_attributes);
        Self(Cleaning {
            policy,
            keys,
            redactor,
            max_value_bytes: MAX_VALUE_BYTES,
            sender_email: SenderEmail::Keep,
            masks_files: true,
            keep_query: false,
        })
    }

    #[must_use]
    pub fn with_sender_email(mut self, sender_email: SenderEmail) -> Self {
        self.0.sender_email = sender_email;
        self
    }

    /// Whether all values of files that exist to hold secrets go: the rule `sensitive_file`.
    #[must_use]
    pub fn with_sensitive_files(mut self, masked: bool) -> Self {
        self.0.masks_files = masked;
        self
    }

    /// Values of more bytes are withheld unseen: redaction fails closed.
    #[must_use]
    pub fn with_max_value_bytes(mut self, bytes: usize) -> Self {
        self.0.max_value_bytes = bytes;
        self
    }

    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Applies the capture policy, then redaction, to every string of the request.
    /// Placeholders are made with the tenant's `key`.
    pub fn sanitize(&self, payload: &mut Payload<'_>, provider: Provider, key: &HashKey) -> Report {
        self.sanitize_for(payload, provider, &Owner { key, sessions: None, own_keys: &[] })
    }

    /// As [`Self::sanitize`], where more is known of who sends it.
    pub fn sanitize_for(&self, payload: &mut Payload<'_>, provider: Provider, owner: &Owner<'_>) -> Report {
        self.0.clean(payload, provider, owner)
    }

    /// Redaction alone, for text that comes from a request by another way: error messages, names. Nothing of a text is left that
    /// could not be looked at.
    pub fn redact_text<'t>(&self, text: &'t str, key: &HashKey) -> Cow<'t, str> {
        if text.len() > self.0.max_value_bytes {
            return Cow::Borrowed("");
        }
        let redact = || self.0.redactor.with_key(key).redact(Cow::Borrowed(text), &mut Counts::default());
        catch_unwind(AssertUnwindSafe(redact)).unwrap_or_default()
    }
}

impl Owner<'_> {
    /// Values remembered of one request or session.
    fn values(&self) -> usize {
        self.sessions.map_or(Bounds::default(), |(sessions, _)| sessions.bounds()).values
    }

    fn known(&self, session: &str) -> Option<Arc<Known>> {
        self.sessions.and_then(|(sessions, tenant)| sessions.known(tenant, session))
    }

    fn learn(&self, session: &str, known: &Known) {
        if let Some((sessions, tenant)) = self.sessions {
            sessions.learn(tenant, session, known);
        }
    }
}

#[cfg(test)]
mod tests;
