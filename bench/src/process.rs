//! CPU time and memory of a process, as `/proc` tells them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

/// Linux counts CPU time for user programs in hundredths of a second.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time (user and system, all threads) and resident memory now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) resident_bytes: u64,
    /// Highest resident memory so far.
    pub(crate) peak_bytes: u64,
}

/// Usage of a process; `None` is this one.
pub(crate) fn usage(pid: Option<u32>) -> anyhow::Result<Usage> {
    let folder = pid.map_or_else(|| "/proc/self".to_owned(), |pid| format!("/proc/{pid}"));
    let read = |name: &str| {
        let path = Path::new(&folder).join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let cpu = parse_cpu(&read("stat")?).context("/proc/…/stat has an unknown form")?;
    let status = read("status")?;
    let (resident_bytes, peak_bytes) = (memory(&status, "VmRSS:").unwrap_or(0), memory(&status, "VmHWM:").unwrap_or(0));
    Ok(Usage { cpu, resident_bytes, peak_bytes })
}

/// Fields 14 and 15 (`utime`, `stime`); the program's name before them may hold blanks and brackets.
fn parse_cpu(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 1_000 / TICKS_PER_SECOND))
}

fn memory(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests;
