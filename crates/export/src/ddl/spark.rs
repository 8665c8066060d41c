//! Apache Spark SQL: tables over locations; Delta tables need Delta's own package.

use super::examples::{self, Dialect, PLAIN};
use super::location::{Azure, Schemes};
use super::script::Script;
use super::traces::{self, TYPES};
use super::{DdlError, Format, Order, qualified};

const SCHEMES: Schemes =
    Schemes { s3: Some("s3a://"), gcs: Some("gs://"), azure: Some(Azure::Abfss), folder: Some("file://") };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let url = |path: &str| {
        let wanted = "s3://bucket/prefix, gs://…, abfss://container@account.dfs.core.windows.net/prefix or a folder";
        order.request.location.url(SCHEMES, path).ok_or_else(|| order.unreachable(wanted))
    };
    script.heading("How to run it");
    match order.request.format {
        Format::Delta => script.comment(RUN_DELTA),
        Format::Csv => script.comment("spark-sql -f modlake.sql"),
    }
    if order.request.location.is_s3() {
        script.comment(
            "s3a:// also wants --packages org.apache.hadoop:hadoop-aws:VERSION (the Hadoop version of your Spark).",
        );
    }
    script.blank();
    script.heading("Databases and tables");
    for schema in order.schemas() {
        script.statement(&format!("CREATE DATABASE IF NOT EXISTS {schema}"));
    }
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                let (name, location) = (qualified(table), url(&format!("tables/{}", table.name))?);
                script.statement(&format!("CREATE TABLE IF NOT EXISTS {name}\nUSING DELTA\nLOCATION '{location}'"));
            }
            examples::write(order, PLAIN, script);
        }
        Format::Csv => {
            let folder = url(order.request.layout.folder())?;
            csv_tables(order, &folder, script);
            examples::write(order, Dialect { cast: Some(("TRY_CAST", "bigint")), ..PLAIN }, script);
        }
    }
    Ok(())
}

/// One table per type over all folders, whose partitions are listed, and a view that sees the folders of its type.
pub(super) fn csv_tables(order: &Order, folder: &str, script: &mut Script) {
    script.comment(FILES);
    let layout = order.request.layout;
    let names = layout.partitions().join(", ");
    for (kind, stages) in TYPES {
        let table = traces::table_of(kind);
        let (columns, partitions) = traces::declared(stages, layout, "STRING");
        script.statement(&format!(
            "CREATE TABLE IF NOT EXISTS moderne_bi.{table}_files (\n{columns},\n{partitions}\n)\nUSING CSV\n\
             OPTIONS (header 'true', quote '\"', escape '\"', multiLine 'true')\nPARTITIONED BY ({names})\nLOCATION '{folder}'"
        ));
        script.statement(&format!("MSCK REPAIR TABLE moderne_bi.{table}_files"));
        script.statement(&format!(
            "CREATE OR REPLACE VIEW moderne_bi.{table} AS\nSELECT * FROM moderne_bi.{table}_files\nWHERE type = '{kind}'"
        ));
    }
}

const RUN_DELTA: &str = "\
spark-sql --packages io.delta:delta-spark_SPARK_2.13:VERSION \\
    --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension \\
    --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog \\
    -f modlake.sql
SPARK is the line of your Spark, such as 4.0; before Delta 4.1 the package is io.delta:delta-spark_2.13:VERSION.";

const FILES: &str = "\
`traces_…_files` span the folders of all types and are for the views only: the files of another type have other columns.
New days are found by MSCK REPAIR TABLE.";
