//! The load: threads with one keep-alive connection each, which send numbered requests until time or number is used up.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{anyhow, ensure};
use serde_json::{Value, json};

use crate::grpc;
use crate::http::{Answer, Connection, Target, head};
use crate::limits::{micros_of, ratio};
use crate::payload::{Payload, Shape};
use crate::process::{self, Usage};

/// What to send. Neither time nor number: one request.
pub(crate) struct Plan {
    pub(crate) target: Target,
    /// Over gRPC, else over HTTP.
    pub(crate) grpc: bool,
    pub(crate) key: String,
    pub(crate) shape: Shape,
    pub(crate) connections: usize,
    pub(crate) time: Option<Duration>,
    pub(crate) requests: Option<u64>,
    pub(crate) pid: Option<u32>,
}

/// What one connection did.
#[derive(Default)]
struct Tally {
    acknowledged: u64,
    /// Answers of 200 with a body: in protobuf that is a partial success.
    partial: u64,
    refused: BTreeMap<u16, u64>,
    /// Requests without an answer.
    broken: u64,
    micros: Vec<u64>,
}

const SAMPLE_EVERY: Duration = Duration::from_millis(200);
const PAUSE_AFTER_BREAK: Duration = Duration::from_millis(10);

pub(crate) fn run(plan: &Plan) -> anyhow::Result<Value> {
    ensure!(plan.connections > 0, "at least one connection is needed");
    let payload = Payload::new(plan.shape)?;
    let limit = plan.requests.or_else(|| plan.time.is_none().then_some(1));
    let (next, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let cpu_before = process::usage(None)?.cpu;
    let server_before = plan.pid.map(|pid| process::usage(Some(pid))).transpose()?;
    let start = Instant::now();
    let (tallies, samples) = thread::scope(|scope| {
        let sampler = plan.pid.map(|pid| {
            scope.spawn({
                let done = &done;
                move || sample(pid, start, done)
            })
        });
        let senders: Vec<_> =
            (0..plan.connections).map(|_| scope.spawn(|| send(plan, payload.clone(), &next, limit, start))).collect();
        let tallies: Vec<_> = senders.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        (tallies, sampler.map(thread::ScopedJoinHandle::join))
    });
    let elapsed = start.elapsed();
    let mut total = Tally::default();
    for tally in tallies {
        total.add(tally.map_err(|_| anyhow!("a sender panicked"))?);
    }
    let mut result = total.report(&payload, elapsed);
    result["connections"] = plan.connections.into();
    result["generator_cpu_seconds"] = process::usage(None)?.cpu.saturating_sub(cpu_before).as_secs_f64().into();
    if let (Some(pid), Some(before), Some(samples)) = (plan.pid, server_before, samples) {
        let samples = samples.map_err(|_| anyhow!("the sampler panicked"))?;
        result["server"] = server_report(before, process::usage(Some(pid))?, &samples);
    }
    Ok(result)
}

fn send(plan: &Plan, mut payload: Payload, next: &AtomicU64, limit: Option<u64>, start: Instant) -> Tally {
    let mut wire = Wire::new(plan, payload.bytes.len());
    let mut tally = Tally::default();
    while plan.time.is_none_or(|time| start.elapsed() < time) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if limit.is_some_and(|limit| number >= limit) {
            break;
        }
        payload.number(number);
        let sent = Instant::now();
        match wire.exchange(&payload.bytes) {
            Ok(answer) if answer.status == 200 => {
                tally.acknowledged += 1;
                tally.partial += u64::from(answer.body_bytes > 0);
                tally.micros.push(micros_of(sent.elapsed()));
            }
            Ok(answer) => *tally.refused.entry(answer.status).or_default() += 1,
            Err(_) => {
                tally.broken += 1;
                thread::sleep(PAUSE_AFTER_BREAK);
            }
        }
    }
    tally
}

/// A connection of either kind.
enum Wire {
    Http { connection: Connection, head: Vec<u8> },
    Grpc(grpc::Connection),
}

impl Wire {
    fn new(plan: &Plan, length: usize) -> Self {
        let Plan { target, key, .. } = plan;
        if plan.grpc {
            Self::Grpc(grpc::Connection::new(target.address, key))
        } else {
            Self::Http { connection: Connection::new(target.address), head: head(target, key, length) }
        }
    }

    fn exchange(&mut self, body: &[u8]) -> io::Result<Answer> {
        match self {
            Self::Http { connection, head } => connection.exchange(head, body),
            Self::Grpc(connection) => connection.exchange(body),
        }
    }
}

fn sample(pid: u32, start: Instant, done: &AtomicBool) -> Vec<(Duration, Usage)> {
    let mut samples = Vec::new();
    while !done.load(Ordering::Relaxed) {
        if let Ok(usage) = process::usage(Some(pid)) {
            samples.push((start.elapsed(), usage));
        }
        thread::sleep(SAMPLE_EVERY);
    }
    samples
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.partial += other.partial;
        self.broken += other.broken;
        self.micros.extend(other.micros);
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
    }

    fn report(mut self, payload: &Payload, elapsed: Duration) -> Value {
        let refused: u64 = self.refused.values().sum();
        let records = self.acknowledged * payload.records;
        let per_second = |count: u64| if elapsed.is_zero() { 0.0 } else { 1.0 / ratio(elapsed.as_secs_f64(), count) };
        let refused_by_status: BTreeMap<String, u64> =
            self.refused.iter().map(|(status, count)| (status.to_string(), *count)).collect();
        json!({
            "requests": self.acknowledged + refused + self.broken,
            "acknowledged_requests": self.acknowledged,
            "partial_successes": self.partial,
            "refused_by_status": refused_by_status,
            "broken_requests": self.broken,
            "records": records,
            "records_per_request": payload.records,
            "bytes": self.acknowledged * payload.bytes.len() as u64,
            "bytes_per_request": payload.bytes.len(),
            "seconds": elapsed.as_secs_f64(),
            "requests_per_second": if self.acknowledged == 0 { 0.0 } else { per_second(self.acknowledged) },
            "records_per_second": if records == 0 { 0.0 } else { per_second(records) },
            "latency_micros": percentiles(&mut self.micros),
        })
    }
}

fn server_report(before: Usage, after: Usage, samples: &[(Duration, Usage)]) -> Value {
    let most = samples.iter().map(|(_, usage)| usage.resident_bytes).chain([after.resident_bytes]).max();
    let samples: Vec<Value> = samples
        .iter()
        .map(|(at, usage)| {
            let cpu = usage.cpu.saturating_sub(before.cpu).as_secs_f64();
            json!({ "seconds": at.as_secs_f64(), "cpu_seconds": cpu, "rss_bytes": usage.resident_bytes })
        })
        .collect();
    json!({
        "cpu_seconds": after.cpu.saturating_sub(before.cpu).as_secs_f64(),
        "rss_bytes_before": before.resident_bytes,
        "rss_bytes_most_sampled": most,
        "rss_bytes_peak": after.peak_bytes,
        "samples": samples,
    })
}

/// `p50`, `p90`, `p99` and `max`, by nearest rank.
pub(crate) fn percentiles(values: &mut [u64]) -> Value {
    values.sort_unstable();
    let rank = |percent: usize| values.get((values.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    json!({ "p50": rank(50), "p90": rank(90), "p99": rank(99), "max": rank(100) })
}

#[cfg(test)]
mod tests;
