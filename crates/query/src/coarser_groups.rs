//! An optimizer rule: what is grouped only to be grouped again is grouped by no more than that takes.
//!
//! Views group finely, so that whatever a query asks of them is there: `deployment_engagement` by person, hour, event, label and
//! more, which is nearly a group for each event. A query that sums over it holds all those groups in memory and has no use for
//! them. So the inner grouping loses the columns that are not read, where the outer one does not see the difference: it sums
//! sums and counts, takes the largest of largest, the least of least, or treats equal values as one.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, Case};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

#[derive(Debug)]
pub(crate) struct CoarserGroups;

/// What is done with a column above.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// Its values matter, not how often each is there.
    as_key: bool,
    in_sum: bool,
    in_max: bool,
    in_min: bool,
}

const KEY: Use = Use { as_key: true, in_sum: false, in_max: false, in_min: false };

impl Use {
    fn add(&mut self, more: Self) {
        self.as_key |= more.as_key;
        self.in_sum |= more.in_sum;
        self.in_max |= more.in_max;
        self.in_min |= more.in_min;
    }

    fn is_none(self) -> bool {
        !(self.as_key || self.in_sum || self.in_max || self.in_min)
    }
}

impl OptimizerRule for CoarserGroups {
    fn name(&self) -> &'static str {
        "coarser_groups"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(outer) = &plan else { return Ok(Transformed::no(plan)) };
        let Some(uses) = uses_of(outer) else { return Ok(Transformed::no(plan)) };
        let Some(input) = coarser(&outer.input, &uses)? else { return Ok(Transformed::no(plan)) };
        Ok(Transformed::yes(plan.with_new_exprs(plan.expressions(), vec![input])?))
    }
}

/// What `outer` does with each column of its input. `None`: it sees how many rows there are.
fn uses_of(outer: &Aggregate) -> Option<Vec<Use>> {
    let schema = outer.input.schema();
    let mut uses = vec![Use::default(); schema.fields().len()];
    for key in &outer.group_expr {
        if matches!(key, Expr::GroupingSet(_)) {
            return None;
        }
        reads(key, KEY, schema, &mut uses)?;
    }
    for made in &outer.aggr_expr {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = unaliased(made) else { return None };
        if let Some(filter) = &params.filter {
            reads(filter, KEY, schema, &mut uses)?;
        }
        params.order_by.iter().try_for_each(|sort| reads(&sort.expr, KEY, schema, &mut uses))?;
        let used = match func.name() {
            "max" => Use { in_max: true, ..Use::default() },
            "min" => Use { in_min: true, ..Use::default() },
            "bool_or" | "bool_and" => KEY,
            "count" | "array_agg" if params.distinct => KEY,
            "sum" if params.distinct => KEY,
            "sum" => Use { in_sum: true, ..Use::default() },
            _ => return None,
        };
        params.args.iter().try_for_each(|arg| reads(arg, used, schema, &mut uses))?;
    }
    Some(uses)
}

