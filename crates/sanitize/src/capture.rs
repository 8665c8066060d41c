//! The capture policy: which text of a request may stay.
//!
//! The rule (seed page of the coding-agent intake, "Capture policy"), separately for prompts and for outputs:
//! `capture = server_capture OR (allow_event_level_opt_in AND event_level_opt_in)`. An event opts in by the attribute
//! `moda.capture_prompts` / `moda.capture_outputs` (`true`, `"true"` or `"1"`) on the log record, span, data point or hook
//! (top level or in its `attributes`), or on the resource, where it counts for all records of that resource: that is what an
//! environment block can set.
//!
//! A prompt that Claude Code or Codex sends as its user prompt event or span counts as opted in at the emitter (its user had
//! to switch it on there) while [`Policy::honor_emitter_prompts`]. Hooks always carry the text, so they never count so.
//!
//! Trace files have no such opt-in ([`trace`]), nor has what browser mods send ([`data`]): both are the owner's own records.
//!
//! Every key has a class ([`keys`]). What no table knows is content when it may hold text.

mod clean;
mod command;
mod data;
mod error;
mod exit_code;
mod hooks;
mod keys;
mod marks;
mod otlp;
mod policy;
mod sensitive_file;
mod session;
mod structure;
mod text;
mod tool_input;
mod trace;

pub use policy::{Policy, VARIABLES};

pub(crate) use keys::Keys;

use std::cell::RefCell;

use record::arrival::Payload;
use record::source::Provider;
use record::value::Value;
use redact::{Known, Redactor};

use crate::{Owner, Report, SenderEmail};
use clean::Cleaner;
use session::Session;

/// Everything that is the same for all requests.
#[derive(Debug)]
pub(crate) struct Cleaning {
    pub(crate) policy: Policy,
    pub(crate) keys: Keys,
    pub(crate) redactor: Redactor,
    pub(crate) max_value_bytes: usize,
    pub(crate) sender_email: SenderEmail,
    pub(crate) masks_files: bool,
    pub(crate) keep_query: bool,
}

impl Cleaning {
    /// Cleans a request. Where it told secrets that were not known before, it is gone over again for their bare copies: a copy may
    /// stand before the place that tells what it is. Sanitizing what is sanitized changes nothing else.
    pub(crate) fn clean(&self, payload: &mut Payload<'_>, provider: Provider, owner: &Owner<'_>) -> Report {
        self.clean_with(provider, owner, &mut |cleaner| match &mut *payload {
            Payload::Otlp(otlp) => cleaner.otlp(otlp),
            Payload::Hooks(events) => events.iter_mut().for_each(|event| cleaner.hook(event)),
            Payload::Trace(trace) => cleaner.trace(trace),
            Payload::Product(items) => items.iter_mut().for_each(|item| cleaner.product_item(item)),
        })
    }

    /// Cleans a free tree of JSON, as above.
    pub(crate) fn clean_data(&self, data: &mut Value<'_>, owner: &Owner<'_>) -> Report {
        self.clean_with(Provider::BrowserMod, owner, &mut |cleaner| cleaner.free_data(data))
    }

    fn clean_with(&self, provider: Provider, owner: &Owner<'_>, clean: &mut dyn FnMut(&mut Cleaner<'_>)) -> Report {
        let most = owner.values();
        let mut known = Known::default();
        for own in owner.own_keys {
            known.insert(owner.key, own.reveal(), "modlake_key", most.max(owner.own_keys.len()));
        }
        let (mut report, learned) = self.pass(provider, owner, &known, clean);
        if learned.is_empty() {
            return report;
        }
        for (session, values) in &learned {
            owner.learn(session, values);
            known.merge(values, most);
        }
        let (again, _) = self.pass(provider, owner, &known, clean);
        report.redactions.merge(&again.redactions);
        report.unknown_withheld += again.unknown_withheld;
        report
    }

    /// What it learned comes back by session.
    fn pass(
        &self,
        provider: Provider,
        owner: &Owner<'_>,
        request_known: &Known,
        clean: &mut dyn FnMut(&mut Cleaner<'_>),
    ) -> (Report, Vec<(Box<str>, Known)>) {
        let learned = RefCell::default();
        let mut cleaner = Cleaner {
            policy: &self.policy,
            keys: &self.keys,
            max_value_bytes: self.max_value_bytes,
            sender_email: self.sender_email,
            masks_files: self.masks_files,
            keep_query: self.keep_query,
            redactor: self.redactor.with_key(owner.key).learning(&learned, owner.values()),
            request_known,
            session: Session::new(owner, &learned),
            is_sensitive_file: false,
            provider,
            report: Report::default(),
        };
        clean(&mut cleaner);
        (cleaner.report, cleaner.session.leave())
    }
}
