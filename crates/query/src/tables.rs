//! The tables a caller sees: each is a view of committed and pending rows, filtered by the caller's tenant.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::{col, lit};
use lake::Lake;
use record::caller::Tenant;
use record::dictionary::{TABLES, Table};

/// One tenant's tables, for one query: every mention of a table in it reads the same instant.
#[derive(Clone)]
pub(crate) struct TenantTables {
    lake: Lake,
    tenant: Tenant,
    session: Arc<SessionState>,
    views: Arc<Mutex<HashMap<&'static str, Arc<dyn TableProvider>>>>,
}

impl std::fmt::Debug for TenantTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTables").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl TenantTables {
    pub(crate) fn new(lake: Lake, tenant: Tenant, session: Arc<SessionState>) -> Self {
        Self { lake, tenant, session, views: Arc::default() }
    }

    async fn view(&self, table: &'static Table) -> Result<Arc<dyn TableProvider>> {
        let external = |error: lake::LakeError| DataFusionError::External(Box::new(error));
        let reading = self.lake.read(table, self.tenant.as_str()).map_err(external)?;
        let committed = reading.committed(Arc::clone(&self.session)).await.map_err(external)?;
        let schema = committed.schema();
        let own = col("tenant").eq(lit(self.tenant.as_str()));
        let scan = LogicalPlanBuilder::scan(table.name, provider_as_source(committed), None)?.filter(own.clone())?;
        let pending = reading.pending.iter().map(|batch| cast_batch(batch, &schema)).collect::<Result<Vec<_>>>()?;
        let plan = if pending.is_empty() {
            scan
        } else {
            let memory = MemTable::try_new(schema, vec![pending])?;
            let pending = LogicalPlanBuilder::scan(table.name, provider_as_source(Arc::new(memory)), None)?;
            scan.union(pending.filter(own)?.build()?)?
        };
        Ok(Arc::new(ViewTable::new(plan.build()?, None)))
    }
}

#[async_trait]
impl SchemaProvider for TenantTables {
    fn table_names(&self) -> Vec<String> {
        TABLES.iter().map(|table| table.name.to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = TABLES.into_iter().find(|table| table.name == name) else { return Ok(None) };
        let known = self.views.lock().unwrap_or_else(PoisonError::into_inner).get(table.name).cloned();
        if let Some(view) = known {
            return Ok(Some(view));
        }
        let view = self.view(table).await?;
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(views.entry(table.name).or_insert(view))))
    }

    fn table_exist(&self, name: &str) -> bool {
        TABLES.iter().any(|table| table.name == name)
    }
}

fn cast_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| {
            let column = batch
                .column_by_name(field.name())
                .ok_or_else(|| DataFusionError::Internal(format!("pending rows have no column {}", field.name())))?;
            Ok(cast(column, field.data_type())?)
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
