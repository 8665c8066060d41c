//! What all rows of one request share.

use record::dictionary::{Column, coding_agent_events as events};
use record::envelope::Envelope;
use record::json;
use record::rows::Rows;

use crate::identity::{Declared, Identities};

pub(crate) struct Request<'e> {
    pub(crate) envelope: &'e Envelope,
    /// UUID with hyphens.
    pub(crate) arrival_id: String,
    identities: Identities,
}

impl<'e> Request<'e> {
    pub(crate) fn new(envelope: &'e Envelope) -> Self {
        Self { envelope, arrival_id: envelope.arrival_id.to_string(), identities: Identities::new(envelope) }
    }

    /// Begins a row of `coding_agent_events` with what the envelope knows.
    pub(crate) fn begin(&self, rows: &mut Rows) {
        rows.timestamp(events::RECEIVED_AT, self.envelope.received_at);
        rows.text(events::ARRIVAL_ID, &self.arrival_id);
        rows.text(events::PROVIDER, self.envelope.provider.as_str());
        rows.text(events::SIGNAL, self.envelope.signal.as_str());
    }

    /// The next record's id and, if it declares one, its identity.
    pub(crate) fn identify(&mut self, declared: Option<Declared<'_>>) -> (u128, Option<u128>) {
        self.identities.next(declared)
    }

    /// Ends the row, giving it its `event_id`.
    pub(crate) fn end(&mut self, declared: Option<Declared<'_>>, rows: &mut Rows) {
        self.end_at(events::EVENT_ID, declared, rows);
    }

    /// As [`Self::end`], where the id is in `column`.
    pub(crate) fn end_at(&mut self, column: Column, declared: Option<Declared<'_>>, rows: &mut Rows) {
        let (event_id, identity) = self.identify(declared);
        rows.text_with(column, |out| json::write_hex(&event_id.to_be_bytes(), out));
        rows.end_row(identity);
    }
}
