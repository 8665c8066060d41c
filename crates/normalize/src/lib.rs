//! Sanitized requests become rows: `events_raw`, one row for each request, `coding_agent_events`, one row for each log record,
//! span, hook event or imported record, `coding_agent_metrics`, one row for each metric data point, `product_events` and
//! `product_errors`, one row for each event and error of a browser mod (see [`product`]), and `traces`, one row for each row of a
//! trace file (see [`traces`]). Codex's spans about its own inside have a raw row only, and are counted.
//!
//! One file for each provider and signal says which attribute fills which column: [`claude`], [`codex`], [`cursor`],
//! [`generic`] for everything else, and [`metrics`] for the points of all. They share the names of [`names`], the way of a [`log`]
//! record, a [`span`] and a [`hook`] from attributes to a row in [`cells`], how [`tokens`] and a [`decision`] are told alike for
//! all, and two rules: [`identity`] says when two records are one, [`fact`] which rows tell of one and the same thing.
//!
//! # Which value wins
//!
//! 1. What the event says by being what it is: a `PostToolUseFailure` failed, a command with an exit code other than 0 did, too.
//! 2. The record's own attribute over the scope's, the scope's over the resource's. Agents copy resource attributes to every
//!    record, and what a record says is closer to what happened. A span is a record; a hook has its top-level keys and nothing
//!    around it.
//! 3. Within one of the three, the names in the order of the column's description in `record::dictionary`: for `org_id` these
//!    are `org_id`, `org.id`, `company.id`, `organization.id`. Hooks may say `user_id` and `user_email`, too, last.
//! 4. Of a repeated key, the first that fits the column.
//! 5. `repo` is made from `vcs.owner.name` and `vcs.repository.name`, else `vcs.repository.url.full`, only where none of the
//!    three names a `repo`.
//!
//! Names and types are taken as they come: no client's version is asked for, and an attribute that is missing or typed
//! otherwise leaves its own column empty and no other.
//!
//! # What stays in `attributes`
//!
//! Whatever fills no column, with its key as sent: unknown attributes, values that do not fit a typed column (`"many"` tokens),
//! names that lost against another one of the same column and say something different, values that a column tells in other
//! words (`approved` for `accept`), the sanitizer's markers. Attributes of scope and resource join only where they have no
//! column and the record has no such key, at most 2 KiB of each, so that a large resource is not written once per record; the
//! raw row keeps all. Fields of a record that are no attributes and have no column come as `body`, `severity_text`,
//! `span.events`, `span.links`; a hook event that is no object as `payload`.
//!
//! The placeholders `<REDACTED>` and `[REDACTED]`, by which agents say that they withheld a text, are dropped under every name of
//! a prompt, an output or an error. The raw row holds what the sanitizer left.
//!
//! Architecture invariant: this crate does no I/O and links neither arrow nor a query engine. It never refuses a record.

mod cells;
mod claude;
mod codex;
mod cursor;
mod decision;
mod dropped;
mod event_time;
mod fact;
mod fields;
mod generic;
mod history;
mod hook;
mod identity;
mod keys;
mod level;
mod log;
mod metrics;
mod names;
mod product;
mod raw;
mod request;
mod span;
mod tokens;
mod tool_call;
mod traces;

use record::arrival::Payload;
use record::dictionary::{coding_agent_events, coding_agent_metrics, events_raw, product_errors, product_events};
use record::envelope::Envelope;
use record::otlp::Otlp;
use record::rows::{Rows, Size};
use record::source::{Provider, Signal};
use record::trace::Trace;

pub use crate::dropped::Dropped;
pub use crate::traces::{TraceFile, TraceRows};

use crate::product::Tables;
use crate::request::Request;

/// Rows of one or many requests. Whoever stores them groups by tenant, source and type.
#[derive(Clone, Debug)]
pub struct Output {
    /// Rows of `events_raw`.
    pub raw: Rows,
    /// Rows of `coding_agent_events`.
    pub events: Rows,
    /// Rows of `coding_agent_metrics`.
    pub metrics: Rows,
    /// Rows of `product_events`.
    pub product_events: Rows,
    /// Rows of `product_errors`.
    pub product_errors: Rows,
    /// Spans that tell nothing about the agent and so have no row.
    pub dropped: Dropped,
    /// Rows of `traces` and `traces_rejected`, for each source and type of command.
    pub traces: Vec<TraceRows>,
    /// The trace files whose rows are in `traces`, in the order they came.
    pub trace_files: Vec<TraceFile>,
}

