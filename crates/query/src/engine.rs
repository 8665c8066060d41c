//! Runs queries within their limits, on threads of their own so that a heavy query does not slow the intake.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::ScalarValue;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::ScalarUDF;
use datafusion::optimizer::OptimizerRule;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use lake::Lake;
use record::caller::Tenant;
use serde_json::Value;

use crate::QueryError;
use crate::allowance::Allowance;
use crate::bounded::rewrite::BoundFunctions;
use crate::bounded::size;
use crate::catalog_rows::{CatalogRows, NoCatalog};
use crate::coarser_groups::CoarserGroups;
use crate::guard;
use crate::json;
use crate::planning::Watched;
use crate::prices::{PriceOf, Prices};
use crate::records::{RecordSource, batch_rows};
use crate::spread::MeasureWhatSpreads;
use crate::tables::{CATALOG, SCHEMA, Sources, TenantTables};
use crate::unused_joins::DropUnusedJoins;

/// What one query may use; each is a documented setting.
#[derive(Clone, Debug)]
pub struct Limits {
    pub time: Duration,
    /// Of all queries together.
    pub memory_bytes: usize,
    pub rows: usize,
    /// Size of an answer in memory.
    pub answer_bytes: usize,
    /// Operators of one query.
    pub operators: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            memory_bytes: 512 << 20,
            rows: 100_000,
            answer_bytes: 256 << 20,
            operators: 2_000,
        }
    }
}

/// Of the memory of all queries, what one operator of one query may gather of large records.
const GATHERED_SHARE: usize = 32;

/// The rows that answer a query.
#[derive(Debug)]
pub struct Answer {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
}

/// Answers queries. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    lake: Lake,
    limits: Limits,
    prices: Prices,
    catalog: Arc<dyn CatalogRows>,
    records: Option<Arc<dyn RecordSource>>,
    /// Functions, optimizer and settings; shared by all queries.
    base: SessionState,
    threads: tokio::runtime::Handle,
}

impl Engine {
    /// `threads`: where queries run.
    pub fn start(lake: Lake, limits: Limits, threads: tokio::runtime::Handle) -> Result<Self, QueryError> {
        let runtime = runtime(&limits)?;
        let mut config = SessionConfig::new()
            .with_default_catalog_and_schema(CATALOG, SCHEMA)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true)
            .with_target_partitions(std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.time_zone = Some("UTC".to_owned());
        // columns carry their comments of the Delta log as metadata, which a union of two tables merges once for the logical and
        // once for the physical plan, and not alike; types are checked elsewhere
        options.execution.skip_physical_aggregate_schema_check = true;
        // the longest or dearest first is not what has no length or cost: as Athena, Trino and DuckDB, not as PostgreSQL
        "nulls_last".clone_into(&mut options.sql_parser.default_null_ordering);
        let mut base = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .with_table_factories(std::collections::HashMap::new())
            .with_file_formats(Vec::new())
            .with_optimizer_rule(Arc::new(DropUnusedJoins))
            .with_optimizer_rule(Arc::new(CoarserGroups))
            .build();
        for name in guard::UNBOUNDED_FUNCTIONS {
            let removed = base.deregister_udf(name);
            removed.map_err(|error| QueryError::Internal(error.strip_backtrace()))?;
        }
        json::register(&mut base).map_err(|error| QueryError::Internal(error.strip_backtrace()))?;
        let prices = Prices::default();
        let catalog = Arc::new(NoCatalog);
        Self { lake, limits, prices: prices.clone(), catalog, records: None, base, threads }.with_prices(prices)
    }

