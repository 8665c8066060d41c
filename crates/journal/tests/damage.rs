//! A written journal, damaged in every place.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::disk::{Disk, FaultyDisk};
use journal::{Damage, Journal, OpenError, Options, Recovery, Sequence};
use record::time::{Clock, Timestamp};

const DIR: &str = "/journal";

type Kept = Vec<(Sequence, Vec<u8>)>;

fn options() -> Options {
    Options { segment_bytes: 700, ..Options::new(DIR) }
}

fn open(disk: &FaultyDisk) -> Result<(Journal, Recovery), OpenError> {
    Journal::open(options(), Clock::fixed(Timestamp(1_700_000_000_000_000)), Arc::new(disk.clone()))
}

/// Three segments of several records, one of which holds a copy of the frames before it.
fn written() -> (FaultyDisk, Kept) {
    let disk = FaultyDisk::default();
    let (journal, _) = open(&disk).unwrap();
    let mut kept = Vec::new();
    for number in 0..18_u8 {
        let mut payload = vec![number; usize::from(number) * 5 + 1];
        if number == 4 {
            payload = disk.bytes(&segments(&disk)[0]).unwrap()[64..300].to_vec();
        }
        kept.push((journal.append_blocking(payload.clone()).unwrap(), payload));
    }
    drop(journal);
    assert!(segments(&disk).len() >= 3);
    (disk, kept)
}

fn segments(disk: &FaultyDisk) -> Vec<PathBuf> {
    disk.files().into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "seg")).collect()
}

fn copy(disk: &FaultyDisk) -> FaultyDisk {
    let fresh = FaultyDisk::default();
    for path in disk.files() {
        fresh.put(&path, disk.bytes(&path).unwrap());
    }
    fresh
}

/// What is read now, after checking that a record appended behind it gets a new number and is read too.
fn read(disk: &FaultyDisk) -> (Kept, Recovery, Vec<Damage>) {
    let (journal, recovery) = open(disk).unwrap();
    let added = journal.append_blocking(b"added".to_vec()).unwrap();
    assert!(added > recovery.last_sequence);
    let mut reader = journal.reader(0);
    let mut all = Vec::new();
    loop {
        let records = reader.next_chunk(1000).unwrap();
        if records.is_empty() {
            break;
        }
        all.extend(records.into_iter().map(|record| (record.sequence, record.payload.to_vec())));
    }
    assert_eq!(all.pop(), Some((added, b"added".to_vec())));
    (all, recovery, reader.take_damaged())
}

/// Where each record's frame begins and ends in `bytes`.
fn frames(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 64;
    while at + 32 <= bytes.len() && bytes[at..at + 8] == bytes[24..32] {
        let end = at + 32 + payload_length(bytes, at).next_multiple_of(8);
        found.push((at, end));
        at = end;
    }
    found
}

fn payload_length(bytes: &[u8], frame: usize) -> usize {
    u32::from_le_bytes(bytes[frame + 8..frame + 12].try_into().unwrap()) as usize
}

#[test]
fn a_flipped_byte_costs_at_most_its_own_record() {
    let (disk, kept) = written();
    for (number, path) in segments(&disk).iter().enumerate() {
        let bytes = disk.bytes(path).unwrap();
        let newest = number + 1 == segments(&disk).len();
        let frames = frames(&bytes);
        for place in 0..bytes.len() {
            let damaged = copy(&disk);
            let mut flipped = bytes.clone();
            flipped[place] ^= 0x40;
            damaged.put(path, flipped);
            let (read, recovery, _) = read(&damaged);
            let hit = frames.iter().position(|(from, to)| (*from..*to).contains(&place));
            let lost: Vec<_> = kept.iter().filter(|record| !read.contains(record)).collect();
            assert!(read.iter().all(|record| kept.contains(record)), "byte {place} of {path:?} made a record up");
            assert!(lost.len() <= usize::from(hit.is_some()), "byte {place} of {path:?}: {} records lost", lost.len());
            if lost.is_empty() {
                continue;
            }
            if newest && hit == Some(frames.len() - 1) {
                assert!(recovery.cut_tail.is_some());
            } else {
                assert_eq!(recovery.damaged.len(), 1, "byte {place} of {path:?}");
            }
        }
    }
}

#[test]
fn a_file_cut_anywhere_keeps_the_records_before_the_cut() {
    let (disk, kept) = written();
    let mut before = 0;
    for path in segments(&disk) {
        let bytes = disk.bytes(&path).unwrap();
        let frames = frames(&bytes);
        for length in 0..bytes.len() {
            let damaged = copy(&disk);
            damaged.put(&path, bytes[..length].to_vec());
            let (read, ..) = read(&damaged);
            // Of the last zeros behind a payload, none is needed.
            let whole = frames.iter().filter(|(from, _)| from + 32 + payload_length(&bytes, *from) <= length).count();
            let expected: Vec<_> =
                kept[..before + whole].iter().chain(&kept[before + frames.len()..]).cloned().collect();
            assert_eq!(read, expected, "{path:?} cut to {length} bytes");
        }
        before += frames.len();
    }
}

