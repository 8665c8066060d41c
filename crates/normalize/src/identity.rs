//! When two records are one.
//!
//! Exporters send a request again when its answer got lost, so the same record may arrive twice. It is recognized by what it
//! declares of itself ([`Declared`]): a span by its ids, a log record of Claude Code by session, time, number and name (session
//! and number alone come again: the number restarts in each process and `--resume` keeps the session), a metric's point by
//! series, start, time and measurement. A record that declares no identity is never taken for another one, and the content of
//! an event is never compared: two equal records may well be two events.
//!
//! Codex numbers nothing and never sends again, but proxies and collectors do. Its log records say the nanosecond in which they
//! were observed, within the process that made them: session, both times, name, kind and call tell them apart. Where a clock is
//! too coarse for that, two deltas of one response may share all of it; those come in one request, where they are two.
//!
//! An identity is XXH3-128 over a domain separator, tenant, provider, signal, the kind of declaration and its fields, each with
//! its length in front. The second record of the same identity *within one request* is another record: it gets the hash of
//! identity and ordinal, and so does its copy in the repeated request.
//!
//! `event_id` is the identity in hex; for a record without one, the hash of arrival and place in the request.

use std::collections::HashMap;

use record::dictionary::coding_agent_events as events;
use record::envelope::Envelope;
use record::otlp::LogRecord;
use twox_hash::XxHash3_128;

use crate::cells::Cells;

/// What a record says of itself that no other record says. Fields are compared as bytes.
#[derive(Clone, Copy)]
pub(crate) enum Declared<'f> {
    /// A log record numbered by its process: `event.timestamp` as sent.
    LogAtTimestamp {
        session: &'f str,
        timestamp: &'f str,
        sequence: i64,
        name: &'f str,
    },
    /// The same without `event.timestamp`.
    LogAtTime {
        session: &'f str,
        time_unix_nano: u64,
        sequence: i64,
        name: &'f str,
    },
    /// A log record that its process observed at a nanosecond: `event.timestamp` as sent, `event.kind` and `call_id` or empty.
    LogObserved {
        session: &'f str,
        timestamp: &'f str,
        observed_unix_nano: u64,
        name: &'f str,
        kind: &'f str,
        call: &'f str,
    },
    /// `log.record.uid` of the semantic conventions.
    LogUid {
        uid: &'f str,
    },
    Span {
        trace_id: [u8; 16],
        span_id: [u8; 8],
    },
    /// A metric's point. Of two measurements at the same time by the same series neither is a copy: two processes write one
    /// series when they do not tell themselves apart.
    Point {
        series: u128,
        start_time_unix_nano: u64,
        time_unix_nano: u64,
        measurement: &'f [u8],
    },
    /// A hook event whose sender gave it an id.
    Hook {
        session: &'f str,
        name: &'f str,
        id: &'f str,
    },
    /// An event or an error of a browser mod, by the UUID its sender gave it.
    Product {
        id: &'f str,
    },
    /// A record of an imported session file. Its id is the fact's own, whichever session's file it was read from.
    History {
        name: &'f str,
        id: &'f str,
    },
}

impl<'f> Declared<'f> {
    /// A log record's session, time, number and `name`, where the record tells them all. The session and the number alone come
    /// again.
    pub(crate) fn of_log(
        record: &LogRecord<'_>,
        name: &'f str,
        timestamp: Option<&'f str>,
        cells: &Cells<'f, '_>,
    ) -> Option<Self> {
        let session = cells.text(events::SESSION_ID)?;
        let sequence = cells.column(events::EVENT_SEQUENCE)?.to_int()?;
        let time_unix_nano = record.time_unix_nano;
        match timestamp {
            Some(timestamp) => Some(Self::LogAtTimestamp { session, timestamp, sequence, name }),
            None if time_unix_nano != 0 => Some(Self::LogAtTime { session, time_unix_nano, sequence, name }),
            None => None,
        }
    }
}

/// Gives the records of one request their identities, in order.
pub(crate) struct Identities {
    /// The fields to hash; begins with those that all records of the request share.
    fields: Vec<u8>,
    shared: usize,
    arrival: [u8; 16],
    index: u64,
    seen: HashMap<u128, u64>,
}

