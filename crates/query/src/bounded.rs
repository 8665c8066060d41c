//! Text functions whose result can be far larger than what they are given, bounded before they run: what a scalar function
//! makes lies outside the memory that queries share, and nothing can stop it half way.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// The functions that are bounded here.
pub(crate) const BOUNDED_FUNCTIONS: [&str; 4] = ["lpad", "repeat", "replace", "rpad"];

/// `inner`, refusing arguments whose result could exceed `max_bytes` in one batch.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bounded {
    inner: Arc<ScalarUDF>,
    max_bytes: usize,
}

impl Bounded {
    pub(crate) fn new(inner: Arc<ScalarUDF>, max_bytes: usize) -> Self {
        Self { inner, max_bytes }
    }

    /// What the result can take at most.
    fn most_bytes(&self, args: &[ColumnarValue]) -> Result<usize> {
        match (self.inner.name(), args) {
            ("replace", [text, from, to]) => {
                let (text, from, to) = (lengths(text)?, lengths(from)?, lengths(to)?);
                Ok((text.sum / from.min.max(1)).saturating_mul(to.max).saturating_add(text.sum))
            }
            ("repeat", [text, times]) => Ok(lengths(text)?.sum.saturating_mul(largest(times)?)),
            // characters, of four bytes at most
            (_, [text, width, ..]) => {
                let rows = args.iter().map(rows).max().unwrap_or(1);
                Ok(largest(width)?.saturating_mul(4).saturating_mul(rows).saturating_add(lengths(text)?.sum))
            }
            _ => Ok(0),
        }
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let most = self.most_bytes(&args.args)?;
        if most > self.max_bytes {
            let message = format!("{} could make {most} bytes", self.inner.name());
            return Err(DataFusionError::ResourcesExhausted(message));
        }
        self.inner.invoke_with_args(args)
    }
}

struct Lengths {
    sum: usize,
    min: usize,
    max: usize,
}

/// In bytes.
fn lengths(value: &ColumnarValue) -> Result<Lengths> {
    let array = value.to_array_of_size(rows(value))?;
    let text = cast(&array, &DataType::Utf8View)?;
    let lengths = text.as_string_view().iter().map(|text| text.map_or(0, str::len));
    Ok(lengths.fold(Lengths { sum: 0, min: usize::MAX, max: 0 }, |so_far, length| Lengths {
        sum: so_far.sum.saturating_add(length),
        min: so_far.min.min(length),
        max: so_far.max.max(length),
    }))
}

/// The largest number, negative ones counting as none.
fn largest(value: &ColumnarValue) -> Result<usize> {
    let array = value.to_array_of_size(rows(value))?;
    let numbers = cast(&array, &DataType::Int64)?;
    let largest = numbers.as_primitive::<Int64Type>().iter().flatten().max().unwrap_or(0);
    Ok(usize::try_from(largest).unwrap_or(0))
}

fn rows(value: &ColumnarValue) -> usize {
    match value {
        ColumnarValue::Array(array) => array.len(),
        ColumnarValue::Scalar(_) => 1,
    }
}
