//! The text of a cell as a value of its column.

use record::dictionary::{Column, Kind};
use record::rows::Rows;
use record::trace;

/// Numbers beyond this are not whole in a double.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Sets the cell of the row being written. `false`: the text is none of the column's type, and the cell stays null.
pub(super) fn write(column: Column, text: &str, rows: &mut Rows) -> bool {
    match column.kind {
        Kind::Text | Kind::Json => rows.text(column, text),
        Kind::Int => match int(text.trim()) {
            Some(int) => rows.int(column, int),
            None => return false,
        },
        Kind::Double => match text.trim().parse::<f64>().ok().filter(|double| double.is_finite()) {
            Some(double) => rows.double(column, double),
            None => return false,
        },
        Kind::Bool => match bool(text) {
            Some(bool) => rows.bool(column, bool),
            None => return false,
        },
        Kind::Timestamp => match trace::instant(text) {
            Some(timestamp) => rows.timestamp(column, timestamp),
            None => return false,
        },
        Kind::Map => return false,
    }
    true
}

/// The outcome that `true` and `false` stood for.
pub(super) fn outcome(text: &str) -> Option<&str> {
    match bool(text) {
        Some(true) => Some("Succeeded"),
        Some(false) => Some("Failed"),
        None => Some(text.trim()).filter(|text| ["Succeeded", "Failed", "Canceled", "Skipped"].contains(text)),
    }
}

fn bool(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// `42`, and what a spreadsheet makes of it: `42.0`, `4.2E1`.
fn int(text: &str) -> Option<i64> {
    if let Ok(int) = text.parse() {
        return Some(int);
    }
    let double = text.parse::<f64>().ok().filter(|double| double.fract() == 0.0 && double.abs() < WHOLE)?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    Some(double as i64)
}
