//! How much a function could make of what it is given, and how many steps it could take.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

/// An argument: one value for each row, or one for all.
pub(crate) struct Given {
    pub array: ArrayRef,
    one_for_all: bool,
}

impl Given {
    pub(crate) fn of_all(args: &[ColumnarValue]) -> Result<Vec<Self>> {
        let of = |value: &ColumnarValue| match value {
            ColumnarValue::Array(array) => Ok(Self { array: Arc::clone(array), one_for_all: false }),
            ColumnarValue::Scalar(value) => Ok(Self { array: value.to_array()?, one_for_all: true }),
        };
        args.iter().map(of).collect()
    }

    pub(crate) fn rows(&self, from: usize, rows: usize) -> Self {
        let array = if self.one_for_all { Arc::clone(&self.array) } else { self.array.slice(from, rows) };
        Self { array, one_for_all: self.one_for_all }
    }

    /// Bytes of all rows, as if no two values shared memory.
    fn sum(&self, rows: usize) -> usize {
        logical(&self.array).saturating_mul(if self.one_for_all { rows } else { 1 })
    }

    /// As [`Given::sum`], texts that can be shared counted as what points to them.
    fn shared(&self, rows: usize) -> usize {
        bytes(&self.array, Texts::Shared).saturating_mul(if self.one_for_all { rows } else { 1 })
    }

    /// Bytes of the shortest and of the longest text.
    fn lengths(&self) -> (usize, usize) {
        let Ok(text) = cast(&self.array, &DataType::Utf8View) else { return (0, logical(&self.array)) };
        let lengths = text.as_string_view().iter().flatten().map(str::len);
        let (min, max) = lengths.fold((usize::MAX, 0), |(min, max), length| (min.min(length), max.max(length)));
        (min.min(max), max)
    }

    /// The largest number, negative ones counting as none.
    fn largest(&self) -> usize {
        let Ok(numbers) = cast(&self.array, &DataType::Int64) else { return usize::MAX };
        let largest = numbers.as_primitive::<Int64Type>().iter().flatten().max().unwrap_or(0);
        usize::try_from(largest).unwrap_or(0)
    }
}

/// What `function` makes of `rows` rows at most.
pub(crate) fn most_bytes(function: &str, given: &[Given], rows: usize) -> usize {
    let sum = |given: &[Given]| given.iter().map(|given| given.sum(rows)).fold(0, usize::saturating_add);
    match (function, given) {
        ("replace", [text, from, to]) => {
            let (bytes, shortest, longest) = (text.sum(rows), from.lengths().0.max(1), to.lengths().1);
            (bytes / shortest).saturating_add(rows).saturating_mul(longest).saturating_add(bytes)
        }
        ("regexp_replace", [text, _, to, ..]) => {
            // the empty text matches before every character; a `\1` of two bytes stands for no more than the match
            let bytes = text.sum(rows).saturating_add(rows);
            bytes.saturating_mul(to.lengths().1.saturating_mul(2).saturating_add(1))
        }
        ("repeat", [text, times]) => text.sum(rows).saturating_mul(times.largest()),
        // characters of up to four bytes, or as many as the filling's
        ("lpad" | "rpad", [text, width, fill @ ..]) => {
            let character = fill.first().map_or(4, |fill| fill.lengths().1.max(4));
            let filled = width.largest().saturating_mul(character).saturating_mul(rows);
            filled.saturating_add(text.sum(rows))
        }
        ("concat_ws", [separator, parts @ ..]) => {
            let separators = separator.sum(rows).saturating_mul(parts.len());
            sum(parts).saturating_add(separators).saturating_mul(CHARACTER)
        }
        ("array_to_string" | "list_to_string" | "array_join" | "list_join", [list, between @ ..]) => {
            let between = between.iter().map(|text| text.lengths().1).fold(NUMBER, usize::saturating_add);
            list.sum(rows).saturating_mul(between)
        }
        ("to_char" | "date_format", [_, format]) => format.sum(rows).saturating_mul(DATE_PART),
        ("string_to_array" | "string_to_list" | "cast" | "regexp_match", _) => sum(given).saturating_mul(NUMBER),
        ("||" | "concat" | "text" | "get_field", _) => sum(given),
        // a value as it stands there, or shorter without its escapes
        ("json_as_text" | "json_get_str" | "json_get_json", _) => sum(given),
        // a value of one byte becomes a text with its place; on the way, those of one row are texts of their own
        ("json_get_array" | "json_object_keys", [text, ..]) => {
            let texts = text.sum(rows).saturating_mul(2 * CHARACTER);
            texts.saturating_add(text.lengths().1.saturating_mul(NUMBER))
        }
        (name, _) if shares(name) => {
            let all = given.iter().map(|given| given.shared(rows)).fold(0, usize::saturating_add);
            all.saturating_mul(2)
        }
        _ => sum(given).saturating_mul(CHARACTER).saturating_add(rows.saturating_mul(DIGEST)),
    }
}

/// A byte becomes a character of up to four bytes, or as many digits.
const CHARACTER: usize = 4;
/// A number of one byte and what stands around it in a text, or the longest text of eight bytes (a double) by its bytes.
const NUMBER: usize = 48;
/// `%c` of a date's format is the longest.
const DATE_PART: usize = 24;
/// Results of a length of their own: a digest in hexadecimal, an id.
const DIGEST: usize = 128;

