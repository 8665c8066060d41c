//! `modlaked ddl`: the script that registers the lake with a query engine.

use anyhow::{Context, Result, anyhow};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use export::ddl::{Engine, Format, Layout, Location, Request, script};
use record::dictionary::TABLES;
use record::time::{Clock, Day, Timestamp};

use super::print;
use crate::config::Config;

/// The command without the settings it heeds.
pub(super) fn command() -> Command {
    let value = |name: &'static str, metavar: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(metavar).help(help)
    };
    Command::new("ddl")
        .about("Prints a script that registers the lake's tables with a query engine")
        .after_help("Example: modlaked ddl --engine athena --location s3://bucket/prefix > modlake.sql")
        .arg(
            value("engine", "ENGINE", "Whose dialect the script is in")
                .required(true)
                .value_parser(PossibleValuesParser::new(Engine::ALL.map(Engine::as_str))),
        )
        .arg(
            value("table", "TABLE", "Of this table only; may be given more than once")
                .action(ArgAction::Append)
                .value_parser(PossibleValuesParser::new(TABLES.map(|table| table.name))),
        )
        .arg(
            value("format", "FORMAT", "The tables, or the trace files as they were delivered")
                .default_value(Format::Delta.as_str())
                .value_parser(PossibleValuesParser::new(Format::ALL.map(Format::as_str))),
        )
        .arg(
            value(
                "layout",
                "LAYOUT",
                "How keys of CSV files begin below the location: lake: traces/tenant=/source=/type=/; \
                 tenant: tenant=/source=/type=/; org: org=/type=/; …-hour: with hour=/ behind the day",
            )
            .default_value(Layout::Lake.as_str())
            .value_parser(PossibleValuesParser::new(Layout::ALL.map(Layout::as_str))),
        )
        .arg(value(
            "location",
            "URL",
            "Root of the lake: s3://bucket/prefix, gs://…, az://…, abfss://container@account.dfs.core.windows.net/prefix \
             or a folder [default: the lake of --data-dir]",
        ))
        .arg(
            value("tenant", "NAME", "Tenant (with --layout org: organization) of the example queries")
                .default_value("default"),
        )
        .arg(value("day", "YYYY-MM-DD", "Day of the example queries [default: today in UTC]"))
}

pub(super) fn run(config: &Config, matches: &ArgMatches) -> Result<()> {
    print::text(&script(&request(config, matches)?)?);
    Ok(())
}

fn request(config: &Config, matches: &ArgMatches) -> Result<Request> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let unknown = |name: &str| anyhow!("--{name} has no `{}`", text(name));
    Ok(Request {
        engine: Engine::parse(text("engine")).ok_or_else(|| unknown("engine"))?,
        format: Format::parse(text("format")).ok_or_else(|| unknown("format"))?,
        layout: Layout::parse(text("layout")).ok_or_else(|| unknown("layout"))?,
        tables: matches.get_many::<String>("table").into_iter().flatten().cloned().collect(),
        location: location(config, matches.get_one::<String>("location").map(String::as_str))?,
        owner: text("tenant").to_owned(),
        day: day(matches.get_one::<String>("day").map(String::as_str))?,
    })
}

/// A folder may be relative on the command line, in the script it is not: the engine runs elsewhere.
fn location(config: &Config, named: Option<&str>) -> Result<Location> {
    let folder = match named {
        Some(url) if url.contains("://") => return Ok(Location::parse(url)?),
        Some(folder) => folder.into(),
        None => super::lake_folder(config),
    };
    let absolute = std::path::absolute(&folder).with_context(|| format!("no such folder: {}", folder.display()))?;
    let text = absolute.to_str().ok_or_else(|| anyhow!("the folder {} is not UTF-8", absolute.display()))?;
    Ok(Location::parse(text)?)
}

fn day(named: Option<&str>) -> Result<Day> {
    let (at, text) = match named {
        Some(text) => (Timestamp::parse(&format!("{text}T00:00:00Z")), text),
        None => (Some(Clock::default().now()), "today"),
    };
    at.and_then(Timestamp::day).ok_or_else(|| anyhow!("`{text}` is no day such as 2026-02-24"))
}
