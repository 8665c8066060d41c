//! Normalized rows, column by column, laid out as Arrow lays out its arrays so that the lake takes them over without copying.
//!
//! A text column is `offsets` (one more than rows, `i32`) and `bytes`; a map column is the texts of all keys, those of all values
//! and where each row's begin; numbers are plain vectors; booleans and validity are bitmaps, least significant bit first.

use std::borrow::Cow;
use std::ops::Range;

use crate::dictionary::{Column, Kind, Table};
use crate::json;
use crate::time::Timestamp;
use crate::value::Value;

/// Rows of one table. Cells of the row being written are set in any order; [`Rows::end_row`] fills the rest with null.
#[derive(Clone, Debug)]
pub struct Rows {
    table: &'static Table,
    columns: Vec<ColumnValues>,
    identities: Vec<Option<u128>>,
    len: usize,
}

/// How much [`Rows`] held.
#[derive(Clone, Debug, Default)]
pub struct Size {
    rows: usize,
    /// By column.
    text_bytes: Vec<usize>,
}

/// The values of one column, nulls included.
#[derive(Clone, Debug)]
pub struct ColumnValues {
    pub values: Values,
    pub validity: Bitmap,
}

#[derive(Clone, Debug)]
pub enum Values {
    Text(Texts),
    Int(Vec<i64>),
    Double(Vec<f64>),
    Bool(Bitmap),
    /// Microseconds since 1970 UTC.
    Timestamp(Vec<i64>),
    Map(Entries),
}

/// Texts one behind the other; the n-th ends where the next begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// One more than texts.
    pub offsets: Vec<i32>,
    pub bytes: Vec<u8>,
}

/// The entries of all maps of a column; the n-th row's end where those of the next begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// One more than rows.
    pub offsets: Vec<i32>,
    pub keys: Texts,
    pub values: Texts,
}

/// Bits, least significant first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    pub bytes: Vec<u8>,
    pub len: usize,
    pub set: usize,
}

impl Bitmap {
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if bit {
            if let Some(last) = self.bytes.last_mut() {
                *last |= 1 << (self.len % 8);
            }
            self.set += 1;
        }
        self.len += 1;
    }

    pub fn get(&self, index: usize) -> bool {
        self.bytes.get(index / 8).is_some_and(|byte| byte & (1 << (index % 8)) != 0)
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self { offsets: vec![0], bytes: Vec::new() }
    }
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.end();
    }

    /// What was written since the last text is one.
    fn end(&mut self) {
        self.offsets.push(offset(self.bytes.len()));
    }

    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn get(&self, index: usize) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(range(&self.offsets, index)?)?).ok()
    }

    fn size(&self) -> usize {
        self.offsets.len() * 4 + self.bytes.len()
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self { offsets: vec![0], keys: Texts::default(), values: Texts::default() }
    }
}

impl Entries {
    fn end(&mut self) {
        self.offsets.push(offset(self.keys.len()));
    }

    fn get(&self, row: usize) -> impl Iterator<Item = (&str, &str)> {
        let entries = range(&self.offsets, row).unwrap_or_default();
        entries.filter_map(|entry| Some((self.keys.get(entry)?, self.values.get(entry)?)))
    }

    fn size(&self) -> usize {
        self.offsets.len() * 4 + self.keys.size() + self.values.size()
    }
}

impl Rows {
    pub fn new(table: &'static Table) -> Self {
        let columns = table.columns.iter().map(|column| ColumnValues::new(column.kind)).collect();
        Self { table, columns, identities: Vec::new(), len: 0 }
    }

    /// Rows with room for about as much as `earlier` held: a chunk of the journal is much like the one before it, and growing
    /// large columns step by step costs more than filling them.
    pub fn sized_like(earlier: &Size, table: &'static Table) -> Self {
        let mut rows = Self::new(table);
        for (column, text_bytes) in rows.columns.iter_mut().zip(&earlier.text_bytes) {
            column.reserve(earlier.rows, *text_bytes);
        }
        rows.identities.reserve(earlier.rows);
        rows
    }

    /// How much these rows hold.
    pub fn size(&self) -> Size {
        Size { rows: self.len, text_bytes: self.columns.iter().map(ColumnValues::text_bytes).collect() }
    }

