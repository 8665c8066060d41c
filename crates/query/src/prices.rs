//! What models cost: the list behind the table `prices`, and the function by which views price a request.
//!
//! A file of prices is CSV: lines that begin with `#` and empty lines are skipped, the first other line is [`HEADER`], each
//! further line one price. A field with a comma stands in double quotes. What the columns mean stands in the file that is
//! shipped, `prices/default.csv`, which is used where the owner names none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use record::source::Provider;
use record::time::Timestamp;
use thiserror::Error;

mod function;

pub(crate) use function::PriceOf;

/// The first line of a file of prices.
pub const HEADER: &str = "provider,model,valid_from,valid_to,input,output,cache_read,cache_creation,source";

const SHIPPED: &str = include_str!("prices/default.csv");

/// The columns of the table `prices`: name, type as users read it, meaning.
pub const COLUMNS: [(&str, &str, &str); 9] = [
    ("provider", "text", "agent the price is for; `*` is all"),
    ("model", "text", "the model's name; `*` stands for any text, and the row with most other characters counts"),
    ("valid_from", "date", "first day it holds, UTC; null is without beginning"),
    ("valid_to", "date", "the day after the last; null is without end"),
    ("input", "double", "US dollars per million input tokens that were neither read from nor written to the cache"),
    ("output", "double", "US dollars per million output tokens"),
    ("cache_read", "double", "US dollars per million input tokens read from the cache; null is unknown"),
    ("cache_creation", "double", "US dollars per million input tokens written to the cache; null is unknown"),
    ("source", "text", "where the price comes from"),
];

/// Why a file of prices cannot be used.
#[derive(Debug, Error)]
pub enum PricesError {
    #[error("cannot read the prices in {}: {source}", file.display())]
    Read { file: PathBuf, source: std::io::Error },
    #[error("prices in {file}, line {line}: {problem}")]
    Line { file: String, line: usize, problem: String },
}

/// A list of prices. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Prices {
    list: Arc<Vec<Price>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Price {
    provider: String,
    model: String,
    /// Days since 1970 UTC.
    valid_from: Option<i32>,
    valid_to: Option<i32>,
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_creation: Option<f64>,
    source: String,
}

impl Default for Prices {
    /// The shipped list.
    fn default() -> Self {
        Self::parse(SHIPPED, "the shipped list").expect("the shipped list is read by a test")
    }
}

impl Prices {
    pub fn load(file: &Path) -> Result<Self, PricesError> {
        let text =
            std::fs::read_to_string(file).map_err(|source| PricesError::Read { file: file.to_owned(), source })?;
        Self::parse(&text, &file.display().to_string())
    }

    /// `file` is named in errors.
    pub fn parse(text: &str, file: &str) -> Result<Self, PricesError> {
        let fail = |line: usize, problem: String| PricesError::Line { file: file.to_owned(), line: line + 1, problem };
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        match lines.next() {
            Some((_, header)) if header.trim() == HEADER => {}
            Some((at, _)) => return Err(fail(at, format!("the columns are not `{HEADER}`"))),
            None => return Err(fail(0, format!("there are no prices; the first line is `{HEADER}`"))),
        }
        let mut list: Vec<Price> = Vec::new();
        for (at, line) in lines {
            let price = Price::parse(line).map_err(|problem| fail(at, problem))?;
            if list.iter().any(|other| other.clashes(&price)) {
                let problem = format!("`{}` has another price for the same days", price.model);
                return Err(fail(at, problem));
            }
            list.push(price);
        }
        Ok(Self { list: Arc::new(list) })
    }

    /// The place of the price that holds for `model` on `day`, counted from 1970 UTC.
    fn find(&self, provider: &str, model: &str, day: i32) -> Option<usize> {
        let fits = |price: &Price| {
            (price.provider == "*" || price.provider == provider)
                && price.valid_from.is_none_or(|from| from <= day)
                && price.valid_to.is_none_or(|to| day < to)
                && matches(price.model.as_bytes(), model.as_bytes())
        };
        let fitting = self.list.iter().enumerate().filter(|(_, price)| fits(price));
        fitting
            .max_by_key(|(_, price)| (price.provider != "*", price.literal_chars(), price.valid_from))
            .map(|(at, _)| at)
    }

