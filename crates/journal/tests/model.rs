//! Random lives of a journal on a faulty disk, predicted by a list.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::disk::{Fault, FaultyDisk};
use journal::{AppendError, Journal, Options, Sequence};
use proptest::prelude::*;
use record::time::{Clock, Timestamp};

const DIR: &str = "/journal";

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    /// A payload that holds a copy of real frames.
    AppendCopy(usize),
    Burst(Vec<usize>),
    Release(u8),
    Read(usize),
    Reopen,
    CutPower(u64),
    Fail(Fault, u32, u32),
    LimitSpace(u64),
    Heal,
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        Just(Fault::Write),
        Just(Fault::ShortWrite),
        Just(Fault::Sync),
        Just(Fault::SyncDir),
        Just(Fault::Create),
        Just(Fault::Truncate),
        Just(Fault::Remove),
        Just(Fault::Rename),
        Just(Fault::Read),
    ];
    prop_oneof![
        8 => (0_usize..700).prop_map(Step::Append),
        1 => (0_usize..8).prop_map(Step::AppendCopy),
        2 => prop::collection::vec(0_usize..300, 1..8).prop_map(Step::Burst),
        2 => any::<u8>().prop_map(Step::Release),
        2 => (0_usize..2000).prop_map(Step::Read),
        1 => Just(Step::Reopen),
        2 => prop_oneof![Just(0), any::<u64>()].prop_map(Step::CutPower),
        3 => (fault, 0_u32..4, 1_u32..4).prop_map(|(fault, skip, count)| Step::Fail(fault, skip, count)),
        1 => (0_u64..3000).prop_map(Step::LimitSpace),
        2 => Just(Step::Heal),
        2 => Just(Step::Wait),
    ]
}

struct Life {
    disk: FaultyDisk,
    clock: Clock,
    options: Options,
    journal: Journal,
    /// Acknowledged, or found after a restart.
    kept: Vec<(Sequence, Vec<u8>)>,
    /// Refused, and nothing has been kept since: the only ones that may be found after a restart.
    remainder: Vec<Vec<u8>>,
    released: Sequence,
    /// A failed release may be found done after a restart.
    released_perhaps: Sequence,
    highest: Sequence,
    made: u64,
}

impl Life {
    fn new(segment_bytes: u64) -> Self {
        let disk = FaultyDisk::default();
        let clock = Clock::fixed(Timestamp(1_700_000_000_000_000));
        let options = Options { segment_bytes, max_bytes: 24 << 10, ..Options::new(DIR) };
        let (journal, recovery) = Journal::open(options.clone(), clock.clone(), Arc::new(disk.clone())).unwrap();
        assert_eq!(recovery.last_sequence, 0);
        Self {
            disk,
            clock,
            options,
            journal,
            kept: Vec::new(),
            remainder: Vec::new(),
            released: 0,
            released_perhaps: 0,
            highest: 0,
            made: 0,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append(length) => self.append(&[length], &[]),
            Step::AppendCopy(which) => {
                let files = self.disk.files();
                let file = files.get(which % files.len().max(1));
                let copy = file.and_then(|file| self.disk.bytes(file)).unwrap_or_default();
                self.append(&[0], &copy);
            }
            Step::Burst(lengths) => self.append(&lengths, &[]),
            Step::Release(share) => self.release(share),
            Step::Read(chunk) => self.check(chunk),
            Step::Reopen => self.reopen(None),
            Step::CutPower(chance) => self.reopen(Some(chance)),
            Step::Fail(fault, skip, count) => self.disk.fail(fault, skip, count),
            Step::LimitSpace(bytes) => self.disk.limit_space(Some(bytes)),
            Step::Heal => self.heal(),
            Step::Wait => self.clock.advance(1_500_000),
        }
    }

    fn heal(&mut self) {
        self.disk.heal();
        self.disk.limit_space(None);
    }

