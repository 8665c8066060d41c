//! What browser mods send: events, errors and records of their own making.
//!
//! Such data is what somebody wrote a mod to record, so there is no list of what may stay: all of it stays, redacted, with its
//! addresses trimmed ([`address`](crate::address)). In events and errors addresses are trimmed wherever they stand; in records of a
//! database, which may be lists of links, only where the key says that it is an address, a message or a stack trace.

use std::borrow::Cow;

use record::otlp::{LogRecord, ResourceGroup};
use record::value::{Attributes, Value};

use super::clean::Cleaner;
use super::keys::{Class, Place};
use super::marks::Marks;
use super::structure::{Around, Told, folded};
use crate::SenderEmail;
use crate::address::{self, Kind};

/// Lists and maps within each other.
const DEPTH: u8 = 128;

/// Who sends it, at the top of an event, an error or a record, and in its `person`.
const SENDERS: [&str; 4] = ["email", "user_email", "userEmail", "user.email"];
/// Rows are joined by these: as ids of agents, they are no personal data, and no copies of anything.
const IDS: [&str; 24] = [
    "uid",
    "modId",
    "mod_id",
    "mod.id",
    "blueprintId",
    "modVersion",
    "mod_version",
    "mod.version",
    "blueprintVersion",
    "modComponentId",
    "mod_component_id",
    "extensionId",
    "extension_uuid",
    "starterBrickId",
    "extensionPointId",
    "deploymentId",
    "deployment_id",
    "runId",
    "run_id",
    "sessionId",
    "session_id",
    "session.id",
    "navigationId",
    "navigation_id",
];
/// As well, where an event or an error says them of itself.
const OWN_IDS: [&str; 9] =
    ["uuid", "id", "event", "name", "timestamp", "deployment", "user_agent", "platform_name", "class_name"];

/// Where a tree stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    /// The fields of an event, an error, a person.
    Fields,
    /// The data of an event.
    Data,
    /// The fields of a record of a database.
    Record,
    Within {
        trims_all: bool,
    },
}

impl Root {
    fn trims_all(self) -> bool {
        matches!(self, Self::Fields | Self::Data | Self::Within { trims_all: true })
    }

    fn is_sender(self, key: &str) -> bool {
        matches!(self, Self::Fields | Self::Record) && SENDERS.contains(&key)
    }

    fn is_identity(self, key: &str) -> bool {
        match self {
            Self::Fields => IDS.contains(&key) || OWN_IDS.contains(&key),
            Self::Data => IDS.contains(&key),
            Self::Record | Self::Within { .. } => false,
        }
    }

    fn inside(self, key: &str) -> Self {
        match (self, key) {
            (Self::Fields, "person" | "attributes") => self,
            (Self::Fields, "data") => Self::Data,
            _ => Self::Within { trims_all: self.trims_all() },
        }
    }
}

