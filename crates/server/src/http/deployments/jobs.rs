//! Jobs that make reports in the background. They are in memory alone: after a restart none is known.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use record::caller::Tenant;
use serde::Serialize;

use super::reports::Report;

/// What a report is to be of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) tenant: Tenant,
    pub(super) deployment: String,
    pub(super) days: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Unknown,
    Started,
    Success,
    Failure,
}

#[derive(Clone, Debug)]
pub(super) struct Job {
    id: String,
    pub(super) order: Order,
    pub(super) status: Status,
    pub(super) report: Option<Arc<Report>>,
}

/// The id of a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begun {
    Now(String),
    /// Another one is at the same report already.
    Before(String),
}

/// The jobs of all tenants, oldest first.
#[derive(Debug, Default)]
pub(crate) struct ReportJobs(Mutex<VecDeque<Job>>);

impl ReportJobs {
    /// A job for `order`, which the caller is to do and to [`end`](Self::end), unless one is at it. Those that have ended are
    /// remembered as long as there are at most `most`.
    pub(super) fn begin(&self, order: &Order, most: usize) -> Begun {
        let mut jobs = self.jobs();
        let same = jobs.iter().find(|job| job.status == Status::Started && job.order == *order);
        if let Some(job) = same {
            return Begun::Before(job.id.clone());
        }
        while jobs.len() >= most {
            let Some(ended) = jobs.iter().position(|job| job.status != Status::Started) else { break };
            jobs.remove(ended);
        }
        let id = uuid::Uuid::now_v7().to_string();
        jobs.push_back(Job { id: id.clone(), order: order.clone(), status: Status::Started, report: None });
        Begun::Now(id)
    }

    /// What a job has made; `None`: it failed. All that jobs have made takes at most `max_bytes`: the oldest goes.
    pub(super) fn end(&self, id: &str, made: Option<Report>, max_bytes: usize) {
        let mut jobs = self.jobs();
        if let Some(job) = jobs.iter_mut().find(|job| job.id == id) {
            job.status = if made.is_some() { Status::Success } else { Status::Failure };
            job.report = made.map(Arc::new);
        }
        let mut left = max_bytes;
        for job in jobs.iter_mut().rev() {
            let Some(report) = &job.report else { continue };
            match left.checked_sub(report.bytes()) {
                Some(rest) => left = rest,
                None => job.report = None,
            }
        }
    }

    /// The job of this id, if it is for the same deployment of the same tenant.
    pub(super) fn find(&self, id: &str, order: &Order) -> Option<Job> {
        let jobs = self.jobs();
        let job = jobs.iter().find(|job| job.id == id)?;
        let is_same = job.order.tenant == order.tenant && job.order.deployment == order.deployment;
        is_same.then(|| job.clone())
    }

    fn jobs(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
