//! Instants in microseconds since 1970-01-01 UTC, and the only place that reads the wall clock.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

const DAY_MICROS: i64 = 86_400_000_000;

/// Ten years: telemetry older than that has a broken clock.
const OLDEST_MICROS: i64 = 3_660 * DAY_MICROS;

/// Clocks run ahead by minutes, time zones taken for UTC by hours.
const AHEAD_MICROS: i64 = DAY_MICROS;

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// OTLP's `fixed64 …_unix_nano`; zero means "not given" there, and is `None` here.
    pub fn from_unix_nano(nanos: u64) -> Option<Self> {
        let micros = i64::try_from(nanos / 1_000).ok()?;
        (nanos != 0).then_some(Self(micros))
    }

    /// RFC 3339 or ISO 8601 with an offset, as agents write `event.timestamp`.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp_micros()))
    }

    /// As [`Timestamp::parse`], and as other programs write ISO 8601: without seconds, with an offset such as `+0200` or none, with
    /// a space for the `T`, or the day alone. What has no offset is taken for UTC.
    pub fn parse_utc(text: &str) -> Option<Self> {
        let text = text.trim();
        let with_offset = |format| DateTime::parse_from_str(text, format).ok().map(|at| Self(at.timestamp_micros()));
        let of_utc = |format| NaiveDateTime::parse_from_str(text, format).ok();
        let midnight = || text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0);
        Self::parse(text)
            .or_else(|| ["%FT%T%.f%#z", "%F %T%.f%#z", "%FT%R%#z", "%F %R%#z"].into_iter().find_map(with_offset))
            .or_else(|| {
                let naive = ["%FT%T%.f", "%F %T%.f", "%FT%R", "%F %R"].into_iter().find_map(of_utc);
                Some(Self(naive.or_else(midnight)?.and_utc().timestamp_micros()))
            })
    }

    /// Milliseconds since 1970, as JavaScript's clock tells them; `None` outside of what a calendar can show.
    pub fn from_millis(millis: f64) -> Option<Self> {
        const LARGEST: f64 = 8.64e15;
        #[expect(clippy::cast_possible_truncation, reason = "below 2^63 by the check")]
        let micros = || (millis * 1_000.0).round() as i64;
        (millis.is_finite() && millis.abs() <= LARGEST).then(|| Self(micros()))
    }

    /// The calendar day in UTC; `None` outside of the years a calendar can show.
    pub fn day(self) -> Option<Day> {
        let date = DateTime::<Utc>::from_timestamp_micros(self.0)?;
        Some(Day { year: date.year(), month: date.month(), day: date.day() })
    }

    /// RFC 3339 in UTC with microseconds.
    pub fn to_rfc3339(self) -> String {
        DateTime::<Utc>::from_timestamp_micros(self.0)
            .map_or_else(|| self.0.to_string(), |at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    /// This instant moved by `micros`, never past the ends of the range.
    #[must_use]
    pub fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Does it lie within ten years before and a day after `received_at`?
    pub fn is_believable(self, received_at: Self) -> bool {
        received_at.plus_micros(-OLDEST_MICROS) <= self && self <= received_at.plus_micros(AHEAD_MICROS)
    }
}

/// A calendar day in UTC, as the partition columns `year`, `month`, `day` spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    pub year: i32,
    pub month: u32,
    pub day: u32,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Day {
    type Err = chrono::ParseError;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date: NaiveDate = text.parse()?;
        Ok(Self { year: date.year(), month: date.month(), day: date.day() })
    }
}

/// Where the time comes from: the machine, or a hand that tests move.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until [`Clock::advance`] moves it.
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
            Self::System => Timestamp(Utc::now().timestamp_micros()),
            Self::Fixed(micros) => Timestamp(micros.load(Ordering::Relaxed)),
        }
    }

    /// Moves a fixed clock on by `micros`; the system's clock stays as it is.
    pub fn advance(&self, micros: i64) {
        if let Self::Fixed(at) = self {
            at.fetch_add(micros, Ordering::Relaxed);
        }
    }
}
