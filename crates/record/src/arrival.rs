//! A decoded request body.

use crate::otlp::Otlp;
use crate::trace::Trace;
use crate::value::Value;

/// What `receive` makes of bytes, `sanitize` cleans and `normalize` reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<'a> {
    Otlp(Otlp<'a>),
    /// Hook events, or records of an imported session, each a JSON object.
    Hooks(Vec<Value<'a>>),
    /// A trace file of the `mod` command.
    Trace(Box<Trace<'a>>),
    /// Events or errors of browser mods, each a JSON object.
    Product(Vec<Value<'a>>),
}

impl Payload<'_> {
    /// Log records, spans, metric points, hook events, rows of a trace file, or events and errors of mods.
    pub fn record_count(&self) -> usize {
        match self {
            Self::Otlp(otlp) => otlp.record_count(),
            Self::Hooks(events) | Self::Product(events) => events.len(),
            Self::Trace(trace) => trace.rows.len() + trace.rejected.len(),
        }
    }
}