/// How much an [`Output`] held.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    raw: Size,
    events: Size,
    metrics: Size,
    product_events: Size,
    product_errors: Size,
}

impl Default for Output {
    fn default() -> Self {
        Self::sized_like(&Sizes::default())
    }
}

impl Output {
    /// No rows, with room for about as much as `earlier` held.
    pub fn sized_like(earlier: &Sizes) -> Self {
        Self {
            raw: Rows::sized_like(&earlier.raw, &events_raw::TABLE),
            events: Rows::sized_like(&earlier.events, &coding_agent_events::TABLE),
            metrics: Rows::sized_like(&earlier.metrics, &coding_agent_metrics::TABLE),
            product_events: Rows::sized_like(&earlier.product_events, &product_events::TABLE),
            product_errors: Rows::sized_like(&earlier.product_errors, &product_errors::TABLE),
            dropped: Dropped::default(),
            traces: Vec::new(),
            trace_files: Vec::new(),
        }
    }

    /// How much it holds.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            raw: self.raw.size(),
            events: self.events.size(),
            metrics: self.metrics.size(),
            product_events: self.product_events.size(),
            product_errors: self.product_errors.size(),
        }
    }

    /// The rows of each table whose partition the request alone gives: all but those of trace files.
    pub fn into_tables(self) -> [Rows; 5] {
        [self.raw, self.events, self.metrics, self.product_events, self.product_errors]
    }
}

/// What is known of a trace file before its rows are written: its day, its place in the lake, its hash.
pub fn trace_file(envelope: &Envelope, trace: &Trace<'_>) -> TraceFile {
    traces::file(trace, &Request::new(envelope))
}

/// Appends the rows of one request to `out`. A refused request has no `payload` and gets its raw row only.
///
/// The same envelope and payload give the same rows, ids included, whenever and however often they are normalized.
pub fn normalize(envelope: &Envelope, payload: Option<&Payload<'_>>, out: &mut Output) {
    let mut request = Request::new(envelope);
    let file = match payload {
        Some(Payload::Trace(trace)) => Some(traces::file(trace, &request)),
        _ => None,
    };
    raw::write(&request, payload, file.as_ref(), &mut out.raw);
    match payload {
        None => {}
        Some(Payload::Product(items)) => product::write(items, &mut request, &mut Tables::of(out)),
        Some(Payload::Trace(trace)) => {
            if let Some(file) = file {
                traces::write(trace, &file, &request, &mut out.traces);
                out.trace_files.push(file);
            }
        }
        Some(Payload::Otlp(Otlp::Metrics(groups))) => metrics::write(groups, &mut request, &mut out.metrics),
        Some(Payload::Otlp(Otlp::Logs(groups))) => match envelope.provider {
            Provider::ClaudeCode => claude::logs::write(groups, &mut request, &mut out.events),
            Provider::Codex => codex::logs::write(groups, &mut request, &mut out.events),
            Provider::BrowserMod => product::write_logs(groups, &mut request, &mut Tables::of(out)),
            Provider::Cursor | Provider::Other | Provider::Mod => {
                generic::logs::write(groups, &mut request, &mut out.events);
            }
        },
        Some(Payload::Otlp(Otlp::Traces(groups))) => match envelope.provider {
            Provider::ClaudeCode => claude::spans::write(groups, &mut request, &mut out.events),
            Provider::Codex => codex::spans::write(groups, &mut request, &mut out.events, &mut out.dropped),
            Provider::Cursor | Provider::Other | Provider::Mod | Provider::BrowserMod => {
                generic::spans::write(groups, &mut request, &mut out.events);
            }
        },
        Some(Payload::Hooks(records)) if envelope.signal == Signal::History => {
            history::write(records, &mut request, &mut out.events);
        }
        Some(Payload::Hooks(hooks)) => match envelope.provider {
            Provider::ClaudeCode => claude::hooks::write(hooks, &mut request, &mut out.events),
            Provider::Codex => codex::hooks::write(hooks, &mut request, &mut out.events),
            Provider::Cursor => cursor::hooks::write(hooks, &mut request, &mut out.events),
            Provider::Other | Provider::Mod | Provider::BrowserMod => {
                generic::hooks::write(hooks, &mut request, &mut out.events);
            }
        },
    }
}
