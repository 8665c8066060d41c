//! What is kept for how long, and the runs that let the rest go.
//!
//! A day goes when it lies more than so many days back: with 30 days to keep, rows of the first of May are there until the end of
//! the 31st, in UTC. Which day a row is of, its own time says (of `events_raw` when the request came). What comes late for a day
//! that has gone is stored, and goes with the next run.
//!
//! How many days: the first of these that says it.
//!
//! 1. the catalog's entry of the tenant for the database, the table, `trace_files`, `records` or `deployment_clients`
//!    (`modlaked retention`)
//! 2. of a database: the catalog's entry of the tenant for `records`
//! 3. the catalog's entry of the tenant for all it has, `*`
//! 4. the setting of the table, `retention.<table>_days`
//! 5. the setting `retention.days`

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, CatalogError};
use lake::Lake;
use lake::expire::{ByTenant, FirstKept, Swept, TRACE_FILES};
use record::caller::Tenant;
use record::dictionary::TABLES;
use record::time::{Day, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::asset_files::{AssetError, AssetFiles};
use crate::config::{self, Config};
use crate::house::House;
use crate::pressure::Pressure;

/// All of a tenant.
pub const ALL: &str = "*";
/// The records of its databases.
pub const RECORDS: &str = "records";

/// Files of databases, which are kept as long as its records.
pub const ASSETS: &str = "assets";
/// What heartbeats say: which browser profile ran which version of a mod.
pub const HEARTBEATS: &str = "deployment_clients";

/// A database, as the catalog's entries name it.
pub fn of_database(id: &str) -> String {
    format!("database:{id}")
}

/// What has a setting of its own: every table, trace files, records, heartbeats.
pub fn subjects() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name).chain([TRACE_FILES, RECORDS, HEARTBEATS])
}

/// Who keeps what for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    settings: config::Retention,
    own: HashMap<(Tenant, String), u32>,
}

const DAY_MICROS: i64 = 86_400_000_000;

impl Plan {
    pub fn new(settings: &config::Retention, own: Vec<catalog::Retention>) -> Self {
        let own = own.into_iter().map(|kept| ((kept.tenant, kept.what), kept.days));
        Self { settings: settings.clone(), own: own.collect() }
    }

    /// Days that `tenant` keeps `what`: one of [`subjects`], or [`of_database`]. 0: for ever.
    pub fn days(&self, tenant: &Tenant, what: &str) -> u32 {
        let own = |what: &str| self.own.get(&(tenant.clone(), what.to_owned())).copied();
        let is_database = what.starts_with("database:");
        let of_records = || if is_database { own(RECORDS) } else { None };
        let setting = || self.settings.of.get(if is_database { RECORDS } else { what }).copied();
        own(what).or_else(of_records).or_else(|| own(ALL)).or_else(setting).unwrap_or(self.settings.days)
    }

    /// The first instant that is kept. `None`: all are.
    pub fn first_instant(&self, tenant: &Tenant, what: &str, now: Timestamp) -> Option<Timestamp> {
        match self.days(tenant, what) {
            0 => None,
            days => Some(now.plus_micros(i64::from(days).saturating_mul(-DAY_MICROS))),
        }
    }

    /// The first day that is kept. `None`: all are.
    pub fn first_day(&self, tenant: &Tenant, what: &str, now: Timestamp) -> Option<Day> {
        self.first_instant(tenant, what, now).and_then(Timestamp::day)
    }

    /// The first days as the lake asks for them; of one tenant, or of all.
    pub fn first_kept(self: &Arc<Self>, now: Timestamp, only: Option<Tenant>) -> FirstKept {
        let plan = Arc::clone(self);
        Arc::new(move |tenant, what| {
            let is_meant = only.as_ref().is_none_or(|only| only == tenant);
            if is_meant { plan.first_day(tenant, what, now) } else { None }
        })
    }
}

/// What a run did, or would do.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows that left their tables.
    pub tables: BTreeMap<&'static str, ByTenant>,
    pub trace_files: ByTenant,
    /// Records of databases and versions of them in archives, as rows.
    pub records: ByTenant,
    /// Of databases, as files.
    pub assets: ByTenant,
    /// Versions of mods that browser profiles said they run, as rows.
    pub heartbeats: ByTenant,
    /// Files of earlier runs, and what crashes left, deleted now.
    pub swept: Swept,
    /// Steps that failed; the next run does them.
    pub failures: u64,
}

impl Report {
    pub fn did_something(&self) -> bool {
        let others = [&self.trace_files, &self.records, &self.assets, &self.heartbeats];
        self.tables.values().chain(others).any(|gone| !gone.is_empty()) || self.swept.files > 0
    }
}

/// A run and what it is bound by.
pub struct Run<'r> {
    pub lake: &'r Lake,
    pub catalog: &'r Catalog,
    pub asset_files: &'r AssetFiles,
    pub plan: Arc<Plan>,
    pub now: Timestamp,
    /// `None`: all.
    pub tenant: Option<Tenant>,
    pub grace: Duration,
}

