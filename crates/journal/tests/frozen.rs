//! Bytes that earlier versions wrote. They never change; each later version reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::Arc;

use journal::disk::{Disk, FaultyDisk, RealDisk};
use journal::{Journal, Options};
use record::time::{Clock, Timestamp};

const MADE: Timestamp = Timestamp(1_763_700_000_000_000);

fn payloads() -> Vec<Vec<u8>> {
    vec![b"first".to_vec(), Vec::new(), (0..=255).collect(), vec![7; 1000], b"last".to_vec()]
}

/// Five records in segments of 512 bytes, the first of them released.
fn write(disk: Arc<dyn Disk>, dir: &Path) {
    let options = Options { segment_bytes: 512, ..Options::new(dir) };
    let clock = Clock::fixed(MADE);
    let (journal, _) = Journal::open(options, clock.clone(), disk).unwrap();
    for payload in payloads() {
        journal.append_blocking(payload).unwrap();
        clock.advance(1_000_000);
    }
    journal.release(1).unwrap();
}

#[test]
fn version_1_is_read() {
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frozen/journal/v1");
    let disk = FaultyDisk::default();
    for entry in std::fs::read_dir(&frozen).unwrap() {
        let path = entry.unwrap().path();
        disk.put(&Path::new("/journal").join(path.file_name().unwrap()), std::fs::read(&path).unwrap());
    }
    let (journal, recovery) = Journal::open(Options::new("/journal"), Clock::System, Arc::new(disk)).unwrap();
    assert_eq!((recovery.last_sequence, recovery.records), (5, 4));
    assert_eq!((recovery.cut_tail, recovery.damaged), (None, vec![]));
    let read = journal.reader(0).next_chunk(usize::MAX).unwrap();
    let read: Vec<_> = read.into_iter().map(|record| (record.sequence, record.time, record.payload.to_vec())).collect();
    let times = (0..).map(|second: i64| MADE.plus_micros(second * 1_000_000));
    let written = (1..).zip(times).zip(payloads()).map(|((sequence, time), payload)| (sequence, time, payload));
    assert_eq!(read, written.skip(1).collect::<Vec<_>>());
    assert_eq!(journal.append_blocking(vec![1]), Ok(6));
}

/// Run by hand, once for each version: `cargo test -p journal --test frozen -- --ignored`. Never overwrites.
#[test]
#[ignore = "writes the frozen bytes of a new version"]
fn freeze() {
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../frozen/journal/v1");
    assert!(!frozen.exists(), "{} is frozen", frozen.display());
    write(Arc::new(RealDisk), &frozen);
    std::fs::remove_file(frozen.join("lock")).unwrap();
}
