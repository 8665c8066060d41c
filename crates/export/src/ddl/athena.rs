//! Amazon Athena: `CREATE EXTERNAL TABLE` in the Glue catalog.
//!
//! Delta tables take a location and `table_type` and nothing else; columns come from the log. CSV objects are read by `OpenCSVSerde`
//! (all text, by position) with partition projection: no crawler, no `MSCK REPAIR`.

use super::examples::{self, Dialect, PLAIN};
use super::location::Schemes;
use super::script::Script;
use super::traces::{self, TYPES};
use super::{DdlError, Format, Layout, Order, qualified};

const SCHEMES: Schemes = Schemes { s3: Some("s3://"), gcs: None, azure: None, folder: None };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let url =
        |path: &str| order.request.location.url(SCHEMES, path).ok_or_else(|| order.unreachable("s3://bucket/prefix"));
    let root = url("")?;
    script.heading("Workgroup (once, with the AWS CLI): where results go, and no query scans more than 100 GB");
    script.comment(&workgroup(&root));
    script.blank();
    script.comment(RUN);
    script.blank();
    script.heading("Databases and tables");
    for schema in order.schemas() {
        script.statement(&format!("CREATE DATABASE IF NOT EXISTS {schema}\nLOCATION '{root}'"));
    }
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                let (name, location) = (qualified(table), url(&format!("tables/{}/", table.name))?);
                script.statement(&format!(
                    "CREATE EXTERNAL TABLE IF NOT EXISTS {name}\nLOCATION '{location}'\nTBLPROPERTIES ('table_type' = 'DELTA')"
                ));
            }
            examples::write(order, PLAIN, script);
        }
        Format::Csv => {
            let layout = order.request.layout;
            let folder = url(layout.folder())?;
            script.comment(PROJECTION);
            if let Some((_, stages)) = TYPES.into_iter().find(|(kind, _)| *kind == "build") {
                script.comment(
                    "The table of the first guide: build traces by the name `traces`; every query names `type`.",
                );
                script.statement(&table(traces::TABLE, stages, layout, &folder, None));
            }
            for (kind, stages) in TYPES {
                script.statement(&table(&traces::table_of(kind), stages, layout, &folder, Some(kind)));
            }
            script.heading("Example queries");
            let dialect = Dialect { cast: Some(("TRY_CAST", "bigint")), ..PLAIN };
            examples::builds(order, dialect, "moderne_bi.traces", script);
        }
    }
    Ok(())
}

/// A table of CSV objects; `kind`: the one type it has, `None`: the query says which.
fn table(name: &str, stages: &[&str], layout: Layout, folder: &str, kind: Option<&str>) -> String {
    let (columns, partitions) = traces::declared(stages, layout, "string");
    let template = layout.partitions().iter().map(|name| format!("{name}=${{{name}}}"));
    let template = template.collect::<Vec<_>>().join("/");
    let mut properties = vec![property("skip.header.line.count", "1"), property("projection.enabled", "true")];
    for partition in layout.partitions() {
        properties.extend(projection(partition, kind));
    }
    properties.push(property("storage.location.template", &format!("{folder}{template}/")));
    format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS moderne_bi.{name} (\n{columns}\n)\nPARTITIONED BY (\n{partitions}\n)\n\
         ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'\nWITH SERDEPROPERTIES (\n    \
         'separatorChar' = ',',\n    'quoteChar' = '\"',\n    'escapeChar' = '\\\\'\n)\nSTORED AS TEXTFILE\n\
         LOCATION '{folder}'\nTBLPROPERTIES (\n{}\n)",
        super::script::lines(properties)
    )
}

/// How the values of a partition column are known without listing.
fn projection(partition: &str, kind: Option<&str>) -> Vec<String> {
    let set = |name: &str, value: &str| property(&format!("projection.{partition}.{name}"), value);
    match (partition, kind) {
        ("source", _) => vec![set("type", "enum"), set("values", "saas,cli")],
        ("type", Some(kind)) => vec![set("type", "enum"), set("values", kind)],
        ("year", _) => vec![set("type", "integer"), set("range", "2025,2099")],
        ("month", _) => vec![set("type", "integer"), set("range", "1,12"), set("digits", "2")],
        ("day", _) => vec![set("type", "integer"), set("range", "1,31"), set("digits", "2")],
        ("hour", _) => vec![set("type", "integer"), set("range", "0,23"), set("digits", "2")],
        _ => vec![set("type", "injected")],
    }
}

fn property(name: &str, value: &str) -> String {
    format!("'{name}' = '{value}'")
}

fn workgroup(root: &str) -> String {
    format!(
        "aws athena create-work-group \\\n    --name cli-telemetry \\\n    --configuration '{{\n        \
         \"ResultConfiguration\": {{\"OutputLocation\": \"{root}athena-results/\"}},\n        \
         \"EnforceWorkGroupConfiguration\": true,\n        \"BytesScannedCutoffPerQuery\": 107374182400\n    }}'"
    )
}

const RUN: &str = "\
Run the statements in this workgroup one at a time: paste them into the query editor, or for each of them
aws athena start-query-execution --work-group cli-telemetry --query-string 'STATEMENT'";

const PROJECTION: &str = "\
Partitions are computed from the conditions of a query, new days need no command. An `injected` column must be in every WHERE.";
