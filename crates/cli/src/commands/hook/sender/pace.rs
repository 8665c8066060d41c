//! Exponential back-off with jitter: a server that comes back is not met by all laptops at once.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

pub(super) struct Pace {
    failures: u32,
}

impl Pace {
    pub(super) fn new(failures: u32) -> Self {
        Self { failures }
    }

    pub(super) fn failed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Doubles with each failure up to [`LONGEST`], less up to a half by chance.
    pub(super) fn wait(&self) -> Duration {
        // The standard library's only source of chance.
        let chance = RandomState::new().hash_one(self.failures) >> 32;
        #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
        let share = 0.5 + chance as f64 / (1_u64 << 33) as f64;
        self.full().mul_f64(share)
    }

    fn full(&self) -> Duration {
        FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests;
