//! One row of the file as a row of `traces`.

use std::collections::BTreeMap;

use record::dictionary::{Column, Kind, traces};
use record::json;
use record::rows::Rows;
use record::trace::Cell;

use super::cell;
use super::file::TraceFile;
use super::header::{Header, Target};
use crate::fields::Fields;
use crate::request::Request;

/// How the sanitizer's placeholders begin; the rule and a colon follow.
const PLACEHOLDER: &str = "[REDACTED:";

/// Writes the rows of one file.
pub(super) struct Writer<'w, 't> {
    header: &'w Header,
    file: &'w TraceFile,
    request: &'w Request<'w>,
    tags: Vec<Option<&'t str>>,
    attributes: Vec<Option<&'t str>>,
    unparsed: Vec<(Column, &'t str)>,
    /// Secrets that were replaced, by rule.
    redactions: BTreeMap<&'t str, u64>,
}

impl<'w, 't> Writer<'w, 't> {
    pub(super) fn new(header: &'w Header, file: &'w TraceFile, request: &'w Request<'w>) -> Self {
        let (tags, attributes) = (vec![None; header.tags.len()], vec![None; header.attributes.len()]);
        Self { header, file, request, tags, attributes, unparsed: Vec::new(), redactions: BTreeMap::new() }
    }

    /// `number`: the row's in its file, from 1.
    pub(super) fn write(&mut self, cells: &'t [Cell<'_>], number: u64, rows: &mut Rows) {
        self.tags.fill(None);
        self.attributes.fill(None);
        self.unparsed.clear();
        self.redactions.clear();
        for cell in cells {
            let Some(target) = self.header.targets.get(usize::from(cell.column)) else { continue };
            self.cell(*target, cell.text.as_str(), cells, rows);
        }
        self.write_tags(rows);
        self.write_attributes(rows);
        rows.text(traces::COMMAND_ID, self.file.command_id.as_str());
        rows.timestamp(traces::COMMAND_TIME, self.file.command_time);
        rows.int(traces::ROW_NUMBER, i64::try_from(number).unwrap_or(i64::MAX));
        rows.text(traces::FILE_SHA256, &self.file.sha256);
        rows.timestamp(traces::RECEIVED_AT, self.request.envelope.received_at);
        rows.text(traces::ARRIVAL_ID, &self.request.arrival_id);
        self.file.end_row(traces::ROW_ID, b"row", number, rows);
    }

    fn cell(&mut self, target: Target, text: &'t str, row: &'t [Cell<'_>], rows: &mut Rows) {
        if text.is_empty() {
            return;
        }
        match target {
            Target::Column(column) => {
                let fits = cell::write(column, text, rows);
                if !fits {
                    self.unparsed.push((column, text));
                }
                if !fits || column.kind == Kind::Text {
                    self.count_redactions(text);
                }
            }
            Target::Outcome(column) => match cell::outcome(text) {
                Some(outcome) => rows.text(column, outcome),
                None => self.unparsed.push((column, text)),
            },
            Target::Again { column, attribute } => {
                let written = rows.is_unset(column) && cell::write(column, text, rows);
                let said = || row.iter().any(|other| other.text.as_str() == text && self.fills(other, column));
                if !written && !said() {
                    self.attribute(attribute, text);
                }
                self.count_redactions(text);
            }
            Target::Tag(place) => {
                self.tags[place].get_or_insert(text);
                self.count_redactions(text);
            }
            Target::Attribute(place) => {
                self.attribute(place, text);
                self.count_redactions(text);
            }
        }
    }

    /// Is it the cell that the column was filled from?
    fn fills(&self, cell: &Cell<'_>, column: Column) -> bool {
        matches!(self.header.targets.get(usize::from(cell.column)), Some(Target::Column(filled)) if filled.index == column.index)
    }

    fn attribute(&mut self, place: usize, text: &'t str) {
        self.attributes[place].get_or_insert(text);
    }

    fn count_redactions(&mut self, text: &'t str) {
        for (at, _) in text.match_indices(PLACEHOLDER) {
            let rest = text.get(at + PLACEHOLDER.len()..).unwrap_or_default();
            let rule = rest.split_once(':').map_or("", |(rule, _)| rule);
            if !rule.is_empty() && rule.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
                *self.redactions.entry(rule).or_default() += 1;
            }
        }
    }

    fn write_tags(&self, rows: &mut Rows) {
        if self.tags.iter().all(Option::is_none) {
            return;
        }
        let tags = self.header.tags.iter().zip(&self.tags);
        rows.map(traces::TAGS, tags.filter_map(|(key, text)| Some((key.as_str(), (*text)?))));
    }

    fn write_attributes(&self, rows: &mut Rows) {
        let nothing = self.attributes.iter().all(Option::is_none) && self.unparsed.is_empty();
        if nothing && self.redactions.is_empty() {
            return;
        }
        rows.text_with(traces::ATTRIBUTES, |out| {
            let mut fields = Fields::begin(out);
            for (name, text) in self.header.attributes.iter().zip(&self.attributes) {
                if let Some(text) = text {
                    fields.text(name, text);
                }
            }
            if !self.unparsed.is_empty() {
                fields.with("unparsed", |out| self.write_unparsed(out));
            }
            if !self.redactions.is_empty() {
                fields.with("redactions", |out| self.write_redactions(out));
            }
            fields.end();
        });
    }

    fn write_unparsed(&self, out: &mut Vec<u8>) {
        let mut fields = Fields::begin(out);
        for (column, text) in &self.unparsed {
            fields.text(column.name, text);
        }
        fields.end();
    }

    /// As text, as the other tables have it.
    fn write_redactions(&self, out: &mut Vec<u8>) {
        let mut counts = Vec::new();
        let mut fields = Fields::begin(&mut counts);
        for (rule, count) in &self.redactions {
            fields.with(rule, |out| out.extend_from_slice(count.to_string().as_bytes()));
        }
        fields.end();
        json::write_str(&String::from_utf8_lossy(&counts), out);
    }
}