    pub fn table(&self) -> &'static Table {
        self.table
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held by the values; what a flush by size counts.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(ColumnValues::bytes).sum()
    }

    /// Is the cell of the row being written still empty?
    pub fn is_unset(&self, column: Column) -> bool {
        self.columns[column.index].validity.len == self.len
    }

    /// Sets a text cell of the row being written. The first value of a cell stays.
    pub fn text(&mut self, column: Column, text: &str) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Text(texts) = &mut at.values {
            texts.push(text);
            at.validity.push(true);
        }
    }

    pub fn int(&mut self, column: Column, int: i64) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Int(ints) = &mut at.values {
            ints.push(int);
            at.validity.push(true);
        }
    }

    pub fn double(&mut self, column: Column, double: f64) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Double(doubles) = &mut at.values {
            doubles.push(double);
            at.validity.push(true);
        }
    }

    pub fn bool(&mut self, column: Column, bool: bool) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Bool(bools) = &mut at.values {
            bools.push(bool);
            at.validity.push(true);
        }
    }

    pub fn timestamp(&mut self, column: Column, timestamp: Timestamp) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Timestamp(micros) = &mut at.values {
            micros.push(timestamp.0);
            at.validity.push(true);
        }
    }

    /// Writes text into the cell through `write`, without a string in between.
    pub fn text_with(&mut self, column: Column, write: impl FnOnce(&mut Vec<u8>)) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Text(texts) = &mut at.values {
            write(&mut texts.bytes);
            texts.end();
            at.validity.push(true);
        }
    }

    /// Sets a map. Readers expect each key once, which is for the caller to see to.
    pub fn map<'e>(&mut self, column: Column, entries: impl IntoIterator<Item = (&'e str, &'e str)>) {
        let at = &mut self.columns[column.index];
        if at.validity.len > self.len {
            return;
        }
        if let Values::Map(map) = &mut at.values {
            for (key, value) in entries {
                map.keys.push(key);
                map.values.push(value);
            }
            map.end();
            at.validity.push(true);
        }
    }

    /// Sets the cell from a dynamic value, coerced to the column's kind. Returns whether the value fitted: what did not fit
    /// is for the caller to keep elsewhere.
    pub fn value(&mut self, column: Column, value: &Value<'_>) -> bool {
        match column.kind {
            Kind::Text | Kind::Json => match value {
                Value::Text(text) => self.text(column, text),
                Value::Null => return false,
                other => self.text_with(column, |out| json::write_value(other, out)),
            },
            Kind::Int => match value.to_int() {
                Some(int) => self.int(column, int),
                None => return false,
            },
            Kind::Double => match value.to_double() {
                Some(double) => self.double(column, double),
                None => return false,
            },
            Kind::Bool => match value.to_bool() {
                Some(bool) => self.bool(column, bool),
                None => return false,
            },
            Kind::Timestamp => match value.as_str().and_then(Timestamp::parse) {
                Some(timestamp) => self.timestamp(column, timestamp),
                None => return false,
            },
            // no sender's value is one: keys may come twice in it, and its values need not be texts
            Kind::Map => return false,
        }
        true
    }

    /// Ends the row. `identity` is the declared identity of the record, if it has one: rows of equal identity are one record
    /// delivered again. A record without one is never taken for another.
    pub fn end_row(&mut self, identity: Option<u128>) {
        let len = self.len;
        for column in &mut self.columns {
            if column.validity.len == len {
                column.push_null();
            }
        }
        self.identities.push(identity);
        self.len += 1;
    }

    /// The columns in the order of the table's dictionary, and each row's identity.
    pub fn into_columns(self) -> (Vec<ColumnValues>, Vec<Option<u128>>) {
        (self.columns, self.identities)
    }

    pub fn identities(&self) -> &[Option<u128>] {
        &self.identities
    }

    /// A text cell, for tests and messages.
    pub fn get_text(&self, row: usize, column: Column) -> Option<&str> {
        let values = &self.columns[column.index];
        let Values::Text(texts) = &values.values else { return None };
        if values.validity.get(row) { texts.get(row) } else { None }
    }

    /// Any cell as a dynamic value, for tests and messages.
    pub fn get(&self, row: usize, column: Column) -> Value<'_> {
        let values = &self.columns[column.index];
        if !values.validity.get(row) {
            return Value::Null;
        }
        match &values.values {
            Values::Text(texts) => texts.get(row).map_or(Value::Null, Value::text),
            Values::Int(ints) | Values::Timestamp(ints) => Value::Int(ints[row]),
            Values::Double(doubles) => Value::Double(doubles[row]),
            Values::Bool(bools) => Value::Bool(bools.get(row)),
            Values::Map(map) => {
                Value::Map(map.get(row).map(|(key, value)| (Cow::Borrowed(key), Value::text(value))).collect())
            }
        }
    }
}

impl ColumnValues {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text | Kind::Json => Values::Text(Texts::default()),
            Kind::Int => Values::Int(Vec::new()),
            Kind::Double => Values::Double(Vec::new()),
            Kind::Bool => Values::Bool(Bitmap::default()),
            Kind::Timestamp => Values::Timestamp(Vec::new()),
            Kind::Map => Values::Map(Entries::default()),
        };
        Self { values, validity: Bitmap::default() }
    }

    fn reserve(&mut self, rows: usize, text: usize) {
        match &mut self.values {
            Values::Text(texts) => {
                texts.offsets.reserve(rows);
                texts.bytes.reserve(text);
            }
            Values::Int(ints) | Values::Timestamp(ints) => ints.reserve(rows),
            Values::Double(doubles) => doubles.reserve(rows),
            Values::Bool(bits) => bits.bytes.reserve(rows / 8),
            Values::Map(map) => map.offsets.reserve(rows),
        }
        self.validity.bytes.reserve(rows / 8);
    }

    fn text_bytes(&self) -> usize {
        match &self.values {
            Values::Text(texts) => texts.bytes.len(),
            _ => 0,
        }
    }

    fn push_null(&mut self) {
        match &mut self.values {
            Values::Text(texts) => texts.end(),
            Values::Int(ints) | Values::Timestamp(ints) => ints.push(0),
            Values::Double(doubles) => doubles.push(0.0),
            Values::Bool(bools) => bools.push(false),
            Values::Map(map) => map.end(),
        }
        self.validity.push(false);
    }

    fn bytes(&self) -> usize {
        self.validity.bytes.len()
            + match &self.values {
                Values::Text(texts) => texts.size(),
                Values::Int(values) | Values::Timestamp(values) => values.len() * 8,
                Values::Double(values) => values.len() * 8,
                Values::Bool(bits) => bits.bytes.len(),
                Values::Map(map) => map.size(),
            }
    }
}

/// From the offset `index` to the next.
fn range(offsets: &[i32], index: usize) -> Option<Range<usize>> {
    let at = |index: usize| usize::try_from(*offsets.get(index)?).ok();
    Some(at(index)?..at(index + 1)?)
}

/// Rows are handed on long before 2 GiB of text: the drain reads the journal in chunks of a few megabytes.
fn offset(len: usize) -> i32 {
    i32::try_from(len).expect("a chunk of rows holds less than 2 GiB of text in a column")
}

#[cfg(test)]
mod tests;
