//! Azure Synapse, serverless SQL pool, and the SQL endpoint of Fabric: views over OPENROWSET.
//!
//! Views and not external tables: those know no partitions, neither of Delta nor of folders.

use record::dictionary::{Kind, PARTITION_COLUMNS, Table};

use super::examples::{self, Dialect, PLAIN};
use super::script::{Script, lines};
use super::traces::{self, TYPES};
use super::{DdlError, Format, Order, qualified};

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let root = order.request.location.azure("");
    let (account, container, prefix) =
        root.ok_or_else(|| order.unreachable("abfss://container@account.dfs.core.windows.net/prefix"))?;
    script.heading("Database and access (once)");
    script.comment(RUN);
    script.statement("CREATE DATABASE modlake COLLATE Latin1_General_100_BIN2_UTF8");
    script.statement("USE modlake");
    script.comment("Encrypts the credential below; choose a password of your own and keep it.");
    script.statement("CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'PASSWORD'");
    script.comment("The workspace's own identity, which needs Storage Blob Data Reader on the container.");
    script.statement("CREATE DATABASE SCOPED CREDENTIAL modlake WITH IDENTITY = 'Managed Identity'");
    script.statement(&format!(
        "CREATE EXTERNAL DATA SOURCE modlake WITH (\n    LOCATION = 'https://{account}.dfs.core.windows.net/{container}/{prefix}',\n    \
         CREDENTIAL = modlake\n)"
    ));
    script.heading("Schemas and views");
    for schema in order.schemas() {
        script.statement(&format!("CREATE SCHEMA {schema}"));
    }
    let dialect = Dialect { top: true, ..PLAIN };
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                script.statement(&delta_view(table));
            }
            examples::write(order, dialect, script);
        }
        Format::Csv => {
            for (kind, stages) in TYPES {
                script.statement(&csv_view(order, kind, stages));
            }
            examples::write(order, Dialect { cast: Some(("TRY_CAST", "bigint")), ..dialect }, script);
        }
    }
    Ok(())
}

fn delta_view(table: &Table) -> String {
    let own = table.columns.iter().map(|column| format!("[{}] {}", column.name, type_of(column.kind)));
    let partitions = PARTITION_COLUMNS.iter().map(|(name, _)| format!("[{name}] varchar(200)"));
    format!(
        "CREATE OR ALTER VIEW {} AS\nSELECT *\nFROM OPENROWSET(\n    BULK 'tables/{}/',\n    DATA_SOURCE = 'modlake',\n    \
         FORMAT = 'DELTA'\n) WITH (\n{}\n) AS files",
        qualified(table),
        table.name,
        lines(own.chain(partitions))
    )
}

/// By position; the folders' values come from the path, in the order of its `*`.
fn csv_view(order: &Order, kind: &str, stages: &[&str]) -> String {
    let layout = order.request.layout;
    let columns = traces::columns(stages);
    let own = columns.iter().zip(1..).map(|(column, place)| format!("[{}] varchar(8000) {place}", column.name));
    let folders = layout.partitions().iter().filter(|name| **name != "type");
    let partitions = folders.zip(1..).map(|(name, place)| format!("files.filepath({place}) AS [{name}]"));
    let selected = lines(["files.*".to_owned(), format!("'{kind}' AS [type]")].into_iter().chain(partitions));
    format!(
        "CREATE OR ALTER VIEW moderne_bi.{} AS\nSELECT\n{selected}\nFROM OPENROWSET(\n    BULK '{}',\n    \
         DATA_SOURCE = 'modlake',\n    FORMAT = 'CSV',\n    PARSER_VERSION = '2.0',\n    FIRSTROW = 2,\n    \
         FIELDTERMINATOR = ',',\n    FIELDQUOTE = '\"'\n) WITH (\n{}\n) AS files",
        traces::table_of(kind),
        traces::pattern(layout, kind),
        lines(own)
    )
}

/// Texts have no bound that a shorter type could hold.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        // of nested values the JSON text
        Kind::Text | Kind::Json | Kind::Map => "varchar(max)",
        Kind::Int => "bigint",
        Kind::Double => "float",
        Kind::Bool => "bit",
        Kind::Timestamp => "datetime2(6)",
    }
}

const RUN: &str = "\
sqlcmd -S WORKSPACE-ondemand.sql.azuresynapse.net -G -i modlake.sql
GO ends a batch, as sqlcmd and the editors want it. In Fabric leave out the database and its access, make a shortcut to the lake
in a lakehouse, and write its full URL into BULK without DATA_SOURCE.";
