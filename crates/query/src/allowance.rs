//! What one query may still take, seen by the rules that plan it and the functions that it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};

use crate::QueryError;
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

    /// What one function may make of one batch of rows.
    pub(crate) fn result_bytes(&self) -> usize {
        let part = self.memory_bytes / RESULT_PART;
        if self.running.load(Ordering::Relaxed) { part } else { part.min(CONSTANT_BYTES) }
    }

    pub(crate) fn check_result(&self, name: &str, bytes: usize) -> Result<()> {
        let most = self.result_bytes();
        if bytes <= most {
            return Ok(());
        }
        let message = format!(
            "`{name}` could make {bytes} bytes at once, more than {most}, a part of the memory that queries may use; \
             give it shorter texts or fewer rows"
        );
        Err(limit(message, "query.memory_bytes"))
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