impl Cleaner<'_> {
    /// An event or an error. Anything but an object is emptied: `receive` lets none pass.
    pub(super) fn product_item(&mut self, item: &mut Value<'_>) {
        let Value::Map(entries) = item else {
            self.report.unknown_withheld += 1;
            *item = Value::Map(Vec::new());
            return;
        };
        self.session.enter(&[entries]);
        self.fields(entries);
    }

    /// A record of a database, or any other tree; what was done to it is only counted.
    pub(super) fn free_data(&mut self, data: &mut Value<'_>) {
        let mut marks = Marks::default();
        self.tree(data, Around::default(), Root::Record, &mut marks, 0);
        self.finish(marks, &mut Attributes::new());
    }

    /// OpenTelemetry events of browser mods.
    pub(super) fn product_logs(&mut self, groups: &mut [ResourceGroup<'_, LogRecord<'_>>]) {
        for group in groups {
            for scope in &mut group.scopes {
                for record in &mut scope.records {
                    self.session.enter(&[&group.resource.attributes, &record.attributes]);
                    self.product_record(record);
                }
                let mut marks = Marks::default();
                self.label("scope.name", &mut scope.scope.name, &mut marks);
                self.label("scope.version", &mut scope.scope.version, &mut marks);
                self.label("schema_url", &mut scope.schema_url, &mut marks);
                self.finish(marks, &mut Attributes::new());
                self.fields(&mut scope.scope.attributes);
            }
            let mut marks = Marks::default();
            self.label("schema_url", &mut group.schema_url, &mut marks);
            self.finish(marks, &mut Attributes::new());
            self.fields(&mut group.resource.attributes);
        }
    }

    fn product_record(&mut self, record: &mut LogRecord<'_>) {
        let mut marks = self.earlier_marks(&mut record.attributes);
        self.label("severity_text", &mut record.severity_text, &mut marks);
        address::trim(Kind::Other, &mut record.event_name, self.keep_query);
        self.label("event_name", &mut record.event_name, &mut marks);
        self.tree(&mut record.body, Around::key("message"), Root::Within { trims_all: true }, &mut marks, 0);
        self.entries_of(&mut record.attributes, Around::default(), Root::Fields, &mut marks, 0);
        self.finish(marks, &mut record.attributes);
    }

    fn fields(&mut self, entries: &mut Attributes<'_>) {
        let mut marks = self.earlier_marks(entries);
        self.entries_of(entries, Around::default(), Root::Fields, &mut marks, 0);
        self.finish(marks, entries);
    }

    /// What an earlier sanitizing wrote goes, and is written anew.
    fn earlier_marks(&mut self, entries: &mut Attributes<'_>) -> Marks {
        let mut marks = Marks::default();
        entries.retain(|(key, value)| {
            let Some(Class::Mark(mark)) = self.keys.class(Place::Log, key) else { return true };
            self.earlier_mark(mark, value, &mut marks);
            false
        });
        marks
    }

    fn tree(&mut self, value: &mut Value<'_>, around: Around<'_>, root: Root, marks: &mut Marks, depth: u8) {
        if depth > DEPTH {
            self.report.unknown_withheld += 1;
            marks.withhold(around.name());
            *value = Value::Null;
            return;
        }
        match value {
            Value::Text(text) => self.text_of(text, around, root, marks),
            Value::Int(number) => {
                if let Some(placeholder) = self.number(*number, around, marks) {
                    *value = Value::text(placeholder);
                }
            }
            Value::List(items) => {
                for item in items {
                    self.tree(item, around, root, marks, depth + 1);
                }
            }
            Value::Map(entries) => self.entries_of(entries, around, root, marks, depth),
            Value::Bytes(_) => {
                self.report.unknown_withheld += 1;
                marks.withhold(around.name());
                *value = Value::Null;
            }
            Value::Null | Value::Bool(_) | Value::Double(_) => {}
        }
    }

    fn entries_of(
        &mut self,
        entries: &mut Attributes<'_>,
        around: Around<'_>,
        root: Root,
        marks: &mut Marks,
        depth: u8,
    ) {
        let told = Told::by(entries);
        for (key, value) in entries {
            match value {
                Value::Text(text) if root.is_sender(key) => self.sender_of(key, text, marks),
                Value::Text(text) if root.is_identity(key) => {
                    address::trim(Kind::Other, text, self.keep_query);
                    if !self.redact_identity(text, marks) {
                        marks.withhold(key);
                    }
                }
                value => self.tree(value, told.around(key, around), root.inside(key), marks, depth + 1),
            }
            if root.trims_all() {
                address::trim(Kind::Other, key, self.keep_query);
            }
            if !self.redact(key, marks) {
                self.report.unknown_withheld += 1;
            }
        }
    }

    fn sender_of(&mut self, key: &str, text: &mut Cow<'_, str>, marks: &mut Marks) {
        if self.sender_email == SenderEmail::Hash && !text.is_empty() {
            self.mask("email", text, marks);
        }
        if !self.redact_identity(text, marks) {
            marks.withhold(key);
        }
    }

    fn text_of(&mut self, text: &mut Cow<'_, str>, around: Around<'_>, root: Root, marks: &mut Marks) {
        let kind = Kind::of(&folded(around.name()));
        if root.trims_all() || kind != Kind::Other {
            address::trim(kind, text, self.keep_query);
        }
        if !self.leaf(text, around, marks) {
            self.report.unknown_withheld += 1;
            marks.withhold(around.name());
        }
    }
}
