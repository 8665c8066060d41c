//! Records of 8 KB acknowledged per second by 1, 8 and 64 appenders, beside bare write + `fdatasync` of 8 KB on the same disk.
//! The journal lies in the build's temporary folder: on the disk that is measured, not in memory.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]
#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "figures for people")]

use std::hint::black_box;
use std::io::IoSlice;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use journal::disk::{Disk, RealDisk};
use journal::{Journal, Options};
use record::time::Clock;

const PAYLOAD: usize = 8 << 10;
const RESERVE: u64 = 64 << 20;

/// The limit: one thread, the same reserve, no framing.
fn bare(c: &mut Criterion) {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = RealDisk.create(&dir.path().join("bare")).unwrap();
    let mut offset = RESERVE;
    let mut group = c.benchmark_group("append");
    group.throughput(Throughput::Elements(1));
    group.bench_function("bare fdatasync", |b| {
        b.iter(|| {
            if offset == RESERVE {
                file.truncate(0).unwrap();
                file.allocate(RESERVE).unwrap();
                file.sync_data().unwrap();
                offset = 0;
            }
            file.write_at(&[IoSlice::new(&[7; PAYLOAD])], offset).unwrap();
            file.sync_data().unwrap();
            offset += PAYLOAD as u64;
        });
    });
}

fn appenders(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    for count in [1, 8, 64] {
        let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let options = Options::new(dir.path());
        let (journal, _) = Journal::open(options, Clock::System, Arc::new(RealDisk)).unwrap();
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{count} appenders"), |b| b.iter_custom(|records| run(&journal, count, records)));
        journal.release(journal.synced()).unwrap();
        report(count, &journal, dir.path());
    }
}

/// What `records` take from `count` threads, each of which waits for its answer.
fn run(journal: &Journal, count: u64, records: u64) -> Duration {
    let left = AtomicU64::new(records);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(|| {
                while left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    black_box(journal.append_blocking(vec![7; PAYLOAD]).unwrap());
                }
            });
        }
    });
    let took = started.elapsed();
    journal.release(journal.synced()).unwrap();
    took
}

fn report(count: u64, journal: &Journal, dir: &Path) {
    let status = journal.status();
    println!(
        "{count} appenders: {:.1} records a sync, {:.0} us a group, in {}",
        status.appended_records as f64 / status.syncs as f64,
        status.sync_total_micros as f64 / status.syncs as f64,
        dir.display()
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = bare, appenders
}
criterion_main!(benches);