#[test]
fn zeroed_stretches_cost_the_records_they_touch() {
    let (disk, kept) = written();
    let path = &segments(&disk)[1];
    let bytes = disk.bytes(path).unwrap();
    let all = frames(&bytes);
    for (from, to) in [(0, 64), (0, 128), (64, 65), (100, 300), (200, bytes.len()), (0, bytes.len())] {
        let damaged = copy(&disk);
        let mut zeroed = bytes.clone();
        zeroed[from..to].fill(0);
        damaged.put(path, zeroed);
        let touched = all.iter().filter(|(begin, end)| *begin < to && from < *end).count();
        let (read, recovery, _) = read(&damaged);
        assert!(read.len() >= kept.len() - touched, "{from}..{to}: {} of {} read", read.len(), kept.len());
        assert!(read.iter().all(|record| kept.contains(record)));
        assert!(!recovery.damaged.is_empty(), "{from}..{to}");
    }
}

#[test]
fn damage_is_copied_reported_and_skipped() {
    let (disk, kept) = written();
    let path = &segments(&disk)[0];
    let mut bytes = disk.bytes(path).unwrap();
    let (from, to) = frames(&bytes)[1];
    bytes[from + 40 - 8] ^= 1;
    disk.put(path, bytes.clone());
    let (read, recovery, met) = read(&disk);
    assert_eq!(read.len(), kept.len() - 1);
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let aside = Path::new(DIR).join("damaged").join(format!("{stem}-{from}.bin"));
    let (offset, length) = (from as u64, (to - from) as u64);
    let damage = Damage { file: path.clone(), offset, bytes: length, set_aside_as: Some(aside.clone()) };
    assert_eq!(recovery.damaged, vec![damage.clone()]);
    assert_eq!(met, vec![Damage { set_aside_as: None, ..damage }]);
    assert_eq!(disk.bytes(&aside).unwrap(), bytes[from..to]);
}

#[test]
fn a_torn_tail_is_cut_and_its_numbers_are_not_given_again() {
    let (disk, kept) = written();
    let path = segments(&disk).pop().unwrap();
    let mut bytes = disk.bytes(&path).unwrap();
    let whole = bytes.len();
    let torn = bytes[64..64 + 50].to_vec();
    bytes.extend(torn.iter().map(|byte| byte | 1));
    bytes.extend([0; 300]);
    disk.put(&path, bytes);
    let (journal, recovery) = open(&disk).unwrap();
    assert_eq!(recovery.cut_tail, Some(50));
    assert_eq!(recovery.damaged, vec![]);
    assert_eq!(disk.bytes(&path).unwrap().len(), whole);
    assert!(journal.append_blocking(vec![1]).unwrap() > kept.last().unwrap().0 + 1);
}

#[test]
fn reserved_zeros_are_a_clean_end() {
    let (disk, kept) = written();
    let path = segments(&disk).pop().unwrap();
    let mut bytes = disk.bytes(&path).unwrap();
    bytes.extend([0; 5000]);
    disk.put(&path, bytes);
    let (read, recovery, met) = read(&disk);
    assert_eq!(read, kept);
    assert_eq!((recovery.cut_tail, recovery.damaged, met), (None, vec![], vec![]));
}

#[test]
fn a_segment_without_header_and_frames_is_dropped() {
    for content in [vec![], vec![0; 64], vec![0; 4096], b"mljour".to_vec()] {
        let (disk, kept) = written();
        let path = Path::new(DIR).join("00000000000000000900-00000000000000ff.seg");
        disk.put(&path, content);
        let (read, recovery, _) = read(&disk);
        assert_eq!(read, kept);
        assert_eq!(recovery.damaged, vec![]);
        assert_eq!(disk.bytes(&path), None);
    }
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let (disk, _) = written();
    let path = segments(&disk).pop().unwrap();
    let mut bytes = disk.bytes(&path).unwrap();
    bytes[8] = 2;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..12]);
    crc.update(&bytes[16..64]);
    bytes[12..16].copy_from_slice(&crc.finalize().to_le_bytes());
    disk.put(&path, bytes.clone());
    let error = open(&disk).err().unwrap();
    assert!(matches!(&error, OpenError::Newer { file, version: 2 } if *file == path), "{error}");
    assert_eq!(disk.bytes(&path).unwrap(), bytes);
    assert!(disk.lock(&Path::new(DIR).join("lock")).is_ok(), "a refused start leaves the folder free");
}

#[test]
fn pages_that_cannot_be_read_are_damage_like_any_other() {
    let (disk, kept) = written();
    disk.fail(journal::disk::Fault::Read, 1, 4);
    let (read, ..) = read(&disk);
    assert!(read.iter().all(|record| kept.contains(record)));
    assert!(read.len() >= 10);
}
