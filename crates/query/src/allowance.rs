//! What one query may still take, seen by the rules that plan it and the functions that it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

use crate::QueryError;
use crate::bounded::size;
use crate::engine::Limits;

#[derive(Debug)]
pub(crate) struct Allowance {
    /// Of all queries.
    pool: Arc<dyn MemoryPool>,
    memory_bytes: usize,
    time: Duration,
    end: Instant,
    running: AtomicBool,
}

/// What one function may make at once, as a part of the memory of all queries.
const RESULT_PART: usize = 4;
/// Texts of one array lie within this: their offsets have 32 bits, and arrow panics beyond.
const OFFSETS_REACH: usize = 0x7fff_ffff;
/// What one of its values may be.
const VALUE_PART: usize = 32;
/// Constants that planning may make: they are copied from plan to plan.
pub(crate) const CONSTANT_BYTES: usize = 4 << 10;

impl Allowance {
    /// From now on.
    pub(crate) fn new(limits: &Limits, pool: Arc<dyn MemoryPool>) -> Self {
        let time = limits.time;
        Self {
            pool,
            memory_bytes: limits.memory_bytes,
            time,
            end: Instant::now() + time,
            running: AtomicBool::new(false),
        }
    }

    /// The plan is made; from now on functions make results, not constants.
    pub(crate) fn run(&self) {
        self.running.store(true, Ordering::Relaxed);
    }

    /// What one function may make of one batch of rows: what the offsets of texts reach, whatever memory there is.
    pub(crate) fn result_bytes(&self) -> usize {
        let part = (self.memory_bytes / RESULT_PART).min(OFFSETS_REACH);
        if self.running.load(Ordering::Relaxed) { part } else { part.min(CONSTANT_BYTES) }
    }

    pub(crate) fn check_result(&self, name: &str, bytes: usize) -> Result<()> {
        let most = self.result_bytes();
        if bytes <= most {
            return Ok(());
        }
        Err(too_large(name, bytes, most))
    }

    /// One value is small beside the memory of all queries: aggregates, windows and answers copy it.
    pub(crate) fn check_values(&self, name: &str, array: &ArrayRef) -> Result<()> {
        let most = self.memory_bytes / VALUE_PART;
        if array.get_array_memory_size() <= most {
            return Ok(());
        }
        let longest = size::longest_value(array, false);
        if longest <= most { Ok(()) } else { Err(too_large(name, longest, most)) }
    }

    pub(crate) fn check_time(&self) -> Result<()> {
        if Instant::now() < self.end {
            return Ok(());
        }
        Err(DataFusionError::External(Box::new(QueryError::took_too_long(self.time))))
    }

    /// Nothing yet, for what `name` makes.
    pub(crate) fn reserve(&self, name: &str) -> MemoryReservation {
        MemoryConsumer::new(name).register(&self.pool)
    }
}

pub(crate) fn limit(message: String, setting: &'static str) -> DataFusionError {
    DataFusionError::External(Box::new(QueryError::Limit { message, setting }))
}

fn too_large(name: &str, bytes: usize, most: usize) -> DataFusionError {
    let message = format!(
        "`{name}` could make {bytes} bytes at once, more than {most}, a part of the memory that queries may use; \
         give it shorter texts or fewer rows"
    );
    limit(message, "query.memory_bytes")
}

#[cfg(test)]
mod tests {
    use datafusion::execution::memory_pool::GreedyMemoryPool;

    use super::*;

    #[test]
    fn a_result_is_within_reach_of_its_offsets() {
        let limits = Limits { memory_bytes: 1 << 40, ..Limits::default() };
        let allowance = Allowance::new(&limits, Arc::new(GreedyMemoryPool::new(1)));
        allowance.run();
        allowance.check_result("concat", i32::MAX as usize).expect("within reach");
        allowance.check_result("concat", 1 << 31).expect_err("beyond");
    }
}