/// Functions that put values together or pick some without writing their texts again.
fn shares(function: &str) -> bool {
    const OTHERS: [&str; 5] = ["make_array", "make_list", "struct", "row", "named_struct"];
    OTHERS.contains(&function)
        || ["array_", "list_", "map", "flatten", "element_at"].iter().any(|start| function.starts_with(start))
}

/// Steps of the functions that take more of them than they are given bytes.
pub(crate) fn steps(function: &str, given: &[Given], rows: usize) -> usize {
    match (function, given) {
        ("levenshtein", [a, b]) => a.lengths().1.saturating_mul(b.lengths().1).saturating_mul(rows),
        ("regexp_replace" | "regexp_match" | "regexp_count" | "regexp_instr", [text, pattern, ..]) => {
            text.sum(rows).saturating_mul(pattern.lengths().1.max(1))
        }
        // one long text may be looked into for every row
        (name, [text, ..]) if name.starts_with("json_") => text.sum(rows),
        _ => 0,
    }
}

/// Functions whose result is small and whose way to it is long.
pub(crate) const SLOW_FUNCTIONS: [&str; 8] = [
    "json_contains",
    "json_get_bool",
    "json_get_float",
    "json_get_int",
    "json_length",
    "levenshtein",
    "regexp_count",
    "regexp_instr",
];

/// Bytes of the array's values, as if no two of them shared memory.
pub(crate) fn logical(array: &ArrayRef) -> usize {
    bytes(array, Texts::Whole)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Whole,
    Shared,
}

fn bytes(array: &ArrayRef, texts: Texts) -> usize {
    let rows = array.len();
    match array.data_type() {
        DataType::Utf8 => offsets(array.as_string::<i32>().value_offsets()) + 4 * rows,
        DataType::LargeUtf8 => offsets(array.as_string::<i64>().value_offsets()) + 8 * rows,
        DataType::Binary => offsets(array.as_binary::<i32>().value_offsets()) + 4 * rows,
        DataType::LargeBinary => offsets(array.as_binary::<i64>().value_offsets()) + 8 * rows,
        DataType::Utf8View | DataType::BinaryView if texts == Texts::Shared => VIEW * rows,
        DataType::Utf8View => array.as_string_view().lengths().map(|length| length as usize + VIEW).sum(),
        DataType::BinaryView => array.as_binary_view().lengths().map(|length| length as usize + VIEW).sum(),
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            bytes(&spanned(list.values(), list.value_offsets()), texts) + 4 * rows
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            bytes(&spanned(list.values(), list.value_offsets()), texts) + 8 * rows
        }
        DataType::FixedSizeList(_, _) => bytes(array.as_fixed_size_list().values(), texts),
        DataType::Map(_, _) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            bytes(&spanned(&entries, map.value_offsets()), texts) + 4 * rows
        }
        DataType::Struct(_) => array.as_struct().columns().iter().map(|column| bytes(column, texts) + rows).sum(),
        DataType::Dictionary(_, _) => {
            let values = array.as_any_dictionary().values();
            // as if every row had the longest
            let longest = (0..values.len()).map(|at| bytes(&values.slice(at, 1), texts)).max().unwrap_or(0);
            longest.saturating_mul(rows)
        }
        other => other.primitive_width().map_or_else(|| array.get_array_memory_size(), |width| width * rows),
    }
}

/// Of the largest of the column's values, in bytes. `shares`: a copy of a text that is a view is a pointer.
pub(crate) fn longest_value(column: &ArrayRef, shares: bool) -> usize {
    let longest =
        |offsets: &[i32]| offsets.windows(2).map(|ends| ends[1].abs_diff(ends[0]) as usize).max().unwrap_or(0);
    match column.data_type() {
        DataType::Utf8 => longest(column.as_string::<i32>().value_offsets()),
        DataType::Binary => longest(column.as_binary::<i32>().value_offsets()),
        DataType::Utf8View if shares => 0,
        DataType::Utf8View => column.as_string_view().lengths().max().unwrap_or(0) as usize,
        DataType::Dictionary(_, _) if shares => 0,
        other if other.primitive_width().is_some() || matches!(other, DataType::Null | DataType::Boolean) => 0,
        DataType::Map(_, _) => {
            let map = column.as_map();
            let rows = (0..map.len()).filter(|row| map.value_length(*row) > 0);
            rows.map(|row| logical(&column.slice(row, 1))).max().unwrap_or(0)
        }
        // nested values and rare ones: the rows one by one
        _ => (0..column.len()).map(|row| logical(&column.slice(row, 1))).max().unwrap_or(0),
    }
}

/// What points to a text that is shared.
const VIEW: usize = 16;

/// The values between the first and the last offset.
fn spanned<O: arrow::array::OffsetSizeTrait>(values: &ArrayRef, ends: &[O]) -> ArrayRef {
    values.slice(ends.first().map_or(0, |first| first.as_usize()), offsets(ends))
}

fn offsets<O: arrow::array::OffsetSizeTrait>(offsets: &[O]) -> usize {
    match offsets {
        [first, .., last] => last.as_usize() - first.as_usize(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
