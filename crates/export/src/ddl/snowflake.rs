//! Snowflake: a storage integration, a stage over the lake's root, external tables whose columns are paths into `VALUE`.

use record::dictionary::{Kind, PARTITION_COLUMNS, Table};

use super::examples::{self, Dialect, PLAIN};
use super::location::{Azure, Schemes};
use super::script::{Script, lines};
use super::traces::{self, TYPES};
use super::{DdlError, Format, Order, qualified};

const SCHEMES: Schemes = Schemes { s3: Some("s3://"), gcs: Some("gcs://"), azure: Some(Azure::Blob), folder: None };

/// The column of metrics beside Snowflake's own `VALUE`.
const VALUE: &str = "\"value\"";

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let location = &order.request.location;
    let wanted = "s3://bucket/prefix, gs://bucket/prefix or abfss://container@account.dfs.core.windows.net/prefix";
    let root = location.url(SCHEMES, "").ok_or_else(|| order.unreachable(wanted))?;
    script.heading("Access (once, by ACCOUNTADMIN)");
    let provider = if location.is_s3() {
        "STORAGE_PROVIDER = 'S3'\nSTORAGE_AWS_ROLE_ARN = 'arn:aws:iam::ACCOUNT:role/ROLE'"
    } else if location.is_gcs() {
        "STORAGE_PROVIDER = 'GCS'"
    } else {
        "STORAGE_PROVIDER = 'AZURE'\nAZURE_TENANT_ID = 'TENANT'"
    };
    script.statement(&format!(
        "CREATE STORAGE INTEGRATION IF NOT EXISTS modlake\nTYPE = EXTERNAL_STAGE\nENABLED = TRUE\n{provider}\n\
         STORAGE_ALLOWED_LOCATIONS = ('{root}')"
    ));
    script.comment(
        "DESC INTEGRATION modlake shows the identity that the bucket must trust. Run the script in a worksheet, or",
    );
    script.comment("snow sql -f modlake.sql");
    script.blank();
    script.heading("Database, stage and tables");
    script.statement("CREATE DATABASE IF NOT EXISTS modlake");
    script.statement("USE DATABASE modlake");
    for schema in order.schemas() {
        script.statement(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
    }
    script.statement(&format!(
        "CREATE STAGE IF NOT EXISTS modlake.public.lake\nURL = '{root}'\nSTORAGE_INTEGRATION = modlake"
    ));
    match order.request.format {
        Format::Delta => {
            script.comment(REFRESH);
            for table in &order.tables {
                script.statement(&delta_table(table));
                script.statement(&format!("ALTER EXTERNAL TABLE {} REFRESH", qualified(table)));
            }
            examples::write(order, Dialect { value: VALUE, ..PLAIN }, script);
        }
        Format::Csv => {
            script.comment(
                "After new objects: ALTER EXTERNAL TABLE … REFRESH, or AUTO_REFRESH by the bucket's notifications.",
            );
            for (kind, stages) in TYPES {
                script.statement(&csv_table(order, kind, stages));
            }
            examples::write(order, Dialect { cast: Some(("TRY_CAST", "BIGINT")), ..PLAIN }, script);
        }
    }
    Ok(())
}

fn delta_table(table: &Table) -> String {
    let own = table.columns.iter().map(|column| {
        let (source, kind) = (column.name, type_of(column.kind));
        let name = if source == "value" { VALUE } else { source };
        format!("{name} {kind} AS (VALUE:\"{source}\"::{kind})")
    });
    let partitions: Vec<&str> = PARTITION_COLUMNS.iter().map(|(name, _)| *name).collect();
    let columns = lines(own.chain(partitions.iter().map(|name| from_path(name))));
    format!(
        "CREATE OR REPLACE EXTERNAL TABLE {} (\n{columns}\n)\nPARTITION BY ({})\nLOCATION = @modlake.public.lake/tables/{}/\n\
         REFRESH_ON_CREATE = FALSE\nAUTO_REFRESH = FALSE\nFILE_FORMAT = (TYPE = PARQUET)\nTABLE_FORMAT = DELTA",
        qualified(table),
        partitions.join(", "),
        table.name
    )
}

fn csv_table(order: &Order, kind: &str, stages: &[&str]) -> String {
    let layout = order.request.layout;
    let columns = traces::columns(stages);
    let own =
        columns.iter().zip(1..).map(|(column, place)| format!("{} VARCHAR AS (VALUE:c{place}::VARCHAR)", column.name));
    let columns = lines(own.chain(layout.partitions().iter().map(|name| from_path(name))));
    let (table, folder, partitions) = (traces::table_of(kind), layout.folder(), layout.partitions().join(", "));
    let days = layout.partitions().iter().skip_while(|name| **name != "year").map(|name| format!("{name}=[0-9]+/"));
    let days: String = days.collect();
    format!(
        "CREATE OR REPLACE EXTERNAL TABLE moderne_bi.{table} (\n{columns}\n)\nPARTITION BY ({partitions})\n\
         LOCATION = @modlake.public.lake/{folder}\nAUTO_REFRESH = FALSE\n\
         PATTERN = '.*/type={kind}/{days}[^/]+[.]csv'\n\
         FILE_FORMAT = (TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"' EMPTY_FIELD_AS_NULL = TRUE)"
    )
}

/// A partition column, read from its folder in the path of the file, which in a bucket without a prefix begins with a folder's name.
fn from_path(name: &str) -> String {
    format!("{name} VARCHAR AS (SPLIT_PART(SPLIT_PART('/' || METADATA$FILENAME, '/{name}=', 2), '/', 1))")
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Json => "VARCHAR",
        Kind::Int => "BIGINT",
        Kind::Double => "DOUBLE",
        Kind::Bool => "BOOLEAN",
        Kind::Timestamp => "TIMESTAMP_TZ",
        Kind::Map => "VARIANT",
    }
}

const REFRESH: &str = "\
The tables see new commits after ALTER EXTERNAL TABLE … REFRESH: put it into a task. Snowflake's newer way to read Delta
is CREATE ICEBERG TABLE with CATALOG_SOURCE = OBJECT_STORE and TABLE_FORMAT = DELTA, which wants an external volume.";
