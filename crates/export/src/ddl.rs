//! Scripts that register the lake's tables with a query engine, one file per engine.
//!
//! A script is SQL in the engine's dialect: what the engine needs to reach the storage, one statement per table, example queries.
//! What is no SQL (a command of a cloud's own program, a setting of the engine) stands in comments where it is due. The Delta
//! tables under `tables/` describe themselves; the CSV objects under `traces/` do not, so their columns are declared.

use std::fmt;

use record::dictionary::{TABLES, Table};
use record::time::Day;
use thiserror::Error;

mod athena;
mod bigquery;
mod clickhouse;
mod databricks;
mod duckdb;
mod examples;
mod location;
mod script;
mod snowflake;
mod spark;
mod synapse;
mod traces;
mod trino;

pub use location::Location;

use script::Script;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Athena,
    Trino,
    Spark,
    Snowflake,
    BigQuery,
    Databricks,
    Synapse,
    DuckDb,
    ClickHouse,
}

impl Engine {
    pub const ALL: [Self; 9] = [
        Self::Athena,
        Self::Trino,
        Self::Spark,
        Self::Snowflake,
        Self::BigQuery,
        Self::Databricks,
        Self::Synapse,
        Self::DuckDb,
        Self::ClickHouse,
    ];

    /// As the command line spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Athena => "athena",
            Self::Trino => "trino",
            Self::Spark => "spark",
            Self::Snowflake => "snowflake",
            Self::BigQuery => "bigquery",
            Self::Databricks => "databricks",
            Self::Synapse => "synapse",
            Self::DuckDb => "duckdb",
            Self::ClickHouse => "clickhouse",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Athena => "Amazon Athena (engine version 3)",
            Self::Trino => "Trino",
            Self::Spark => "Apache Spark SQL",
            Self::Snowflake => "Snowflake",
            Self::BigQuery => "BigQuery",
            Self::Databricks => "Databricks SQL (Unity Catalog)",
            Self::Synapse => "Azure Synapse (serverless SQL pool) and Fabric",
            Self::DuckDb => "DuckDB",
            Self::ClickHouse => "ClickHouse",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.as_str() == name)
    }
}

/// Which of the lake's files a script registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The tables, `tables/<table>/`.
    Delta,
    /// The trace files as they were delivered; of `traces` only.
    Csv,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Delta, Self::Csv];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delta => "delta",
            Self::Csv => "csv",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// How the keys of CSV objects begin below the location; all go on with `year=/month=/day=/`, those of hours with `hour=/`, then
/// `<command-id>.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `traces/tenant=/source=/type=/`: as modlaked stores them.
    Lake,
    /// `tenant=/source=/type=/`: a bucket that clients write to themselves, or a replica.
    Tenant,
    /// The same, with an hour behind the day.
    TenantHour,
    /// `org=/type=/`: as the wrapper script of the first generation writes them.
    Org,
    /// The same, with an hour behind the day.
    OrgHour,
}

impl Layout {
    pub const ALL: [Self; 5] = [Self::Lake, Self::Tenant, Self::TenantHour, Self::Org, Self::OrgHour];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lake => "lake",
            Self::Tenant => "tenant",
            Self::TenantHour => "tenant-hour",
            Self::Org => "org",
            Self::OrgHour => "org-hour",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.as_str() == name)
    }

    /// The folder below the location in which the partitions begin, with a slash at its end unless it is the location.
    fn folder(self) -> &'static str {
        match self {
            Self::Lake => "traces/",
            _ => "",
        }
    }

    /// The partition columns, outermost first.
    fn partitions(self) -> &'static [&'static str] {
        match self {
            Self::Lake | Self::Tenant => &["tenant", "source", "type", "year", "month", "day"],
            Self::TenantHour => &["tenant", "source", "type", "year", "month", "day", "hour"],
            Self::Org => &["org", "type", "year", "month", "day"],
            Self::OrgHour => &["org", "type", "year", "month", "day", "hour"],
        }
    }

    /// The partition column that names the owner.
    fn owner(self) -> &'static str {
        match self {
            Self::Lake | Self::Tenant | Self::TenantHour => "tenant",
            Self::Org | Self::OrgHour => "org",
        }
    }
}