    /// The table `prices`.
    pub(crate) fn batch(&self) -> RecordBatch {
        let text = |of: fn(&Price) -> &str| -> ArrayRef {
            Arc::new(self.list.iter().map(|price| Some(of(price))).collect::<StringArray>())
        };
        let day =
            |of: fn(&Price) -> Option<i32>| -> ArrayRef { Arc::new(self.list.iter().map(of).collect::<Date32Array>()) };
        let rate = |of: fn(&Price) -> Option<f64>| -> ArrayRef {
            Arc::new(self.list.iter().map(of).collect::<Float64Array>())
        };
        let columns = vec![
            text(|price| &price.provider),
            text(|price| &price.model),
            day(|price| price.valid_from),
            day(|price| price.valid_to),
            rate(|price| Some(price.input)),
            rate(|price| Some(price.output)),
            rate(|price| price.cache_read),
            rate(|price| price.cache_creation),
            text(|price| &price.source),
        ];
        RecordBatch::try_new(schema(), columns).expect("the columns are made as the schema says")
    }
}

fn schema() -> SchemaRef {
    let field = |(name, kind, _): &(&str, &str, &str)| {
        let data_type = match *kind {
            "date" => DataType::Date32,
            "double" => DataType::Float64,
            _ => DataType::Utf8,
        };
        Field::new(*name, data_type, true)
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
}

impl Price {
    fn parse(line: &str) -> Result<Self, String> {
        let fields = split(line)?;
        let [provider, model, valid_from, valid_to, input, output, cache_read, cache_creation, source] =
            <[String; 9]>::try_from(fields).map_err(|fields| format!("{} columns instead of 9", fields.len()))?;
        if provider != "*" && Provider::parse(&provider).is_none() {
            return Err(format!("`provider` is not `*`, claude_code, codex, cursor or other: `{provider}`"));
        }
        if model.is_empty() {
            return Err("`model` is empty".to_owned());
        }
        let price = Self {
            valid_from: day("valid_from", &valid_from)?,
            valid_to: day("valid_to", &valid_to)?,
            input: rate("input", &input)?.ok_or("`input` is empty")?,
            output: rate("output", &output)?.ok_or("`output` is empty")?,
            cache_read: rate("cache_read", &cache_read)?,
            cache_creation: rate("cache_creation", &cache_creation)?,
            provider,
            model,
            source,
        };
        if let (Some(from), Some(to)) = (price.valid_from, price.valid_to)
            && from >= to
        {
            return Err("`valid_to` is not after `valid_from`".to_owned());
        }
        Ok(price)
    }

    /// Says another price for the same model on some day.
    fn clashes(&self, other: &Self) -> bool {
        let begins_before = |from: Option<i32>, to: Option<i32>| from.zip(to).is_none_or(|(from, to)| from < to);
        (&self.provider, &self.model) == (&other.provider, &other.model)
            && begins_before(self.valid_from, other.valid_to)
            && begins_before(other.valid_from, self.valid_to)
    }

    fn literal_chars(&self) -> usize {
        self.model.bytes().filter(|byte| *byte != b'*').count()
    }
}

fn split(line: &str) -> Result<Vec<String>, String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.trim_end().chars().peekable();
    while let Some(char) = chars.next() {
        let field = fields.last_mut().expect("begins with one and only grows");
        match char {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    if quoted { Err("a quoted text does not end".to_owned()) } else { Ok(fields) }
}

fn day(column: &str, text: &str) -> Result<Option<i32>, String> {
    const DAY: i64 = 86_400_000_000;
    if text.is_empty() {
        return Ok(None);
    }
    let days = Timestamp::parse(&format!("{text}T00:00:00Z")).and_then(|at| i32::try_from(at.0.div_euclid(DAY)).ok());
    days.map(Some).ok_or_else(|| format!("`{column}` is not a day such as 2026-01-31: `{text}`"))
}

fn rate(column: &str, text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate >= 0.0);
    rate.map(Some).ok_or_else(|| format!("`{column}` is not a number of US dollars per million tokens: `{text}`"))
}

/// Whether `text` is what `pattern` says, where `*` is any text. Takes the product of the lengths at most.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, seen));
            at += 1;
        } else if pattern.get(at) == Some(&text[seen]) {
            at += 1;
            seen += 1;
        } else if let Some((star_at, from)) = star {
            star = Some((star_at, from + 1));
            at = star_at + 1;
            seen = from + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests;
