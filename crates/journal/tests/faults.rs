//! Disks that fail, and bounds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use journal::disk::{Fault, FaultyDisk};
use journal::{AppendError, Journal, Options, QUEUE_BYTES, Sequence, State};
use record::time::{Clock, Timestamp};

struct Bench {
    disk: FaultyDisk,
    clock: Clock,
    options: Options,
}

impl Bench {
    fn new() -> Self {
        let options = Options { segment_bytes: 4096, max_bytes: 64 << 10, ..Options::new("/journal") };
        Self { disk: FaultyDisk::default(), clock: Clock::fixed(Timestamp(1_700_000_000_000_000)), options }
    }

    fn open(&self) -> Journal {
        Journal::open(self.options.clone(), self.clock.clone(), Arc::new(self.disk.clone())).unwrap().0
    }
}

fn numbers(journal: &Journal) -> Vec<Sequence> {
    journal.reader(0).next_chunk(usize::MAX).unwrap().iter().map(|record| record.sequence).collect()
}

fn segments(disk: &FaultyDisk) -> Vec<PathBuf> {
    disk.files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "seg")).collect()
}

#[test]
fn a_failed_write_is_answered_and_the_segment_goes_on() {
    for fault in [Fault::Write, Fault::ShortWrite] {
        let bench = Bench::new();
        let journal = bench.open();
        let first = journal.append_blocking(vec![1; 50]).unwrap();
        bench.disk.fail(fault, 0, 1);
        if fault == Fault::ShortWrite {
            bench.disk.fail(Fault::Write, 1, 1);
        }
        let error = journal.append_blocking(vec![2; 50]).unwrap_err();
        assert!(matches!(error, AppendError::Disk { .. }) && error.is_temporary(), "{error}");
        assert!(matches!(journal.status().state, State::Failed { .. }));
        assert_eq!(journal.append_blocking(vec![3]).unwrap_err(), error, "no new attempt within a second");
        bench.clock.advance(1_000_000);
        let second = journal.append_blocking(vec![4; 50]).unwrap();
        assert_eq!(journal.status().state, State::Ready);
        assert_eq!(numbers(&journal), [first, second]);
        assert_eq!(segments(&bench.disk).len(), 1);
        drop(journal);
        bench.disk.cut_power(0);
        assert_eq!(numbers(&bench.open()), [first, second]);
    }
}

#[test]
fn a_file_whose_sync_failed_is_never_written_again() {
    let bench = Bench::new();
    let journal = bench.open();
    let first = journal.append_blocking(vec![1; 50]).unwrap();
    let old = segments(&bench.disk).pop().unwrap();
    bench.disk.fail(Fault::Truncate, 0, 1);
    bench.disk.fail(Fault::Sync, 0, 1);
    assert!(matches!(journal.append_blocking(b"never kept".to_vec()), Err(AppendError::Disk { .. })));
    assert_eq!(journal.status().state, State::Ready, "a new segment could be made");
    let void = bench.disk.bytes(&old).unwrap();
    assert!(void.windows(10).any(|bytes| bytes == b"never kept"), "the file could not be cut");
    let second = journal.append_blocking(vec![3; 50]).unwrap();
    assert_eq!(bench.disk.bytes(&old).unwrap(), void);
    assert_eq!(numbers(&journal), [first, second]);
    drop(journal);
    let (journal, recovery) =
        Journal::open(bench.options.clone(), bench.clock.clone(), Arc::new(bench.disk.clone())).unwrap();
    assert_eq!(numbers(&journal), [first, second], "void records stay away");
    assert_eq!(recovery.damaged, vec![]);
}

#[test]
fn a_disk_that_comes_back_is_used_again() {
    let bench = Bench::new();
    let journal = bench.open();
    let first = journal.append_blocking(vec![1]).unwrap();
    bench.disk.fail(Fault::Sync, 0, u32::MAX);
    for _ in 0..5 {
        assert!(matches!(journal.append_blocking(vec![2]), Err(AppendError::Disk { .. })));
        assert!(matches!(journal.status().state, State::Failed { .. }));
        bench.clock.advance(1_000_000);
    }
    bench.disk.heal();
    let second = journal.append_blocking(vec![3]).unwrap();
    assert_eq!(journal.status().state, State::Ready);
    assert_eq!(numbers(&journal), [first, second]);
}

#[test]
fn a_disk_that_comes_back_is_known_without_a_new_record() {
    for fault in [Fault::Write, Fault::Sync] {
        let bench = Bench::new();
        let journal = bench.open();
        let first = journal.append_blocking(vec![1]).unwrap();
        bench.disk.fail(fault, 0, u32::MAX);
        journal.append_blocking(vec![2]).unwrap_err();
        assert!(matches!(journal.status().state, State::Failed { .. }));
        bench.disk.heal();
        let waiting = std::time::Instant::now();
        while journal.status().state != State::Ready {
            assert!(waiting.elapsed() < std::time::Duration::from_secs(30), "never ready again");
            std::thread::yield_now();
        }
        let second = journal.append_blocking(vec![3]).unwrap();
        assert_eq!(numbers(&journal), [first, second]);
        drop(journal);
        bench.disk.cut_power(0);
        assert_eq!(numbers(&bench.open()), [first, second]);
    }
}