/// What a script is to be about.
#[derive(Clone, Debug)]
pub struct Request {
    pub engine: Engine,
    pub format: Format,
    /// Of CSV objects; Delta tables have one layout.
    pub layout: Layout,
    /// Names from the dictionary; none: every table that the format has.
    pub tables: Vec<String>,
    /// Root of the lake, or of a bucket of CSV objects.
    pub location: Location,
    /// Tenant or organization of the example queries, and of paths where an engine wants them narrow.
    pub owner: String,
    /// Day of the example queries.
    pub day: Day,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum DdlError {
    #[error("unknown table `{name}`: one of {}", names())]
    UnknownTable { name: String },
    #[error("table `{name}` has no CSV objects, only `traces` has: leave out --format csv")]
    NotCsv { name: String },
    #[error("`{text}` is no location: {reason}")]
    Location { text: String, reason: &'static str },
    #[error("{engine} does not read {location}: give --location {wanted}")]
    Unreachable { engine: Engine, location: String, wanted: &'static str },
    #[error("`{0}` is no name of a tenant or organization: letters, digits, `.`, `-` and `_`, at most 64")]
    Owner(String),
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn names() -> String {
    TABLES.map(|table| table.name).join(", ")
}

/// The script, a file of SQL that ends with a line end.
pub fn script(request: &Request) -> Result<String, DdlError> {
    check_owner(&request.owner)?;
    let order = Order { request, tables: tables(request)? };
    let mut script = Script::new(match request.engine {
        Engine::Synapse => ";\nGO\n\n",
        _ => ";\n\n",
    });
    introduce(request, &mut script);
    match request.engine {
        Engine::Athena => athena::write(&order, &mut script),
        Engine::Trino => trino::write(&order, &mut script),
        Engine::Spark => spark::write(&order, &mut script),
        Engine::Snowflake => snowflake::write(&order, &mut script),
        Engine::BigQuery => bigquery::write(&order, &mut script),
        Engine::Databricks => databricks::write(&order, &mut script),
        Engine::Synapse => synapse::write(&order, &mut script),
        Engine::DuckDb => duckdb::write(&order, &mut script),
        Engine::ClickHouse => clickhouse::write(&order, &mut script),
    }?;
    Ok(script.finish())
}

/// A request whose tables were found.
struct Order<'a> {
    request: &'a Request,
    tables: Vec<&'static Table>,
}

impl Order<'_> {
    /// The schemas of the tables, each once, in the order of the tables.
    fn schemas(&self) -> Vec<&'static str> {
        let mut schemas = Vec::new();
        for table in &self.tables {
            if !schemas.contains(&schema(table)) {
                schemas.push(schema(table));
            }
        }
        schemas
    }

    fn unreachable(&self, wanted: &'static str) -> DdlError {
        let Request { engine, location, .. } = self.request;
        DdlError::Unreachable { engine: *engine, location: location.to_string(), wanted }
    }
}

/// The schema in which modlake's own SQL has the table.
fn schema(table: &Table) -> &'static str {
    if table.name.starts_with(traces::TABLE) { "moderne_bi" } else { "moda" }
}

fn qualified(table: &Table) -> String {
    format!("{}.{}", schema(table), table.name)
}

fn tables(request: &Request) -> Result<Vec<&'static Table>, DdlError> {
    let is_stored = |table: &Table| request.format == Format::Delta || table.name == traces::TABLE;
    if request.tables.is_empty() {
        return Ok(TABLES.into_iter().filter(|table| is_stored(table)).collect());
    }
    let found = request.tables.iter().map(|name| {
        let table = TABLES.into_iter().find(|table| table.name == name);
        let table = table.ok_or_else(|| DdlError::UnknownTable { name: name.clone() })?;
        if is_stored(table) { Ok(table) } else { Err(DdlError::NotCsv { name: name.clone() }) }
    });
    found.collect()
}

/// A name ends up in texts and paths of the script.
fn check_owner(owner: &str) -> Result<(), DdlError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins_well = owner.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && owner.len() <= 64 && owner.chars().all(is_plain) {
        Ok(())
    } else {
        Err(DdlError::Owner(owner.to_owned()))
    }
}

fn introduce(request: &Request, script: &mut Script) {
    let Request { engine, format, layout, location, owner, day, .. } = request;
    let (title, format_name) = (engine.title(), format.as_str());
    script.comment(&format!(
        "modlake's tables for {title}, made by `modlaked ddl --engine {engine} --format {format_name}`."
    ));
    script.comment(&format!(
        "Lake: {location}; the example queries ask for {} `{owner}` and {day}.",
        match format {
            Format::Delta => "tenant",
            Format::Csv => layout.owner(),
        }
    ));
    script.blank();
    match format {
        Format::Delta => script.comment(DELTA),
        Format::Csv => script.comment(traces::CSV),
    }
    script.comment(VIEWS);
    script.blank();
}

const DELTA: &str = "\
The tables hold the rows of every tenant: modlaked shows a key its own tenant's rows only, an engine shows everybody all
files that it may read. Rows that wait for the next commit (by default up to 30 s) are not in the files yet.
Partition columns are text (`month = '02'`); a condition on them keeps other folders from being read.
In `traces` a later command repeats the stages of earlier ones: count with `type = 'build'` and the like, and count
repositories by origin and path.";

const VIEWS: &str = "\
The views (sessions, turns, costs, builds, runs and so on) are SQL of modlake's own engine and are not made here: ask modlaked.";

#[cfg(test)]
mod tests;
