//! On the machine's own file system: processes that are killed, disks that are full, folders that are taken.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use journal::disk::RealDisk;
use journal::{AppendError, Journal, OpenError, Options, Record, Recovery};
use record::time::Clock;

const CHILD_DIR: &str = "JOURNAL_TEST_CHILD_DIR";
const THREADS: u64 = 6;

fn open(options: Options) -> Result<(Journal, Recovery), OpenError> {
    Journal::open(options, Clock::System, Arc::new(RealDisk))
}

fn read(journal: &Journal) -> Vec<Record> {
    let mut reader = journal.reader(0);
    let mut all = Vec::new();
    loop {
        let records = reader.next_chunk(1 << 20).unwrap();
        if records.is_empty() {
            return all;
        }
        all.extend(records);
    }
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "seg")).collect()
}

#[test]
fn a_second_opener_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = open(Options::new(dir.path().join("a/b"))).unwrap();
    let error = open(Options::new(dir.path().join("a/b"))).err().unwrap();
    assert!(matches!(error, OpenError::InUse(_)));
    assert!(error.to_string().contains("in use by another process"), "{error}");
    drop(journal);
    open(Options::new(dir.path().join("a/b"))).unwrap();
}

#[test]
fn a_folder_that_is_held_is_not_opened_and_one_that_is_open_is_not_held() {
    let dir = tempfile::tempdir().unwrap();
    let held = Journal::hold(dir.path(), &RealDisk).unwrap();
    assert!(matches!(open(Options::new(dir.path())), Err(OpenError::InUse(_))));
    drop(held);
    let (journal, _) = open(Options::new(dir.path())).unwrap();
    assert!(matches!(Journal::hold(dir.path(), &RealDisk), Err(OpenError::InUse(_))));
    drop(journal);
    Journal::hold(dir.path(), &RealDisk).unwrap();
}

#[test]
fn many_threads_append_and_all_is_found_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 256 << 10, ..Options::new(dir.path()) };
    let (journal, _) = open(options.clone()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..16_u64 {
            let journal = journal.clone();
            scope.spawn(move || {
                let mut before = 0;
                for number in 0..60_u64 {
                    let mut payload = (thread * 1000 + number).to_le_bytes().to_vec();
                    payload.resize(usize::try_from(8 + thread * 97 + number).unwrap(), 3);
                    let sequence = journal.append_blocking(payload).unwrap();
                    assert!(sequence > before);
                    before = sequence;
                }
            });
        }
    });
    let status = journal.status();
    assert_eq!((status.appended_records, status.waiting_records, status.synced), (960, 960, 960));
    assert!(status.syncs < 960, "records share syncs");
    for _ in 0..2 {
        let records = read(&journal);
        let numbers: Vec<u64> = records.iter().map(|record| record.sequence).collect();
        assert_eq!(numbers, (1..=960).collect::<Vec<_>>());
    }
    drop(journal);
    let (journal, recovery) = open(options).unwrap();
    assert_eq!((recovery.records, recovery.cut_tail, recovery.damaged.len()), (960, None, 0));
    assert_eq!(read(&journal).len(), 960);
    assert!(segments(dir.path()).len() > 2);
    journal.release(960).unwrap();
    assert_eq!(segments(dir.path()).len(), 0);
}

struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.0).status().unwrap();
    }
}

#[test]
fn a_full_file_system_is_answered_and_works_again_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path()).output();
    if !mount.as_ref().is_ok_and(|mount| mount.status.success()) {
        println!("skipped: a tmpfs cannot be mounted here: {mount:?}");
        return;
    }
    let _mounted = Mounted(dir.path().to_owned());
    let options = Options { segment_bytes: 256 << 10, ..Options::new(dir.path().join("journal")) };
    let (journal, _) = open(options.clone()).unwrap();
    let fill = |journal: &Journal| {
        let mut kept = Vec::new();
        loop {
            match journal.append_blocking(vec![9; 10_000]) {
                Ok(sequence) => kept.push(sequence),
                Err(AppendError::Disk { reason }) => {
                    assert!(reason.contains("No space left"), "{reason}");
                    return kept;
                }
                Err(other) => panic!("{other}"),
            }
        }
    };
    let mut kept = fill(&journal);
    assert!(kept.len() > 80, "{} records of 10 kB in 1 MiB", kept.len());
    assert_eq!(read(&journal).iter().map(|record| record.sequence).collect::<Vec<_>>(), kept);
    drop(journal);

    let (journal, recovery) = open(options).unwrap();
    assert_eq!(recovery.records, kept.len() as u64, "a full disk can be opened");
    assert_eq!(recovery.damaged, vec![]);
    journal.release(kept[60]).unwrap();
    kept.drain(..61);
    let more = fill(&journal);
    assert!(more.len() > 20, "{} more records", more.len());
    kept.extend(more);
    assert_eq!(read(&journal).iter().map(|record| record.sequence).collect::<Vec<_>>(), kept);
}

/// Not a test: what the next test starts and kills. Prints the number of each record once it is acknowledged.
#[test]
#[ignore = "started by kill_9_at_any_instant_loses_and_doubles_nothing"]
fn child() {
    #[expect(clippy::disallowed_methods, reason = "told by the test that starts it")]
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let (journal, recovery) = open(killed_options(Path::new(&dir))).unwrap();
    assert_eq!(recovery.damaged, vec![]);
    let next = Arc::new(AtomicU64::new(recovery.last_sequence << 20));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (journal, next) = (journal.clone(), Arc::clone(&next));
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let mut payload = number.to_le_bytes().to_vec();
                    payload.resize(usize::try_from(100 + (number * 7919 + thread) % 9000).unwrap(), 1);
                    journal.append_blocking(payload).unwrap();
                    writeln!(std::io::stdout(), "\nkept {number}.").unwrap();
                }
            });
        }
    });
}

fn killed_options(dir: &Path) -> Options {
    Options { segment_bytes: 1 << 20, max_bytes: 1 << 30, ..Options::new(dir) }
}

#[test]
fn kill_9_at_any_instant_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut kept = Vec::new();
    let mut random = u64::from(std::process::id()) | 1;
    for _ in 0..20 {
        let mut child = Command::new(&program)
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut take = |line: &str| {
            kept.extend(line.strip_prefix("kept ").and_then(|rest| rest.strip_suffix('.')?.parse::<u64>().ok()));
            line.starts_with("kept ")
        };
        // From the first acknowledged record on, any instant will do.
        while !take(&lines.next().expect("the child ended by itself").unwrap()) {}
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let lines = std::thread::scope(|scope| {
            let rest = scope.spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
            std::thread::sleep(Duration::from_micros((random >> 33) % 60_000));
            child.kill().unwrap();
            rest.join().unwrap()
        });
        child.wait().unwrap();
        for line in &lines {
            take(line);
        }
    }
    let (journal, recovery) = open(killed_options(dir.path())).unwrap();
    assert_eq!(recovery.damaged, vec![]);
    let mut found: BTreeMap<u64, u32> = BTreeMap::new();
    for record in read(&journal) {
        *found.entry(u64::from_le_bytes(record.payload[..8].try_into().unwrap())).or_default() += 1;
    }
    let lost: Vec<_> = kept.iter().filter(|number| !found.contains_key(number)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged records lost: {lost:?}", lost.len(), kept.len());
    assert!(found.values().all(|times| *times == 1), "records are doubled");
    println!("20 kills, {} acknowledged, {} found", kept.len(), found.len());
}
