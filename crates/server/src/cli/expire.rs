//! `modlaked expire`: lets go of what is kept no longer, on a folder that no server runs on.

use anyhow::{Context, Result};
use catalog::Catalog;
use clap::{Arg, ArgAction, ArgMatches, Command};
use journal::Journal;
use journal::disk::RealDisk;
use lake::expire::{ByTenant, Expired, TRACE_FILES, look, look_at_trace_files};
use lake::root::Root;
use lake::{Lake, Options};
use record::caller::Tenant;
use record::dictionary::TABLES;
use record::time::Clock;
use serde_json::json;

use super::print;
use crate::asset_files::AssetFiles;
use crate::config::Config;
use crate::retention::{self, ASSETS, HEARTBEATS, RECORDS, Report, Run};

/// The command without the settings it heeds.
pub(super) fn command() -> Command {
    Command::new("expire")
        .about("Lets go of what is kept no longer; a running server does so by itself, every `retention.every_seconds`")
        .after_help(
            "`modlaked retention` says who keeps what for how long. Exits with 1 when a server runs on the folder.",
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Only says what would go; works while the server runs"),
        )
        .arg(Arg::new("tenant").long("tenant").help("Of this tenant only"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, for scripts"))
}

pub(super) fn run(config: &Config, matches: &ArgMatches) -> Result<()> {
    let tenant = matches.get_one::<String>("tenant").map(|tenant| Tenant::new(tenant)).transpose()?;
    let is_look = matches.get_flag("dry-run");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let report = runtime.block_on(async {
        let folder = super::lake_folder(config);
        anyhow::ensure!(folder.is_dir(), "no lake in {}: --data-dir names the folder", config.data_dir.display());
        if is_look { look_around(config, tenant).await } else { let_go(config, tenant).await }
    })?;
    tell(&report, matches.get_flag("json"));
    anyhow::ensure!(report.failures == 0, "not all could go; the log above says why");
    if !report.did_something() {
        print::note("nothing is kept longer than it shall be");
    } else if is_look {
        print::note("nothing was changed");
    }
    Ok(())
}

async fn let_go(config: &Config, tenant: Option<Tenant>) -> Result<Report> {
    let held = Journal::hold(&config.data_dir.join("journal"), &RealDisk);
    let _held = held.context("a server lets go by itself, every `retention.every_seconds`; --dry-run says of what")?;
    let clock = Clock::default();
    let catalog = Catalog::open(&config.catalog(), clock.clone()).await?;
    let options = Options {
        root: Root::folder(&super::lake_folder(config))?,
        // no rows are committed, and none compared
        app_id: "modlaked-expire".to_owned(),
        dedupe_window: 0,
        clock: clock.clone(),
    };
    let lake = Lake::open(options).await?;
    let plan = retention::plan(config, &catalog).await?;
    let (now, grace) = (clock.now(), retention::grace(config));
    let asset_files = AssetFiles::new(&config.data_dir, 0);
    let run = Run { lake: &lake, catalog: &catalog, asset_files: &asset_files, plan, now, tenant, grace };
    Ok(run.run(|| false).await)
}

async fn look_around(config: &Config, tenant: Option<Tenant>) -> Result<Report> {
    let clock = Clock::default();
    let catalog = Catalog::open(&config.catalog(), clock.clone()).await?;
    let root = Root::folder(&super::lake_folder(config))?;
    let (plan, now) = (retention::plan(config, &catalog).await?, clock.now());
    let first_kept = plan.first_kept(now, tenant.clone());
    let mut report = Report { trace_files: look_at_trace_files(&root, &first_kept).await?, ..Report::default() };
    for (tenant, database, first) in retention::databases_with_end(&catalog, &plan, now, tenant.as_ref()).await? {
        let rows = catalog.count_expired_records(database, first).await?;
        if rows > 0 {
            report.records.entry(tenant.clone()).or_default().rows += rows;
        }
        let (files, bytes) = catalog.count_old_assets(database, first).await?;
        if files > 0 {
            let gone = report.assets.entry(tenant).or_default();
            gone.files += files;
            gone.bytes += bytes;
        }
    }
    for (tenant, first) in retention::heartbeats_with_end(&catalog, &plan, now, tenant.as_ref()).await? {
        let rows = catalog.count_expired_heartbeats(&tenant, first).await?;
        if rows > 0 {
            report.heartbeats.entry(tenant).or_default().rows += rows;
        }
    }
    for table in TABLES {
        report.tables.insert(table.name, look(&root, table, &first_kept).await?);
    }
    Ok(report)
}

fn tell(report: &Report, as_json: bool) {
    let others = [
        (TRACE_FILES, &report.trace_files),
        (RECORDS, &report.records),
        (ASSETS, &report.assets),
        (HEARTBEATS, &report.heartbeats),
    ];
    let parts = report.tables.iter().map(|(table, gone)| (*table, gone)).chain(others);
    if as_json {
        let expired: Vec<_> = parts.flat_map(|(what, gone)| to_json(what, gone)).collect();
        let swept = json!({"files": report.swept.files, "bytes": report.swept.bytes});
        print::data(&json!({"expired": expired, "deleted": swept}).to_string());
        return;
    }
    if report.did_something() {
        print::data(&line("tenant", "what", ["from", "to", "days", "files", "rows", "bytes"].map(str::to_owned)));
    }
    for (what, gone) in parts {
        for (tenant, Expired { days, files, rows, bytes }) in gone {
            let [from, to] = [days.first(), days.last()].map(|day| day.map_or_else(String::new, ToString::to_string));
            let [days, files, rows, bytes] =
                [days.len() as u64, *files, *rows, *bytes].map(|number| number.to_string());
            print::data(&line(tenant.as_str(), what, [from, to, days, files, rows, bytes]));
        }
    }
    if report.swept.files > 0 {
        let (files, bytes) = (report.swept.files, report.swept.bytes);
        print::note(&format!("{files} files ({bytes} bytes) that had left their tables are deleted"));
    }
}

fn line(tenant: &str, what: &str, [from, to, days, files, rows, bytes]: [String; 6]) -> String {
    format!("{tenant:<20}{what:<24}{from:<12}{to:<12}{days:>6}{files:>8}{rows:>12}{bytes:>14}")
}

fn to_json(what: &str, gone: &ByTenant) -> Vec<serde_json::Value> {
    let of_tenant = |(tenant, gone): (&Tenant, &Expired)| {
        let days: Vec<String> = gone.days.iter().map(ToString::to_string).collect();
        json!({
            "tenant": tenant.as_str(),
            "what": what,
            "days": days,
            "files": gone.files,
            "rows": gone.rows,
            "bytes": gone.bytes,
        })
    };
    gone.iter().map(of_tenant).collect()
}
