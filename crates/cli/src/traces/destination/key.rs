//! The names of objects, in folders as Hive names its partitions:
//!
//! | layout | key |
//! |---|---|
//! | `org` | `org=<BI_ORG>/type=<type>/year=YYYY/month=MM/day=DD/<command-id>.csv` |
//! | `tenant` | `tenant=<BI_ORG>/source=cli/type=<type>/year=YYYY/month=MM/day=DD/<command-id>.csv` |
//!
//! The date is that of the command, in UTC; `MODLAKE_KEY_DATE=upload` takes the local date of the upload in its place, as
//! the shell script does that this replaces. With `MODLAKE_KEY_HOUR=true`, `hour=HH` stands behind the day.

use chrono::{DateTime, Datelike as _, Local, NaiveDateTime, Timelike as _};
use record::time::{Clock, Timestamp};

use crate::traces::setup::Setup;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    org: String,
    kind: Kind,
    date: Date,
    has_hour: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Org,
    Tenant,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Tenant => "tenant",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Date {
    Command,
    Upload,
}

impl Layout {
    /// `Err`: what is wrong with a setting.
    pub(crate) fn new(org: &str, setup: &Setup) -> Result<Self, String> {
        if org.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '=')) || [".", ".."].contains(&org) {
            return Err("BI_ORG holds a character that cannot stand in a key".to_owned());
        }
        let kind = match setup.get("MODLAKE_KEY_LAYOUT") {
            None | Some("org") => Kind::Org,
            Some("tenant") => Kind::Tenant,
            Some(_) => return Err("MODLAKE_KEY_LAYOUT is neither org nor tenant".to_owned()),
        };
        let date = match setup.get("MODLAKE_KEY_DATE") {
            None | Some("command") => Date::Command,
            Some("upload") => Date::Upload,
            Some(_) => return Err("MODLAKE_KEY_DATE is neither command nor upload".to_owned()),
        };
        let has_hour = match setup.get("MODLAKE_KEY_HOUR") {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(_) => return Err("MODLAKE_KEY_HOUR is neither true nor false".to_owned()),
        };
        Ok(Self { org: org.to_owned(), kind, date, has_hour })
    }

    pub(crate) fn key(&self, kind: &str, id: &str, command: Timestamp) -> String {
        let at = match self.date {
            Date::Command => utc(command),
            Date::Upload => local(Clock::System.now()),
        };
        self.key_at(kind, id, at.unwrap_or_default())
    }

    fn key_at(&self, kind: &str, id: &str, at: NaiveDateTime) -> String {
        let first = match self.kind {
            Kind::Org => format!("org={}", self.org),
            Kind::Tenant => format!("tenant={}/source=cli", self.org),
        };
        let hour = if self.has_hour { format!("/hour={:02}", at.hour()) } else { String::new() };
        let (year, month, day) = (at.year(), at.month(), at.day());
        format!("{first}/type={kind}/year={year:04}/month={month:02}/day={day:02}{hour}/{id}.csv")
    }

    /// What `modlaked ddl` wants to know of it.
    pub(crate) fn ddl(&self) -> String {
        let hour = if self.has_hour { "-hour" } else { "" };
        format!("--layout {}{hour} --tenant {}", self.kind.as_str(), self.org)
    }

    /// What tells apart destinations whose keys differ.
    pub(crate) fn identity(&self) -> String {
        format!("{}={}", self.kind.as_str(), self.org)
    }
}

fn utc(at: Timestamp) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp_micros(at.0)?.naive_utc())
}

fn local(at: Timestamp) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp_micros(at.0)?.with_timezone(&Local).naive_local())
}

#[cfg(test)]
mod tests;
