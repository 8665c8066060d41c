//! Metric data points of all agents: each point of a sum, gauge, histogram, exponential histogram or summary is one row of
//! `coding_agent_metrics`. Names of attributes are told apart as in log records; exemplars stay in the raw row.
//!
//! # How to sum
//!
//! Add up the `value` of delta points. Of cumulative points take the last one of each `series_id` and `start_time`, then add those
//! up: a counter that starts anew has a new `start_time`. `start_time` is never corrected, because it is compared rather than shown.
//!
//! # What the numbers are
//!
//! `value`, `min` and `max` are finite, or null: one NaN would make every sum NaN, and JSON answers have no way to show it. What a
//! double cannot hold stays in `attributes`: `NaN`, `Infinity` and `-Infinity` as text, an integer beyond 2^53 as it is (`value`
//! is then the nearest double), under `value`, `sum`, `min` or `max`; a count beyond 2^63 as text under `count`. A point that is
//! flagged to have no recorded value has none here, whatever its fields hold. `buckets` holds [`measured::LONGEST_BUCKETS`]
//! numbers at most, else `attributes` says how many were left out; the raw row keeps them.

mod measured;
mod series;

use record::dictionary::coding_agent_metrics as metrics;
use record::json;
use record::otlp::{Metric, ResourceGroup, Scope};
use record::rows::Rows;
use record::source::Provider;
use record::time::Timestamp;
use record::value::Attributes;

use crate::cells::Cells;
use crate::identity::Declared;
use crate::keys::{Key, KeyMap, METRICS, to};
use crate::level::{self, Level};
use crate::metrics::measured::{Kind, Point};
use crate::metrics::series::Canonical;
use crate::request::Request;
use crate::{event_time, names};

static KEYS: KeyMap = KeyMap::of(&METRICS, OWN, &[names::OWNER, names::WORK, names::IDS, names::OTHERS]);

const OWN: &[Key] = &[
    ("type", to(metrics::TOKEN_TYPE, 0)),
    ("token_type", to(metrics::TOKEN_TYPE, 1)),
    ("gen_ai.token.type", to(metrics::TOKEN_TYPE, 2)),
    // Codex: `codex.tool.call`, `codex.skill.injected`
    ("tool", to(metrics::TOOL_NAME, 3)),
    ("skill", to(metrics::SKILL_NAME, 2)),
    ("model_slug", to(metrics::MODEL, 3)),
];

static LEVEL_KEYS: KeyMap = KeyMap::of(&METRICS, CODEX_RESOURCE, &[names::OWNER, names::MACHINE, level::SESSION]);

/// As Codex names the system on the resource of its metrics.
const CODEX_RESOURCE: &[Key] = &[("os", to(metrics::OS_TYPE, 1)), ("os_version", to(metrics::OS_VERSION, 1))];

/// The scope whose version is Claude Code's.
const CLAUDE_SCOPE: &str = "com.anthropic.claude_code";

/// Where a metric stands.
struct Place<'p, 'v, 'a> {
    scope: &'p Scope<'a>,
    /// Scope, then resource.
    levels: [&'p Level<'v, 'a>; 2],
    kind: Kind,
    /// The hash of all that makes a series but the point's attributes.
    hash: u128,
}

pub(crate) fn write(groups: &[ResourceGroup<'_, Metric<'_>>], request: &mut Request<'_>, rows: &mut Rows) {
    let mut writer = Writer { cells: Cells::new(), canonical: Canonical::default(), measurement: Vec::new() };
    for group in groups {
        let resource = Level::by(&LEVEL_KEYS, &group.resource.attributes);
        let in_resource = writer.canonical.resource(request.envelope.provider, &group.resource);
        for scoped in &group.scopes {
            let scope = Level::by(&LEVEL_KEYS, &scoped.scope.attributes);
            let in_scope = writer.canonical.scope(in_resource, &scoped.scope);
            for metric in &scoped.records {
                let kind = Kind::of(&metric.data);
                let hash = writer.canonical.metric(in_scope, metric, kind);
                let place = Place { scope: &scoped.scope, levels: [&scope, &resource], kind, hash };
                measured::each(&metric.data, |point| writer.write(metric, &place, point, request, rows));
            }
        }
    }
}

