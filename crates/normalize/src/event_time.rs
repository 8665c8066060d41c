//! When an event happened, kept within what a partition may be.

use record::rows::Rows;
use record::time::Timestamp;

const DAY_MICROS: i64 = 86_400_000_000;

/// Ten years: telemetry older than that has a broken clock.
const OLDEST_MICROS: i64 = 3_660 * DAY_MICROS;

/// Clocks run ahead by minutes, time zones taken for UTC by hours.
const AHEAD_MICROS: i64 = DAY_MICROS;

/// The key under which a time that cannot be true stays in `attributes`.
pub(crate) const ORIGINAL: &str = "event_time_original";

/// Sets the time of the row (`event_time`): `claimed` if it lies within ten years before and a day after `received_at`, else `received_at`.
/// Returns the claim that was not believed, for `attributes`.
pub(crate) fn write(claimed: Option<Timestamp>, received_at: Timestamp, rows: &mut Rows) -> Option<Timestamp> {
    let event_time = claimed.filter(|at| is_believable(*at, received_at));
    rows.timestamp(rows.table().time, event_time.unwrap_or(received_at));
    if event_time.is_some() { None } else { claimed }
}

/// Does `at` lie within ten years before and a day after `received_at`?
pub(crate) fn is_believable(at: Timestamp, received_at: Timestamp) -> bool {
    received_at.plus_micros(-OLDEST_MICROS) <= at && at <= received_at.plus_micros(AHEAD_MICROS)
}
