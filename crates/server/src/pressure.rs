//! How near the server is to its limits, and who is asked to come back first when it comes near.
//!
//! What a 503 does depends on who gets it:
//!
//! | sender | after a 503 |
//! |---|---|
//! | `modlake`, our client, and whoever sends trace files of the `mod` command | keeps it on disk and sends until it is taken |
//! | OpenTelemetry's exporters for JavaScript (Claude Code), Python and Go, its Collector, whoever speaks gRPC | sends again as `Retry-After` or `RetryInfo` says; gives up after some ten seconds |
//! | all others: Codex (the exporter for Rust, over gRPC too), Claude Code's HTTP hooks, unknown ones | never sends it again |
//!
//! So room is kept for those who ask once. But nobody's patience is long, and when the pressure lasts a request put off is a
//! request lost: what counts then is what it would have told. Logs and hooks tell every fact that spans and metrics tell, so
//! those go first:
//!
//! | pressure from | not taken |
//! |---|---|
//! | 0.7 | everything of `modlake`, and trace files; traces and metrics of senders that try again |
//! | 0.8 | traces and metrics of all (of Codex, mostly spans about its inner workings) |
//! | 0.9 | logs and hooks too of senders that try again |
//! | 1 | everything: the journal refuses by itself |

use std::time::Duration;

use record::source::{Provider, Signal};
use record::time::Timestamp;

use crate::house::House;

/// The way a request came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    Grpc,
}

impl Transport {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

/// What a sender does with a request that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Keeps it until it is taken.
    Keeps,
    /// Sends it again for some seconds.
    Retries,
    /// Forgets it.
    Once,
}

/// `User-Agent`s of senders that try again over HTTP.
const RETRYING: [&str; 4] = [
    "OTel-OTLP-Exporter-JavaScript/",
    "OTel-OTLP-Exporter-Python/",
    "OTel OTLP Exporter Go/",
    "OpenTelemetry Collector",
];
/// Codex's exporter, which never does.
const RUST_EXPORTER: &str = "OTel-OTLP-Exporter-Rust";
const OUR_CLIENT: &str = "modlake/";

impl Sender {
    /// By what is known before the body is read. Unknown ones are taken for those that do not try again.
    pub fn of(transport: Transport, provider: Option<Provider>, user_agent: &str) -> Self {
        let is = |name: &str| user_agent.starts_with(name);
        if is(OUR_CLIENT) || provider == Some(Provider::Mod) {
            Self::Keeps
        } else if is(RUST_EXPORTER) || provider == Some(Provider::Codex) {
            Self::Once
        } else if transport == Transport::Grpc || RETRYING.into_iter().any(is) {
            Self::Retries
        } else {
            Self::Once
        }
    }

    /// As `/metrics` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keeps => "keeps",
            Self::Retries => "retries",
            Self::Once => "once",
        }
    }

    /// How long a body may wait for memory that others hold. Claude Code gives up two seconds after its end, Codex after ten.
    pub fn patience(self) -> Duration {
        match self {
            Self::Keeps | Self::Retries => Duration::from_secs(1),
            Self::Once => Duration::from_secs(5),
        }
    }
}

/// Shares of what there is: 0 is idle, 1 is full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pressure {
    /// What the journal holds, or how long it has held it, whichever is nearer to its bound.
    pub backlog: f64,
    /// Memory for bodies.
    pub memory: f64,
}

const FIRST: f64 = 0.7;
const SECOND: f64 = 0.8;
const THIRD: f64 = 0.9;
/// An episode of shedding ends below this, so that it does not end and begin with each commit.
const CALM: f64 = 0.6;

impl Pressure {
    pub fn of(house: &House) -> Self {
        let journal = house.journal.status();
        let held = ratio(journal.disk_bytes + journal.queued_bytes, journal.max_bytes);
        let settings = &house.config;
        let bound = settings.journal.max_age.unwrap_or_default();
        let aged = age(journal.oldest_waiting, house.clock.now(), settings.lake.flush_after, bound);
        let free = house.in_flight.available_permits() as u64;
        let room = settings.intake.max_in_flight_bytes as u64;
        Self { backlog: held.max(aged), memory: ratio(room.saturating_sub(free), room) }
    }

    /// The greater of the two.
    pub fn most(self) -> f64 {
        self.backlog.max(self.memory)
    }

    pub fn is_calm(self) -> bool {
        self.most() < CALM
    }

    /// Whether a request shall come later, or not at all.
    pub fn sheds(self, sender: Sender, signal: Signal) -> bool {
        let told_elsewhere = matches!(signal, Signal::Traces | Signal::Metrics);
        match (sender, told_elsewhere) {
            (Sender::Keeps, _) | (Sender::Retries, true) => self.most() >= FIRST,
            // memory comes back in moments, for which these wait
            (Sender::Once, true) => self.backlog >= SECOND,
            (Sender::Retries, false) => self.most() >= THIRD,
            (Sender::Once, false) => false,
        }
    }
}

/// Share of the longest wait; what waits for the next commit as always does not count.
fn age(oldest: Option<Timestamp>, now: Timestamp, usual: Duration, bound: Duration) -> f64 {
    let Some((oldest, room)) = oldest.zip(bound.checked_sub(usual).filter(|room| !room.is_zero())) else { return 0.0 };
    let waited = Duration::from_micros(u64::try_from(now.0.saturating_sub(oldest.0)).unwrap_or(0));
    waited.saturating_sub(usual).as_secs_f64() / room.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a share, to compare with tenths")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests;