/// What is made once and used for point after point.
struct Writer<'v, 'a> {
    cells: Cells<'v, 'a>,
    canonical: Canonical,
    measurement: Vec<u8>,
}

impl<'v, 'a> Writer<'v, 'a> {
    fn write(
        &mut self,
        metric: &'v Metric<'a>,
        place: &Place<'_, 'v, 'a>,
        point: &Point<'v, 'a>,
        request: &mut Request<'_>,
        rows: &mut Rows,
    ) {
        let series = self.canonical.series(place.hash, point.attributes);
        let (point_id, identity) = request.identify(declared(series, point, &mut self.measurement));
        rows.text_with(metrics::POINT_ID, |out| json::write_hex(&point_id.to_be_bytes(), out));
        rows.text_with(metrics::SERIES_ID, |out| json::write_hex(&series.to_be_bytes(), out));

        let envelope = request.envelope;
        let claimed = Timestamp::from_unix_nano(point.time_unix_nano);
        let disbelieved = event_time::write(claimed, envelope.received_at, rows);
        if let Some(start) = Timestamp::from_unix_nano(point.start_time_unix_nano) {
            rows.timestamp(metrics::START_TIME, start);
        }
        rows.timestamp(metrics::RECEIVED_AT, envelope.received_at);
        rows.text(metrics::ARRIVAL_ID, &request.arrival_id);
        rows.text(metrics::PROVIDER, envelope.provider.as_str());
        write_metric(metric, place.kind, rows);
        measured::write(point, rows);

        self.cells.read(point.attributes, &KEYS);
        self.cells.write_own(rows);
        let Scope { name, version, .. } = place.scope;
        if envelope.provider == Provider::ClaudeCode && name.starts_with(CLAUDE_SCOPE) && !version.is_empty() {
            rows.text(metrics::AGENT_VERSION, version);
        }
        self.cells.inherit(place.levels, rows);
        self.cells.write_attributes(place.levels, rows, |more| {
            measured::write_more(point, more);
            write_metadata(&metric.metadata, more);
            if let Some(original) = disbelieved {
                more.text(event_time::ORIGINAL, &original.to_rfc3339());
            }
        });
        rows.end_row(identity);
    }
}

fn write_metric(metric: &Metric<'_>, kind: Kind, rows: &mut Rows) {
    if !metric.name.is_empty() {
        rows.text(metrics::METRIC_NAME, &metric.name);
    }
    rows.text(metrics::METRIC_TYPE, kind.name);
    if !metric.unit.is_empty() {
        rows.text(metrics::UNIT, &metric.unit);
    }
    if let Some(temporality) = kind.temporality() {
        rows.text(metrics::TEMPORALITY, temporality);
    }
    if let Some(is_monotonic) = kind.is_monotonic {
        rows.bool(metrics::IS_MONOTONIC, is_monotonic);
    }
}

/// Where the sanitizer says what it did to the metric's own texts.
fn write_metadata(metadata: &Attributes<'_>, more: &mut crate::cells::More<'_, '_, '_, '_>) {
    if !metadata.is_empty() {
        more.with("metric.metadata", |out| json::write_map(metadata, out));
    }
}

/// A point without a time does not tell which one of its series it is.
fn declared<'m>(series: u128, point: &Point<'_, '_>, measurement: &'m mut Vec<u8>) -> Option<Declared<'m>> {
    if point.time_unix_nano == 0 {
        return None;
    }
    measurement.clear();
    point.push_measurement(measurement);
    Some(Declared::Point {
        series,
        start_time_unix_nano: point.start_time_unix_nano,
        time_unix_nano: point.time_unix_nano,
        measurement,
    })
}