impl Run<'_> {
    /// Lets go of what is kept no longer, a table after the other; stops between two of them when `is_over` says so. A step that
    /// fails does not keep the others from their turn.
    pub async fn run(&self, is_over: impl Fn() -> bool) -> Report {
        let first_kept = self.plan.first_kept(self.now, self.tenant.clone());
        let mut report = Report::default();
        for table in TABLES {
            if is_over() {
                return report;
            }
            match self.lake.expire(table, &first_kept).await {
                Ok(gone) => drop(report.tables.insert(table.name, gone)),
                Err(error) => report.failed(&error),
            }
            match self.lake.sweep(table, self.grace).await {
                Ok(swept) => {
                    report.swept.files += swept.files;
                    report.swept.bytes += swept.bytes;
                }
                Err(error) => report.failed(&error),
            }
        }
        if is_over() {
            return report;
        }
        match self.lake.expire_trace_files(&first_kept).await {
            Ok(gone) => report.trace_files = gone,
            Err(error) => report.failed(&error),
        }
        if let Err(error) = self.expire_databases(is_over, &mut report).await {
            report.failed(&error);
        }
        match self.expire_heartbeats().await {
            Ok(heartbeats) => report.heartbeats = heartbeats,
            Err(error) => report.failed(&error),
        }
        report
    }

    async fn expire_heartbeats(&self) -> Result<ByTenant, CatalogError> {
        let mut gone = ByTenant::new();
        for (tenant, first) in heartbeats_with_end(self.catalog, &self.plan, self.now, self.tenant.as_ref()).await? {
            let rows = self.catalog.expire_heartbeats(&tenant, first).await?;
            if rows > 0 {
                gone.entry(tenant).or_default().rows += rows;
            }
        }
        Ok(gone)
    }

    /// Records and assets.
    async fn expire_databases(&self, is_over: impl Fn() -> bool, report: &mut Report) -> Result<(), AssetError> {
        let databases = databases_with_end(self.catalog, &self.plan, self.now, self.tenant.as_ref()).await?;
        for (tenant, database, first) in databases {
            if is_over() {
                break;
            }
            let rows = self.catalog.expire_records(database, first).await?;
            if rows > 0 {
                report.records.entry(tenant.clone()).or_default().rows += rows;
            }
            let (files, bytes) = self.asset_files.expire(self.catalog, database, first).await?;
            if files > 0 {
                let gone = report.assets.entry(tenant).or_default();
                gone.files += files;
                gone.bytes += bytes;
            }
        }
        Ok(())
    }
}

/// The databases whose records are not kept for ever, and the first instant that each keeps.
pub async fn databases_with_end(
    catalog: &Catalog,
    plan: &Plan,
    now: Timestamp,
    only: Option<&Tenant>,
) -> Result<Vec<(Tenant, Uuid, Timestamp)>, CatalogError> {
    let all = catalog.all_databases().await?.into_iter();
    let meant = all.filter(|(tenant, _)| only.is_none_or(|only| only == tenant));
    let with_end = meant.filter_map(|(tenant, database)| {
        let first = plan.first_instant(&tenant, &of_database(&database.to_string()), now)?;
        Some((tenant, database, first))
    });
    Ok(with_end.collect())
}

/// The tenants whose heartbeats are not kept for ever, and the first instant that each keeps.
pub async fn heartbeats_with_end(
    catalog: &Catalog,
    plan: &Plan,
    now: Timestamp,
    only: Option<&Tenant>,
) -> Result<Vec<(Tenant, Timestamp)>, CatalogError> {
    let all = catalog.tenants_of_heartbeats().await?.into_iter();
    let meant = all.filter(|tenant| only.is_none_or(|only| only == tenant));
    Ok(meant.filter_map(|tenant| plan.first_instant(&tenant, HEARTBEATS, now).map(|first| (tenant, first))).collect())
}

impl Report {
    fn failed(&mut self, error: &dyn std::error::Error) {
        self.failures += 1;
        tracing::error!(error = %error, "what is kept no longer cannot go now, the next run tries again");
    }
}

/// Who keeps what for how long, as settings and catalog say now.
pub async fn plan(config: &Config, catalog: &Catalog) -> Result<Arc<Plan>, CatalogError> {
    Ok(Arc::new(Plan::new(&config.retention, catalog.retention().await?)))
}

/// Until files that left a table are deleted: no query of our own may still read them.
pub fn grace(config: &Config) -> Duration {
    config.retention.grace.max(config.query.time)
}

/// Runs at once and then every `retention.every_seconds`, until `ended` tells.
pub async fn run(house: Arc<House>, mut ended: watch::Receiver<()>) {
    let every = house.config.retention.every;
    if every.is_zero() {
        return;
    }
    let mut timer = interval(every);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = async { timer.tick().await; wait_for_calm(&house).await } => {}
            _ = ended.changed() => return,
        }
        let plan = match plan(&house.config, &house.catalog).await {
            Ok(plan) => plan,
            Err(error) => {
                tracing::error!(%error, "who keeps what for how long cannot be read, nothing goes");
                continue;
            }
        };
        let (now, grace) = (house.clock.now(), grace(&house.config));
        let (catalog, asset_files) = (&house.catalog, &house.asset_files);
        let run = Run { lake: &house.lake, catalog, asset_files, plan, now, tenant: None, grace };
        let report = run.run(|| ended.has_changed().unwrap_or(true)).await;
        house.metrics.expired(&report);
    }
}

/// Letting go can wait while the intake is near its limits, but not for ever.
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_secs(1);

async fn wait_for_calm(house: &House) {
    let begun = Instant::now();
    while !Pressure::of(house).is_calm() && begun.elapsed() < PATIENCE {
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests;
