//! Databricks SQL: external tables of Unity Catalog, below an external location.

use super::examples::{self, Dialect, PLAIN};
use super::location::{Azure, Schemes};
use super::script::Script;
use super::{DdlError, Format, Order, qualified, spark};

const SCHEMES: Schemes = Schemes { s3: Some("s3://"), gcs: Some("gs://"), azure: Some(Azure::Abfss), folder: None };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let url = |path: &str| {
        let wanted = "s3://bucket/prefix, gs://bucket/prefix or abfss://container@account.dfs.core.windows.net/prefix";
        order.request.location.url(SCHEMES, path).ok_or_else(|| order.unreachable(wanted))
    };
    script.heading("Access (once, by an administrator of the metastore)");
    script.comment(CREDENTIAL);
    let root = url("")?;
    script.statement(&format!(
        "CREATE EXTERNAL LOCATION IF NOT EXISTS modlake\nURL '{root}'\nWITH (STORAGE CREDENTIAL modlake)"
    ));
    script.heading("Schemas and tables, in the current catalog (USE CATALOG name)");
    for schema in order.schemas() {
        script.statement(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
    }
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                let (name, location) = (qualified(table), url(&format!("tables/{}", table.name))?);
                script.statement(&format!("CREATE TABLE IF NOT EXISTS {name}\nUSING DELTA\nLOCATION '{location}'"));
            }
            script.comment("modlaked writes these tables: grant SELECT only, no job of Databricks may write, optimize or vacuum them.");
            script.blank();
            examples::write(order, PLAIN, script);
        }
        Format::Csv => {
            let folder = url(order.request.layout.folder())?;
            spark::csv_tables(order, &folder, script);
            examples::write(order, Dialect { cast: Some(("TRY_CAST", "bigint")), ..PLAIN }, script);
        }
    }
    Ok(())
}

const CREDENTIAL: &str = "\
A storage credential that may read the lake, by Catalog Explorer or
databricks storage-credentials create --json '{\"name\": \"modlake\", \"read_only\": true, \"aws_iam_role\": {\"role_arn\": \"arn:aws:iam::ACCOUNT:role/ROLE\"}}'
(Azure: \"azure_managed_identity\", Google: \"databricks_gcp_service_account\"). Run the script in the SQL editor of a warehouse.";
