//! Puts [`Bounded`] into a plan.
//!
//! As the last rule of the analyzer, so that no constant is made unbounded by the optimizer, and as the last rule of
//! the optimizer, whose rules make functions of their own.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Case, Cast, ScalarFunction, TryCast};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};
use datafusion::optimizer::{AnalyzerRule, OptimizerConfig, OptimizerRule};

use super::Bounded;
use super::operator::{AsFunction, Does};
use super::size::SLOW_FUNCTIONS;
use crate::allowance::{Allowance, CONSTANT_BYTES};

#[derive(Debug)]
pub(crate) struct BoundFunctions {
    pub allowance: Arc<Allowance>,
}

impl AnalyzerRule for BoundFunctions {
    fn name(&self) -> &'static str {
        "bound_functions"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(|plan| bound(plan, &self.allowance))?.data)
    }
}

impl OptimizerRule for BoundFunctions {
    fn name(&self) -> &'static str {
        "bound_functions"
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        plan.transform_up_with_subqueries(|plan| bound(plan, &self.allowance))
    }
}

fn bound(plan: LogicalPlan, allowance: &Arc<Allowance>) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    // a text in a comparison stays one value; elsewhere it becomes one for each row
    let compares = matches!(plan, LogicalPlan::Filter(_) | LogicalPlan::TableScan(_) | LogicalPlan::Limit(_));
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let bounded = expr.transform_up(|expr| bound_one(expr, &schema, allowance))?;
        let bounded = if compares { bounded } else { bounded.transform_data(|expr| spread_root(expr, allowance))? };
        Ok(if bounded.transformed { bounded.update_data(|expr| name.restore(expr)) } else { bounded })
    })
}

/// One expression, whose operands are bounded already.
fn bound_one(expr: Expr, schema: &DFSchema, allowance: &Arc<Allowance>) -> Result<Transformed<Expr>> {
    match expr {
        Expr::ScalarFunction(call) if must_be_bounded(&call, schema) => Ok(bound_call(call, allowance)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) => {
            let types = vec![left.get_type(schema)?, right.get_type(schema)?];
            call(Does::Concatenate, types, vec![*left, *right], allowance)
        }
        Expr::Cast(Cast { expr, field }) => {
            let from = expr.get_type(schema)?;
            if !grows(&from, field.data_type()) {
                return Ok(Transformed::no(Expr::Cast(Cast { expr, field })));
            }
            call(Does::Cast(field), vec![from], vec![*expr], allowance)
        }
        Expr::TryCast(TryCast { expr, field }) => {
            let from = expr.get_type(schema)?;
            if !grows(&from, field.data_type()) {
                return Ok(Transformed::no(Expr::TryCast(TryCast { expr, field })));
            }
            call(Does::TryCast(field), vec![from], vec![*expr], allowance)
        }
        Expr::Case(case) => spread_branches(case, allowance),
        other => Ok(Transformed::no(other)),
    }
}

/// All functions of `expr`, of which no types are known.
pub(super) fn bound_functions(expr: Expr, allowance: &Arc<Allowance>) -> Result<Expr> {
    let bounded = expr.transform_up(|expr| match expr {
        Expr::ScalarFunction(call) if can_be_bounded(&call) => Ok(bound_call(call, allowance)),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(bounded.data)
}

/// Functions that the planner knows by what they are: they pick, and make nothing.
const KNOWN_TO_THE_PLANNER: [&str; 3] = ["get_field", "input_file_name", "file_row_index"];

fn is_bounded(call: &ScalarFunction) -> bool {
    call.func.inner().downcast_ref::<Bounded>().is_some()
}

fn can_be_bounded(call: &ScalarFunction) -> bool {
    !is_bounded(call) && !KNOWN_TO_THE_PLANNER.contains(&call.func.name())
}

/// Numbers, times and truths have a size; what is slow is bounded for its time.
fn must_be_bounded(call: &ScalarFunction, schema: &DFSchema) -> bool {
    if !can_be_bounded(call) {
        return !is_bounded(call) && writes_anew(call, schema);
    }
    let returned = Expr::ScalarFunction(call.clone()).get_type(schema);
    SLOW_FUNCTIONS.contains(&call.func.name()) || returned.map_or(true, |returned| has_no_size(&returned))
}

/// What is picked out of maps is written anew, row by row; the planner does not need to know of it.
fn writes_anew(call: &ScalarFunction, schema: &DFSchema) -> bool {
    call.args.first().and_then(|from| from.get_type(schema).ok()).is_some_and(|from| holds_maps(&from))
}

fn holds_maps(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(_, _) => true,
        DataType::Struct(fields) => fields.iter().any(|field| holds_maps(field.data_type())),
        _ => false,
    }
}

fn bound_call(call: ScalarFunction, allowance: &Arc<Allowance>) -> Transformed<Expr> {
    let bounded = ScalarUDF::from(Bounded::new(call.func, Arc::clone(allowance)));
    Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: Arc::new(bounded), args: call.args }))
}

fn call(does: Does, types: Vec<DataType>, args: Vec<Expr>, allowance: &Arc<Allowance>) -> Result<Transformed<Expr>> {
    let func = Arc::new(ScalarUDF::from(AsFunction::new(does, types)?));
    Ok(bound_call(ScalarFunction { func, args }, allowance))
}

fn has_no_size(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Null | DataType::Boolean) && data_type.primitive_width().is_none()
}

/// Values that share their texts, and nested ones, may be larger as a text.
fn grows(from: &DataType, to: &DataType) -> bool {
    let is_text = matches!(from, DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary);
    let is_view = |data_type: &DataType| matches!(data_type, DataType::Utf8View | DataType::BinaryView);
    has_no_size(from) && has_no_size(to) && !is_text && !(is_view(from) && is_view(to))
}

/// A long text of the query that is a column.
fn spread_root(expr: Expr, allowance: &Arc<Allowance>) -> Result<Transformed<Expr>> {
    match expr {
        Expr::Alias(mut alias) => {
            let inner = spread_root(*alias.expr, allowance)?;
            alias.expr = Box::new(inner.data);
            Ok(Transformed::new_transformed(Expr::Alias(alias), inner.transformed))
        }
        Expr::Literal(value, metadata) if text_bytes(&value) > CONSTANT_BYTES => {
            let types = vec![value.data_type()];
            call(Does::Literal, types, vec![Expr::Literal(value, metadata)], allowance)
        }
        other => Ok(Transformed::no(other)),
    }
}

fn spread_branches(mut case: Case, allowance: &Arc<Allowance>) -> Result<Transformed<Expr>> {
    let mut changed = false;
    let branches = case.when_then_expr.iter_mut().map(|(_, then)| then).chain(case.else_expr.iter_mut());
    for branch in branches {
        let spread = spread_root(*std::mem::take(branch), allowance)?;
        changed |= spread.transformed;
        **branch = spread.data;
    }
    Ok(Transformed::new_transformed(Expr::Case(case), changed))
}

fn text_bytes(value: &ScalarValue) -> usize {
    match value {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            text.len()
        }
        ScalarValue::Binary(Some(bytes)) | ScalarValue::LargeBinary(Some(bytes)) => bytes.len(),
        ScalarValue::BinaryView(Some(bytes)) => bytes.len(),
        other if other.data_type().is_nested() => other.size(),
        _ => 0,
    }
}