    /// Each payload is unique: it begins with its number. Queued together, answered one by one.
    fn append(&mut self, lengths: &[usize], more: &[u8]) {
        let (sender, receiver) = std::sync::mpsc::channel();
        for length in lengths {
            self.made += 1;
            let mut payload = self.made.to_le_bytes().to_vec();
            payload.extend_from_slice(more);
            payload.resize(payload.len() + length, u8::try_from(self.made % 251).unwrap());
            let (sender, kept) = (sender.clone(), payload.clone());
            self.journal.append(payload, Box::new(move |answer| sender.send((kept, answer)).unwrap()));
        }
        drop(sender);
        for (payload, answer) in receiver {
            match answer {
                Ok(sequence) => {
                    assert!(sequence > self.highest, "sequence {sequence} given after {}", self.highest);
                    assert!(self.journal.synced() >= sequence);
                    self.highest = sequence;
                    self.kept.push((sequence, payload));
                    self.remainder.clear();
                }
                Err(AppendError::Disk { .. }) => self.remainder.push(payload),
                Err(AppendError::Full { .. } | AppendError::TooLarge { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }

    fn release(&mut self, share: u8) {
        let waiting: Vec<Sequence> = self.kept.iter().map(|(sequence, _)| *sequence).collect();
        let Some(through) = waiting.get(waiting.len() * usize::from(share) / 256).copied() else { return };
        self.released_perhaps = self.released_perhaps.max(through);
        if self.journal.release(through).is_ok() {
            self.released = self.released_perhaps.min(self.journal.status().released);
            assert!(self.released >= through);
        } else {
            self.released = self.journal.status().released;
        }
        self.forget();
    }

    fn forget(&mut self) {
        let released = self.released;
        self.kept.retain(|(sequence, _)| *sequence > released);
    }

    fn check(&mut self, chunk: usize) {
        let (read, failed) = read(&self.journal, chunk);
        if failed {
            assert!(self.kept.starts_with(&read));
        } else {
            assert_eq!(numbers(&read), numbers(&self.kept));
            assert!(read == self.kept, "payloads differ");
        }
        let status = self.journal.status();
        assert_eq!(status.waiting_records, self.kept.len() as u64);
        assert_eq!((status.queued_records, status.queued_bytes), (0, 0));
        assert!(status.disk_bytes <= self.options.max_bytes);
    }

    fn reopen(&mut self, cut: Option<u64>) {
        if let Some(chance) = cut {
            self.disk.cut_power(chance);
        }
        let spare = Options::new("/spare");
        let (spare, _) = Journal::open(spare, self.clock.clone(), Arc::new(FaultyDisk::default())).unwrap();
        drop(std::mem::replace(&mut self.journal, spare));
        let open = |life: &Self| Journal::open(life.options.clone(), life.clock.clone(), Arc::new(life.disk.clone()));
        let (journal, recovery) = open(self).unwrap_or_else(|_| {
            self.disk.heal();
            self.disk.limit_space(None);
            open(self).unwrap()
        });
        self.disk.heal();
        self.journal = journal;
        let released = self.journal.status().released;
        assert!((self.released..=self.released_perhaps).contains(&released));
        (self.released, self.released_perhaps) = (released, released);
        self.forget();

        let (read, failed) = read(&self.journal, 1000);
        assert!(!failed);
        assert_eq!(recovery.records, read.len() as u64);
        let (old, found): (Vec<_>, Vec<_>) = read.iter().cloned().partition(|record| self.kept.contains(record));
        assert_eq!(numbers(&old), numbers(&self.kept), "acknowledged records are lost, {recovery:?}");
        for (sequence, payload) in found {
            assert!(self.remainder.contains(&payload), "record {sequence} was never appended, or is void");
            assert!(sequence > self.highest);
            self.highest = sequence;
        }
        assert!(read.windows(2).all(|pair| pair[0].0 < pair[1].0));
        self.kept = read;
        self.remainder.clear();
    }
}

fn numbers(records: &[(Sequence, Vec<u8>)]) -> Vec<Sequence> {
    records.iter().map(|(sequence, _)| *sequence).collect()
}

fn read(journal: &Journal, chunk: usize) -> (Vec<(Sequence, Vec<u8>)>, bool) {
    let mut reader = journal.reader(0);
    let mut all = Vec::new();
    loop {
        match reader.next_chunk(chunk) {
            Ok(records) if records.is_empty() => return (all, false),
            Ok(records) => {
                let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
                assert!(bytes <= chunk || records.len() == 1);
                all.extend(records.into_iter().map(|record| (record.sequence, record.payload.to_vec())));
            }
            Err(_) => return (all, true),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_journal_does_what_a_list_does(
        segment_bytes in 200_u64..5000,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut life = Life::new(segment_bytes);
        for step in steps {
            life.take(step);
        }
        life.heal();
        life.clock.advance(2_000_000);
        life.check(500);
        life.reopen(Some(0));
        if let Some((last, _)) = life.kept.last() {
            life.journal.release(*last).unwrap();
            life.forget();
        }
        life.kept.clear();
        life.append(&[10], &[]);
        prop_assert_eq!(life.kept.len(), 1, "a healed disk is written again");
        life.check(500);
        let segments = life.disk.files().iter().filter(|file| is_segment(file)).count();
        prop_assert!(segments <= 2, "{} segments after all was released", segments);
    }
}

fn is_segment(path: &Path) -> bool {
    PathBuf::from(path).extension().is_some_and(|extension| extension == "seg")
}
