//! `BigQuery`: `BigLake` external tables over a connection. Delta tables give their own columns; CSV is text, by position.

use super::examples::{self, Dialect, PLAIN};
use super::location::{Azure, Schemes};
use super::script::{Script, lines};
use super::traces::{self, TYPES};
use super::{DdlError, Format, Layout, Order, qualified};

const SCHEMES: Schemes = Schemes { s3: Some("s3://"), gcs: Some("gs://"), azure: Some(Azure::Blob), folder: None };

pub(super) fn write(order: &Order, script: &mut Script) -> Result<(), DdlError> {
    let location = &order.request.location;
    let url = |path: &str| {
        let wanted =
            "gs://bucket/prefix (s3:// and abfss://container@account.dfs.core.windows.net/prefix by BigQuery Omni)";
        location.url(SCHEMES, path).ok_or_else(|| order.unreachable(wanted))
    };
    let root = url("")?;
    let region = if location.is_gcs() {
        "us"
    } else if location.is_s3() {
        "aws-us-east-1"
    } else {
        "azure-eastus2"
    };
    script.heading("Connection (once); its service account must be allowed to read the lake");
    script.comment(&connection(region, location.is_gcs()));
    script.comment(&format!(
        "Where the lake is not in {region}, write its region here and in each `{region}.modlake` below."
    ));
    script.comment("Then: bq query --use_legacy_sql=false < modlake.sql");
    script.blank();
    script.heading("Datasets and tables");
    for schema in order.schemas() {
        script.statement(&format!("CREATE SCHEMA IF NOT EXISTS {schema}\nOPTIONS (location = '{region}')"));
    }
    match order.request.format {
        Format::Delta => {
            for table in &order.tables {
                let (name, uri) = (qualified(table), url(&format!("tables/{}", table.name))?);
                script.statement(&format!(
                    "CREATE EXTERNAL TABLE IF NOT EXISTS {name}\nWITH CONNECTION `{region}.modlake`\n\
                     OPTIONS (\n    format = 'DELTA_LAKE',\n    uris = ['{uri}']\n)"
                ));
            }
            examples::write(order, PLAIN, script);
        }
        Format::Csv => {
            script.comment(&format!(
                "A URI has one `*` only: these tables are of {} `{}` alone.",
                order.request.layout.owner(),
                order.request.owner
            ));
            let folder = format!("{root}{}", order.request.layout.folder());
            for (kind, stages) in TYPES {
                script.statement(&csv_table(order, kind, stages, &folder, region));
            }
            examples::write(order, Dialect { cast: Some(("SAFE_CAST", "INT64")), ..PLAIN }, script);
        }
    }
    Ok(())
}

fn csv_table(order: &Order, kind: &str, stages: &[&str], folder: &str, region: &str) -> String {
    let (layout, owner) = (order.request.layout, &order.request.owner);
    let (columns, partitions) = traces::declared(stages, layout, "STRING");
    let uris = match layout {
        Layout::Lake | Layout::Tenant | Layout::TenantHour => {
            ["cli", "saas"].map(|source| format!("'{folder}tenant={owner}/source={source}/type={kind}/*'")).join(", ")
        }
        Layout::Org | Layout::OrgHour => format!("'{folder}org={owner}/type={kind}/*'"),
    };
    let options = lines([
        "format = 'CSV'".to_owned(),
        format!("uris = [{uris}]"),
        format!("hive_partition_uri_prefix = '{}'", folder.trim_end_matches('/')),
        "skip_leading_rows = 1".to_owned(),
        "allow_quoted_newlines = TRUE".to_owned(),
        "allow_jagged_rows = TRUE".to_owned(),
        "ignore_unknown_values = TRUE".to_owned(),
    ]);
    let table = traces::table_of(kind);
    format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS moderne_bi.{table} (\n{columns}\n)\nWITH PARTITION COLUMNS (\n{partitions}\n)\n\
         WITH CONNECTION `{region}.modlake`\nOPTIONS (\n{options}\n)"
    )
}

fn connection(region: &str, is_gcs: bool) -> String {
    if is_gcs {
        format!(
            "bq mk --connection --location={region} --connection_type=CLOUD_RESOURCE modlake\n\
             bq show --connection {region}.modlake     (grant the shown account Storage Object Viewer on the bucket)"
        )
    } else {
        format!(
            "bq mk --connection --location={region} --connection_type=AWS --iam_role_id=arn:aws:iam::ACCOUNT:role/ROLE modlake\n\
             (Azure: --connection_type=Azure --tenant_id=TENANT --federated_azure=true --federated_app_client_id=CLIENT)"
        )
    }
}
