//! What the parts of a running server share.

use std::sync::Arc;

use catalog::Catalog;
use journal::Journal;
use lake::Lake;
use query::Engine;
use record::time::Clock;
use sanitize::{Sanitizer, Sessions};
use tokio::sync::Semaphore;

use crate::asset_files::AssetFiles;
use crate::config::Config;
use crate::flow::traces::Deliveries;
use crate::http::deployments::ReportJobs;
use crate::observe::Metrics;
use crate::throttle::Throttle;

/// One running server. Made once at the start, passed by reference.
pub struct House {
    pub config: Config,
    pub clock: Clock,
    pub catalog: Catalog,
    pub sanitizer: Sanitizer,
    /// What redaction found in them.
    pub sessions: Sessions,
    pub journal: Journal,
    pub lake: Lake,
    pub engine: Engine,
    pub metrics: Metrics,
    /// Bytes that bodies may still take in memory, a permit each.
    pub in_flight: Arc<Semaphore>,
    /// Trace files on their way in.
    pub deliveries: Deliveries,
    /// Files of team databases.
    pub asset_files: AssetFiles,
    /// Reports in the making.
    pub(crate) report_jobs: ReportJobs,
    /// How fast keys and databases may be used.
    pub throttle: Throttle,
}

/// Memory for bodies: `intake.max_in_flight_bytes`.
pub fn room_for_bodies(config: &Config) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(config.intake.max_in_flight_bytes.min(Semaphore::MAX_PERMITS)))
}