    /// With the rows of the tables that lie in the catalog; without it these are empty.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Arc<dyn CatalogRows>) -> Self {
        self.catalog = catalog;
        self
    }

    /// Prices requests by `prices` instead of the shipped list.
    pub fn with_prices(mut self, prices: Prices) -> Result<Self, QueryError> {
        let replaced = self.base.register_udf(Arc::new(ScalarUDF::from(PriceOf::new(prices.clone()))));
        replaced.map_err(|error| QueryError::Internal(error.strip_backtrace()))?;
        self.prices = prices;
        Ok(self)
    }

    /// Reads the table `records` from `source`; without one it is empty.
    #[must_use]
    pub fn with_records(mut self, source: Arc<dyn RecordSource>) -> Self {
        self.records = Some(source);
        self
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Answers `query` with `tenant`'s rows; `$1` is the first of `params`.
    pub async fn sql(&self, tenant: &Tenant, query: &str, params: Vec<Value>) -> Result<Answer, QueryError> {
        let engine = self.clone();
        let (tenant, query) = (tenant.clone(), query.to_owned());
        let time = self.limits.time;
        let mut task = self.threads.spawn(async move { engine.run(tenant, &query, params).await });
        match tokio::time::timeout(time, &mut task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Err(QueryError::Internal(error.to_string())),
            Err(_) => {
                task.abort();
                Err(QueryError::took_too_long(time))
            }
        }
    }

    async fn run(&self, tenant: Tenant, query: &str, params: Vec<Value>) -> Result<Answer, QueryError> {
        let fail = |error| QueryError::from_datafusion(&error, self.limits.memory_bytes);
        let statement = guard::check(query, self.limits.operators)?;
        let allowance = Arc::new(Allowance::new(&self.limits, Arc::clone(&self.base.runtime_env().memory_pool)));
        let context = self.session(tenant, &allowance).map_err(fail)?;
        let plan = context.state().statement_to_plan(statement).await.map_err(fail)?;
        guard::options().verify_plan(&plan).map_err(|error| QueryError::Refused(error.strip_backtrace()))?;
        let mut frame = context.execute_logical_plan(plan).await.map_err(fail)?;
        if !params.is_empty() {
            let values: Vec<ScalarValue> = params.iter().map(scalar).collect::<Result<_, _>>()?;
            frame = frame.with_param_values(values).map_err(fail)?;
        }
        let schema = Arc::clone(frame.schema().inner());
        let (mut state, plan) = frame.into_parts();
        let plan = state.optimize(&plan).map_err(fail)?;
        let of_records = batch_rows(&plan, self.limits.memory_bytes / GATHERED_SHARE).await.map_err(fail)?;
        if let Some(rows) = of_records.filter(|rows| *rows < state.config().batch_size()) {
            *state.config_mut() = state.config().clone().with_batch_size(rows);
        }
        allowance.run();
        let plan = state.query_planner().create_physical_plan(&plan, &state).await.map_err(fail)?;
        let mut stream = execute_stream(plan, state.task_ctx()).map_err(fail)?;
        let (mut batches, mut rows, mut bytes) = (Vec::new(), 0, 0);
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(fail)?;
            rows += batch.num_rows();
            // texts that many rows share are written out for each of them
            let written: usize = batch.columns().iter().map(size::logical).sum();
            bytes += batch.get_array_memory_size().max(written);
            self.check_size(rows, bytes)?;
            batches.push(batch);
        }
        Ok(Answer { schema, batches })
    }

    fn check_size(&self, rows: usize, bytes: usize) -> Result<(), QueryError> {
        if rows > self.limits.rows {
            let message = format!("the answer has more than {} rows; add LIMIT or aggregate", self.limits.rows);
            return Err(QueryError::Limit { message, setting: "query.max_rows" });
        }
        if bytes > self.limits.answer_bytes {
            let message = format!("the answer is larger than {} bytes; select fewer columns", self.limits.answer_bytes);
            return Err(QueryError::Limit { message, setting: "query.max_answer_bytes" });
        }
        Ok(())
    }

    /// A session that knows one tenant's tables and nothing else.
    fn session(&self, tenant: Tenant, allowance: &Arc<Allowance>) -> datafusion::error::Result<SessionContext> {
        let sources = Sources {
            lake: self.lake.clone(),
            prices: self.prices.clone(),
            catalog: Arc::clone(&self.catalog),
            records: self.records.clone(),
        };
        let tables = TenantTables::new(sources, tenant, Arc::new(self.base.clone()));
        let catalogs = tables.catalogs()?;
        let watched = |rule: &Arc<dyn OptimizerRule + Send + Sync>| -> Arc<dyn OptimizerRule + Send + Sync> {
            Arc::new(Watched { rule: Arc::clone(rule), allowance: Arc::clone(allowance) })
        };
        let bounding = || Arc::new(BoundFunctions { allowance: Arc::clone(allowance) });
        let state = SessionStateBuilder::new_from_existing(self.base.clone())
            .with_catalog_list(catalogs)
            .with_optimizer_rules(self.base.optimizers().iter().map(watched).collect())
            .with_optimizer_rule(bounding())
            .with_analyzer_rule(bounding())
            .with_physical_optimizer_rule(Arc::new(MeasureWhatSpreads { allowance: Arc::clone(allowance) }))
            .build();
        Ok(SessionContext::new_with_state(state))
    }
}

/// Queries spill nothing to disk: what they hold is bounded, and no second copy of anybody's rows lies about. Operators take
/// memory as they need it: in equal shares, as those that spill are given it, a view of many operators has none for the few large.
fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>, QueryError> {
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
        .build_arc()
        .map_err(|error| QueryError::Internal(error.strip_backtrace()))
}

fn scalar(param: &Value) -> Result<ScalarValue, QueryError> {
    Ok(match param {
        Value::Null => ScalarValue::Null,
        Value::Bool(bool) => ScalarValue::from(*bool),
        Value::Number(number) => match number.as_i64() {
            Some(int) => ScalarValue::from(int),
            None => ScalarValue::from(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => ScalarValue::from(text.as_str()),
        Value::Array(_) | Value::Object(_) => {
            return Err(QueryError::Invalid("a parameter is text, a number, true, false or null".to_owned()));
        }
    })
}

#[cfg(test)]
mod tests;
