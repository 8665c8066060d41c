//! `modlaked retention list | set`: who keeps what for how long.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow, ensure};
use catalog::Retention;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use record::caller::Tenant;
use serde_json::json;

use super::{keys, print};
use crate::config::Config;
use crate::config::limits::days;
use crate::retention::{ALL, Plan, of_database, subjects};

pub(super) fn command() -> Command {
    let only = |key: &str| super::only_catalog(key) || key.starts_with("retention.");
    Command::new("retention")
        .about("Says and changes who keeps what for how long; works while the server runs")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            super::with_settings(Command::new("list").about("Lists days to keep, of settings and of tenants"), only)
                .arg(Arg::new("tenant").long("tenant").help("Of this tenant only, for everything it has"))
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, for scripts")),
        )
        .subcommand(
            super::with_settings(
                Command::new("set").about("Keeps what a tenant has for so many days, whatever the settings say"),
                super::only_catalog,
            )
            .arg(Arg::new("tenant").long("tenant").required(true).help("Whose"))
            .arg(
                Arg::new("table")
                    .long("table")
                    .value_parser(PossibleValuesParser::new(subjects()))
                    .help("Of this table alone [default: of all that has no days of its own]"),
            )
            .arg(Arg::new("database").long("database").value_name("ID").help("Of the records of this database alone"))
            .group(ArgGroup::new("what").args(["table", "database"]))
            .arg(
                Arg::new("days")
                    .long("days")
                    .required(true)
                    .value_name("N|unset")
                    .help("Days; 0: for ever; unset: as the settings say"),
            ),
        )
}

pub(super) fn set(config: &Config, matches: &ArgMatches) -> Result<()> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let tenant = Tenant::new(text("tenant").unwrap_or_default())?;
    let what = text("database").map_or_else(|| text("table").unwrap_or(ALL).to_owned(), of_database);
    let days = match text("days").unwrap_or_default() {
        "unset" => None,
        number => Some(days(number).map_err(|wanted| anyhow!("--days is not {wanted}, or `unset`: `{number}`"))?),
    };
    keys::with_catalog(config, async |catalog| {
        if let Some(id) = text("database").filter(|_| days.is_some()) {
            let all = catalog.all_databases().await?;
            let is_known = all.iter().any(|(owner, database)| *owner == tenant && database.to_string() == id);
            ensure!(
                is_known,
                "{tenant} has no database `{id}`; `GET /api/databases/` with a key of {tenant} lists them"
            );
        }
        catalog.set_retention(&tenant, &what, days).await?;
        if catalog.list_keys(Some(&tenant)).await?.is_empty() {
            print::note(&format!("tenant `{tenant}` has no key; `modlaked keys list` shows the tenants that have one"));
        }
        print::note(&match days {
            None => format!("`{what}` of {tenant} is kept as the settings say"),
            Some(days) => {
                format!("`{what}` of {tenant} is kept {}; a server heeds it with its next run", spelled(days))
            }
        });
        Ok(())
    })
}

pub(super) fn list(config: &Config, matches: &ArgMatches) -> Result<()> {
    let tenant = matches.get_one::<String>("tenant").map(|tenant| Tenant::new(tenant)).transpose()?;
    let as_json = matches.get_flag("json");
    keys::with_catalog(config, async |catalog| {
        let own = catalog.retention().await?;
        let lines = match &tenant {
            Some(tenant) => of_tenant(config, tenant, own),
            None => of_all(config, own),
        };
        if as_json {
            let lines: Vec<_> = lines
                .iter()
                .map(|(tenant, what, days)| json!({"tenant": tenant, "what": what, "days": days}))
                .collect();
            print::data(&serde_json::to_string_pretty(&lines)?);
            return Ok(());
        }
        print::data(&format!("{:<20}{:<52}kept", "tenant", "what"));
        for (tenant, what, days) in lines {
            print::data(&format!("{tenant:<20}{what:<52}{}", spelled(days)));
        }
        Ok(())
    })
}

/// Whose, what, and for how many days.
type Line = (String, String, u32);

/// What counts for everything that a tenant has.
fn of_tenant(config: &Config, tenant: &Tenant, own: Vec<Retention>) -> Vec<Line> {
    let named = own.iter().filter(|kept| kept.tenant == *tenant).map(|kept| kept.what.clone());
    let all: BTreeSet<String> = named.filter(|what| what != ALL).chain(subjects().map(str::to_owned)).collect();
    let plan = Plan::new(&config.retention, own);
    all.into_iter().map(|what| (tenant.to_string(), what.clone(), plan.days(tenant, &what))).collect()
}

/// What settings and tenants say.
fn of_all(config: &Config, own: Vec<Retention>) -> Vec<Line> {
    let settings = config.retention.of.iter().map(|(what, days)| (*what, *days));
    let settings = [(ALL, config.retention.days)].into_iter().chain(settings);
    let settings = settings.map(|(what, days)| ("(settings)".to_owned(), what.to_owned(), days));
    settings.chain(own.into_iter().map(|kept| (kept.tenant.to_string(), kept.what, kept.days))).collect()
}

fn spelled(days: u32) -> String {
    match days {
        0 => "for ever".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
