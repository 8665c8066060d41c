//! Rows of the catalog as tables of queries.

use std::fmt;

use catalog::{Catalog, CatalogError};
use query::catalog_rows::{CatalogRows, Coming};
use record::caller::Tenant;
use record::dictionary::{Table, deployment_clearings, deployment_clients};
use record::rows::Rows;
use record::time::Timestamp;

/// A catalog that queries read.
pub(crate) struct InCatalog(pub(crate) Catalog);

impl fmt::Debug for InCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InCatalog")
    }
}

impl CatalogRows for InCatalog {
    fn rows<'a>(&'a self, table: &'static Table, tenant: &'a Tenant) -> Coming<'a> {
        Box::pin(async move {
            let rows = if table.name == deployment_clients::TABLE.name {
                clients(&self.0, tenant).await
            } else if table.name == deployment_clearings::TABLE.name {
                clearings(&self.0, tenant).await
            } else {
                return Err(format!("the catalog has no table `{}`", table.name));
            };
            rows.map_err(|error| error.to_string())
        })
    }
}

async fn clients(catalog: &Catalog, tenant: &Tenant) -> Result<Rows, CatalogError> {
    use deployment_clients as column;
    let mut rows = Rows::new(&column::TABLE);
    for client in catalog.deployment_clients(tenant, None, Timestamp(i64::MIN)).await? {
        rows.text(column::DEPLOYMENT_ID, &client.deployment_id);
        rows.text(column::UID, &client.uid);
        let optional = [
            (column::USER_EMAIL, &client.email),
            (column::MOD_ID, &client.mod_id),
            (column::MOD_VERSION, &client.mod_version),
            (column::CLIENT_VERSION, &client.client_version),
        ];
        for (column, text) in optional {
            if let Some(text) = text {
                rows.text(column, text);
            }
        }
        rows.timestamp(column::FIRST_SEEN_AT, client.first_seen_at);
        rows.timestamp(column::LAST_SEEN_AT, client.last_seen_at);
        rows.end_row(None);
    }
    Ok(rows)
}

async fn clearings(catalog: &Catalog, tenant: &Tenant) -> Result<Rows, CatalogError> {
    use deployment_clearings as column;
    let mut rows = Rows::new(&column::TABLE);
    for clearing in catalog.cleared_errors(tenant).await? {
        rows.text(column::DEPLOYMENT_ID, &clearing.deployment_id);
        rows.timestamp(column::CLEARED_AT, clearing.cleared_at);
        rows.text(column::KEY, &clearing.cleared_by);
        rows.end_row(None);
    }
    Ok(rows)
}
