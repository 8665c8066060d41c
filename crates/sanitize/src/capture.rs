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
//! Trace files have no such opt-in ([`trace`]).
//!
//! Every key has a class ([`keys`]). What no table knows is content when it may hold text.

mod clean;
mod command;
mod error;
mod exit_code;
mod hooks;
mod keys;
mod otlp;
mod policy;
mod tool_input;
mod trace;

pub use policy::{Policy, VARIABLES};

pub(crate) use keys::Keys;

use record::arrival::Payload;
use record::source::Provider;
use redact::Keyed;

use crate::Report;
use clean::Cleaner;

pub(crate) fn clean(
    policy: &Policy,
    keys: &Keys,
    redactor: Keyed<'_>,
    payload: &mut Payload<'_>,
    provider: Provider,
) -> Report {
    let mut cleaner = Cleaner { policy, keys, redactor, provider, report: Report::default() };
    match payload {
        Payload::Otlp(otlp) => cleaner.otlp(otlp),
        Payload::Hooks(events) => events.iter_mut().for_each(|event| cleaner.hook(event)),
        Payload::Trace(trace) => cleaner.trace(trace),
    }
    cleaner.report
}
