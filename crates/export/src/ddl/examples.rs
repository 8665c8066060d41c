//! Example queries, in the dialect of each engine: four of build traces, one of each other table.

use record::dictionary::Table;

use super::script::Script;
use super::{Format, Order, qualified, traces};

/// What differs between engines in a plain query.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// Before `schema.table`: `catalog.` or nothing.
    pub catalog: &'static str,
    /// Function and integer type that make a number of a text, and null of none; `None`: the columns have types.
    pub cast: Option<(&'static str, &'static str)>,
    /// `SELECT TOP n` instead of `LIMIT n`.
    pub top: bool,
    /// The column `value` of metrics, quoted where an engine has another one of that name.
    pub value: &'static str,
}

pub(super) const PLAIN: Dialect = Dialect { catalog: "", cast: None, top: false, value: "value" };

pub(super) fn write(order: &Order, dialect: Dialect, script: &mut Script) {
    script.heading("Example queries");
    for table in &order.tables {
        match (order.request.format, table.name) {
            (Format::Csv, _) => builds(order, dialect, &format!("moderne_bi.{}", traces::table_of("build")), script),
            (_, traces::TABLE) => builds(order, dialect, &qualified(table), script),
            _ => script.statement(&one(order, dialect, table)),
        }
    }
}

/// The four queries of build traces over `table`.
pub(super) fn builds(order: &Order, dialect: Dialect, table: &str, script: &mut Script) {
    let from = format!("FROM {}{table}\nWHERE {}", dialect.catalog, condition(order, Some("build")));
    let number = |column: &str| match dialect.cast {
        Some((cast, integer)) => format!("{cast}({column} AS {integer})"),
        None => column.to_owned(),
    };
    let (sync, build) = (number("syncelapsedtimems"), number("buildelapsedtimems"));
    let (files, lines) = (number("buildsourcefilecount"), number("buildlinecount"));
    let (top, limit) = if dialect.top { ("TOP 25 ", "") } else { ("", "\nLIMIT 25") };

    script.comment("Traces of a day.");
    script.statement(&format!(
        "SELECT origin, path, branch,\n       syncoutcome, {sync} AS sync_ms,\n       buildoutcome, {build} AS build_ms\n\
         {from}\nORDER BY build_ms DESC"
    ));
    script.comment("Build success rates.");
    script.statement(&format!(
        "SELECT buildoutcome, COUNT(*) AS total\n{from}\nGROUP BY buildoutcome\nORDER BY total DESC"
    ));
    script.comment("Slowest builds.");
    script.statement(&format!(
        "SELECT {top}path, origin,\n       {build} AS build_ms,\n       {files} AS source_files,\n       {lines} AS lines\n\
         {from}\n  AND buildoutcome = 'Succeeded'\nORDER BY build_ms DESC{limit}"
    ));
    script.comment("Repositories by organization.");
    script.statement(&format!(
        "SELECT organization, COUNT(DISTINCT path) AS repo_count\n{from}\nGROUP BY organization\nORDER BY repo_count DESC"
    ));
}

/// One query of a table, which tells what it is for.
fn one(order: &Order, dialect: Dialect, table: &Table) -> String {
    let from = format!("FROM {}{}\nWHERE {}", dialect.catalog, qualified(table), condition(order, None));
    match table.name {
        "events_raw" => format!(
            "SELECT source, signal, http_status, COUNT(*) AS requests, SUM(bytes) AS total_bytes\n{from}\n\
             GROUP BY source, signal, http_status\nORDER BY requests DESC"
        ),
        "coding_agent_events" => format!(
            "SELECT signal, event_name, COUNT(*) AS events, COUNT(DISTINCT session_id) AS sessions\n{from}\n\
             GROUP BY signal, event_name\nORDER BY events DESC"
        ),
        "coding_agent_metrics" => format!(
            "SELECT metric_name, token_type, model, COUNT(*) AS points, SUM({}) AS total\n{from}\n  \
             AND temporality = 'delta'\nGROUP BY metric_name, token_type, model\nORDER BY points DESC",
            dialect.value
        ),
        _ => format!("SELECT source, type, COUNT(*) AS total\n{from}\nGROUP BY source, type\nORDER BY total DESC"),
    }
}

/// On the partition columns: owner and day, and a type where one is meant.
fn condition(order: &Order, kind: Option<&str>) -> String {
    let request = order.request;
    let owner = match request.format {
        Format::Delta => "tenant",
        Format::Csv => request.layout.owner(),
    };
    let kind = kind.map_or(String::new(), |kind| format!("\n  AND type = '{kind}'"));
    let (year, month, day) = (request.day.year, request.day.month, request.day.day);
    format!(
        "{owner} = '{}'{kind}\n  AND year = '{year:04}'\n  AND month = '{month:02}'\n  AND day = '{day:02}'",
        request.owner
    )
}
