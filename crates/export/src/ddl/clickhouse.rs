//! `ClickHouse`: the `DeltaLake` table engines, or a view over CSV objects by the names of each file's header.

use record::dictionary::Kind;

use super::examples::{self, PLAIN};
use super::location::Schemes;
use super::script::{Script, lines};
use super::traces;
use super::{DdlError, Format, Order, qualified};

const SCHEMES: Schemes = Schemes { s3: Some("s3://"), gcs: Some("gs://"), azure: None, folder: Some("") };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    script.heading("How to run it");
    script.comment(if order.request.location.is_folder() { RUN_LOCAL } else { RUN });
    script.blank();
    script.heading("Databases and tables");
    for schema in order.schemas() {
        script.statement(&format!("CREATE DATABASE IF NOT EXISTS {schema}"));
    }
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                let engine = call(order, &format!("tables/{}/", table.name), "DeltaLake")?;
                script.statement(&format!("CREATE TABLE IF NOT EXISTS {}\nENGINE = {engine}", qualified(table)));
            }
            examples::write(order, PLAIN, script);
        }
        Format::Csv => {
            script.comment(BY_NAME);
            script.statement(&csv_view(order)?);
            script.heading("Example queries");
            examples::builds(order, PLAIN, "moderne_bi.traces", script);
        }
    }
    Ok(())
}

/// A table engine of the `DeltaLake` family over `path`.
fn call(order: &Order, path: &str, engine: &str) -> Result<String, DdlError> {
    let location = &order.request.location;
    if let Some((account, container, path)) = location.azure(path) {
        return Ok(format!(
            "{engine}Azure('https://{account}.blob.core.windows.net', '{container}', '{path}', '{account}', 'ACCOUNT_KEY')"
        ));
    }
    let url = location.url(SCHEMES, path).ok_or_else(|| unreachable(order))?;
    Ok(if location.is_folder() { format!("{engine}Local('{url}')") } else { format!("{engine}('{url}')") })
}

fn csv_view(order: &Order) -> Result<String, DdlError> {
    let layout = order.request.layout;
    let columns = traces::all_columns().map(|(spelled, kind)| {
        let name = spelled.to_ascii_lowercase();
        match kind {
            Kind::Text | Kind::Json | Kind::Map => format!("nullIf({spelled}, '') AS {name}"),
            Kind::Int => format!("toInt64OrNull({spelled}) AS {name}"),
            Kind::Double => format!("toFloat64OrNull({spelled}) AS {name}"),
            Kind::Bool => format!("transform(lower({spelled}), ['true', 'false'], [true, false], NULL) AS {name}"),
            Kind::Timestamp => format!(
                "parseDateTime64BestEffortOrNull(replaceRegexpOne({spelled}, '[[].*$', ''), 6, 'UTC') AS {name}"
            ),
        }
    });
    let partitions = layout.partitions().iter().map(|name| (*name).to_owned());
    let own = traces::all_columns().map(|(spelled, _)| format!("{spelled} Nullable(String)"));
    let folders = layout.partitions().iter().map(|name| format!("{name} String"));
    let structure: Vec<String> = own.chain(folders).collect();
    let structure = structure.join(", ");
    let pattern = traces::pattern(layout, "*");
    let location = &order.request.location;
    let source = if let Some((account, container, pattern)) = location.azure(&pattern) {
        format!(
            "azureBlobStorage('https://{account}.blob.core.windows.net', '{container}', '{pattern}', '{account}', 'ACCOUNT_KEY',\n    \
             'CSVWithNames', 'auto',\n    '{structure}')"
        )
    } else {
        let url = location.url(SCHEMES, &pattern).ok_or_else(|| unreachable(order))?;
        let function = if location.is_folder() { "file" } else { "s3" };
        format!("{function}(\n    '{url}',\n    'CSVWithNames',\n    '{structure}')")
    };
    Ok(format!(
        "CREATE OR REPLACE VIEW moderne_bi.traces AS\nSELECT\n{}\nFROM {source}\nSETTINGS use_hive_partitioning = 1, input_format_skip_unknown_fields = 1",
        lines(columns.chain(partitions))
    ))
}

fn unreachable(order: &Order) -> DdlError {
    order.unreachable("s3://bucket/prefix, gs://…, abfss://container@account.dfs.core.windows.net/prefix or a folder")
}

const RUN: &str = "\
clickhouse client --queries-file modlake.sql
Credentials come from the server's environment or configuration (use_environment_credentials); else write them behind the
location: 'key', 'secret'.";

const RUN_LOCAL: &str = "\
cd / && clickhouse local --path /PATH/lake.clickhouse --queries-file /PATH/modlake.sql
A Delta table must lie below the working directory, with a server below its user_files_path.";

const BY_NAME: &str = "\
ClickHouse reads each file by its own header, so that one view spans all types and eras.";
