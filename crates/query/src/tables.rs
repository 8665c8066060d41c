//! The tables a caller sees: each is a view of committed and pending rows, filtered by the caller's tenant. The views of
//! [`crate::views`] are planned over these and see nothing else.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemTable, MemoryCatalogProvider, MemoryCatalogProviderList, SchemaProvider,
    TableProvider,
};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::{Expr, col, lit};
use lake::Lake;
use lake::replace::Gone;
use record::caller::Tenant;
use record::dictionary::{RECORDS, TABLES, Table};
use record::source::Source;

use crate::prices::Prices;
use crate::records::{RecordSource, RecordsTable};
use crate::views::{INTERNAL, MODERNE_BI, TRACE_VIEWS, VIEWS, View};

/// The name of the catalog and of the schema that unqualified names mean.
pub(crate) const CATALOG: &str = "modlake";
pub(crate) const SCHEMA: &str = "public";
/// The schema under which the tables have the names of the system we are a drop-in for.
const MODA: &str = "moda";
/// The schema of trace files, as the system we are a drop-in for has it.
const MODERNE: &str = "moderne_bi";
/// The schema that only views know.
const WITHIN: &str = "internal";
/// What models cost: the same for all tenants.
const PRICES: &str = "prices";

/// Where rows come from.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) lake: Lake,
    pub(crate) prices: Prices,
    pub(crate) records: Option<Arc<dyn RecordSource>>,
}

/// One tenant's tables, for one query: every mention of a table in it reads the same instant.
#[derive(Clone)]
pub(crate) struct TenantTables {
    sources: Sources,
    tenant: Tenant,
    session: Arc<SessionState>,
    known: Arc<Mutex<HashMap<&'static str, Arc<dyn TableProvider>>>>,
}

impl std::fmt::Debug for TenantTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantTables").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl TenantTables {
    pub(crate) fn new(sources: Sources, tenant: Tenant, session: Arc<SessionState>) -> Self {
        Self { sources, tenant, session, known: Arc::default() }
    }

    /// What a caller's query can name.
    pub(crate) fn catalogs(&self) -> Result<Arc<dyn CatalogProviderList>> {
        self.catalogs_with(None)
    }

    fn catalogs_with(&self, internal: Option<Internal>) -> Result<Arc<dyn CatalogProviderList>> {
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(self.clone()))?;
        catalog.register_schema(MODA, Arc::new(self.clone()))?;
        catalog.register_schema(MODERNE, Arc::new(ModerneBi(self.clone())))?;
        if let Some(internal) = internal {
            catalog.register_schema(WITHIN, Arc::new(internal))?;
        }
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        Ok(Arc::new(catalogs))
    }

    /// The provider of `name`, made when it is first asked for.
    async fn once(
        &self,
        name: &'static str,
        make: impl Future<Output = Result<Arc<dyn TableProvider>>> + Send,
    ) -> Result<Arc<dyn TableProvider>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(provider) = known {
            return Ok(provider);
        }
        let made = make.await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(known.entry(name).or_insert(made)))
    }

    async fn rows(&self, table: &'static Table) -> Result<Arc<dyn TableProvider>> {
        let external = |error: lake::LakeError| DataFusionError::External(Box::new(error));
        let reading = self.sources.lake.read(table, self.tenant.as_str()).map_err(external)?;
        let committed = reading.committed(Arc::clone(&self.session)).await.map_err(external)?;
        let schema = committed.schema();
        let own = col("tenant").eq(lit(self.tenant.as_str()));
        let mut scan =
            LogicalPlanBuilder::scan(table.name, provider_as_source(committed), None)?.filter(own.clone())?;
        for count in still_counts(&reading.gone) {
            scan = scan.filter(count)?;
        }
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

    async fn view(&self, view: &'static View) -> Result<Arc<dyn TableProvider>> {
        let catalogs = self.catalogs_with(Some(Internal(self.clone())))?;
        let state =
            SessionStateBuilder::new_from_existing(self.session.as_ref().clone()).with_catalog_list(catalogs).build();
        let plan = state.create_logical_plan(view.sql).await?;
        let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
        Ok(Arc::new(ViewTable::new(plan, None)))
    }

    fn prices(&self) -> Result<Arc<dyn TableProvider>> {
        let batch = self.sources.prices.batch();
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}

#[async_trait]
impl SchemaProvider for TenantTables {
    fn table_names(&self) -> Vec<String> {
        let tables = TABLES.iter().map(|table| table.name);
        tables.chain(VIEWS.iter().map(|view| view.name)).chain([PRICES, RECORDS.name]).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(table) = TABLES.into_iter().find(|table| table.name == name) {
            self.once(table.name, self.rows(table)).await.map(Some)
        } else if let Some(view) = VIEWS.iter().find(|view| view.name == name) {
            self.once(view.name, self.view(view)).await.map(Some)
        } else if name == PRICES {
            self.prices().map(Some)
        } else if name == RECORDS.name {
            Ok(Some(Arc::new(RecordsTable::new(self.sources.records.clone(), self.tenant.clone()))))
        } else {
            Ok(None)
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|known| known == name)
    }
}

/// The schema [`MODERNE`].
#[derive(Clone, Debug)]
struct ModerneBi(TenantTables);

#[async_trait]
impl SchemaProvider for ModerneBi {
    fn table_names(&self) -> Vec<String> {
        MODERNE_BI.iter().map(|view| view.name).chain(TRACE_VIEWS).map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(view) = MODERNE_BI.iter().find(|view| view.name == name) {
            self.0.view(view).await.map(Some)
        } else if TRACE_VIEWS.contains(&name) {
            self.0.table(name).await
        } else {
            Ok(None)
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.table_names().iter().any(|known| known == name)
    }
}

/// The schema of what views share.
#[derive(Clone, Debug)]
struct Internal(TenantTables);

#[async_trait]
impl SchemaProvider for Internal {
    fn table_names(&self) -> Vec<String> {
        INTERNAL.iter().map(|view| view.name.to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(view) = INTERNAL.iter().find(|view| view.name == name) else { return Ok(None) };
        self.0.once(view.name, self.0.view(view)).await.map(Some)
    }

    fn table_exist(&self, name: &str) -> bool {
        INTERNAL.iter().any(|view| view.name == name)
    }
}

/// Which committed rows are not about to go: those of commands that were delivered again are pending.
fn still_counts(gone: &[Gone]) -> Vec<Expr> {
    let mut commands: BTreeMap<(Source, &str), Vec<Expr>> = BTreeMap::new();
    for gone in gone {
        commands.entry((gone.prefix.source, &gone.prefix.kind)).or_default().push(lit(gone.command_id.as_str()));
    }
    let counts = commands.into_iter().map(|((source, kind), ids)| {
        let is_one = col("source").eq(lit(source.as_str())).and(col("type").eq(lit(kind)));
        is_one.and(col("command_id").in_list(ids, false)).is_not_true()
    });
    counts.collect()
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
