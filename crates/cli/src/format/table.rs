//! Aligned columns for people: numbers to the right, `NULL` where there is no value, control characters escaped.

use std::io::Write;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::Answer;
use crate::error::CliError;
use crate::print::printable;

/// A table is laid out as a whole, so it has to fit into memory.
const LIMIT: u64 = 64 << 20;

#[derive(Deserialize)]
struct Rows {
    columns: Vec<Column>,
    rows: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

/// Returns the number of rows.
pub(crate) fn write(answer: Answer, out: &mut dyn Write) -> Result<usize, CliError> {
    let answer: Rows = answer.json(LIMIT)?;
    writeln!(out, "{}", draw(&answer)).map_err(|error| CliError::output(&error))?;
    Ok(answer.rows.len())
}

fn draw(answer: &Rows) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(answer.columns.iter().map(|column| printable(&column.name).into_owned()));
    for row in &answer.rows {
        table.add_row(answer.columns.iter().map(|column| cell(row.get(&column.name).unwrap_or(&Value::Null))));
    }
    table.to_string()
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::new("NULL"),
        Value::String(text) => Cell::new(printable(text)),
        Value::Number(number) => Cell::new(number).set_alignment(CellAlignment::Right),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Cell::new(printable(&value.to_string())),
    }
}

#[cfg(test)]
mod tests;
