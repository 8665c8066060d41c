//! Trino: Delta tables are registered by a procedure of the Delta Lake connector, CSV objects by the Hive connector.

use super::examples::{self, Dialect, PLAIN};
use super::location::{Azure, Schemes};
use super::script::{Script, lines};
use super::traces::{self, TYPES};
use super::{DdlError, Format, Order, schema};

const SCHEMES: Schemes =
    Schemes { s3: Some("s3://"), gcs: Some("gs://"), azure: Some(Azure::Abfss), folder: Some("local://") };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let url = |path: &str| {
        let wanted = "s3://bucket/prefix, gs://…, abfss://container@account.dfs.core.windows.net/prefix or a folder";
        order.request.location.url(SCHEMES, path).ok_or_else(|| order.unreachable(wanted))
    };
    match order.request.format {
        Format::Delta => {
            script.heading("Catalog (once): etc/catalog/delta.properties");
            script
                .comment("connector.name=delta_lake\nhive.metastore=glue\ndelta.register-table-procedure.enabled=true");
            script.comment(&file_system(order));
            script.blank();
            script.comment(RUN);
            script.blank();
            script.heading("Schemas and tables");
            for schema in order.schemas() {
                script.statement(&format!("CREATE SCHEMA IF NOT EXISTS delta.{schema}"));
            }
            for table in &order.tables {
                let (schema, name, location) = (schema(table), table.name, url(&format!("tables/{}/", table.name))?);
                script.statement(&format!(
                    "CALL delta.system.register_table(schema_name => '{schema}', table_name => '{name}', table_location => '{location}')"
                ));
            }
            examples::write(order, Dialect { catalog: "delta.", ..PLAIN }, script);
        }
        Format::Csv => {
            script.heading("Catalog (once): etc/catalog/hive.properties");
            script.comment("connector.name=hive\nhive.metastore=glue");
            script.comment(&file_system(order));
            script.blank();
            script.comment(RUN);
            script.blank();
            script.heading("Schema and tables");
            script.comment(FILES);
            script.statement("CREATE SCHEMA IF NOT EXISTS hive.moderne_bi");
            let folder = url(order.request.layout.folder())?;
            for (kind, stages) in TYPES {
                csv_table(order, kind, stages, &folder, script);
            }
            examples::write(order, Dialect { catalog: "hive.", cast: Some(("TRY_CAST", "bigint")), ..PLAIN }, script);
        }
    }
    Ok(())
}

fn csv_table(order: &Order, kind: &str, stages: &[&str], folder: &str, script: &mut Script) {
    let layout = order.request.layout;
    let table = traces::table_of(kind);
    let (columns, partitions) = traces::declared(stages, layout, "varchar");
    let names: Vec<String> = layout.partitions().iter().map(|name| format!("'{name}'")).collect();
    let properties = lines([
        "format = 'CSV'".to_owned(),
        "csv_separator = ','".to_owned(),
        "csv_quote = '\"'".to_owned(),
        "csv_escape = '\\'".to_owned(),
        "skip_header_line_count = 1".to_owned(),
        format!("external_location = '{folder}'"),
        format!("partitioned_by = ARRAY[{}]", names.join(", ")),
    ]);
    script.statement(&format!(
        "CREATE TABLE IF NOT EXISTS hive.moderne_bi.{table}_files (\n{columns},\n{partitions}\n)\nWITH (\n{properties}\n)"
    ));
    script.statement(&format!(
        "CALL hive.system.sync_partition_metadata(schema_name => 'moderne_bi', table_name => '{table}_files', mode => 'ADD')"
    ));
    script.statement(&format!(
        "CREATE OR REPLACE VIEW hive.moderne_bi.{table} AS\nSELECT * FROM hive.moderne_bi.{table}_files\nWHERE type = '{kind}'"
    ));
}

/// Properties of the catalog by which Trino reaches the storage.
fn file_system(order: &Order) -> String {
    let location = &order.request.location;
    if location.is_folder() {
        "fs.native-local.enabled=true\nlocal.location=/"
    } else if location.is_s3() {
        "fs.native-s3.enabled=true\ns3.region=REGION"
    } else if location.is_gcs() {
        "fs.native-gcs.enabled=true"
    } else {
        "fs.native-azure.enabled=true\nazure.auth-type=DEFAULT"
    }
    .to_owned()
}

const RUN: &str = "\
hive.metastore=thrift with hive.metastore.uri=thrift://HOST:9083 where the metastore is not Glue. Recent releases leave
out `native-` in the names of file systems (fs.s3.enabled). Then:
trino --server https://HOST --file modlake.sql";

const FILES: &str = "\
`traces_…_files` span the folders of all types and are for the views only: the files of another type have other columns.
New days are found by calling sync_partition_metadata again.";
