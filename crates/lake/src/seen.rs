//! Which records were stored already: a window over the latest identities.
//!
//! An exporter sends a batch again when the answer got lost; the same record then comes with the same identity. Retries come
//! within minutes, so a window of the latest identities is enough. It is two sets: when the younger is full, the older is
//! forgotten, so at least `capacity / 2` and at most `capacity` identities are known.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// The latest identities.
#[derive(Debug, Default)]
pub struct Seen {
    half: usize,
    young: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
    old: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
}

impl Seen {
    /// `capacity`: identities to remember; 40 bytes each.
    pub fn new(capacity: usize) -> Self {
        Self { half: (capacity / 2).max(1), ..Self::default() }
    }

    /// Remembers `identity`. False: it was known.
    pub fn insert(&mut self, identity: u128) -> bool {
        if self.old.contains(&identity) || !self.young.insert(identity) {
            return false;
        }
        if self.young.len() >= self.half {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        true
    }

    pub fn capacity(&self) -> usize {
        self.half * 2
    }
}

/// Identities are XXH3-128 already: their low half is as good as any hash of them.
#[derive(Debug, Default)]
pub struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    fn write_u128(&mut self, identity: u128) {
        self.0 = identity as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_new_once() {
        let mut seen = Seen::new(10);
        assert!(seen.insert(1));
        assert!(!seen.insert(1));
    }

    #[test]
    fn at_least_half_the_window_is_remembered() {
        let mut seen = Seen::new(100);
        for identity in 0..1_000_u128 {
            assert!(seen.insert(identity));
            for known in identity.saturating_sub(49)..=identity {
                assert!(!seen.insert(known), "{known} after {identity}");
            }
        }
    }
}
