//! Operators and casts as functions, so that they can be bounded as functions are.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, CastExpr, Column, TryCastExpr};

/// What the operator does with its operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Does {
    Concatenate,
    Cast(FieldRef),
    TryCast(FieldRef),
    /// Nothing: a text of the query that would be spread over many rows.
    Literal,
}

/// An operator whose operands have the types `given`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AsFunction {
    does: Does,
    returns: DataType,
    signature: Signature,
}

impl AsFunction {
    /// `given`: the operands' types after coercion.
    pub(crate) fn new(does: Does, given: Vec<DataType>) -> Result<Self> {
        let schema = schema(&given);
        let returns = expression(&does).data_type(&schema)?;
        Ok(Self { does, returns, signature: Signature::exact(given, Volatility::Immutable) })
    }
}

fn schema(types: &[DataType]) -> Schema {
    let fields = types.iter().enumerate().map(|(at, given)| Field::new(format!("c{at}"), given.clone(), true));
    Schema::new(fields.collect::<Vec<_>>())
}

/// Over columns `c0`, `c1`.
fn expression(does: &Does) -> Arc<dyn PhysicalExpr> {
    let column = |at: usize| -> Arc<dyn PhysicalExpr> { Arc::new(Column::new(&format!("c{at}"), at)) };
    match does {
        Does::Concatenate => Arc::new(BinaryExpr::new(column(0), Operator::StringConcat, column(1))),
        Does::Cast(field) => Arc::new(CastExpr::new(column(0), field.data_type().clone(), None)),
        Does::TryCast(field) => Arc::new(TryCastExpr::new(column(0), field.data_type().clone())),
        Does::Literal => column(0),
    }
}

impl ScalarUDFImpl for AsFunction {
    fn name(&self) -> &str {
        match self.does {
            Does::Concatenate => "||",
            Does::Cast(_) => "cast",
            Does::TryCast(_) => "try_cast",
            Does::Literal => "text",
        }
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        let args: Vec<String> = args.iter().map(|arg| arg.schema_name().to_string()).collect();
        Ok(match &self.does {
            Does::Concatenate => args.join(" || "),
            Does::Cast(_) | Does::TryCast(_) | Does::Literal => args.join(""),
        })
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let nullable = matches!(self.does, Does::TryCast(_)) || args.arg_fields.iter().any(|field| field.is_nullable());
        let field = Field::new(self.name(), self.returns.clone(), nullable);
        Ok(Arc::new(match (&self.does, args.arg_fields) {
            (Does::Cast(to) | Does::TryCast(to), _) => field.with_metadata(to.metadata().clone()),
            (Does::Literal, [of]) => field.with_metadata(of.metadata().clone()),
            _ => field,
        }))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arrays = args.args.into_iter().map(|value| value.into_array(rows)).collect::<Result<Vec<_>>>()?;
        let types: Vec<DataType> = arrays.iter().map(|array| array.data_type().clone()).collect();
        expression(&self.does).evaluate(&RecordBatch::try_new(Arc::new(schema(&types)), arrays)?)
    }
}
