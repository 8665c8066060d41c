//! [`Rows`] as Arrow arrays (taking over the buffers), and the schemas of Arrow and Delta from the data dictionary.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, MapArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use deltalake_core::kernel::{DataType as DeltaType, MapType, PrimitiveType, StructField};
use parquet::schema::types::ColumnPath;
use record::dictionary::{Column, Kind, PARTITION_COLUMNS, Table};
use record::rows::{Bitmap, ColumnValues, Entries, Rows, Texts, Values};

/// What a map consists of, by the names that Parquet's specification gives and Delta's readers expect.
const ENTRIES: &str = "key_value";
const KEY: &str = "key";
const VALUE: &str = "value";

/// The Arrow type of a kind.
pub fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Int => DataType::Int64,
        Kind::Double => DataType::Float64,
        Kind::Bool => DataType::Boolean,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Kind::Map => {
            let entries = Field::new(ENTRIES, DataType::Struct(entry_fields()), false);
            DataType::Map(Arc::new(entries), false)
        }
    }
}

/// A value may be null as far as readers know: that is what other writers of Delta declare.
fn entry_fields() -> Fields {
    Fields::from(vec![Field::new(KEY, DataType::Utf8, false), Field::new(VALUE, DataType::Utf8, true)])
}

/// Parquet's columns that hold the column: a map is one of keys and one of values.
pub(crate) fn leaves(column: &Column) -> Vec<ColumnPath> {
    match column.kind {
        Kind::Map => {
            [KEY, VALUE].map(|leaf| ColumnPath::new([column.name, ENTRIES, leaf].map(str::to_owned).to_vec())).to_vec()
        }
        _ => vec![ColumnPath::from(column.name)],
    }
}

/// The place of the column's first leaf among all of the file.
pub(crate) fn first_leaf(table: &Table, column: &Column) -> usize {
    table.columns.iter().take(column.index).map(|before| leaves(before).len()).sum()
}

/// The columns of a data file: the table's own, without the partition columns.
pub fn file_schema(table: &Table) -> SchemaRef {
    let field = |column: &Column| Field::new(column.name, data_type(column.kind), true);
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

/// The columns of the Delta table: the partition columns come last.
pub fn delta_fields(table: &Table) -> Vec<StructField> {
    let own = table.columns.iter().map(|column| (column.name, delta_type(column.kind), column.doc));
    let partition = PARTITION_COLUMNS.iter().map(|(name, doc)| (*name, DeltaType::STRING, *doc));
    own.chain(partition)
        .map(|(name, data_type, doc)| {
            StructField::new(name, data_type, true).with_metadata([("comment".to_owned(), doc.to_owned())])
        })
        .collect()
}

fn delta_type(kind: Kind) -> DeltaType {
    DeltaType::Primitive(match kind {
        Kind::Text | Kind::Json => PrimitiveType::String,
        Kind::Int => PrimitiveType::Long,
        Kind::Double => PrimitiveType::Double,
        Kind::Bool => PrimitiveType::Boolean,
        Kind::Timestamp => PrimitiveType::Timestamp,
        Kind::Map => return MapType::new(DeltaType::STRING, DeltaType::STRING, true).into(),
    })
}

/// The rows as one batch of [`file_schema`], and each row's identity.
pub fn to_batch(rows: Rows, schema: &SchemaRef) -> Result<(RecordBatch, Vec<Option<u128>>), ArrowError> {
    let (columns, identities) = rows.into_columns();
    let arrays = columns.into_iter().map(to_array).collect::<Result<Vec<_>, _>>()?;
    Ok((RecordBatch::try_new(Arc::clone(schema), arrays)?, identities))
}

/// `batch`, which an earlier version may have written, with the columns of `schema`: those it does not have are null.
pub(crate) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => cast(column, field.data_type()),
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    };
    let columns = schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns)
}

fn to_array(column: ColumnValues) -> Result<ArrayRef, ArrowError> {
    let validity = &column.validity;
    let nulls = (validity.set < validity.len).then(|| NullBuffer::new(to_bits(column.validity.clone())));
    Ok(match column.values {
        Values::Text(texts) => Arc::new(to_strings(texts, nulls)?),
        Values::Int(ints) => Arc::new(Int64Array::try_new(ScalarBuffer::from(ints), nulls)?),
        Values::Double(doubles) => Arc::new(Float64Array::try_new(ScalarBuffer::from(doubles), nulls)?),
        Values::Bool(bools) => Arc::new(BooleanArray::new(to_bits(bools), nulls)),
        Values::Timestamp(micros) => {
            Arc::new(TimestampMicrosecondArray::try_new(ScalarBuffer::from(micros), nulls)?.with_timezone("UTC"))
        }
        Values::Map(entries) => Arc::new(to_map(entries, nulls)?),
    })
}

fn to_strings(texts: Texts, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
    StringArray::try_new(to_offsets(texts.offsets), Buffer::from_vec(texts.bytes), nulls)
}

fn to_map(Entries { offsets, keys, values }: Entries, nulls: Option<NullBuffer>) -> Result<MapArray, ArrowError> {
    let fields = entry_fields();
    let columns: Vec<ArrayRef> = vec![Arc::new(to_strings(keys, None)?), Arc::new(to_strings(values, None)?)];
    let entries = StructArray::try_new(fields.clone(), columns, None)?;
    let field = Arc::new(Field::new(ENTRIES, DataType::Struct(fields), false));
    MapArray::try_new(field, to_offsets(offsets), entries, nulls, false)
}

fn to_offsets(offsets: Vec<i32>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(offsets))
}

fn to_bits(bitmap: Bitmap) -> BooleanBuffer {
    BooleanBuffer::new(Buffer::from_vec(bitmap.bytes), 0, bitmap.len)
}

#[cfg(test)]
mod tests;
