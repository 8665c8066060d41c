//! Planning within bounds: the optimizer's rules can make a plan that is exponentially larger than its query, and take as long.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

use crate::allowance::{Allowance, limit};

/// `rule`, which stops when the query's time is over and refuses a node that outgrew the bound: rules write the
/// expressions of one node into another, so one that goes on from a small node makes at most a node twice as large.
#[derive(Debug)]
pub(crate) struct Watched {
    pub rule: Arc<dyn OptimizerRule + Send + Sync>,
    pub allowance: Arc<Allowance>,
}

/// Expressions of one node of a plan.
const NODE_EXPRESSIONS: usize = 100_000;

impl OptimizerRule for Watched {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.rule.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        self.allowance.check_time()?;
        check_expressions(&plan)?;
        self.rule.rewrite(plan, config)
    }
}

fn check_expressions(plan: &LogicalPlan) -> Result<()> {
    let mut count = 0_usize;
    plan.apply_expressions(|expr| {
        expr.apply(|_| {
            count += 1;
            Ok(if count > NODE_EXPRESSIONS { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    if count > NODE_EXPRESSIONS {
        let message = format!(
            "the query is more than {NODE_EXPRESSIONS} expressions once each use of a computed column is written out"
        );
        return Err(limit(message, "query.max_operators"));
    }
    Ok(())
}
