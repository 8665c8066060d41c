//! When an event happened, kept within what a partition may be.

use record::rows::Rows;
use record::time::Timestamp;

/// The key under which a time that cannot be true stays in `attributes`.
pub(crate) const ORIGINAL: &str = "event_time_original";

/// Sets the time of the row (`event_time`): `claimed` if it lies within ten years before and a day after `received_at`, else `received_at`.
/// Returns the claim that was not believed, for `attributes`.
pub(crate) fn write(claimed: Option<Timestamp>, received_at: Timestamp, rows: &mut Rows) -> Option<Timestamp> {
    let event_time = claimed.filter(|at| at.is_believable(received_at));
    rows.timestamp(rows.table().time, event_time.unwrap_or(received_at));
    if event_time.is_some() { None } else { claimed }
}
