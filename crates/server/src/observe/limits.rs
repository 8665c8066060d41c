//! What was kept no longer, and what came too fast.

use prometheus::{IntCounter, IntCounterVec, Registry};

use super::{counter, counters};
use crate::pressure::Transport;
use crate::retention::{HEARTBEATS, Report};
use crate::throttle::Throttled;

pub(super) struct Limits {
    throttled: IntCounterVec,
    rows: IntCounterVec,
    files: IntCounterVec,
    trace_files: IntCounter,
    records: IntCounter,
    assets: IntCounter,
    deleted_files: IntCounter,
    deleted_bytes: IntCounter,
    failures: IntCounter,
}

impl Limits {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            throttled: counters(
                registry,
                "modlake_throttled_requests_total",
                "Requests answered with 429: by transport, and whose bound it was, that of a `key` or of a `database`.",
                &["transport", "bound"],
            )?,
            rows: counters(
                registry,
                "modlake_expired_rows_total",
                "Rows that left a table because their days are kept no longer.",
                &["table"],
            )?,
            files: counters(registry, "modlake_expired_files_total", "Data files that left a table so.", &["table"])?,
            trace_files: counter(
                registry,
                "modlake_expired_trace_files_total",
                "Trace files deleted because their days are kept no longer.",
            )?,
            records: counter(
                registry,
                "modlake_expired_records_total",
                "Records of team databases, and versions of them in archives, deleted because they are kept no longer.",
            )?,
            assets: counter(
                registry,
                "modlake_expired_assets_total",
                "Assets of team databases deleted because they are kept no longer.",
            )?,
            deleted_files: counter(
                registry,
                "modlake_deleted_files_total",
                "Data files deleted because no version of their table has named them for the grace.",
            )?,
            deleted_bytes: counter(registry, "modlake_deleted_bytes_total", "Bytes of those files.")?,
            failures: counter(
                registry,
                "modlake_expire_failures_total",
                "Steps of looking for what is kept no longer that failed; the next run tries again.",
            )?,
        })
    }

    pub(super) fn throttled(&self, transport: Transport, throttled: &Throttled) {
        self.throttled.with_label_values(&[transport.as_str(), throttled.kind.as_str()]).inc();
    }

    pub(super) fn expired(&self, report: &Report) {
        for (table, gone) in &report.tables {
            for gone in gone.values() {
                self.rows.with_label_values(&[*table]).inc_by(gone.rows);
                self.files.with_label_values(&[*table]).inc_by(gone.files);
            }
        }
        let trace_files = report.trace_files.values().map(|gone| gone.files).sum();
        let records = report.records.values().map(|gone| gone.rows).sum();
        let heartbeats = report.heartbeats.values().map(|gone| gone.rows).sum();
        self.rows.with_label_values(&[HEARTBEATS]).inc_by(heartbeats);
        self.trace_files.inc_by(trace_files);
        let assets = report.assets.values().map(|gone| gone.files).sum();
        self.records.inc_by(records);
        self.assets.inc_by(assets);
        self.deleted_files.inc_by(report.swept.files);
        self.deleted_bytes.inc_by(report.swept.bytes);
        self.failures.inc_by(report.failures);
        let sum = |of: fn(&lake::expire::Expired) -> u64| -> u64 {
            report.tables.values().flat_map(|gone| gone.values()).map(of).sum()
        };
        if report.did_something() {
            tracing::info!(
                rows = sum(|gone| gone.rows),
                files = sum(|gone| gone.files),
                bytes = sum(|gone| gone.bytes),
                trace_files,
                records,
                assets,
                heartbeats,
                deleted_files = report.swept.files,
                deleted_bytes = report.swept.bytes,
                "what is kept no longer is gone"
            );
        }
    }
}
