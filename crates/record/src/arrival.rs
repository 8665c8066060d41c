//! A decoded request body.

use crate::otlp::Otlp;
use crate::value::Value;

/// What `receive` makes of bytes, `sanitize` cleans and `normalize` reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload<'a> {
    Otlp(Otlp<'a>),
    /// Hook events, or records of an imported session, each a JSON object.
    Hooks(Vec<Value<'a>>),
}

impl Payload<'_> {
    /// Log records, spans, metric points or hook events.
    pub fn record_count(&self) -> usize {
        match self {
            Self::Otlp(otlp) => otlp.record_count(),
            Self::Hooks(events) => events.len(),
        }
    }
}
