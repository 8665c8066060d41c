//! Looking into text that is JSON: PostgreSQL's operators and functions named `json_…`, of the crate `datafusion-functions-json`.
//!
//! | operator | function | gives |
//! |---|---|---|
//! | `->`, `->>`, `#>`, `#>>` | `json_as_text`, `json_get` | text: that of a string, the JSON of anything else |
//! | `?` | `json_contains` | whether there is such a key or place |
//!
//! That crate's `->` gives an Arrow union of all that a JSON value can be, which neither groups nor joins nor goes into Parquet or
//! CSV. So it gives text here, as `->>` does, and nothing makes such a union: the functions that make or take one are not there.
//!
//! What is no JSON up to the value asked for has none: null. So does what is nested deeper than 200 levels. Nothing recurses further.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::{DFSchema, plan_err};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::{Placeholder, ScalarFunction};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::sqlparser::ast::BinaryOperator;
use datafusion::logical_expr::{Expr, ScalarUDF, lit};
use datafusion_functions_json::udfs;

/// All functions and operators.
pub(crate) fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    let functions = [
        as_text(),
        udfs::json_get_str_udf(),
        udfs::json_get_int_udf(),
        udfs::json_get_float_udf(),
        udfs::json_get_bool_udf(),
        udfs::json_get_json_udf(),
        udfs::json_get_array_udf(),
        udfs::json_contains_udf(),
        udfs::json_length_udf(),
        udfs::json_object_keys_udf(),
    ];
    for function in functions {
        registry.register_udf(function)?;
    }
    registry.register_expr_planner(Arc::new(Operators))
}

fn as_text() -> Arc<ScalarUDF> {
    Arc::new(udfs::json_as_text_udf().as_ref().clone().with_aliases(["json_get"]))
}

#[derive(Debug)]
struct Operators;

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, _: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let name = format!("{} {} {}", written(&expr.left), expr.op, written(&expr.right));
        let (func, path) = match expr.op {
            BinaryOperator::Arrow | BinaryOperator::LongArrow => (as_text(), vec![key(expr.right)]),
            BinaryOperator::HashArrow | BinaryOperator::HashLongArrow => (as_text(), steps(expr.right)?),
            BinaryOperator::Question => (udfs::json_contains_udf(), vec![key(expr.right)]),
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let args = std::iter::once(expr.left).chain(path).collect();
        Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction { func, args }).alias(name)))
    }
}

/// A parameter in the place of a key is text, as in PostgreSQL. A text of digits counts in a list.
fn key(key: Expr) -> Expr {
    match key {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field = Some(Arc::new(Field::new("", DataType::Utf8, true)));
            Expr::Placeholder(Placeholder { id, field })
        }
        key => key,
    }
}

/// The steps of PostgreSQL's `'{page,tags,0}'`; a list is a path already.
fn steps(path: Expr) -> Result<Vec<Expr>> {
    let Expr::Literal(value, _) = &path else { return Ok(vec![path]) };
    let Some(Some(text)) = value.try_as_str() else { return Ok(vec![path]) };
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let Some(inner) = inner.filter(|inner| !inner.contains(['"', '\\', '{'])) else {
        return plan_err!("a path is a list, `array['a', 'b']`, or a text like '{{a,b}}'; it is '{text}'");
    };
    Ok(inner.split(',').map(|step| lit(step.trim())).collect())
}

/// An operand as the column's title has it.
fn written(operand: &Expr) -> String {
    match operand {
        Expr::Column(column) => column.name.clone(),
        Expr::Alias(alias) => alias.name.clone(),
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(text)) => format!("'{text}'"),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
