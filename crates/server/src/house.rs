//! What the parts of a running server share.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use catalog::Catalog;
use journal::Journal;
use lake::Lake;
use query::Engine;
use record::time::Clock;
use sanitize::Sanitizer;

use crate::config::Config;
use crate::observe::Metrics;

/// One running server. Made once at the start, passed by reference.
pub struct House {
    pub config: Config,
    pub clock: Clock,
    pub catalog: Catalog,
    pub sanitizer: Sanitizer,
    pub journal: Journal,
    pub lake: Lake,
    pub engine: Engine,
    pub metrics: Metrics,
    /// Bytes of bodies in memory.
    pub in_flight: Arc<AtomicUsize>,
}
