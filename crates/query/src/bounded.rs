//! What functions and operators make is bounded: they run between two of `DataFusion`'s steps, outside the memory it counts,
//! and nothing can stop one half way.
//!
//! [`rewrite`] puts a [`Bounded`] around each function, `||` and cast of a plan whose result may be larger than what it is given.
//! A [`Bounded`] knows how much a result could take ([`size`]), reserves that in the memory that queries share, runs
//! in pieces when a piece at a time is small enough, and keeps what it made reserved for as long as it lives ([`hold`]). So a
//! chain of results that double is refused at its first large one, and many results at once are refused together.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{ExprSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExpressionPlacement, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    StructFieldMapping, Volatility,
};

use crate::allowance::Allowance;

pub(crate) mod hold;
pub(crate) mod operator;
pub(crate) mod rewrite;
pub(crate) mod size;

/// `inner`, within the allowance of one query.
#[derive(Debug)]
pub(crate) struct Bounded {
    inner: Arc<ScalarUDF>,
    allowance: Arc<Allowance>,
}

/// Results below this are not counted: what every batch of rows makes.
const COUNTED_BYTES: usize = 64 << 10;
/// Steps that one run may take, about a tenth of a second: the end of the query is seen between two of them.
const STEPS_AT_ONCE: usize = 100 << 20;

impl Bounded {
    pub(crate) fn new(inner: Arc<ScalarUDF>, allowance: Arc<Allowance>) -> Self {
        Self { inner, allowance }
    }

    /// One value for all rows: made once, and spread here if all rows together are large, because who spreads it later does
    /// not count it.
    fn constant(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let made = self.rows(&ScalarFunctionArgs { number_rows: 1, ..args })?;
        let value = ScalarValue::try_from_array(&made, 0)?;
        let all = size::logical(&made).saturating_mul(rows);
        if rows <= 1 || all <= COUNTED_BYTES {
            return Ok(ColumnarValue::Scalar(value));
        }
        self.allowance.check_result(self.name(), all)?;
        let held = self.allowance.reserve(self.name());
        held.try_grow(all)?;
        let spread = value.to_array_of_size(rows)?;
        Ok(ColumnarValue::Array(hold::hold(&spread, &[], held)?))
    }

    fn rows(&self, args: &ScalarFunctionArgs) -> Result<ArrayRef> {
        let given = size::Given::of_all(&args.args)?;
        let mut run = Run { bounded: self, held: self.allowance.reserve(self.name()), pieces: Vec::new(), made: 0 };
        run.from(args, &given, 0, args.number_rows)?;
        let Run { held, mut pieces, made, .. } = run;
        let result = if pieces.len() == 1 {
            pieces.remove(0)
        } else {
            held.try_grow(made)?;
            let parts: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            concat(&parts)?
        };
        if result.get_array_memory_size() <= COUNTED_BYTES {
            return Ok(result);
        }
        let arrays: Vec<ArrayRef> = given.into_iter().map(|given| given.array).collect();
        hold::hold(&result, &arrays, held)
    }
}

/// One call, on its way through the rows.
struct Run<'a> {
    bounded: &'a Bounded,
    held: MemoryReservation,
    pieces: Vec<ArrayRef>,
    made: usize,
}

impl Run<'_> {
    /// Rows `from..from + rows`: at once, or in halves when they could make too much or take too long.
    fn from(&mut self, args: &ScalarFunctionArgs, given: &[size::Given], from: usize, rows: usize) -> Result<()> {
        let (name, allowance) = (self.bounded.name(), &self.bounded.allowance);
        let some: Vec<size::Given> = given.iter().map(|given| given.rows(from, rows)).collect();
        let most = size::most_bytes(name, &some, rows);
        if rows > 1 && (most > allowance.result_bytes() || size::steps(name, &some, rows) > STEPS_AT_ONCE) {
            self.from(args, given, from, rows / 2)?;
            return self.from(args, given, from + rows / 2, rows - rows / 2);
        }
        allowance.check_result(name, most)?;
        allowance.check_time()?;
        if most > COUNTED_BYTES {
            self.held.try_resize(self.made.saturating_add(most))?;
        }
        let part = args.args.iter().map(|value| match value {
            ColumnarValue::Array(array) if rows < args.number_rows => ColumnarValue::Array(array.slice(from, rows)),
            value => value.clone(),
        });
        let piece = self.bounded.inner.invoke_with_args(ScalarFunctionArgs {
            args: part.collect(),
            arg_fields: args.arg_fields.clone(),
            number_rows: rows,
            return_field: Arc::clone(&args.return_field),
            config_options: Arc::clone(&args.config_options),
        })?;
        let piece = piece.into_array(rows)?;
        self.made += hold::new_bytes(&piece, given.iter().map(|given| &given.array));
        allowance.check_result(name, self.made)?;
        allowance.check_values(name, &piece)?;
        self.pieces.push(piece);
        Ok(())
    }
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for Bounded {}

impl std::hash::Hash for Bounded {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

/// Everything but the call itself is the function's own.
impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
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

    #[expect(deprecated, reason = "some functions still answer here and nowhere else")]
    fn is_nullable(&self, args: &[Expr], schema: &dyn ExprSchema) -> bool {
        self.inner.inner().is_nullable(args, schema)
    }

    fn is_strict(&self) -> bool {
        self.inner.is_strict()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(arg_types)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(match self.inner.simplify(args, info)? {
            ExprSimplifyResult::Simplified(expr) => {
                ExprSimplifyResult::Simplified(rewrite::bound_functions(expr, &self.allowance)?)
            }
            original @ ExprSimplifyResult::Original(_) => original,
        })
    }

    fn preimage(&self, args: &[Expr], literal: &Expr, info: &SimplifyContext) -> Result<PreimageResult> {
        self.inner.preimage(args, literal, info)
    }

    fn short_circuits(&self) -> bool {
        self.inner.short_circuits()
    }

    fn conditional_arguments<'a>(&self, args: &'a [Expr]) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.inner.conditional_arguments(args)
    }

    fn evaluate_bounds(&self, input: &[&Interval]) -> Result<Interval> {
        self.inner.evaluate_bounds(input)
    }

    fn propagate_constraints(&self, interval: &Interval, inputs: &[&Interval]) -> Result<Option<Vec<Interval>>> {
        self.inner.propagate_constraints(interval, inputs)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.inner.output_ordering(inputs)
    }

    fn preserves_lex_ordering(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.preserves_lex_ordering(inputs)
    }

    fn strictly_order_preserving(&self, inputs: &[ExprProperties]) -> Result<bool> {
        self.inner.strictly_order_preserving(inputs)
    }

    fn struct_field_mapping(&self, literals: &[Option<ScalarValue>]) -> Option<StructFieldMapping> {
        self.inner.struct_field_mapping(literals)
    }

    fn placement(&self, args: &[ExpressionPlacement]) -> ExpressionPlacement {
        self.inner.placement(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        if constant && self.signature().volatility != Volatility::Volatile {
            return self.constant(args);
        }
        Ok(ColumnarValue::Array(self.rows(&args)?))
    }
}
