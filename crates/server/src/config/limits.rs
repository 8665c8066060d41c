//! How long things are kept, and how fast keys and databases may be used.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a tenant keeps for how long, where the catalog does not say otherwise.
#[derive(Clone, Debug)]
pub struct Retention {
    /// Days that everything is kept; 0: for ever.
    pub days: u32,
    /// The same of one table, of `trace_files` or of `records`.
    pub of: BTreeMap<&'static str, u32>,
    /// From when a file has left its table until it is deleted.
    pub grace: Duration,
    /// From one run to the next; zero: none but by hand.
    pub every: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        let (grace, every) = (Duration::from_hours(24), Duration::from_hours(1));
        Self { days: 0, of: BTreeMap::new(), grace, every }
    }
}

/// Rates where the catalog has none of its own for a key or database; 0: no bound.
#[derive(Clone, Debug)]
pub struct Throttle {
    /// Of a key that is not bound to origins.
    pub requests_per_minute: u32,
    /// Of a key that is.
    pub browser_requests_per_minute: u32,
    /// Requests at once, never more than a minute's worth; 0: a minute's worth.
    pub burst: u32,
    /// Records written to one database.
    pub database_records_per_minute: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            requests_per_minute: 0,
            browser_requests_per_minute: 6_000,
            burst: 1_000,
            database_records_per_minute: 0,
        }
    }
}

/// A century: days beyond it are a mistake.
pub const MOST_DAYS: u32 = 36_500;

/// A whole number of days.
pub fn days(text: &str) -> Result<u32, &'static str> {
    let days = text.parse().ok().filter(|days| *days <= MOST_DAYS);
    days.ok_or("a number of days up to 36500; 0 is for ever")
}

/// Delta's log forgets after a week when a file left its table.
const LONGEST_GRACE: Duration = Duration::from_hours(7 * 24);

pub(super) fn grace(seconds: Duration) -> Result<Duration, &'static str> {
    if seconds <= LONGEST_GRACE { Ok(seconds) } else { Err("a number of seconds up to 604800, a week") }
}

/// Requests or records.
pub(super) fn per_minute(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "a whole number; 0 is no bound")
}
