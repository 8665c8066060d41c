//! Joins, windows and `unnest` write a value of one row into many: a text of a megabyte becomes gigabytes in one batch that
//! nothing counts before it is there. So what flows into them is measured, and refused while it is still one value.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::TryStreamExt;

use crate::allowance::Allowance;
use crate::bounded::size;

/// Puts a [`Measured`] below each operator that spreads values.
#[derive(Debug)]
pub(crate) struct MeasureWhatSpreads {
    pub allowance: Arc<Allowance>,
}

impl PhysicalOptimizerRule for MeasureWhatSpreads {
    fn name(&self) -> &'static str {
        "measure_what_spreads"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let measured = plan.transform_up(|plan| {
            if !spreads(plan.name()) {
                return Ok(Transformed::no(plan));
            }
            let inputs = plan.children().into_iter().map(|input| -> Arc<dyn ExecutionPlan> {
                Arc::new(Measured {
                    above: plan.name().to_owned(),
                    input: Arc::clone(input),
                    allowance: Arc::clone(&self.allowance),
                })
            });
            let inputs = inputs.collect();
            let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
            plan.replace_children(inputs, options).map(Transformed::yes)
        })?;
        Ok(measured.data)
    }
}

fn spreads(operator: &str) -> bool {
    operator.contains("Join") || operator.contains("Window") || operator.starts_with("Unnest")
}

/// Its input, whose values are not too long for a batch of copies.
#[derive(Debug)]
struct Measured {
    above: String,
    input: Arc<dyn ExecutionPlan>,
    allowance: Arc<Allowance>,
}

impl DisplayAs for Measured {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Measured")
    }
}

impl ExecutionPlan for Measured {
    fn name(&self) -> &'static str {
        "Measured"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.input));
        Ok(Arc::new(Self { above: self.above.clone(), input, allowance: Arc::clone(&self.allowance) }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let copies = context.session_config().batch_size();
        let (above, allowance) = (self.above.clone(), Arc::clone(&self.allowance));
        let batches = self.input.execute(partition, context)?;
        let measured = batches
            .and_then(move |batch| std::future::ready(measure(&batch, copies, &above, &allowance).map(|()| batch)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.input.schema(), measured)))
    }
}

fn measure(batch: &RecordBatch, copies: usize, above: &str, allowance: &Allowance) -> Result<()> {
    // windows write texts that could be shared anew
    let shares = !above.contains("Window");
    for column in batch.columns() {
        let longest = size::longest_value(column, shares);
        allowance.check_result(above, longest.saturating_mul(copies))?;
    }
    Ok(())
}
