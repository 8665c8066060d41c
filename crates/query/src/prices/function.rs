//! `price_of(provider, model, time)`: the price that holds, as a struct with the columns of `prices`; null where none is known.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::{Prices, schema};

#[derive(Debug)]
pub(crate) struct PriceOf {
    prices: Prices,
    rows: ArrayRef,
    signature: Signature,
}

impl PriceOf {
    pub(crate) fn new(prices: Prices) -> Self {
        let rows = Arc::new(StructArray::from(prices.batch()));
        Self { prices, rows, signature: Signature::any(3, Volatility::Immutable) }
    }
}

/// One list is one function.
impl PartialEq for PriceOf {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.prices.list, &other.prices.list)
    }
}

impl Eq for PriceOf {}

impl std::hash::Hash for PriceOf {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.prices.list).hash(state);
    }
}

impl ScalarUDFImpl for PriceOf {
    fn name(&self) -> &'static str {
        "price_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(schema().fields().clone()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        const DAY: i64 = 86_400_000_000;
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let providers = cast(&arrays[0], &DataType::Utf8View)?;
        let models = cast(&arrays[1], &DataType::Utf8View)?;
        let times = cast(&arrays[2], &DataType::Timestamp(TimeUnit::Microsecond, None))?;
        let (providers, models) = (providers.as_string_view(), models.as_string_view());
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let mut known = HashMap::new();
        let places: UInt32Array = (0..times.len())
            .map(|row| {
                if providers.is_null(row) || models.is_null(row) || times.is_null(row) {
                    return None;
                }
                let day = i32::try_from(times.value(row).div_euclid(DAY)).ok()?;
                let asked = (providers.value(row), models.value(row), day);
                let find = || self.prices.find(asked.0, asked.1, asked.2).and_then(|at| u32::try_from(at).ok());
                *known.entry(asked).or_insert_with(find)
            })
            .collect();
        Ok(ColumnarValue::Array(take(&self.rows, &places, None)?))
    }
}
