//! Every setting, once.

use std::time::Duration;

use catalog::ServerUrl;
use record::secret::Secret;

use super::{Config, limits, redaction};

/// One setting: how it is called, what it means, how its text becomes its value.
pub struct Setting {
    /// The key in the file.
    pub key: &'static str,
    pub doc: &'static str,
    /// Its text is not shown in errors.
    pub secret: bool,
    /// The error says what the text should have been.
    pub apply: fn(&mut Config, &str) -> Result<(), &'static str>,
}

impl Setting {
    /// `--` is not part of it.
    pub fn flag(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    pub fn variable(&self) -> String {
        format!("MODLAKE_{}", self.key.replace('.', "_").to_uppercase())
    }
}

const fn setting(
    key: &'static str,
    doc: &'static str,
    apply: fn(&mut Config, &str) -> Result<(), &'static str>,
) -> Setting {
    Setting { key, doc, secret: false, apply }
}

/// In the order of `modlaked serve --help`.
pub const SETTINGS: &[Setting] = &[
    setting(
        "data_dir",
        "folder for the journal, the catalog and the lake [default: ./modlake-data]",
        |config, text| {
            config.data_dir = text.into();
            Ok(())
        },
    ),
    setting("http", "address for OTLP/HTTP, the API and the dashboard [default: 127.0.0.1:4318]", |config, text| {
        config.http = text.parse().map_err(|_| "an address with a port, such as 127.0.0.1:4318")?;
        Ok(())
    }),
    setting("grpc", "address for OTLP/gRPC; `off`: none [default: 127.0.0.1:4317]", |config, text| {
        let wanted = "an address with a port, such as 127.0.0.1:4317, or `off`";
        config.grpc = if text == "off" { None } else { Some(text.parse().map_err(|_| wanted)?) };
        Ok(())
    }),
    Setting {
        key: "bootstrap_key",
        doc: "first key of tenant `default` (all scopes), used when the catalog is empty; 16 to 512 characters",
        secret: true,
        apply: |config, text| {
            config.bootstrap_key = (!text.is_empty()).then(|| Secret::new(text));
            Ok(())
        },
    },
    Setting {
        key: "catalog",
        doc: "PostgreSQL database for the catalog, such as postgres://user:password@host/modlake; without it, catalog.sqlite in data_dir",
        secret: true,
        apply: |config, text| {
            config.catalog.server = if text.is_empty() { None } else { Some(ServerUrl::parse(text)?) };
            Ok(())
        },
    },
    setting(
        "catalog_connections",
        "connections to the catalog's database at one time [default: 10]",
        |config, text| {
            config.catalog.connections =
                text.parse().ok().filter(|number| *number > 0).ok_or("a whole number of at least 1")?;
            Ok(())
        },
    ),
    setting(
        "catalog_timeout_seconds",
        "longest wait for the catalog's database; then requests that need it get 503 [default: 5]",
        |config, text| {
            let wanted = "a number of seconds above 0";
            config.catalog.timeout = seconds(text).ok().filter(|time| !time.is_zero()).ok_or(wanted)?;
            Ok(())
        },
    ),
    setting(
        "intake.max_body_bytes",
        "largest request, before and after decompression [default: 64MiB]",
        |config, text| {
            config.intake.max_body_bytes = size(text)?;
            Ok(())
        },
    ),
    setting(
        "intake.max_records",
        "log records, spans, points, hook events, or events and errors of mods of one request [default: 200000]",
        |config, text| {
            config.intake.max_records = count(text)?;
            Ok(())
        },
    ),
    setting(
        "intake.max_in_flight_bytes",
        "bodies in memory at one time; more waits a little, then is answered with 503 [default: 256MiB]",
        |config, text| {
            config.intake.max_in_flight_bytes = size(text)?;
            Ok(())
        },
    ),
    setting(
        "intake.head_timeout_seconds",
        "until a request's head has arrived; idle connections end then [default: 120]",
        |config, text| {
            config.intake.head_timeout = seconds(text)?;
            Ok(())
        },
    ),
    setting("intake.body_timeout_seconds", "until a body has arrived [default: 60]", |config, text| {
        config.intake.body_timeout = seconds(text)?;
        Ok(())
    }),
    setting(
        "traces.max_file_bytes",
        "largest trace file of the mod command, before and after decompression [default: 64MiB]",
        |config, text| {
            config.traces.max_file_bytes = size(text)?;
            Ok(())
        },
    ),
    setting("traces.max_rows", "rows of one trace file [default: 1000000]", |config, text| {
        config.traces.max_rows = count(text)?;
        Ok(())
    }),
    setting("databases.max_record_bytes", "data of one record, after merging [default: 1MiB]", |config, text| {
        config.databases.max_record_bytes = size(text)?;
        Ok(())
    }),
    setting("databases.max_request_records", "records of one request [default: 10000]", |config, text| {
        config.databases.max_request_records = count(text)?;
        Ok(())
    }),
    setting("databases.max_records", "records of one database; 0 is no bound [default: 0]", |config, text| {
        config.databases.max_records = count(text)?;
        Ok(())
    }),
    setting(
        "databases.max_depth",
        "how deep lists and objects nest in a record, at most 60 [default: 32]",
        |config, text| {
            config.databases.max_depth = count(text).ok().filter(|depth| *depth <= 60).ok_or("a number up to 60")?;
            Ok(())
        },
    ),
    setting(
        "databases.max_page_bytes",
        "data of one page of records; larger ones are refused [default: 64MiB]",
        |config, text| {
            config.databases.max_page_bytes = size(text)?;
            Ok(())
        },
    ),
    setting("databases.max_exports", "exports of a tenant that run at one time [default: 4]", |config, text| {
        config.databases.max_exports = count(text)?;
        Ok(())
    }),
    setting("databases.export_hours", "how long the file of an export is kept [default: 24]", |config, text| {
        config.databases.export_age = hours(text)?;
        Ok(())
    }),
    setting(
        "databases.write_id_hours",
        "how long a write that named itself (`write_id`) is known when it comes again [default: 168]",
        |config, text| {
            config.databases.write_id_age = hours(text)?;
            Ok(())
        },
    ),
    setting("databases.max_asset_bytes", "file of one asset [default: 64MiB]", |config, text| {
        config.databases.max_asset_bytes = size(text)?;
        Ok(())
    }),
    setting("databases.max_assets", "assets of one database [default: 10000]", |config, text| {
        config.databases.max_assets = count(text)?;
        Ok(())
    }),
    setting(
        "databases.max_assets_bytes",
        "files of all assets of one database together [default: 1GiB]",
        |config, text| {
            config.databases.max_assets_bytes = size(text)?;
            Ok(())
        },
    ),
    setting(
        "databases.max_tenant_assets_bytes",
        "files of all assets of one tenant together [default: 4GiB]",
        |config, text| {
            config.databases.max_tenant_assets_bytes = size(text)?;
            Ok(())
        },
    ),
    setting(
        "databases.max_uploads",
        "files of assets that arrive at one time, each of which may take databases.max_asset_bytes beyond the other bounds [default: 16]",
        |config, text| {
            config.databases.max_uploads = count(text)?;
            Ok(())
        },
    ),
    setting(
        "deployments.recent_days",
        "days that the routes of deployments tell about, today's included, where `?days=` does not say [default: 30]",
        |config, text| {
            let wanted = "a whole number above zero";
            config.deployments.recent_days = text.parse().ok().filter(|days| *days > 0).ok_or(wanted)?;
            Ok(())
        },
    ),
    setting("deployments.max_active", "deployments that one heartbeat may name [default: 1000]", |config, text| {
        config.deployments.max_active = count(text)?;
        Ok(())
    }),
    setting(
        "deployments.max_clients",
        "versions of mods in browser profiles that are kept of a tenant's heartbeats; the ones seen longest ago go first [default: 100000]",
        |config, text| {
            config.deployments.max_clients = count(text)?;
            Ok(())
        },
    ),
    setting(
        "deployments.max_error_items",
        "latest errors that a group of errors names (`error_item_ids`) [default: 1000]",
        |config, text| {
            config.deployments.max_error_items = count(text)?;
            Ok(())
        },
    ),
    setting(
        "deployments.report_jobs",
        "jobs for reports that are remembered, in memory [default: 1000]",
        |config, text| {
            config.deployments.report_jobs = count(text)?;
            Ok(())
        },
    ),
    setting(
        "deployments.report_bytes",
        "reports made by jobs that are kept for their readers, in memory [default: 64MiB]",
        |config, text| {
            config.deployments.report_bytes = size(text)?;
            Ok(())
        },
    ),
    setting(
        "product.keep_query",
        "addresses in what browser mods send keep their query and fragment [default: false]",
        |config, text| {
            config.product.keep_query = truth(text)?;
            Ok(())
        },
    ),
    setting("capture.prompts", "keep every prompt (CODING_AGENT_CAPTURE_PROMPTS) [default: false]", |config, text| {
        config.capture.capture_prompts = truth(text)?;
        Ok(())
    }),
    setting(
        "capture.output_snippets",
        "keep tool output snippets (CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS) [default: false]",
        |config, text| {
            config.capture.capture_output_snippets = truth(text)?;
            Ok(())
        },
    ),
    setting(
        "capture.allow_event_level_opt_in",
        "heed moda.capture_prompts and moda.capture_outputs on events (CODING_AGENT_ALLOW_EVENT_LEVEL_OPT_IN) [default: false]",
        |config, text| {
            config.capture.allow_event_level_opt_in = truth(text)?;
            Ok(())
        },
    ),
    setting(
        "capture.honor_emitter_prompts",
        "keep prompts that an agent's user switched on there (CODING_AGENT_HONOR_EMITTER_PROMPTS) [default: true]",
        |config, text| {
            config.capture.honor_emitter_prompts = truth(text)?;
            Ok(())
        },
    ),
    setting(
        "capture.commands",
        "keep whole command lines, not only the program (CODING_AGENT_CAPTURE_COMMANDS) [default: false]",
        |config, text| {
            config.capture.capture_commands = truth(text)?;
            Ok(())
        },
    ),
    setting(
        "capture.max_text_chars",
        "captured text is cut after so many characters [default: 16384]",
        |config, text| {
            config.capture.max_text_chars = count(text)?;
            Ok(())
        },
    ),
    setting(
        "capture.keep_attributes",
        "names of attributes that are metadata here, separated by commas; unknown ones are withheld as content",
        |config, text| {
            config.capture.keep_attributes = words(text);
            Ok(())
        },
    ),
    setting(
        "redaction.disable",
        "ids of rules that are off, separated by commas; `modlaked redaction rules` lists them",
        |config, text| {
            config.redaction.disable = words(text);
            Ok(())
        },
    ),
    setting("redaction.gitleaks_rules", "file of more rules, in the form of gitleaks", |config, text| {
        config.redaction.gitleaks_rules = (!text.is_empty()).then(|| text.into());
        Ok(())
    }),
    setting("redaction.pii.email", "e-mail addresses in texts: off, mask or hash [default: off]", |config, text| {
        config.redaction.pii.email = redaction::treatment(text)?;
        Ok(())
    }),
    setting(
        "redaction.pii.path_user",
        "names of users in paths such as /home/ada: off, mask or hash [default: off]",
        |config, text| {
            config.redaction.pii.path_user = redaction::treatment(text)?;
            Ok(())
        },
    ),
    setting("redaction.pii.ip_address", "IP addresses: off, mask or hash [default: off]", |config, text| {
        config.redaction.pii.ip_address = redaction::treatment(text)?;
        Ok(())
    }),
    setting(
        "redaction.pii.payment_card",
        "numbers of payment cards: off, mask or hash [default: off]",
        |config, text| {
            config.redaction.pii.payment_card = redaction::treatment(text)?;
            Ok(())
        },
    ),
    setting(
        "redaction.sender_email",
        "the sender's own address, in the columns that identify him: keep or hash [default: keep]",
        |config, text| {
            config.redaction.sender_email = redaction::sender_email(text)?;
            Ok(())
        },
    ),
    setting(
        "redaction.known_sessions",
        "sessions of which redaction remembers what it found, as keyed hashes in memory; 0: none [default: 4096]",
        |config, text| {
            config.redaction.known_values.sessions = count(text)?;
            Ok(())
        },
    ),
    setting(
        "redaction.known_values",
        "values remembered of one session, and of one request; 0: none [default: 64]",
        |config, text| {
            config.redaction.known_values.values = count(text)?;
            Ok(())
        },
    ),
    setting(
        "redaction.max_value_bytes",
        "longest text that redaction looks at; a longer one is withheld [default: 16MiB]",
        |config, text| {
            config.redaction.max_value_bytes = size(text)?;
            Ok(())
        },
    ),
    setting(
        "journal.max_bytes",
        "journal on disk; from 70 % of it on some senders get 503, beyond it all [default: 4GiB]",
        |config, text| {
            config.journal.max_bytes = size(text)? as u64;
            Ok(())
        },
    ),
    setting("journal.segment_bytes", "size of a journal file [default: 64MiB]", |config, text| {
        config.journal.segment_bytes = size(text)? as u64;
        Ok(())
    }),
    setting(
        "journal.max_age_seconds",
        "oldest record that may wait to be committed before senders get 503; 0 is no bound [default: 0]",
        |config, text| {
            config.journal.max_age = Some(seconds(text)?).filter(|age| !age.is_zero());
            Ok(())
        },
    ),
    setting("lake.flush_bytes", "rows in memory that start a commit [default: 32MiB]", |config, text| {
        config.lake.flush_bytes = size(text)?;
        Ok(())
    }),
    setting("lake.flush_seconds", "age of rows in memory that starts a commit [default: 30]", |config, text| {
        config.lake.flush_after = seconds(text)?;
        Ok(())
    }),
    setting(
        "lake.dedupe_window",
        "records remembered to know one that comes again [default: 1000000]",
        |config, text| {
            config.lake.dedupe_window = count(text)?;
            Ok(())
        },
    ),
    setting(
        "retention.days",
        "days that everything is kept, unless one of the following or `modlaked retention` says otherwise; 0: for ever [default: 0]",
        |config, text| {
            config.retention.days = limits::days(text)?;
            Ok(())
        },
    ),
    setting("retention.events_raw_days", "days that rows of `events_raw` are kept", |config, text| {
        keep(config, "events_raw", text)
    }),
    setting(
        "retention.coding_agent_events_days",
        "days that rows of `coding_agent_events` are kept",
        |config, text| keep(config, "coding_agent_events", text),
    ),
    setting(
        "retention.coding_agent_metrics_days",
        "days that rows of `coding_agent_metrics` are kept",
        |config, text| keep(config, "coding_agent_metrics", text),
    ),
    setting("retention.traces_days", "days that rows of `traces` are kept", |config, text| {
        keep(config, "traces", text)
    }),
    setting("retention.traces_rejected_days", "days that rows of `traces_rejected` are kept", |config, text| {
        keep(config, "traces_rejected", text)
    }),
    setting("retention.product_events_days", "days that rows of `product_events` are kept", |config, text| {
        keep(config, "product_events", text)
    }),
    setting("retention.product_errors_days", "days that rows of `product_errors` are kept", |config, text| {
        keep(config, "product_errors", text)
    }),
    setting(
        "retention.trace_files_days",
        "days that trace files of the mod command are kept as they came",
        |config, text| keep(config, "trace_files", text),
    ),
    setting(
        "retention.records_days",
        "days that records of team databases are kept after their last change, and assets from when they were made",
        |config, text| keep(config, "records", text),
    ),
    setting(
        "retention.deployment_clients_days",
        "days that is kept which browser profile ran which version of a mod, from when it last said so",
        |config, text| keep(config, "deployment_clients", text),
    ),
    setting(
        "retention.grace_seconds",
        "from when a file has left its table until it is deleted, for those who still read it; at most a week [default: 86400]",
        |config, text| {
            config.retention.grace = limits::grace(seconds(text)?)?;
            Ok(())
        },
    ),
    setting(
        "retention.every_seconds",
        "between two looks for what is kept no longer; 0: only by `modlaked expire` [default: 3600]",
        |config, text| {
            config.retention.every = seconds(text)?;
            Ok(())
        },
    ),
    setting(
        "throttle.requests_per_minute",
        "requests a minute of a key that is not bound to origins; 0: no bound [default: 0]",
        |config, text| {
            config.throttle.requests_per_minute = limits::per_minute(text)?;
            Ok(())
        },
    ),
    setting(
        "throttle.browser_requests_per_minute",
        "requests a minute of a key that is bound to origins, all browsers together; 0: no bound [default: 6000]",
        |config, text| {
            config.throttle.browser_requests_per_minute = limits::per_minute(text)?;
            Ok(())
        },
    ),
    setting(
        "throttle.burst",
        "requests of a key at once, at most a minute's worth; 0: a minute's worth [default: 1000]",
        |config, text| {
            config.throttle.burst = limits::per_minute(text)?;
            Ok(())
        },
    ),
    setting(
        "throttle.database_records_per_minute",
        "records written to a team database a minute; 0: no bound [default: 0]",
        |config, text| {
            config.throttle.database_records_per_minute = limits::per_minute(text)?;
            Ok(())
        },
    ),
    setting("query.time_seconds", "longest query [default: 30]", |config, text| {
        config.query.time = seconds(text)?;
        Ok(())
    }),
    setting("query.memory_bytes", "memory of all queries together [default: 512MiB]", |config, text| {
        config.query.memory_bytes = size(text)?;
        Ok(())
    }),
    setting("query.max_rows", "rows of one answer [default: 100000]", |config, text| {
        config.query.rows = count(text)?;
        Ok(())
    }),
    setting("query.max_answer_bytes", "size of one answer in memory [default: 256MiB]", |config, text| {
        config.query.answer_bytes = size(text)?;
        Ok(())
    }),
    setting(
        "query.prices_file",
        "CSV of what models cost, instead of the shipped list; the table `prices` shows what is used",
        |config, text| {
            config.prices_file = (!text.is_empty()).then(|| text.into());
            Ok(())
        },
    ),
    setting(
        "log.filter",
        "what is logged: error, warn, info, debug, or crate=level,… [default: info]",
        |config, text| {
            text.clone_into(&mut config.log.filter);
            Ok(())
        },
    ),
    setting("log.json", "log lines as JSON [default: false]", |config, text| {
        config.log.json = truth(text)?;
        Ok(())
    }),
];

/// `retention.<what>_days`.
fn keep(config: &mut Config, what: &'static str, text: &str) -> Result<(), &'static str> {
    config.retention.of.insert(what, limits::days(text)?);
    Ok(())
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn truth(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("true or false"),
    }
}

fn count(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "a whole number")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "a number of seconds")
}

fn hours(text: &str) -> Result<Duration, &'static str> {
    let hours: u32 = text.parse().map_err(|_| "a whole number of hours")?;
    Ok(Duration::from_secs(u64::from(hours) * 3_600))
}

/// Bytes: `67108864`, `64MiB`, `64MB`.
fn size(text: &str) -> Result<usize, &'static str> {
    const WANTED: &str = "a size in bytes, such as 67108864 or 64MiB";
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return Err(WANTED),
    };
    digits.trim().parse::<usize>().ok().and_then(|number| number.checked_mul(factor)).ok_or(WANTED)
}
