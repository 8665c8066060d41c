//! A trace file as a whole.

use record::dictionary::Column;
use record::json;
use record::rows::Rows;
use record::source::Source;
use record::time::{Day, Timestamp};
use record::trace::{self, CommandId, CommandType, Trace};
use twox_hash::XxHash3_128;

use super::header::{self, Header};
use crate::fields::Fields;
use crate::identity::push;
use crate::request::Request;

/// A trace file whose rows were written, and where it is to lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceFile {
    pub source: Source,
    pub command_type: CommandType,
    pub command_id: CommandId,
    /// The time of all its rows: one file lies in one partition.
    pub command_time: Timestamp,
    /// Its day in UTC.
    pub day: Day,
    /// Key below the lake's root.
    pub object: String,
    /// Size of the object.
    pub bytes: usize,
    /// Of the object, hex.
    pub sha256: String,
    pub rows: usize,
    pub rejected: usize,
    /// What the rows' identities have in common.
    identity: Vec<u8>,
}

impl TraceFile {
    pub(super) fn of(trace: &Trace<'_>, header: &Header, request: &Request<'_>) -> Self {
        let envelope = request.envelope;
        let source = envelope.signal.trace_source().unwrap_or(Source::Cli);
        let (command_type, command_id) = (trace.command_type.clone(), trace.command_id.clone());
        let command_time = command_time(trace, header, envelope.received_at);
        let day = command_time.day().unwrap_or(Day { year: 1970, month: 1, day: 1 });
        let csv = trace.to_csv();
        let sha256 = trace::sha256(&csv);
        let mut identity = Vec::with_capacity(256);
        for field in [
            "modlake trace identity 1",
            envelope.tenant.as_str(),
            source.as_str(),
            command_type.as_str(),
            command_id.as_str(),
            &sha256,
        ] {
            push(&mut identity, field.as_bytes());
        }
        Self {
            source,
            command_time,
            day,
            object: trace::object_key(&envelope.tenant, source, &command_type, day, &command_id),
            bytes: csv.len(),
            sha256,
            rows: trace.rows.len(),
            rejected: trace.rejected.len(),
            identity,
            command_type,
            command_id,
        }
    }

    /// Ends a row with the identity of the file's `kind` number `number`.
    pub(super) fn end_row(&self, column: Column, kind: &[u8], number: u64, rows: &mut Rows) {
        let mut fields = Vec::with_capacity(self.identity.len() + 32);
        fields.extend_from_slice(&self.identity);
        push(&mut fields, kind);
        push(&mut fields, &number.to_le_bytes());
        let identity = XxHash3_128::oneshot(&fields);
        rows.text_with(column, |out| json::write_hex(&identity.to_be_bytes(), out));
        rows.end_row(Some(identity));
    }

    /// What `events_raw.raw_event` says of the file.
    pub(crate) fn write_summary(&self, out: &mut Vec<u8>) {
        let mut fields = Fields::begin(out);
        fields.text("type", self.command_type.as_str());
        fields.text("command_id", self.command_id.as_str());
        fields.text("object", &self.object);
        for (key, count) in [("bytes", self.bytes), ("rows", self.rows), ("rejected", self.rejected)] {
            fields.with(key, |out| out.extend_from_slice(count.to_string().as_bytes()));
        }
        fields.text("sha256", &self.sha256);
        fields.end();
    }
}

/// The latest start of what the command did, else the first time in the file, else the receipt. A clock that is years off is
/// not believed.
fn command_time(trace: &Trace<'_>, header: &Header, received_at: Timestamp) -> Timestamp {
    let believed = |at: &Timestamp| at.is_believable(received_at);
    let times = |column: Option<Column>| {
        trace
            .cells
            .iter()
            .filter(move |cell| header.is_time(cell.column, column))
            .filter_map(|cell| trace::instant(cell.text.as_str()))
            .filter(believed)
    };
    let own = header::own_start(&trace.command_type);
    let latest = own.and_then(|own| times(Some(own)).max());
    latest.or_else(|| times(None).next()).unwrap_or(received_at)
}
