//! How fast a key may send and a database be written: a token bucket each (governor's GCRA).
//!
//! A bucket holds what may come at once and fills up evenly with what may come in a minute. What finds it empty is answered with
//! 429 and told when there is room again; a client that waits so long loses nothing. A batch of more records than a bucket holds
//! needs a full one and empties it: it would never be let in otherwise.
//!
//! A bucket that nobody has used until it is full again is like one that was never used, so it is let go: what is in memory is as
//! much as has been used lately.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use catalog::{Rate, Throttled as Kind};
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use record::caller::Caller;
use thiserror::Error;

use crate::config;

/// The buckets of all keys and databases.
pub struct Throttle<C: Clock = MonotonicClock> {
    settings: config::Throttle,
    clock: C,
    state: Mutex<State<C>>,
}

struct State<C: Clock> {
    /// Rates that the catalog has.
    own: HashMap<(Kind, Arc<str>), Rate>,
    buckets: HashMap<(Kind, Arc<str>), Bucket<C>>,
    /// Buckets that make it worth while to look for those that are full again.
    look_at: usize,
}

struct Bucket<C: Clock> {
    quota: Quota,
    limiter: RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>,
    standing: Standing,
    used: C::Instant,
    /// When a refusal was last to leave a row.
    told: Option<C::Instant>,
}

/// How a bucket stands after a request, as the `RateLimit-…` headers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What the bucket holds.
    pub limit: u32,
    pub remaining: u32,
    /// Until it is full.
    pub reset: Duration,
}

/// A request came too soon.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Request was throttled. Expected available in {} {}.", .after, if *.after == 1 { "second" } else { "seconds" })]
pub struct Throttled {
    pub kind: Kind,
    /// Whole seconds until it may come again, at least one.
    pub after: u64,
    pub standing: Standing,
    /// The first of this bucket in a minute: the others leave no row.
    pub is_first: bool,
}

/// Refusals of a bucket leave a row so often.
const TOLD_EVERY: Duration = Duration::from_mins(1);
const FEW_BUCKETS: usize = 1_024;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

impl Throttle {
    pub fn new(settings: config::Throttle) -> Self {
        Self::with_clock(settings, MonotonicClock)
    }
}

impl<C: Clock + Clone> Throttle<C> {
    pub fn with_clock(settings: config::Throttle, clock: C) -> Self {
        let state = State { own: HashMap::new(), buckets: HashMap::new(), look_at: FEW_BUCKETS };
        Self { settings, clock, state: Mutex::new(state) }
    }

    /// Heeds the rates that the catalog has from now on.
    pub fn heed(&self, throttles: Vec<catalog::Throttle>) {
        let own = throttles.into_iter().map(|throttle| ((throttle.kind, throttle.id.into()), throttle.rate));
        self.state().own = own.collect();
    }

    /// Takes a request of the caller's key. `None`: nothing bounds it.
    pub fn key(&self, caller: &Caller) -> Result<Option<Standing>, Throttled> {
        let settings = &self.settings;
        let is_bound = !caller.origins.is_empty();
        let per_minute = if is_bound { settings.browser_requests_per_minute } else { settings.requests_per_minute };
        self.take(Kind::Key, &caller.key_id, Rate { per_minute, burst: settings.burst }, 1)
    }

    /// Takes a write of so many records to a database. `None`: nothing bounds it.
    pub fn database(&self, id: &str, records: usize) -> Result<Option<Standing>, Throttled> {
        let rate = Rate { per_minute: self.settings.database_records_per_minute, burst: 0 };
        self.take(Kind::Database, &Arc::from(id), rate, u32::try_from(records).unwrap_or(u32::MAX))
    }

    /// How the bucket of the caller's key stood after its last request.
    pub fn standing(&self, caller: &Caller) -> Option<Standing> {
        self.state().buckets.get(&(Kind::Key, Arc::clone(&caller.key_id))).map(|bucket| bucket.standing)
    }

    fn take(&self, kind: Kind, id: &Arc<str>, usual: Rate, count: u32) -> Result<Option<Standing>, Throttled> {
        let now = self.clock.now();
        let mut state = self.state();
        let id = (kind, Arc::clone(id));
        let rate = state
            .own
            .get(&id)
            .map_or(usual, |own| Rate { burst: if own.burst == 0 { usual.burst } else { own.burst }, ..*own });
        let Some((quota, count)) = quota(rate).zip(NonZeroU32::new(count)) else { return Ok(None) };
        state.let_go(now);
        let fresh = || Bucket::new(quota, self.clock.clone());
        let bucket = state.buckets.entry(id).or_insert_with(fresh);
        if bucket.quota != quota {
            *bucket = fresh();
        }
        bucket.take(kind, count, now).map(Some)
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock> State<C> {
    /// Drops the buckets that are full again, when there are many.
    fn let_go(&mut self, now: C::Instant) {
        if self.buckets.len() < self.look_at {
            return;
        }
        self.buckets.retain(|_, bucket| {
            let idle = Duration::from(now.duration_since(bucket.used));
            idle < bucket.standing.reset.max(TOLD_EVERY)
        });
        self.look_at = (2 * self.buckets.len()).max(FEW_BUCKETS);
    }
}

impl<C: Clock> Bucket<C> {
    fn new(quota: Quota, clock: C) -> Self {
        let used = clock.now();
        let limiter = RateLimiter::direct_with_clock(quota, clock).with_middleware::<StateInformationMiddleware>();
        let limit = quota.burst_size().get();
        let standing = Standing { limit, remaining: limit, reset: Duration::ZERO };
        Self { quota, limiter, standing, used, told: None }
    }

    fn take(&mut self, kind: Kind, count: NonZeroU32, now: C::Instant) -> Result<Standing, Throttled> {
        self.used = now;
        let taken = self.limiter.check_n(count.min(self.quota.burst_size()));
        // no more is asked for than the bucket holds
        let Ok(taken) = taken else { return Ok(self.standing) };
        match taken {
            Ok(snapshot) => {
                self.standing = standing(self.quota, &snapshot);
                Ok(self.standing)
            }
            Err(until) => {
                let wait = until.wait_time_from(now);
                let is_first = self.told.is_none_or(|told| Duration::from(now.duration_since(told)) >= TOLD_EVERY);
                if is_first {
                    self.told = Some(now);
                }
                // a batch that is too much may leave something: it is not enough for the next one
                let standing =
                    Standing { remaining: 0, reset: self.quota.burst_size_replenished_in(), ..self.standing };
                self.standing = standing;
                Err(Throttled { kind, after: whole_seconds(wait).max(1), standing, is_first })
            }
        }
    }
}

impl Standing {
    /// Tells it in the headers of an answer.
    pub fn write(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(whole_seconds(self.reset)));
    }
}

/// A bucket of this rate; `None`: no bound.
fn quota(rate: Rate) -> Option<Quota> {
    let per_minute = NonZeroU32::new(rate.per_minute)?;
    let burst = NonZeroU32::new(rate.burst).map_or(per_minute, |burst| burst.min(per_minute));
    Some(Quota::per_minute(per_minute).allow_burst(burst))
}

fn standing(quota: Quota, snapshot: &StateSnapshot) -> Standing {
    let (limit, remaining) = (quota.burst_size().get(), snapshot.remaining_burst_capacity());
    Standing { limit, remaining, reset: quota.replenish_interval() * limit.saturating_sub(remaining) }
}

/// Rounded up: who waits so long has waited long enough.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
