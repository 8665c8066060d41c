//! The log, and every metric's name. A thing that happens tells both from one place.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use normalize::Dropped;
use prometheus::{Encoder, Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use record::source::{Provider, Signal};
use tracing_subscriber::EnvFilter;

use crate::config;
use crate::door::Door;
use crate::house::House;
use crate::pressure::{Pressure, Transport};
use crate::retention::Report;
use crate::throttle::Throttled;

mod limits;
mod shedding;

use limits::Limits;
use shedding::Shedding;

/// Libraries that tell their inner steps at `info`; a filter that names them is heard.
const QUIET: &str = "buoyant_kernel=warn,buoyant_kernel_engine=warn,deltalake_core=warn,sqlx=warn";

/// Labels of span names: senders choose them, and each is a series of its own.
const MOST_SPAN_NAMES: usize = 256;

/// Starts the log on standard error. A panic is told by its place alone: its message may quote the text it happened on.
pub fn start_log(log: &config::Log) -> anyhow::Result<()> {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, thread = std::thread::current().name(), "internal error: a thread panicked");
    }));
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.filter))
        .map_err(|error| anyhow::anyhow!("`log.filter` is no filter: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if log.json {
        builder.json().init();
    } else {
        builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init();
    }
    Ok(())
}

/// Counters and gauges in the Prometheus sense.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    shedding: Shedding,
    limits: Limits,
    records: IntCounterVec,
    received_bytes: IntCounter,
    suppressed: IntCounterVec,
    redactions: IntCounterVec,
    duplicates: IntCounter,
    journal_bytes: IntGauge,
    journal_records: IntGauge,
    journal_synced: IntGauge,
    journal_syncs: IntCounter,
    journal_sync_micros: IntCounter,
    journal_ready: IntGauge,
    pending_rows: IntGaugeVec,
    pending_bytes: IntGaugeVec,
    flush_failures: IntCounter,
    set_aside: IntCounter,
    without_row: IntCounterVec,
    /// The names that `without_row` has.
    names_without_row: Mutex<HashSet<Box<str>>>,
    queries: IntCounterVec,
}