impl Identities {
    pub(crate) fn new(envelope: &Envelope) -> Self {
        let mut fields = Vec::with_capacity(256);
        push(&mut fields, b"modlake event identity 1");
        push(&mut fields, envelope.tenant.as_str().as_bytes());
        push(&mut fields, envelope.provider.as_str().as_bytes());
        push(&mut fields, envelope.signal.as_str().as_bytes());
        let shared = fields.len();
        Self { fields, shared, arrival: *envelope.arrival_id.as_bytes(), index: 0, seen: HashMap::new() }
    }

    /// The next record's event id and, if it declares one, its identity.
    pub(crate) fn next(&mut self, declared: Option<Declared<'_>>) -> (u128, Option<u128>) {
        let index = self.index;
        self.index += 1;
        let Some(declared) = declared else { return (self.place(index), None) };
        let first = self.hash(declared);
        // a UUID that comes twice in one request is one event all the same: a queue that was read twice sends such
        if matches!(declared, Declared::Product { .. }) {
            return (first, Some(first));
        }
        let ordinal = self.seen.entry(first).or_insert(0);
        let identity = if *ordinal == 0 { first } else { repeated(first, *ordinal) };
        *ordinal += 1;
        (identity, Some(identity))
    }

    fn hash(&mut self, declared: Declared<'_>) -> u128 {
        self.fields.truncate(self.shared);
        let fields = &mut self.fields;
        match declared {
            Declared::LogAtTimestamp { session, timestamp, sequence, name } => {
                push(fields, b"log at timestamp");
                push(fields, session.as_bytes());
                push(fields, timestamp.as_bytes());
                push(fields, &sequence.to_le_bytes());
                push(fields, name.as_bytes());
            }
            Declared::LogAtTime { session, time_unix_nano, sequence, name } => {
                push(fields, b"log at time");
                push(fields, session.as_bytes());
                push(fields, &time_unix_nano.to_le_bytes());
                push(fields, &sequence.to_le_bytes());
                push(fields, name.as_bytes());
            }
            Declared::LogObserved { session, timestamp, observed_unix_nano, name, kind, call } => {
                push(fields, b"log observed");
                push(fields, session.as_bytes());
                push(fields, timestamp.as_bytes());
                push(fields, &observed_unix_nano.to_le_bytes());
                push(fields, name.as_bytes());
                push(fields, kind.as_bytes());
                push(fields, call.as_bytes());
            }
            Declared::LogUid { uid } => {
                push(fields, b"log uid");
                push(fields, uid.as_bytes());
            }
            Declared::Span { trace_id, span_id } => {
                push(fields, b"span");
                push(fields, &trace_id);
                push(fields, &span_id);
            }
            Declared::Point { series, start_time_unix_nano, time_unix_nano, measurement } => {
                push(fields, b"point");
                push(fields, &series.to_le_bytes());
                push(fields, &start_time_unix_nano.to_le_bytes());
                push(fields, &time_unix_nano.to_le_bytes());
                push(fields, measurement);
            }
            Declared::Hook { session, name, id } => {
                push(fields, b"hook");
                push(fields, session.as_bytes());
                push(fields, name.as_bytes());
                push(fields, id.as_bytes());
            }
            Declared::Product { id } => {
                push(fields, b"product");
                push(fields, id.as_bytes());
            }
            Declared::History { name, id } => {
                push(fields, b"history");
                push(fields, name.as_bytes());
                push(fields, id.as_bytes());
            }
        }
        XxHash3_128::oneshot(fields)
    }

    fn place(&mut self, index: u64) -> u128 {
        self.fields.truncate(self.shared);
        push(&mut self.fields, b"place");
        push(&mut self.fields, &self.arrival);
        push(&mut self.fields, &index.to_le_bytes());
        XxHash3_128::oneshot(&self.fields)
    }
}

fn repeated(first: u128, ordinal: u64) -> u128 {
    let mut fields = Vec::with_capacity(64);
    push(&mut fields, b"modlake repeated identity 1");
    push(&mut fields, &first.to_le_bytes());
    push(&mut fields, &ordinal.to_le_bytes());
    XxHash3_128::oneshot(&fields)
}

/// A field with its length in front.
pub(crate) fn push(fields: &mut Vec<u8>, field: &[u8]) {
    fields.extend_from_slice(&(field.len() as u64).to_le_bytes());
    fields.extend_from_slice(field);
}
