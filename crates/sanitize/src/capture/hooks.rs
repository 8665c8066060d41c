//! Hook payloads: one JSON object an event, of whatever agent.

use record::value::{self, Attribute, Value};

use super::clean::{Cleaner, Context};
use super::keys::Place;
use super::marks::Marks;

impl Cleaner<'_> {
    /// Anything but an object is emptied: no agent sends it, and nothing is known about it.
    pub(super) fn hook(&mut self, event: &mut Value<'_>) {
        let Value::Map(entries) = event else {
            if *event != Value::Null {
                self.report.unknown_withheld += 1;
            }
            *event = Value::Map(Vec::new());
            return;
        };
        let nested: &[Attribute<'_>] =
            value::get(entries, "attributes").and_then(Value::as_map).map_or(&[], Vec::as_slice);
        let context = Context {
            place: Place::Hook,
            consent: self.consent(&[entries, nested]),
            emitter_keys: &[],
            is_response_body: false,
            resource: &[],
            depth: 0,
        };
        let mut marks = Marks::default();
        self.record(&context, entries, &mut marks);
        self.finish(marks, entries);
    }
}
