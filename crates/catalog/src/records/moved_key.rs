//! Keys that end in an instant, moved on by milliseconds: two events of one person in the same millisecond keep both their
//! records and the form of their keys.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// `2026-11-21T10:00:00.123Z`: what `Date.prototype.toISOString` writes for the years 0 to 9999.
const INSTANT_BYTES: usize = 24;

/// A key whose end is an instant with milliseconds in UTC.
#[derive(Clone, Debug)]
pub(crate) struct MovedKey<'k> {
    prefix: &'k str,
    instant: DateTime<Utc>,
}

impl<'k> MovedKey<'k> {
    /// `None`: the key does not end so.
    pub(crate) fn of(key: &'k str) -> Option<Self> {
        let at = key.len().checked_sub(INSTANT_BYTES)?;
        let (prefix, text) = key.split_at_checked(at)?;
        let instant = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        // read back the same: other forms of RFC 3339 have this length too; the 61st second of a minute has no next one
        let is_plain = written(instant) == text && instant.timestamp_subsec_millis() < 1_000;
        is_plain.then_some(Self { prefix, instant })
    }

    /// The key `millis` milliseconds later; `None` at the end of the calendar.
    pub(crate) fn plus(&self, millis: usize) -> Option<String> {
        let moved = self.instant.checked_add_signed(TimeDelta::milliseconds(i64::try_from(millis).ok()?))?;
        Some(format!("{}{}", self.prefix, written(moved)))
    }
}

fn written(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instant_moves_and_the_form_stays() {
        let key = "ada@example.com-2026-12-31T23:59:59.998Z";
        let moved = MovedKey::of(key).expect("ends in an instant");
        assert_eq!(moved.plus(0).as_deref(), Some(key));
        assert_eq!(moved.plus(1).as_deref(), Some("ada@example.com-2026-12-31T23:59:59.999Z"));
        assert_eq!(moved.plus(2).as_deref(), Some("ada@example.com-2027-01-01T00:00:00.000Z"));
        assert_eq!(
            MovedKey::of("2026-11-21T10:00:00.123Z").and_then(|key| key.plus(1)).as_deref(),
            Some("2026-11-21T10:00:00.124Z")
        );
    }

    #[test]
    fn other_ends_are_left_alone() {
        for key in [
            "",
            "ada",
            "ada-2026-11-21T10:00:00Z",
            "ada-2026-11-21T10:00:00.123456Z",
            "ada-2026-11-21T10:00:00.12+00:00",
            "ada-2026-13-21T10:00:00.123Z",
            "ada-2026-11-21T10:00:60.123Z",
            "ada-2026-11-21 10:00:00.123Z",
            "ada-2026-11-21T10:00:00.123Z-1",
            "äöüäöüäöüäöüäöüäöüäöüäö",
        ] {
            assert!(MovedKey::of(key).is_none(), "{key}");
        }
    }
}
