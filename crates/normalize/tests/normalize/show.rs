//! Rows as lines of JSON: columns that are not null, in the order of the table.

use std::fmt::Write;

use normalize::{Output, normalize};
use record::arrival::Payload;
use record::dictionary::Kind;
use record::json;
use record::rows::Rows;
use record::source::{Provider, Signal};
use record::time::Timestamp;
use record::value::Value;

use crate::support;

/// The rows of the table that the payload is for.
pub(crate) fn rows_of(payload: &Payload<'_>, provider: Provider) -> Rows {
    let signal = match payload {
        Payload::Hooks(_) => Signal::Hooks,
        Payload::Trace(_) => Signal::CliTraces,
        Payload::Product(_) => Signal::ProductEvents,
        Payload::Otlp(record::otlp::Otlp::Logs(_)) => Signal::Logs,
        Payload::Otlp(record::otlp::Otlp::Traces(_)) => Signal::Traces,
        Payload::Otlp(record::otlp::Otlp::Metrics(_)) => Signal::Metrics,
    };
    let mut out = Output::default();
    normalize(&support::envelope(provider, signal), Some(payload), &mut out);
    if signal == Signal::Metrics { out.metrics } else { out.events }
}

/// Without the columns that are the same in every row of a capture.
pub(crate) fn lines(rows: &Rows) -> String {
    let same = ["received_at", "arrival_id", "provider"];
    let mut lines = String::new();
    for row in 0..rows.len() {
        let mut separator = '{';
        for column in rows.table().columns.iter().filter(|column| !same.contains(&column.name)) {
            let value = rows.get(row, *column);
            let shown = match (column.kind, &value) {
                (_, Value::Null) => continue,
                (Kind::Json, Value::Text(text)) => text.to_string(),
                (Kind::Timestamp, Value::Int(micros)) => format!("\"{}\"", Timestamp(*micros).to_rfc3339()),
                (_, value) => {
                    let mut out = Vec::new();
                    json::write_value(value, &mut out);
                    String::from_utf8(out).expect("text")
                }
            };
            write!(lines, "{separator}\"{}\":{shown}", column.name).expect("memory");
            separator = ',';
        }
        lines.push_str("}\n");
    }
    lines
}
