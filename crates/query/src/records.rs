//! The table `records`: what the tenant's databases hold now. It lies in the catalog, which this crate does not know: whoever starts
//! the engine gives a [`RecordSource`].
//!
//! A query holds one page of records at a time, counted against the memory of all queries. Conditions on `database_id` and
//! `database_name` say which databases are read at all. Pages are read one after the other: a record that is written meanwhile is seen
//! as it was or as it is.
//!
//! Operators gather what they pass on into batches of so many rows, whatever a row weighs; a query that reads large data therefore has
//! batches of fewer rows: see [`batch_rows`].

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{BinaryExpr, LogicalPlan, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::prelude::Expr;
use record::caller::Tenant;
use record::dictionary::{Kind, RECORDS};
use record::time::Timestamp;

/// A record, and the database it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordRow {
    pub database_id: Arc<str>,
    pub database_name: Arc<str>,
    pub key: String,
    /// One JSON object.
    pub data: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub updated_by: String,
}

/// What a query reads of a tenant's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of databases; `None`: of all.
    pub ids: Option<Vec<String>>,
    pub names: Option<Vec<String>>,
    /// Whether anybody looks at the data; else it may be left empty.
    pub data: bool,
}

/// The next page of records, in memory; `None`: there are no more. The error goes to the log, not to the caller.
pub type NextPage<'a> = Pin<Box<dyn Future<Output = Result<Option<Vec<RecordRow>>, String>> + Send + 'a>>;

/// A size in bytes on its way. The error goes to the log, not to the caller.
pub type Bytes<'a> = Pin<Box<dyn Future<Output = Result<usize, String>> + Send + 'a>>;

/// A walk over records, page by page of bounded size.
pub trait RecordPages: Send {
    fn next(&mut self) -> NextPage<'_>;
}

/// Where records come from.
pub trait RecordSource: Debug + Send + Sync {
    /// The tenant's records, of the databases that are wanted at least.
    fn pages(&self, tenant: &Tenant, wanted: Wanted) -> Box<dyn RecordPages>;

    /// The size of the largest data in these.
    fn largest<'a>(&'a self, tenant: &'a Tenant, wanted: Wanted) -> Bytes<'a>;
}

/// One tenant's records, for one query. Without a source there are none.
#[derive(Debug)]
pub(crate) struct RecordsTable {
    source: Option<Arc<dyn RecordSource>>,
    tenant: Tenant,
    schema: SchemaRef,
}

impl RecordsTable {
    pub(crate) fn new(source: Option<Arc<dyn RecordSource>>, tenant: Tenant) -> Self {
        Self { source, tenant, schema: schema() }
    }

    fn wanted(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> Wanted {
        let is_data = |column: &usize| self.schema.field(*column).name() == "data";
        Wanted {
            ids: texts_of("database_id", filters),
            names: texts_of("database_name", filters),
            data: projection.is_none_or(|columns| columns.iter().any(is_data)),
        }
    }
}

/// The rows of a batch that hold at most `bytes` of the data of any records that `plan` reads. `None`: it reads no data of any.
pub(crate) async fn batch_rows(plan: &LogicalPlan, bytes: usize) -> Result<Option<usize>> {
    let mut scans = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let provider = source_as_provider(&scan.source)?
            && let Some(table) = provider.downcast_ref::<RecordsTable>()
            && let Some(source) = &table.source
        {
            let wanted = table.wanted(scan.projection.as_ref(), &scan.filters);
            scans.push((Arc::clone(source), table.tenant.clone(), wanted));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let mut least: Option<usize> = None;
    for (source, tenant, wanted) in scans.into_iter().filter(|(_, _, wanted)| wanted.data) {
        let largest = source.largest(&tenant, wanted).await.map_err(DataFusionError::Internal)?;
        let rows = (bytes / largest.max(1)).max(1);
        least = Some(least.map_or(rows, |least| least.min(rows)));
    }
    Ok(least)
}

fn schema() -> SchemaRef {
    let fields = RECORDS.columns.iter().map(|column| {
        let data_type = match column.kind {
            Kind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            _ => DataType::Utf8,
        };
        Field::new(column.name, data_type, false)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[async_trait]
impl TableProvider for RecordsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // they choose databases; the rows are filtered again
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted = self.wanted(projection, filters);
        let walk =
            Walk { source: self.source.clone(), tenant: self.tenant.clone(), wanted, schema: Arc::clone(&self.schema) };
        let limit = limit.filter(|_| filters.is_empty());
        let plan = StreamingTableExec::try_new(self.schema(), vec![Arc::new(walk)], projection, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// The texts that `column` must be one of, where a filter says so.
fn texts_of(column: &str, filters: &[Expr]) -> Option<Vec<String>> {
    filters.iter().find_map(|filter| texts(column, filter))
}

fn texts(column: &str, filter: &Expr) -> Option<Vec<String>> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let text = match (is_column(column, left), is_column(column, right)) {
                (true, _) => text(right),
                (_, true) => text(left),
                _ => None,
            };
            text.map(|text| vec![text])
        }
        // what a short list becomes
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut either = texts(column, left)?;
            either.extend(texts(column, right)?);
            Some(either)
        }
        Expr::InList(list) if !list.negated && is_column(column, &list.expr) => list.list.iter().map(text).collect(),
        _ => None,
    }
}

fn is_column(name: &str, expr: &Expr) -> bool {
    matches!(expr, Expr::Column(column) if column.name == name)
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(value, _) => ScalarValue::try_as_str(value)?.map(str::to_owned),
        _ => None,
    }
}

/// What one query reads.
#[derive(Debug)]
struct Walk {
    source: Option<Arc<dyn RecordSource>>,
    tenant: Tenant,
    wanted: Wanted,
    schema: SchemaRef,
}

impl PartitionStream for Walk {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let pages = self.source.as_ref().map(|source| source.pages(&self.tenant, self.wanted.clone()));
        let held = MemoryConsumer::new("records").register(context.memory_pool());
        let state = (pages, held, Arc::clone(&self.schema));
        let batches = futures::stream::try_unfold(state, |(mut pages, mut held, schema)| async move {
            let batch = next_batch(pages.as_deref_mut(), &mut held, &schema).await?;
            Ok(batch.map(|batch| (batch, (pages, held, schema))))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

async fn next_batch(
    pages: Option<&mut (dyn RecordPages + 'static)>,
    held: &mut MemoryReservation,
    schema: &SchemaRef,
) -> Result<Option<RecordBatch>> {
    let Some(pages) = pages else { return Ok(None) };
    held.free();
    let next = pages.next().await.map_err(DataFusionError::Internal)?;
    let Some(rows) = next else { return Ok(None) };
    let batch = batch(&rows, schema)?;
    held.try_resize(batch.get_array_memory_size())?;
    Ok(Some(batch))
}

fn batch(rows: &[RecordRow], schema: &SchemaRef) -> Result<RecordBatch> {
    let texts =
        |of: fn(&RecordRow) -> &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(rows.iter().map(of))) };
    let times = |of: fn(&RecordRow) -> Timestamp| -> ArrayRef {
        let micros = rows.iter().map(|row| of(row).0);
        Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC"))
    };
    let columns = vec![
        texts(|row| &row.database_id),
        texts(|row| &row.database_name),
        texts(|row| &row.key),
        texts(|row| &row.data),
        times(|row| row.created_at),
        times(|row| row.updated_at),
        texts(|row| &row.updated_by),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
