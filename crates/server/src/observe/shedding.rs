//! What was not taken for want of room: a counter, a gauge, and two log lines an episode, not one a request.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{Gauge, IntCounterVec, Registry};
use record::source::Provider;

use super::{counters, float_gauge};
use crate::door::Door;
use crate::house::House;
use crate::pressure::Pressure;

pub(super) struct Shedding {
    requests: IntCounterVec,
    pressure: Gauge,
    episode: Mutex<Option<Episode>>,
}

struct Episode {
    requests: u64,
    begun: Instant,
    last: Instant,
}

/// An episode is over when nothing was shed for so long.
const QUIET: Duration = Duration::from_secs(10);

impl Shedding {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            requests: counters(
                registry,
                "modlake_shed_requests_total",
                "Requests of known senders not taken for want of room. What a sender does then: `keeps` it until it is taken, `retries` for some seconds, or sends it `once`.",
                &["provider", "signal", "transport", "sender"],
            )?,
            pressure: float_gauge(
                registry,
                "modlake_pressure_ratio",
                "How near journal and memory for bodies are to their bounds; requests are shed from 0.7 on.",
            )?,
            episode: Mutex::default(),
        })
    }

    pub(super) fn shed(&self, house: &House, door: Door) {
        let provider = door.provider.map_or("unknown", Provider::as_str);
        let labels = [provider, door.signal.as_str(), door.transport.as_str(), door.sender.as_str()];
        self.requests.with_label_values(&labels).inc();
        let now = Instant::now();
        let mut episode = self.episode.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(episode) = &mut *episode {
            episode.requests += 1;
            episode.last = now;
            return;
        }
        *episode = Some(Episode { requests: 1, begun: now, last: now });
        drop(episode);
        let Pressure { backlog, memory } = Pressure::of(house);
        let journal = house.journal.status().state;
        tracing::warn!(backlog, memory, ?journal, "requests are not taken for want of room, and asked to come again");
    }

    pub(super) fn look(&self, house: &House) {
        let mut episode = self.episode.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |episode: &mut Episode| episode.last.elapsed() >= QUIET && Pressure::of(house).is_calm();
        if let Some(Episode { requests, begun, .. }) = episode.take_if(over) {
            tracing::info!(requests, seconds = begun.elapsed().as_secs(), "all requests are taken again");
        }
    }

    pub(super) fn tell(&self, pressure: Pressure) {
        self.pressure.set(pressure.most());
    }
}
