//! The times of trace files, in the ways that Java's `Instant`, `OffsetDateTime` and `ZonedDateTime` write themselves.

use crate::time::Timestamp;
use chrono::NaiveDate;

/// `2026-02-19T00:07:11.946Z`, `2025-09-29T14:17:31.477727-04:00`, `2026-06-10T16:50:25-05:00[America/Chicago]`: seconds may be
/// left out, a fraction has up to 9 digits (those below a microsecond go), an offset may have no colon, minutes or have seconds,
/// and the zone in brackets says nothing that the offset does not. Blanks around it go. Without an offset it is no instant: `None`.
pub fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text.split_once('[').map_or(text, |(time, zone)| if zone.ends_with(']') { time } else { text });
    let mut rest = Digits(text.as_bytes());
    let year = rest.number(4)?;
    rest.one(b"-")?;
    let month = rest.number(2)?;
    rest.one(b"-")?;
    let day = rest.number(2)?;
    rest.one(b"Tt ")?;
    let hour = rest.number(2)?;
    rest.one(b":")?;
    let minute = rest.number(2)?;
    let mut second = 0;
    let mut micros = 0;
    if rest.one(b":").is_some() {
        second = rest.number(2)?;
        if rest.one(b".,").is_some() {
            micros = rest.fraction()?;
        }
    }
    let offset = rest.offset()?;
    if !rest.0.is_empty() || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok().filter(|year| *year > 0)?, month, day)?;
    let days = i64::from(date.to_epoch_days());
    let seconds = days * 86_400 + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second) - offset;
    Some(Timestamp(seconds * 1_000_000 + i64::from(micros)))
}

struct Digits<'t>(&'t [u8]);

impl Digits<'_> {
    fn one(&mut self, of: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        of.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let value = number
            .iter()
            .try_fold(0_u32, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))?;
        self.0 = rest;
        Some(value)
    }

    /// 1 to 9 digits, as microseconds.
    fn fraction(&mut self) -> Option<u32> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let value = self.number(digits)?;
        let digits = u32::try_from(digits).ok()?;
        Some(if digits <= 6 { value * 10_u32.pow(6 - digits) } else { value / 10_u32.pow(digits - 6) })
    }

    /// `Z`, `+05:30`, `+0530`, `+05`, `+05:30:15`, in seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let mut seconds = i64::from(self.number(2)?) * 3_600;
        for unit in [60, 1] {
            if self.0.is_empty() {
                break;
            }
            let _ = self.one(b":");
            seconds += i64::from(self.number(2)?) * unit;
        }
        (seconds <= 18 * 3_600).then_some(sign * seconds)
    }
}

#[cfg(test)]
mod tests;
