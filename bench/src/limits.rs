//! What no server can beat: decoding the payloads, and one append with `fdatasync`.

use std::fs::{self, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use serde_json::{Value, json};

use crate::payload::{Payload, Shape};
use crate::process;
use crate::send::percentiles;

/// Decodes requests of `shape` for about `time` and drops them.
pub(crate) fn decode(shape: Shape, time: Duration) -> anyhow::Result<Value> {
    let mut payload = Payload::new(shape)?;
    let (mut requests, mut bytes) = (0, 0);
    let start = Instant::now();
    let before = process::usage(None)?.cpu;
    while start.elapsed() < time {
        payload.number(requests);
        black_box(ExportLogsServiceRequest::decode(black_box(payload.bytes.as_slice()))?);
        requests += 1;
        bytes += payload.bytes.len() as u64;
    }
    let cpu = process::usage(None)?.cpu.saturating_sub(before);
    let records = requests * payload.records;
    Ok(json!({
        "requests": requests,
        "records": records,
        "bytes": bytes,
        "cpu_seconds": cpu.as_secs_f64(),
        "cpu_ns_per_record": ratio(cpu.as_secs_f64() * 1e9, records),
        "cpu_seconds_per_million_records": ratio(cpu.as_secs_f64() * 1e6, records),
    }))
}

/// Appends `size` bytes and syncs, `count` times, in a file of its own in `dir`; the file goes afterwards.
pub(crate) fn fdatasync(dir: &Path, size: usize, count: usize) -> anyhow::Result<Value> {
    let path = dir.join("fdatasync.bench");
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("cannot make {}", path.display()))?;
    let bytes = vec![0xa5; size];
    let mut micros = Vec::with_capacity(count);
    let written = (0..count).try_for_each(|_| {
        let start = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        micros.push(micros_of(start.elapsed()));
        Ok::<_, std::io::Error>(())
    });
    fs::remove_file(&path)?;
    written.with_context(|| format!("cannot write in {}", dir.display()))?;
    Ok(json!({ "size": size, "count": count, "micros": percentiles(&mut micros) }))
}

pub(crate) fn micros_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) fn ratio(of: f64, to: u64) -> f64 {
    if to == 0 { 0.0 } else { of / to as f64 }
}

#[cfg(test)]
mod tests;
