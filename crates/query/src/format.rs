//! An answer as text or bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, LargeStringBuilder, RecordBatch};
use arrow::csv;
use arrow::datatypes::{DataType, FieldRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow::json::writer::{EncoderOptions, JsonArray, LineDelimited, WriterBuilder, make_encoder};
use parquet::arrow::ArrowWriter;
use serde_json::json;

use crate::{Answer, QueryError};

/// The forms an answer can have, by the `Accept` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `{"columns":[{"name","type"}],"rows":[{name: value}]}`
    Json,
    Csv,
    Ndjson,
    ArrowStream,
    Parquet,
}

impl Format {
    const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Ndjson, Self::ArrowStream, Self::Parquet];

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The first format that an `Accept` header names; JSON for none, `*/*` or `application/*`. `None`: it names others only.
    pub fn accepted(accept: Option<&str>) -> Option<Self> {
        let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Some(Self::Json) };
        accept.split(',').find_map(|part| {
            let media = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if matches!(media.as_str(), "*/*" | "application/*") {
                return Some(Self::Json);
            }
            let names = |format: Self| format.content_type().split(';').next() == Some(&media);
            Self::ALL.into_iter().find(|format| names(*format))
        })
    }

    /// The whole answer in this format.
    pub fn write(self, answer: &Answer) -> Result<Vec<u8>, QueryError> {
        let written = match self {
            Self::Json => write_json(answer),
            Self::Csv => write_csv(answer),
            Self::Ndjson => write_ndjson(answer),
            Self::ArrowStream => write_arrow(answer),
            Self::Parquet => write_parquet(answer),
        };
        written.map_err(|error| QueryError::Internal(error.to_string()))
    }
}

fn write_json(answer: &Answer) -> Result<Vec<u8>, ArrowError> {
    let columns: Vec<serde_json::Value> = answer
        .schema
        .fields()
        .iter()
        .map(|field| json!({"name": field.name(), "type": sql_type(field.data_type())}))
        .collect();
    let mut out = format!("{{\"columns\":{},\"rows\":", serde_json::Value::Array(columns)).into_bytes();
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(&mut out);
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    out.push(b'}');
    Ok(out)
}

fn write_ndjson(answer: &Answer) -> Result<Vec<u8>, ArrowError> {
    let mut out = Vec::new();
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut out);
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    Ok(out)
}

fn write_csv(answer: &Answer) -> Result<Vec<u8>, ArrowError> {
    let mut out = Vec::new();
    let empty = RecordBatch::new_empty(Arc::clone(&answer.schema));
    let mut writer = csv::WriterBuilder::new().with_header(true).build(&mut out);
    // an answer without rows still has its header
    for batch in std::iter::once(&empty).chain(&answer.batches) {
        writer.write(&flat(batch)?)?;
    }
    drop(writer);
    Ok(out)
}

/// A cell of CSV is one text: that of a map, a list or a struct is JSON.
fn flat(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema_ref();
    if !schema.fields().iter().any(|field| field.data_type().is_nested()) {
        return Ok(batch.clone());
    }
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let column = if field.data_type().is_nested() { as_json(field, column)? } else { Arc::clone(column) };
        Ok((field.name(), column, true))
    });
    RecordBatch::try_from_iter_with_nullable(columns.collect::<Result<Vec<_>, ArrowError>>()?)
}

fn as_json(field: &FieldRef, values: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = make_encoder(field, values, &options)?;
    let (mut texts, mut text) = (LargeStringBuilder::new(), Vec::new());
    for row in 0..values.len() {
        if encoder.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        encoder.encode(row, &mut text);
        texts.append_value(String::from_utf8_lossy(&text));
    }
    Ok(Arc::new(texts.finish()))
}

fn write_arrow(answer: &Answer) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &answer.schema)?;
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    writer.into_inner()
}

fn write_parquet(answer: &Answer) -> Result<Vec<u8>, ArrowError> {
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&answer.schema), None)?;
    for batch in &answer.batches {
        writer.write(batch)?;
    }
    Ok(writer.into_inner()?)
}

/// The SQL name of a type, as `columns[].type` gives it.
fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Int64 | DataType::UInt64 => "bigint".to_owned(),
        DataType::Int32 | DataType::UInt32 => "integer".to_owned(),
        DataType::Int16 | DataType::UInt16 | DataType::Int8 | DataType::UInt8 => "smallint".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Timestamp(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
            _,
        ) => "timestamp".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Dictionary(_, values) => sql_type(values),
        DataType::Map(entries, _) if let DataType::Struct(entry) = entries.data_type() => {
            let types: Vec<String> = entry.iter().map(|field| sql_type(field.data_type())).collect();
            format!("map({})", types.join(","))
        }
        DataType::Null => "null".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

#[cfg(test)]
mod tests;