#[test]
fn a_full_disk_keeps_what_is_synced_and_can_be_released() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut kept = vec![journal.append_blocking(vec![0; 3000]).unwrap()];
    bench.disk.limit_space(Some(2000));
    let error = loop {
        match journal.append_blocking(vec![0; 900]) {
            Ok(sequence) => kept.push(sequence),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("No space left"), "{error}");
    assert_eq!(numbers(&journal), kept);
    journal.release(*kept.last().unwrap()).unwrap();
    bench.clock.advance(1_000_000);
    let next = journal.append_blocking(vec![0; 900]).unwrap();
    assert_eq!(numbers(&journal), [next]);
}

#[test]
fn the_bound_on_bytes_holds_and_release_lifts_it() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut last = 0;
    let error = loop {
        match journal.append_blocking(vec![7; 1000]) {
            Ok(sequence) => last = sequence,
            Err(error) => break error,
        }
    };
    let AppendError::Full { bytes, max_bytes: 65536 } = error else { panic!("{error}") };
    assert!((63_000..=65_536).contains(&bytes));
    assert!(matches!(journal.status().state, State::Full { .. }));
    journal.release(last).unwrap();
    assert_eq!(journal.status().state, State::Ready);
    assert!(journal.status().disk_bytes < 4096);
    journal.append_blocking(vec![7; 30_000]).unwrap();
}

#[test]
fn the_bound_on_age_holds_and_release_lifts_it() {
    let mut bench = Bench::new();
    bench.options.max_age_micros = Some(60_000_000);
    let journal = bench.open();
    let first = journal.append_blocking(vec![1]).unwrap();
    bench.clock.advance(50_000_000);
    let second = journal.append_blocking(vec![2]).unwrap();
    bench.clock.advance(20_000_000);
    let oldest = Timestamp(1_700_000_000_000_000);
    assert_eq!(journal.append_blocking(vec![3]), Err(AppendError::Aged { oldest }));
    assert_eq!(journal.status().state, State::Aged { oldest });
    drop(journal);
    let journal = bench.open();
    assert_eq!(journal.append_blocking(vec![3]), Err(AppendError::Aged { oldest }), "age outlives a restart");
    journal.release(first).unwrap();
    assert_eq!(journal.append_blocking(vec![3]), Ok(second + 1));
}

#[test]
fn records_too_large_are_refused_for_good() {
    let bench = Bench::new();
    let journal = bench.open();
    let error = journal.append_blocking(vec![0; 33_000]).unwrap_err();
    assert!(matches!(error, AppendError::TooLarge { bytes: 33_000, .. }) && !error.is_temporary());
    journal.append_blocking(vec![0; 32_000]).unwrap();
}

#[test]
fn waiting_records_share_a_sync_and_their_memory_is_bounded() {
    let mut bench = Bench::new();
    bench.options = Options::new("/journal");
    let journal = bench.open();
    journal.append_blocking(vec![0]).unwrap();
    bench.disk.hold_syncs();
    let (sender, receiver) = mpsc::channel();
    let append = |bytes: usize| {
        let sender = sender.clone();
        journal.append(vec![1; bytes], Box::new(move |answer| sender.send(answer).unwrap()));
    };
    let share = usize::try_from(QUEUE_BYTES / 8).unwrap();
    (0..8).for_each(|_| append(share));
    assert!(receiver.try_recv().is_err(), "nothing is answered before its sync");
    append(1);
    assert!(matches!(receiver.recv().unwrap(), Err(AppendError::Busy { .. })));
    bench.disk.resume_syncs();
    for _ in 0..8 {
        receiver.recv().unwrap().unwrap();
    }
    assert!(journal.status().syncs <= 1 + 4, "{} syncs", journal.status().syncs);
    assert_eq!(journal.status().queued_bytes, 0);
}

#[test]
fn numbers_go_on_when_all_is_released() {
    let bench = Bench::new();
    let mut last = 0;
    for _ in 0..5 {
        let journal = bench.open();
        let sequence = journal.append_blocking(vec![0; 5000]).unwrap();
        assert!(sequence > last);
        last = sequence;
        journal.release(sequence).unwrap();
        assert_eq!(numbers(&journal), []);
        assert_eq!(journal.status().waiting_records, 0);
        drop(journal);
        bench.disk.cut_power(0);
    }
    assert_eq!(segments(&bench.disk).len(), 0);
}

#[test]
fn a_release_beyond_the_last_record_moves_the_numbers() {
    let bench = Bench::new();
    let journal = bench.open();
    journal.append_blocking(vec![0]).unwrap();
    journal.release(100).unwrap();
    assert_eq!(journal.append_blocking(vec![1]), Ok(101));
    assert_eq!(numbers(&journal), [101]);
}

