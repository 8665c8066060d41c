//! `modlaked throttle list | set`: rates of single keys and databases.

use anyhow::{Result, anyhow, ensure};
use catalog::{Rate, Throttled};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use serde_json::json;

use super::{keys, print};
use crate::config::Config;

pub(super) fn command() -> Command {
    let only = |key: &str| super::only_catalog(key) || key.starts_with("throttle.");
    Command::new("throttle")
        .about("Says and changes how fast keys may send and databases be written; works while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            super::with_settings(Command::new("list").about("Lists rates, of settings and of single ones"), only)
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, for scripts")),
        )
        .subcommand(
            super::with_settings(
                Command::new("set").about("Gives a key or a database a rate of its own, within seconds"),
                super::only_catalog,
            )
            .arg(Arg::new("key").long("key").value_name("ID").help("As `modlaked keys list` shows it"))
            .arg(Arg::new("database").long("database").value_name("ID").help("As its route names it"))
            .group(ArgGroup::new("whose").args(["key", "database"]).required(true))
            .arg(
                Arg::new("per-minute").long("per-minute").required(true).value_name("N|unset").help(
                    "Requests of the key, records written to the database; 0: no bound; unset: as the settings say",
                ),
            )
            .arg(
                Arg::new("burst")
                    .long("burst")
                    .value_parser(clap::value_parser!(u32))
                    .help("How many at once, at most a minute's worth [default: as the settings say]"),
            ),
        )
}

pub(super) fn set(config: &Config, matches: &ArgMatches) -> Result<()> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let (kind, id) = match (text("key"), text("database")) {
        (Some(id), _) => (Throttled::Key, id),
        (None, id) => (Throttled::Database, id.unwrap_or_default()),
    };
    let burst = matches.get_one::<u32>("burst").copied().unwrap_or_default();
    let rate = match text("per-minute").unwrap_or_default() {
        "unset" => None,
        number => {
            let per_minute = number.parse();
            let per_minute =
                per_minute.map_err(|_| anyhow!("--per-minute is no whole number or `unset`: `{number}`"))?;
            Some(Rate { per_minute, burst })
        }
    };
    keys::with_catalog(config, async |catalog| {
        match kind {
            Throttled::Key => {
                let is_known = catalog.list_keys(None).await?.iter().any(|key| key.id == id);
                ensure!(is_known, "there is no key `{id}`; `modlaked keys list` shows the ids");
            }
            Throttled::Database => {
                let is_known = catalog.all_databases().await?.iter().any(|(_, database)| database.to_string() == id);
                ensure!(is_known || rate.is_none(), "there is no database `{id}`; `GET /api/databases/` lists them");
            }
        }
        catalog.set_throttle(kind, id, rate).await?;
        print::note(&match rate {
            None => format!("{} {id} has the rate of the settings", kind.as_str()),
            Some(Rate { per_minute: 0, .. }) => format!("{} {id} is not bound", kind.as_str()),
            Some(Rate { per_minute, .. }) => format!("{} {id} is bound to {per_minute} a minute", kind.as_str()),
        });
        Ok(())
    })
}

pub(super) fn list(config: &Config, matches: &ArgMatches) -> Result<()> {
    let as_json = matches.get_flag("json");
    let settings = &config.throttle;
    let usual = [
        ("key", "(settings)", settings.requests_per_minute, settings.burst),
        ("key", "(settings, bound to origins)", settings.browser_requests_per_minute, settings.burst),
        ("database", "(settings)", settings.database_records_per_minute, 0),
    ];
    keys::with_catalog(config, async |catalog| {
        let own = catalog.throttles().await?;
        let own = own.iter().map(|one| (one.kind.as_str(), one.id.as_str(), one.rate.per_minute, one.rate.burst));
        let lines = usual.into_iter().chain(own);
        if as_json {
            let lines: Vec<_> = lines
                .map(|(kind, id, per_minute, burst)| {
                    json!({"kind": kind, "id": id, "per_minute": per_minute, "burst": burst})
                })
                .collect();
            print::data(&serde_json::to_string_pretty(&lines)?);
            return Ok(());
        }
        print::data(&format!("{:<12}{:<40}{:>12}{:>12}", "of", "id", "a minute", "at once"));
        for (kind, id, per_minute, burst) in lines {
            let bound = if per_minute == 0 { "no bound".to_owned() } else { per_minute.to_string() };
            let burst = if burst == 0 { String::new() } else { burst.to_string() };
            print::data(&format!("{kind:<12}{id:<40}{bound:>12}{burst:>12}"));
        }
        Ok(())
    })
}
