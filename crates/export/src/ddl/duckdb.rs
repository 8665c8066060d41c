//! `DuckDB`: views over `delta_scan`, or over `read_csv` by the names of each file's header.

use record::dictionary::Kind;

use super::examples::{self, PLAIN};
use super::location::{Azure, Schemes};
use super::script::{Script, lines};
use super::traces;
use super::{DdlError, Format, Order, qualified};

const SCHEMES: Schemes =
    Schemes { s3: Some("s3://"), gcs: Some("gs://"), azure: Some(Azure::Abfss), folder: Some("file://") };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let location = &order.request.location;
    let url = |path: &str| {
        let wanted = "s3://bucket/prefix, gs://…, abfss://container@account.dfs.core.windows.net/prefix or a folder";
        location.url(SCHEMES, path).ok_or_else(|| order.unreachable(wanted))
    };
    script.heading("How to run it");
    script.comment("duckdb lake.duckdb -f modlake.sql");
    script.blank();
    if order.request.format == Format::Delta {
        script.statement("INSTALL delta");
        script.statement("LOAD delta");
    }
    if let Some(secret) = secret(order) {
        script.comment("The machine's own credentials, as the cloud's usual chain finds them.");
        script.statement(&secret);
    }
    script.heading("Schemas and views");
    for schema in order.schemas() {
        script.statement(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
    }
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                let (name, location) = (qualified(table), url(&format!("tables/{}", table.name))?);
                script.statement(&format!("CREATE OR REPLACE VIEW {name} AS\nSELECT * FROM delta_scan('{location}')"));
            }
            examples::write(order, PLAIN, script);
        }
        Format::Csv => {
            script.comment(BY_NAME);
            let objects = url(&traces::pattern(order.request.layout, "*"))?;
            script.statement(&csv_view(order, objects.trim_start_matches("file://")));
            script.heading("Example queries");
            examples::builds(order, PLAIN, "moderne_bi.traces", script);
        }
    }
    Ok(())
}

/// Every column with its type, whatever files there are: an empty row set gives the columns that no file has.
fn csv_view(order: &Order, objects: &str) -> String {
    let columns = traces::all_columns().map(|(spelled, kind)| {
        let name = spelled.to_ascii_lowercase();
        match kind {
            Kind::Text | Kind::Json | Kind::Map => format!("{spelled} AS {name}"),
            Kind::Int => format!("TRY_CAST({spelled} AS BIGINT) AS {name}"),
            Kind::Double => format!("TRY_CAST({spelled} AS DOUBLE) AS {name}"),
            Kind::Bool => format!("TRY_CAST({spelled} AS BOOLEAN) AS {name}"),
            Kind::Timestamp => format!("TRY_CAST(regexp_replace({spelled}, '\\[.*\\]$', '') AS TIMESTAMPTZ) AS {name}"),
        }
    });
    let partitions = order.request.layout.partitions().iter().map(|name| (*name).to_owned());
    let absent = traces::all_columns().map(|(spelled, _)| format!("NULL::VARCHAR AS {spelled}"));
    format!(
        "CREATE OR REPLACE VIEW moderne_bi.traces AS\nWITH every_column AS (\n    SELECT\n{}\n    WHERE false\n), files AS (\n    \
         SELECT * FROM every_column\n    UNION ALL BY NAME\n    SELECT * FROM read_csv(\n        '{objects}',\n        \
         header = true, delim = ',', quote = '\"', escape = '\"', all_varchar = true,\n        \
         union_by_name = true, hive_partitioning = true, hive_types_autocast = false\n    )\n)\nSELECT\n{}\nFROM files",
        lines(absent),
        lines(columns.chain(partitions))
    )
}

fn secret(order: &Order) -> Option<String> {
    let location = &order.request.location;
    let made = |options: &str| format!("CREATE OR REPLACE SECRET modlake ({options})");
    if location.is_folder() {
        None
    } else if location.is_s3() {
        Some(made("TYPE s3, PROVIDER credential_chain"))
    } else if location.is_gcs() {
        Some(made("TYPE gcs, KEY_ID 'HMAC_KEY_ID', SECRET 'HMAC_SECRET'"))
    } else {
        let (account, _, _) = location.azure("")?;
        Some(made(&format!("TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME '{account}'")))
    }
}

const BY_NAME: &str = "\
DuckDB reads each file by its own header, so that one view spans all types and eras.";
