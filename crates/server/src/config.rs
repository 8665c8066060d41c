//! Settings: every one is a flag, an environment variable and a key of the file. A flag beats a variable, a variable beats the
//! file, the file beats the default.
//!
//! `journal.max_bytes` in the file is `--journal-max-bytes` and `MODLAKE_JOURNAL_MAX_BYTES`. The list is [`SETTINGS`]; help,
//! the check of unknown keys and the reference page are made from it. The capture policy's variables keep the names of the
//! system we are a drop-in for (`CODING_AGENT_…`).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use catalog::{Location, Options, ServerUrl};
use record::secret::Secret;
use sanitize::capture::{Policy, VARIABLES};

pub mod limits;
mod redaction;
mod settings;

pub use limits::{Retention, Throttle};
pub use redaction::Redaction;
pub use settings::{SETTINGS, Setting};

/// Checked and frozen: what the rest of the program sees.
#[derive(Clone, Debug)]
pub struct Config {
    pub data_dir: PathBuf,
    pub http: SocketAddr,
    /// `None`: no OTLP over gRPC.
    pub grpc: Option<SocketAddr>,
    pub bootstrap_key: Option<Secret>,
    pub catalog: Catalog,
    pub intake: Intake,
    pub traces: Traces,
    pub deployments: Deployments,
    pub databases: Databases,
    pub product: Product,
    pub capture: Policy,
    pub redaction: Redaction,
    pub journal: Journal,
    pub lake: Lake,
    pub retention: Retention,
    pub throttle: Throttle,
    pub query: query::Limits,
    /// What models cost; the shipped list where there is none.
    pub prices_file: Option<PathBuf>,
    pub log: Log,
}

/// Tenants, keys and what else changes in place.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// `None`: a file of `SQLite` in the data folder.
    pub server: Option<ServerUrl>,
    pub connections: u32,
    /// The longest wait for the database.
    pub timeout: Duration,
}

#[derive(Clone, Debug)]
pub struct Intake {
    /// Of one request, before and after decompression (OTLP 1.11: at least 64 MiB).
    pub max_body_bytes: usize,
    /// Of one request.
    pub max_records: usize,
    /// Bodies in memory at one time.
    pub max_in_flight_bytes: usize,
    /// Until a request's head has arrived, an idle connection's next one too.
    pub head_timeout: Duration,
    /// Until a body has arrived.
    pub body_timeout: Duration,
}

/// Trace files of the `mod` command.
#[derive(Clone, Debug)]
pub struct Traces {
    /// Of one file, before and after decompression.
    pub max_file_bytes: usize,
    /// Of one file.
    pub max_rows: usize,
}

/// Deployments of mods in browsers.
#[derive(Clone, Debug)]
pub struct Deployments {
    /// What is recent where a request does not say.
    pub recent_days: u32,
    /// Of one heartbeat.
    pub max_active: usize,
    /// Rows that heartbeats leave, of one tenant.
    pub max_clients: usize,
    /// Ids of errors that one group of errors names.
    pub max_error_items: usize,
    /// Jobs for reports that are remembered.
    pub report_jobs: usize,
    /// What jobs have made, of all tenants.
    pub report_bytes: usize,
}

/// Team databases and their records.
#[derive(Clone, Debug)]
pub struct Databases {
    /// Of one record's data.
    pub max_record_bytes: usize,
    /// Of one request.
    pub max_request_records: usize,
    /// Of one database; 0: without bound.
    pub max_records: usize,
    /// How deep lists and objects nest in a record.
    pub max_depth: usize,
    /// Of the data that one page of a list shows.
    pub max_page_bytes: usize,
    /// Exports of one tenant that run at one time.
    pub max_exports: usize,
    /// How long the file of an export is kept.
    pub export_age: Duration,
    /// How long a write that named itself is known.
    pub write_id_age: Duration,
    /// Of one asset's file.
    pub max_asset_bytes: usize,
    /// Assets of one database.
    pub max_assets: usize,
    /// Of all files of one database.
    pub max_assets_bytes: usize,
    /// Of all files of one tenant.
    pub max_tenant_assets_bytes: usize,
    /// Files that arrive at one time.
    pub max_uploads: usize,
}

/// What browser mods send.
#[derive(Clone, Debug)]
pub struct Product {
    /// Whether addresses keep their query and fragment.
    pub keep_query: bool,
}

#[derive(Clone, Debug)]
pub struct Journal {
    pub max_bytes: u64,
    pub segment_bytes: u64,
    pub max_age: Option<Duration>,
}

#[derive(Clone, Debug)]
pub struct Lake {
    pub flush_bytes: usize,
    pub flush_after: Duration,
    pub dedupe_window: usize,
}

