//! Tables whose rows lie in the catalog and not in the lake.

use std::fmt;
use std::pin::Pin;

use record::caller::Tenant;
use record::dictionary::Table;
use record::rows::Rows;

/// Rows on their way, or why there are none.
pub type Coming<'a> = Pin<Box<dyn Future<Output = Result<Rows, String>> + Send + 'a>>;

/// Where the rows of [`record::dictionary::CATALOG_TABLES`] come from.
pub trait CatalogRows: fmt::Debug + Send + Sync {
    /// All rows of `table` that are the tenant's. They are read once for a query that names the table, and held in memory.
    fn rows<'a>(&'a self, table: &'static Table, tenant: &'a Tenant) -> Coming<'a>;
}

/// No catalog: the tables are there, and empty.
#[derive(Debug)]
pub(crate) struct NoCatalog;

impl CatalogRows for NoCatalog {
    fn rows<'a>(&'a self, table: &'static Table, _tenant: &'a Tenant) -> Coming<'a> {
        Box::pin(std::future::ready(Ok(Rows::new(table))))
    }
}
