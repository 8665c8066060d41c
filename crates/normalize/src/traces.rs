//! Trace files of the `mod` command: one row of `traces` for each row of the file, one of `traces_rejected` for each line that
//! no row could be made of.
//!
//! Columns are found by their names alone ([`header`]), values by the column's type ([`cell`]). A text that does not fit its
//! column leaves it null and stays in `attributes.unparsed`; a column that is none of the table's stays in `attributes`.

mod cell;
mod file;
mod header;
mod row;

use record::dictionary::{traces, traces_rejected};
use record::rows::Rows;
use record::source::Source;
use record::trace::{CommandType, Rejected, Trace};

pub use file::TraceFile;

use crate::request::Request;
use header::Header;

/// Rows of the trace files of one type of command.
#[derive(Clone, Debug)]
pub struct TraceRows {
    pub source: Source,
    pub command_type: CommandType,
    /// Rows of `traces`.
    pub rows: Rows,
    /// Rows of `traces_rejected`.
    pub rejected: Rows,
}

/// Bytes of a rejected line that its row keeps.
const RAW_LINE_BYTES: usize = 4_096;

impl TraceRows {
    fn new(source: Source, command_type: CommandType) -> Self {
        Self { source, command_type, rows: Rows::new(&traces::TABLE), rejected: Rows::new(&traces_rejected::TABLE) }
    }
}

/// What is known of the file before its rows are written.
pub(crate) fn file(trace: &Trace<'_>, request: &Request<'_>) -> TraceFile {
    TraceFile::of(trace, &Header::of(trace), request)
}

pub(crate) fn write(trace: &Trace<'_>, file: &TraceFile, request: &Request<'_>, out: &mut Vec<TraceRows>) {
    let same = |rows: &TraceRows| rows.source == file.source && rows.command_type == file.command_type;
    let place = out.iter().position(same).unwrap_or(out.len());
    if place == out.len() {
        out.push(TraceRows::new(file.source, file.command_type.clone()));
    }
    let TraceRows { rows, rejected, .. } = &mut out[place];
    let header = Header::of(trace);
    let mut writer = row::Writer::new(&header, file, request);
    for (number, row) in (1..).zip(&trace.rows) {
        writer.write(trace.row_cells(row), number, rows);
    }
    for line in &trace.rejected {
        write_rejected(line, file, request, rejected);
    }
}

fn write_rejected(line: &Rejected<'_>, file: &TraceFile, request: &Request<'_>, rows: &mut Rows) {
    let text = line.text.as_str();
    rows.text(traces_rejected::COMMAND_ID, file.command_id.as_str());
    rows.timestamp(traces_rejected::COMMAND_TIME, file.command_time);
    rows.int(traces_rejected::LINE_NUMBER, i64::from(line.line));
    rows.text(traces_rejected::REASON, &line.reason);
    rows.text(traces_rejected::RAW_LINE, text.get(..text.floor_char_boundary(RAW_LINE_BYTES)).unwrap_or_default());
    rows.text(traces_rejected::FILE_SHA256, &file.sha256);
    rows.timestamp(traces_rejected::RECEIVED_AT, request.envelope.received_at);
    rows.text(traces_rejected::ARRIVAL_ID, &request.arrival_id);
    file.end_row(traces_rejected::ROW_ID, b"line", u64::from(line.line), rows);
}