#[derive(Clone, Debug)]
pub struct Log {
    pub filter: String,
    pub json: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("modlake-data"),
            http: SocketAddr::from(([127, 0, 0, 1], 4318)),
            grpc: Some(SocketAddr::from(([127, 0, 0, 1], 4317))),
            bootstrap_key: None,
            catalog: Catalog { server: None, connections: 10, timeout: Duration::from_secs(5) },
            intake: Intake {
                max_body_bytes: 64 << 20,
                max_records: 200_000,
                max_in_flight_bytes: 256 << 20,
                head_timeout: Duration::from_mins(2),
                body_timeout: Duration::from_mins(1),
            },
            traces: Traces { max_file_bytes: 64 << 20, max_rows: 1_000_000 },
            deployments: Deployments {
                recent_days: 30,
                max_active: 1_000,
                max_clients: 100_000,
                max_error_items: 1_000,
                report_jobs: 1_000,
                report_bytes: 64 << 20,
            },
            databases: Databases {
                max_record_bytes: 1 << 20,
                max_request_records: 10_000,
                max_records: 0,
                max_depth: 32,
                max_page_bytes: 64 << 20,
                max_exports: 4,
                export_age: Duration::from_hours(24),
                write_id_age: Duration::from_hours(7 * 24),
                max_asset_bytes: 64 << 20,
                max_assets: 10_000,
                max_assets_bytes: 1 << 30,
                max_tenant_assets_bytes: 4 << 30,
                max_uploads: 16,
            },
            product: Product { keep_query: false },
            capture: Policy::default(),
            redaction: Redaction::default(),
            journal: Journal { max_bytes: 4 << 30, segment_bytes: 64 << 20, max_age: None },
            lake: Lake { flush_bytes: 32 << 20, flush_after: Duration::from_secs(30), dedupe_window: 1_000_000 },
            retention: Retention::default(),
            throttle: Throttle::default(),
            query: query::Limits::default(),
            prices_file: None,
            log: Log { filter: "info".to_owned(), json: false },
        }
    }
}

impl Config {
    /// Puts together flags (key and text), variables and the file.
    pub fn load(
        file: Option<&Path>,
        variable: impl Fn(&str) -> Option<String>,
        flags: &[(&'static str, String)],
    ) -> Result<Self> {
        let mut config = Self::default();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            config.apply_file(&text).with_context(|| format!("in {}", path.display()))?;
        }
        for setting in SETTINGS {
            if let Some(text) = variable(&setting.variable()) {
                config.apply(setting, &text).with_context(|| format!("variable {}", setting.variable()))?;
            }
        }
        for name in VARIABLES {
            if let Some(text) = variable(name) {
                config.capture.set_variable(name, &text);
            }
        }
        for (key, text) in flags {
            let setting = find(key)?;
            config.apply(setting, text).with_context(|| format!("flag --{}", setting.flag()))?;
        }
        Ok(config)
    }

    /// How the catalog is opened.
    pub fn catalog(&self) -> Options {
        let location = match &self.catalog.server {
            Some(url) => Location::Server(url.clone()),
            None => Location::File(self.data_dir.join("catalog.sqlite")),
        };
        Options { location, connections: self.catalog.connections, timeout: self.catalog.timeout }
    }

    fn apply(&mut self, setting: &Setting, text: &str) -> Result<()> {
        (setting.apply)(self, text).map_err(|wanted| {
            if setting.secret {
                anyhow!("`{}` is not {wanted}", setting.key)
            } else {
                anyhow!("`{}` is not {wanted}: `{text}`", setting.key)
            }
        })
    }

    fn apply_file(&mut self, text: &str) -> Result<()> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| anyhow!("{}", error.message().to_owned()))?;
        self.apply_table("", &table)
    }

    fn apply_table(&mut self, prefix: &str, table: &toml::Table) -> Result<()> {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            match value {
                toml::Value::Table(inner) => self.apply_table(&format!("{key}."), inner)?,
                toml::Value::String(text) => self.apply(find(&key)?, text)?,
                toml::Value::Array(tables) if key == "redaction.rules" => self.redaction.add_rules(tables)?,
                toml::Value::Array(items) => {
                    let words: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                    let Some(words) = words else { bail!("`{key}` is not a list of text") };
                    self.apply(find(&key)?, &words.join(","))?;
                }
                other => self.apply(find(&key)?, &other.to_string())?,
            }
        }
        Ok(())
    }
}

/// The setting of `key`, or an error that names the nearest one there is.
fn find(key: &str) -> Result<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let nearest = SETTINGS
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(key, a.key).total_cmp(&strsim::jaro_winkler(key, b.key)));
        let nearest = nearest.map_or("", |setting| setting.key);
        anyhow!("unknown setting `{key}`; did you mean `{nearest}`?")
    })
}

/// A variable of the process; the one place that reads them.
#[expect(clippy::disallowed_methods, reason = "the one place that reads variables")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests;
