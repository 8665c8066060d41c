//! The keys in memory, and what is remembered of keys that are none.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use record::caller::Caller;
use record::time::Timestamp;

use crate::key::KeyHash;

/// All keys that are not revoked. Reading never waits, neither for a writer nor for another reader.
#[derive(Default)]
pub(crate) struct Keyring(ArcSwap<Ring>);

#[derive(Default)]
struct Ring {
    keys: HashMap<KeyHash, Arc<Caller>>,
    /// What any of the keys is bound to.
    origins: HashSet<String>,
}

impl Keyring {
    pub(crate) fn find(&self, hash: &KeyHash) -> Option<Arc<Caller>> {
        self.0.load().keys.get(hash).map(Arc::clone)
    }

    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.0.load().origins.contains(origin)
    }

    pub(crate) fn replace(&self, keys: HashMap<KeyHash, Arc<Caller>>) {
        let origins = keys.values().flat_map(|caller| caller.origins.iter().cloned()).collect();
        self.0.store(Arc::new(Ring { keys, origins }));
    }
}

/// Keeps wrong keys away from the database: each is asked for once, and all of them together at most
/// [`Strangers::QUESTIONS_PER_SECOND`] times a second. Bounded in memory.
#[derive(Default)]
pub(crate) struct Strangers {
    seen: HashSet<KeyHash>,
    second: i64,
    asked: u32,
}

impl Strangers {
    pub(crate) const MAX_SEEN: usize = 4_096;
    pub(crate) const QUESTIONS_PER_SECOND: u32 = 100;

    /// Whether the database may be asked for this unknown key now.
    pub(crate) fn may_ask(&mut self, hash: &KeyHash, now: Timestamp) -> bool {
        if self.seen.contains(hash) {
            return false;
        }
        let second = now.0.div_euclid(1_000_000);
        if second != self.second {
            self.second = second;
            self.asked = 0;
        }
        let may = self.asked < Self::QUESTIONS_PER_SECOND;
        self.asked += u32::from(may);
        may
    }

    /// The database does not know it either.
    pub(crate) fn remember(&mut self, hash: KeyHash) {
        if self.seen.len() >= Self::MAX_SEEN {
            self.seen.clear();
        }
        self.seen.insert(hash);
    }

    /// The database changed: any of them may be a key now.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
    }
}

#[cfg(test)]
mod tests;
