//! How sending goes: `status.json` in the spool, written by the sender, read by hooks and by doctor.
//!
//! ```json
//! {"last_success": "2026-03-01T09:00:00.000000Z", "sent": 120, "torn": 0, "failures": 3,
//!  "trouble": {"at": "…", "message": "nothing listens at http://127.0.0.1:4318", "hint": "…"}, "next_attempt": "…"}
//! ```
//!
//! `trouble` and `next_attempt` are there while sending fails; a success removes both.

use std::fs;
use std::io;
use std::time::{Duration, SystemTime};

use record::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Spool, write_whole};
use crate::config::no_key;
use crate::error::CliError;

/// Nobody waits longer than this: a later `next_attempt` is from before the clock was set back.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Characters of a message that came from a server.
const MESSAGE_CHARS: usize = 300;

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Status {
    /// RFC 3339, as all times here.
    pub(crate) last_success: Option<String>,
    /// Records that the server took.
    pub(crate) sent: u64,
    /// Lines that a crash had left half written.
    pub(crate) torn: u64,
    /// Attempts since the last success.
    pub(crate) failures: u32,
    pub(crate) trouble: Option<Trouble>,
    /// No sender is started before.
    pub(crate) next_attempt: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Trouble {
    pub(crate) at: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Status {
    /// What the file says; nothing when there is none, or when it cannot be read.
    pub(crate) fn load(spool: &Spool) -> Self {
        let bytes = fs::read(spool.folder().join("status.json")).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(crate) fn save(&self, spool: &Spool) -> io::Result<()> {
        write_whole(&spool.folder().join("status.json"), &serde_json::to_vec(self)?)
    }

    pub(crate) fn succeeded(&mut self, at: Timestamp, records: u64) {
        self.last_success = Some(at.to_rfc3339());
        self.sent += records;
        self.settled();
    }

    /// Nothing waits, and nothing was sent.
    pub(crate) fn settled(&mut self) {
        self.failures = 0;
        self.trouble = None;
        self.next_attempt = None;
    }

    pub(crate) fn failed(&mut self, at: Timestamp, error: &CliError, next_attempt: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.trouble = Some(Trouble {
            at: at.to_rfc3339(),
            message: error.message.chars().take(MESSAGE_CHARS).collect(),
            hint: error.hint.clone(),
        });
        self.next_attempt = Some(next_attempt.to_rfc3339());
    }

    /// Whether a sender may be started: nothing says to wait, the configuration file changed after the last failure, or there
    /// was no key and now is one in the environment.
    pub(crate) fn is_due(&self, now: Timestamp, configured: Option<SystemTime>, has_key: bool) -> bool {
        let time = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse);
        let Some(next) = time(&self.next_attempt) else { return true };
        let failed_at = self.trouble.as_ref().and_then(|trouble| Timestamp::parse(&trouble.at));
        let configured = configured.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let changed = configured.zip(failed_at).is_some_and(|(configured, failed)| {
            i64::try_from(configured.as_micros()).is_ok_and(|configured| configured > failed.0)
        });
        let longest = i64::try_from(LONGEST_WAIT.as_micros()).unwrap_or(i64::MAX);
        let has_come = has_key && self.trouble.as_ref().is_some_and(|trouble| trouble.message == no_key().message);
        changed || has_come || next <= now || next > now.plus_micros(longest)
    }
}

#[cfg(test)]
mod tests;