impl Metrics {
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        Ok(Self {
            requests: counters(
                &registry,
                "modlake_requests_total",
                "Requests answered, by transport, route and status; over gRPC the status of HTTP that says the same.",
                &["transport", "route", "status"],
            )?,
            shedding: Shedding::new(&registry)?,
            limits: Limits::new(&registry)?,
            records: counters(
                &registry,
                "modlake_records_accepted_total",
                "Log records, spans, metric points and hook events acknowledged.",
                &["provider", "signal"],
            )?,
            received_bytes: counter(
                &registry,
                "modlake_received_bytes_total",
                "Bytes of bodies accepted, after decompression.",
            )?,
            suppressed: counters(
                &registry,
                "modlake_suppressed_values_total",
                "Values removed by the capture policy.",
                &["kind"],
            )?,
            redactions: counters(&registry, "modlake_redactions_total", "Secrets replaced, by rule.", &["rule"])?,
            duplicates: counter(
                &registry,
                "modlake_duplicate_records_total",
                "Records that came again and were counted once, since the start.",
            )?,
            journal_bytes: gauge(&registry, "modlake_journal_bytes", "Bytes of the journal on disk.")?,
            journal_records: gauge(
                &registry,
                "modlake_journal_waiting_records",
                "Journal records not yet committed to the lake.",
            )?,
            journal_synced: gauge(
                &registry,
                "modlake_journal_synced_sequence",
                "Last journal record that is safe on disk.",
            )?,
            journal_syncs: counter(&registry, "modlake_journal_syncs_total", "Group commits since the start.")?,
            journal_sync_micros: counter(
                &registry,
                "modlake_journal_sync_microseconds_total",
                "Time spent in group commits since the start.",
            )?,
            journal_ready: gauge(&registry, "modlake_journal_ready", "1 while the journal takes records.")?,
            pending_rows: gauges(
                &registry,
                "modlake_pending_rows",
                "Rows visible to queries and not yet committed.",
                &["table"],
            )?,
            pending_bytes: gauges(&registry, "modlake_pending_bytes", "Bytes of those rows.", &["table"])?,
            flush_failures: counter(
                &registry,
                "modlake_flush_failures_total",
                "Commits to the lake that failed and were tried again.",
            )?,
            set_aside: counter(
                &registry,
                "modlake_unreadable_journal_records_total",
                "Journal records that could not be read back.",
            )?,
            without_row: counters(
                &registry,
                "modlake_spans_without_row_total",
                "Spans of an agent's inside that have a raw row only, by name.",
                &["name"],
            )?,
            names_without_row: Mutex::default(),
            queries: counters(&registry, "modlake_queries_total", "Queries, by outcome.", &["outcome"])?,
            registry,
        })
    }

    /// A request was answered.
    pub fn answered(&self, transport: Transport, route: &str, status: u16) {
        self.requests.with_label_values(&[transport.as_str(), route, &status.to_string()]).inc();
    }

    /// A request was not taken for want of room.
    pub(crate) fn shed(&self, house: &House, door: Door) {
        self.shedding.shed(house, door);
    }

    /// A request came too fast.
    pub(crate) fn throttled(&self, transport: Transport, throttled: &Throttled) {
        self.limits.throttled(transport, throttled);
    }

    /// A run looked for what is kept no longer.
    pub(crate) fn expired(&self, report: &Report) {
        self.limits.expired(report);
    }

    /// Looked at once a second: whether an episode of shedding is over.
    pub(crate) fn look_at_shedding(&self, house: &House) {
        self.shedding.look(house);
    }

    /// A request's records were acknowledged.
    pub fn accepted(&self, provider: Provider, signal: Signal, records: usize, bytes: u64) {
        self.records.with_label_values(&[provider.as_str(), signal.as_str()]).inc_by(records as u64);
        self.received_bytes.inc_by(bytes);
    }

    /// A request was cleaned.
    pub fn sanitized(&self, report: &sanitize::Report) {
        let kinds = [
            ("prompt", report.prompts_suppressed),
            ("output", report.outputs_suppressed),
            ("command", report.commands_reduced),
            ("unknown", report.unknown_withheld),
        ];
        for (kind, count) in kinds.into_iter().filter(|(_, count)| *count > 0) {
            self.suppressed.with_label_values(&[kind]).inc_by(count);
        }
        for (rule, count) in report.redactions.iter() {
            self.redactions.with_label_values(&[rule]).inc_by(count);
        }
    }

    /// A query ended; `outcome` is `ok`, `invalid`, `refused`, `limit` or `error`.
    pub fn queried(&self, outcome: &str) {
        self.queries.with_label_values(&[outcome]).inc();
    }

    /// A commit failed and is tried again.
    pub fn flush_failed(&self, error: &lake::LakeError) {
        self.flush_failures.inc();
        tracing::error!(%error, "commit failed; rows stay in the journal, trying again");
    }

    /// A journal record cannot be read back as a request.
    pub fn unreadable(&self, sequence: u64, reason: &str) {
        self.set_aside.inc();
        tracing::error!(sequence, reason, "journal record cannot be read; it is left out of the tables");
    }

    /// Spans went into the raw layer only.
    pub fn kept_raw_only(&self, dropped: &Dropped) {
        let mut names = self.names_without_row.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, count) in dropped.iter() {
            let known = names.contains(name) || (names.len() < MOST_SPAN_NAMES && names.insert(name.into()));
            self.without_row.with_label_values(&[if known { name } else { "other" }]).inc_by(count);
        }
    }

    /// Everything in the Prometheus text format.
    pub fn render(&self, house: &House) -> String {
        let journal = house.journal.status();
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.journal_bytes.set(signed(journal.disk_bytes));
        self.journal_records.set(signed(journal.waiting_records));
        self.journal_synced.set(signed(journal.synced));
        raise(&self.journal_syncs, journal.syncs);
        raise(&self.journal_sync_micros, journal.sync_total_micros);
        self.shedding.tell(Pressure::of(house));
        self.journal_ready.set(i64::from(journal.state == journal::State::Ready));
        raise(&self.duplicates, house.lake.duplicates());
        for table in house.lake.status() {
            self.pending_rows.with_label_values(&[table.name]).set(signed(table.pending_rows as u64));
            self.pending_bytes.with_label_values(&[table.name]).set(signed(table.pending_bytes as u64));
        }
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::error!(%error, "metrics cannot be written");
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

/// A count kept elsewhere, as a counter.
fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

fn counter(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntCounter> {
    let counter = IntCounter::new(name, help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntCounterVec> {
    let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(counters.clone()))?;
    Ok(counters)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<IntGauge> {
    let gauge = IntGauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

fn float_gauge(registry: &Registry, name: &str, help: &str) -> prometheus::Result<Gauge> {
    let gauge = Gauge::new(name, help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
    let gauges = IntGaugeVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(gauges.clone()))?;
    Ok(gauges)
}
