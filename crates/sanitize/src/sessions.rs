//! What was found in each session, so that its bare copies are found in the session's later requests.
//!
//! Kept in memory only, as keyed hashes ([`Known`]), apart for each tenant; gone with the process. Bounded: the session that was
//! quiet longest is forgotten first, and within a session the oldest value.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use record::caller::Tenant;
use redact::Known;

/// How much is remembered; 0 of either: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub sessions: usize,
    /// Of one session, and of one request.
    pub values: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { sessions: 4096, values: 64 }
    }
}

/// A longer name of a session is none that an agent gives.
const NAME_BYTES: usize = 256;

/// The sessions of all tenants.
#[derive(Debug, Default)]
pub struct Sessions {
    bounds: Bounds,
    /// So that a server that has seen no secret takes no lock.
    count: AtomicUsize,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    tenants: HashMap<Tenant, HashMap<Box<str>, Slot>>,
    /// Goes up with every use.
    clock: u64,
}

#[derive(Debug)]
struct Slot {
    known: Arc<Known>,
    used: u64,
}

impl Sessions {
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// What is known of a session.
    pub(crate) fn known(&self, tenant: &Tenant, session: &str) -> Option<Arc<Known>> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut slots = self.lock();
        slots.clock += 1;
        let used = slots.clock;
        let slot = slots.tenants.get_mut(tenant)?.get_mut(session)?;
        slot.used = used;
        Some(Arc::clone(&slot.known))
    }

    pub(crate) fn learn(&self, tenant: &Tenant, session: &str, learned: &Known) {
        if self.bounds.sessions == 0 || session.is_empty() || session.len() > NAME_BYTES || learned.is_empty() {
            return;
        }
        let mut slots = self.lock();
        slots.clock += 1;
        let used = slots.clock;
        let sessions = slots.tenants.entry(tenant.clone()).or_default();
        let slot = sessions.entry(session.into()).or_insert_with(|| {
            self.count.fetch_add(1, Ordering::Relaxed);
            Slot { known: Arc::default(), used }
        });
        slot.used = used;
        Arc::make_mut(&mut slot.known).merge(learned, self.bounds.values);
        if self.count.load(Ordering::Relaxed) > self.bounds.sessions {
            self.forget(&mut slots);
        }
    }

    /// An eighth of the sessions at a time, so that not every new one looks through all.
    fn forget(&self, slots: &mut Slots) {
        let mut ages: Vec<u64> = slots.tenants.values().flat_map(HashMap::values).map(|slot| slot.used).collect();
        ages.sort_unstable();
        let excess = ages.len().saturating_sub(self.bounds.sessions) + self.bounds.sessions / 8;
        let Some(oldest_kept) = ages.get(excess.min(ages.len() - 1)) else { return };
        for sessions in slots.tenants.values_mut() {
            sessions.retain(|_, slot| slot.used >= *oldest_kept);
        }
        slots.tenants.retain(|_, sessions| !sessions.is_empty());
        let left = slots.tenants.values().map(HashMap::len).sum();
        self.count.store(left, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use record::caller::Tenant;
    use redact::{HashKey, Known};

    use super::{Bounds, Sessions};

    #[test]
    fn the_quietest_session_is_forgotten_first() {
        let sessions = Sessions::new(Bounds { sessions: 8, values: 2 });
        let [acme, globex] = ["acme", "globex"].map(|name| Tenant::new(name).unwrap());
        let key = HashKey::derive(b"tests", "tests");
        let mut learned = Known::default();
        assert!(learned.add(&key, "hunter22-x", "password", 2));
        assert!(sessions.known(&acme, "s0").is_none());
        for number in 0..9 {
            sessions.learn(&acme, &format!("s{number}"), &learned);
            assert!(sessions.known(&acme, "s0").is_some(), "in use");
        }
        assert!(sessions.known(&acme, "s1").is_none() && sessions.known(&acme, "s8").is_some());
        assert!(sessions.known(&globex, "s8").is_none(), "another tenant's");
        sessions.learn(&acme, "", &learned);
        sessions.learn(&acme, &"s".repeat(300), &learned);
        assert!(sessions.known(&acme, "").is_none() && sessions.known(&acme, &"s".repeat(300)).is_none());
        let none = Sessions::new(Bounds { sessions: 0, values: 2 });
        none.learn(&acme, "s", &learned);
        assert!(none.known(&acme, "s").is_none());
    }
}