/// Notes in `uses` that `expr` is computed over `schema` and `used`. `None`: what comes out depends on how many rows there are.
fn reads(expr: &Expr, used: Use, schema: &DFSchema, uses: &mut [Use]) -> Option<()> {
    let expr = unaliased(expr);
    if used.is_none() {
        return Some(());
    }
    if let Expr::Column(column) = expr {
        return note(column, used, schema, uses);
    }
    if used.in_sum {
        let alone = !(used.as_key || used.in_max || used.in_min);
        return match expr {
            _ if !alone => None,
            Expr::Literal(value, _) => is_zero(value).then_some(()),
            other => note(or_zero(other)?, used, schema, uses),
        };
    }
    if expr.is_volatile() {
        return None;
    }
    let mut known = Some(());
    let walked = expr.apply(|inner| {
        match inner {
            Expr::Column(column) => known = known.and_then(|()| note(column, KEY, schema, uses)),
            // plans of their own
            Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) | Expr::OuterReferenceColumn(..) => {
                known = None;
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    walked.ok().and(known)
}

fn note(column: &Column, used: Use, schema: &DFSchema, uses: &mut [Use]) -> Option<()> {
    uses.get_mut(schema.maybe_index_of_column(column)?)?.add(used);
    Some(())
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

fn is_zero(value: &ScalarValue) -> bool {
    matches!(value, ScalarValue::Int64(Some(0)) | ScalarValue::UInt64(Some(0)) | ScalarValue::Int32(Some(0)))
}

/// The column of `coalesce(column, 0)`, as it is written and as it is simplified.
fn or_zero(expr: &Expr) -> Option<&Column> {
    let (column, other) = match expr {
        Expr::ScalarFunction(call) if call.func.name() == "coalesce" => match &call.args[..] {
            [column, other] => (column, other),
            _ => return None,
        },
        Expr::Case(Case { expr: None, when_then_expr, else_expr: Some(other) }) => match &when_then_expr[..] {
            [(when, then)] if matches!(&**when, Expr::IsNotNull(of) if of == then) => (&**then, &**other),
            _ => return None,
        },
        _ => return None,
    };
    match (column, other) {
        (Expr::Column(column), Expr::Literal(value, _)) if is_zero(value) => Some(column),
        _ => None,
    }
}

/// `plan` with fewer groups in it, if there are some that nothing above tells from each other.
fn coarser(plan: &Arc<LogicalPlan>, uses: &[Use]) -> Result<Option<LogicalPlan>> {
    let below = |input: &Arc<LogicalPlan>, uses: &[Use]| match coarser(input, uses)? {
        Some(input) => plan.with_new_exprs(plan.expressions(), vec![input]).map(Some),
        None => Ok(None),
    };
    match &**plan {
        LogicalPlan::Projection(projection) => {
            let schema = projection.input.schema();
            let mut within = vec![Use::default(); schema.fields().len()];
            let read = projection.expr.iter().zip(uses).try_for_each(|(expr, used)| {
                // a column that nothing reads goes with the next pass; until then it is read
                let used = if used.is_none() { KEY } else { *used };
                reads(expr, used, schema, &mut within)
            });
            if read.is_some() { below(&projection.input, &within) } else { Ok(None) }
        }
        LogicalPlan::SubqueryAlias(alias) => below(&alias.input, uses),
        LogicalPlan::Filter(filter) => {
            let mut within = uses.to_vec();
            let read = reads(&filter.predicate, KEY, filter.input.schema(), &mut within);
            if read.is_some() { below(&filter.input, &within) } else { Ok(None) }
        }
        LogicalPlan::Union(union) => {
            let inputs = union.inputs.iter().map(|input| coarser(input, uses)).collect::<Result<Vec<_>>>()?;
            if inputs.iter().all(Option::is_none) {
                return Ok(None);
            }
            let inputs = inputs.into_iter().zip(&union.inputs);
            let inputs = inputs.map(|(new, old)| new.unwrap_or_else(|| old.as_ref().clone())).collect();
            plan.with_new_exprs(plan.expressions(), inputs).map(Some)
        }
        LogicalPlan::Aggregate(inner) => fewer_keys(inner, uses),
        _ => Ok(None),
    }
}

fn fewer_keys(inner: &Aggregate, uses: &[Use]) -> Result<Option<LogicalPlan>> {
    let keys = inner.group_expr.len();
    let is_set = inner.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_)));
    if is_set || uses.len() != keys + inner.aggr_expr.len() {
        return Ok(None);
    }
    let (of_keys, of_made) = uses.split_at(keys);
    let merges = inner.aggr_expr.iter().zip(of_made).all(|(made, used)| can_merge(made, *used));
    if !merges || of_keys.iter().any(|used| used.in_sum) {
        return Ok(None);
    }
    let kept = inner.group_expr.iter().zip(of_keys).filter(|(_, used)| !used.is_none()).map(|(key, _)| key.clone());
    let mut kept: Vec<Expr> = kept.collect();
    // without any, no rows at all would be one group
    if kept.is_empty() {
        kept.extend(inner.group_expr.first().cloned());
    }
    if kept.len() == keys {
        return Ok(None);
    }
    let fewer = Aggregate::try_new(Arc::clone(&inner.input), kept, inner.aggr_expr.clone())?;
    Ok(Some(LogicalPlan::Aggregate(fewer)))
}

/// Whether it is the same to make this of some groups and put these together as `used`, and to make it of all their rows.
fn can_merge(made: &Expr, used: Use) -> bool {
    let Expr::AggregateFunction(AggregateFunction { func, params }) = unaliased(made) else { return used.is_none() };
    let (sums, takes_max, takes_min) = match func.name() {
        "count" | "sum" => (!params.distinct, false, false),
        "max" => (false, true, false),
        "min" => (false, false, true),
        _ => (false, false, false),
    };
    !used.as_key && (!used.in_sum || sums) && (!used.in_max || takes_max) && (!used.in_min || takes_min)
}