#[test]
fn a_failed_release_can_be_done_again() {
    for fault in [Fault::Rename, Fault::SyncDir, Fault::Remove] {
        let bench = Bench::new();
        let journal = bench.open();
        journal.append_blocking(vec![0; 5000]).unwrap();
        journal.release(1).unwrap();
        let second = journal.append_blocking(vec![0; 5000]).unwrap();
        let third = journal.append_blocking(vec![0; 5000]).unwrap();
        bench.disk.fail(fault, 0, 1);
        journal.release(second).unwrap_err();
        journal.release(second).unwrap();
        assert_eq!(numbers(&journal), [third]);
        assert_eq!(segments(&bench.disk).len(), 1);
    }
}

#[test]
fn closing_answers_what_waits_and_leaves_reading_and_releasing() {
    let bench = Bench::new();
    let journal = bench.open();
    let answers = Arc::new(Mutex::new(Vec::new()));
    bench.disk.hold_syncs();
    for _ in 0..20 {
        let answers = Arc::clone(&answers);
        journal.append(vec![5; 500], Box::new(move |answer| answers.lock().unwrap().push(answer)));
    }
    bench.disk.resume_syncs();
    journal.close();
    let kept: Vec<Sequence> = answers.lock().unwrap().iter().cloned().map(Result::unwrap).collect();
    assert_eq!(kept.len(), 20);
    assert_eq!(journal.append_blocking(vec![1]), Err(AppendError::Closed));
    assert_eq!(numbers(&journal), kept);
    journal.release(20).unwrap();
    assert_eq!(numbers(&journal), []);
    journal.close();
}

#[test]
fn wakes_come_behind_the_answers_and_panics_stay_with_their_caller() {
    let bench = Bench::new();
    let journal = bench.open();
    let (sender, receiver) = mpsc::channel();
    let wakes = sender.clone();
    journal.on_synced(Box::new(move |sequence| wakes.send(("wake", sequence)).unwrap()));
    journal.append(Vec::new(), Box::new(move |answer| sender.send(("answer", answer.unwrap())).unwrap()));
    assert_eq!([receiver.recv().unwrap(), receiver.recv().unwrap()], [("answer", 1), ("wake", 1)]);
    journal.append(Vec::new(), Box::new(|_| panic!("a caller's own fault")));
    assert_eq!(journal.append_blocking(Vec::new()), Ok(3));
}

#[test]
fn a_reader_follows_the_writer_and_survives_releases() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut reader = journal.reader(0);
    assert_eq!(reader.next_chunk(100).unwrap(), []);
    for round in 0..50_u64 {
        let sequence = journal.append_blocking(vec![1; 300]).unwrap();
        let records = reader.next_chunk(100).unwrap();
        assert_eq!(records.iter().map(|record| record.sequence).collect::<Vec<_>>(), [sequence]);
        if round % 7 == 0 {
            journal.release(sequence).unwrap();
        }
    }
    let last = reader.position();
    journal.append_blocking(vec![2; 5000]).unwrap();
    journal.release(last + 1).unwrap();
    assert_eq!(reader.next_chunk(100).unwrap(), []);
    assert_eq!(reader.position(), last + 1);
}

#[test]
fn a_reader_asks_a_failing_medium_again() {
    let bench = Bench::new();
    let journal = bench.open();
    journal.append_blocking(vec![1; 300]).unwrap();
    let mut reader = journal.reader(0);
    bench.disk.fail(Fault::Read, 0, 1);
    reader.next_chunk(100).unwrap_err();
    assert_eq!(reader.next_chunk(100).unwrap().len(), 1);
    journal.append_blocking(vec![2; 300]).unwrap();
    bench.disk.fail(Fault::Read, 0, 1 + 1 + 4);
    reader.next_chunk(100).unwrap_err();
    reader.next_chunk(100).unwrap_err();
    assert_eq!(reader.next_chunk(100).unwrap().len(), 0, "damage, not an obstacle for ever");
    assert_eq!(reader.take_damaged().len(), 1);
    journal.append_blocking(vec![3; 300]).unwrap();
    assert_eq!(reader.next_chunk(100).unwrap().len(), 1);
}

#[test]
fn what_a_restart_finds_behind_a_failed_sync_is_on_disk_or_gone() {
    let bench = Bench::new();
    let journal = bench.open();
    let first = journal.append_blocking(vec![1]).unwrap();
    bench.disk.fail(Fault::Truncate, 0, 1);
    bench.disk.fail(Fault::Sync, 0, 2);
    assert!(matches!(journal.append_blocking(vec![2]), Err(AppendError::Disk { .. })));
    drop(journal);
    let found = numbers(&bench.open());
    assert_eq!(found.first(), Some(&first));
    bench.disk.cut_power(0);
    let journal = bench.open();
    assert_eq!(numbers(&journal), found);
    assert!(journal.append_blocking(vec![3]).unwrap() > *found.last().unwrap());
}
