//! An optimizer rule: an outer join whose other side adds nothing is left out.
//!
//! Views join what a fact belongs to and what was counted elsewhere. Where a query asks for none of that, reading it would be
//! the larger part of the work: `select count(*) from sessions` needs no cost.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Dependency, JoinType};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Join, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

#[derive(Debug)]
pub(crate) struct DropUnusedJoins;

impl OptimizerRule for DropUnusedJoins {
    fn name(&self) -> &'static str {
        "drop_unused_joins"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let input = match &plan {
            LogicalPlan::Projection(projection) => &projection.input,
            LogicalPlan::Aggregate(aggregate) => &aggregate.input,
            _ => return Ok(Transformed::no(plan)),
        };
        let expressions = plan.expressions();
        let mut kept = Arc::clone(input);
        while let LogicalPlan::Join(join) = &*kept {
            let Some(side) = sufficient_side(join, &expressions) else { break };
            kept = Arc::clone(side);
        }
        if Arc::ptr_eq(&kept, input) {
            return Ok(Transformed::no(plan));
        }
        Ok(Transformed::yes(plan.with_new_exprs(expressions, vec![Arc::unwrap_or_clone(kept)])?))
    }
}

/// The side whose rows the join has each exactly once, if the expressions name no column of the other.
fn sufficient_side<'j>(join: &'j Join, expressions: &[Expr]) -> Option<&'j Arc<LogicalPlan>> {
    let (kept, dropped, keys): (_, _, Vec<&Expr>) = match join.join_type {
        JoinType::Left => (&join.left, &join.right, join.on.iter().map(|(_, right)| right).collect()),
        JoinType::Right => (&join.right, &join.left, join.on.iter().map(|(left, _)| left).collect()),
        _ => return None,
    };
    let is_named =
        |expression: &Expr| expression.column_refs().into_iter().any(|column| dropped.schema().has_column(column));
    let is_enough = !expressions.iter().any(is_named) && has_unique(dropped, &keys);
    is_enough.then_some(kept)
}

/// Whether no two rows of `plan` have equal `keys`: they hold all that it groups by.
fn has_unique(plan: &LogicalPlan, keys: &[&Expr]) -> bool {
    let schema = plan.schema();
    let places: Vec<usize> = keys
        .iter()
        .filter_map(|key| match key {
            Expr::Column(column) => schema.maybe_index_of_column(column),
            _ => None,
        })
        .collect();
    let determines = |sources: &[usize]| sources.iter().all(|source| places.contains(source));
    is_grouped(plan)
        && schema
            .functional_dependencies()
            .iter()
            .any(|dependence| dependence.mode == Dependency::Single && determines(&dependence.source_indices))
}

/// Groups are unique even by keys that are null, which a dependency among nullable columns does not say.
fn is_grouped(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Aggregate(_) => true,
        LogicalPlan::Projection(projection) => is_grouped(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_grouped(&alias.input),
        LogicalPlan::Filter(filter) => is_grouped(&filter.input),
        _ => false,
    }
}
