//! [`Rows`] as Arrow arrays (taking over the buffers), and the schemas of Arrow and Delta from the data dictionary.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use deltalake_core::kernel::{DataType as DeltaType, PrimitiveType, StructField};
use record::dictionary::{Kind, PARTITION_COLUMNS, Table};
use record::rows::{Bitmap, ColumnValues, Rows, Values};

/// The Arrow type of a kind.
pub fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Int => DataType::Int64,
        Kind::Double => DataType::Float64,
        Kind::Bool => DataType::Boolean,
        Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    }
}

/// The columns of a data file: the table's own, without the partition columns.
pub fn file_schema(table: &Table) -> SchemaRef {
    let field = |column: &record::dictionary::Column| Field::new(column.name, data_type(column.kind), true);
    Arc::new(Schema::new(table.columns.iter().map(field).collect::<Vec<_>>()))
}

/// The columns of the Delta table: the partition columns come last.
pub fn delta_fields(table: &Table) -> Vec<StructField> {
    let own = table.columns.iter().map(|column| {
        let primitive = match column.kind {
            Kind::Text | Kind::Json => PrimitiveType::String,
            Kind::Int => PrimitiveType::Long,
            Kind::Double => PrimitiveType::Double,
            Kind::Bool => PrimitiveType::Boolean,
            Kind::Timestamp => PrimitiveType::Timestamp,
        };
        (column.name, primitive, column.doc)
    });
    let partition = PARTITION_COLUMNS.iter().map(|(name, doc)| (*name, PrimitiveType::String, *doc));
    own.chain(partition)
        .map(|(name, primitive, doc)| {
            StructField::new(name, DeltaType::Primitive(primitive), true)
                .with_metadata([("comment".to_owned(), doc.to_owned())])
        })
        .collect()
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
        Values::Text { offsets, bytes } => {
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?)
        }
        Values::Int(ints) => Arc::new(Int64Array::try_new(ScalarBuffer::from(ints), nulls)?),
        Values::Double(doubles) => Arc::new(Float64Array::try_new(ScalarBuffer::from(doubles), nulls)?),
        Values::Bool(bools) => Arc::new(BooleanArray::new(to_bits(bools), nulls)),
        Values::Timestamp(micros) => {
            Arc::new(TimestampMicrosecondArray::try_new(ScalarBuffer::from(micros), nulls)?.with_timezone("UTC"))
        }
    })
}

fn to_bits(bitmap: Bitmap) -> BooleanBuffer {
    BooleanBuffer::new(Buffer::from_vec(bitmap.bytes), 0, bitmap.len)
}

#[cfg(test)]
mod tests;
