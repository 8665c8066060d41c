use std::io::IoSlice;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::disk::{Disk, FaultyDisk};

const HEAD: SegmentHead =
    SegmentHead { first: 7, marker: 0x1122_3344_5566_7788, follows: 5, created: Timestamp(1_700_000_000_000_000) };

fn frame(marker: u64, sequence: Sequence, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame_head(marker, sequence, Timestamp(3), payload).to_vec();
    bytes.extend_from_slice(payload);
    bytes.resize(bytes.len() + padding(payload.len()), 0);
    assert_eq!(bytes.len() as u64, frame_bytes(payload.len()));
    bytes
}

fn scan(bytes: &[u8], limit: Sequence) -> Vec<String> {
    let disk = FaultyDisk::default();
    let file = disk.create(Path::new("/x")).unwrap();
    file.write_at(&[IoSlice::new(bytes)], 0).unwrap();
    let mut scan = Scan::new(file, HEAD.marker, 0, bytes.len() as u64, 0, limit);
    let mut found = Vec::new();
    while !scan.is_done() {
        found.push(match scan.next().unwrap() {
            Found::Frame { sequence, payload, .. } => format!("{sequence}:{}", payload.len()),
            Found::Damage { offset, bytes } => format!("damage {offset}+{bytes}"),
            Found::Tail { offset, bytes } => format!("tail {offset}+{bytes}"),
        });
    }
    found
}

#[test]
fn a_header_reads_back_and_any_flip_in_what_counts_is_seen() {
    let bytes = HEAD.encode();
    assert_eq!(SegmentHead::decode(&bytes), Ok(HEAD));
    for place in 0..bytes.len() {
        let mut flipped = bytes;
        flipped[place] ^= 1;
        assert_eq!(SegmentHead::decode(&flipped), Err(HeadError::Damaged), "byte {place}");
    }
    assert_eq!(SegmentHead::decode(&bytes[..63]), Err(HeadError::Damaged));
}

#[test]
fn names_read_back_and_others_are_none() {
    assert_eq!(segment_name(7, 0xab), "00000000000000000007-00000000000000ab.seg");
    assert_eq!(parse_segment_name(&segment_name(7, 0xab)), Some((7, 0xab)));
    assert_eq!(parse_segment_name(&segment_name(u64::MAX, u64::MAX)), Some((u64::MAX, u64::MAX)));
    for other in
        ["7-ab.seg", "lock", "00000000000000000007-0000000000000000.seg", "+0000000000000000007-00000000000000ab.seg"]
    {
        assert_eq!(parse_segment_name(other), None, "{other}");
    }
    assert_eq!(parse_released_name(&released_name(42)), Some(42));
    assert_eq!(parse_released_name("released-42"), None);
}

#[test]
fn copies_of_frames_inside_a_damaged_frame_are_not_taken_for_frames() {
    let first = frame(HEAD.marker, 1, b"one");
    let holds_copy = frame(HEAD.marker, 2, &[&[0; 8], first.as_slice()].concat());
    let foreign = frame(HEAD.marker ^ 1, 9, b"from another segment");
    let mut bytes = [first.clone(), holds_copy.clone(), foreign.clone(), frame(HEAD.marker, 3, b"")].concat();
    let at = first.len();
    bytes[at + 9] ^= 1;
    let damage = format!("damage {at}+{}", holds_copy.len() + foreign.len());
    assert_eq!(scan(&bytes, Sequence::MAX), ["1:3", damage.as_str(), "3:0"]);
}

#[test]
fn frames_above_the_limit_are_void() {
    let good = frame(HEAD.marker, 1, b"good");
    let void = frame(HEAD.marker, 2, b"void");
    let tail = format!("tail {}+{}", good.len(), void.len() - 4);
    assert_eq!(scan(&[good, void, vec![0; 100]].concat(), 1), ["1:4", tail.as_str()]);
}

proptest! {
    #[test]
    fn any_bytes_can_be_scanned(bytes in prop::collection::vec(any::<u8>(), 0..400), sown in prop::collection::vec(0_usize..400, 0..4)) {
        let mut bytes = bytes;
        for at in sown {
            if let Some(place) = bytes.get_mut(at / 8 * 8..at / 8 * 8 + 8) {
                place.copy_from_slice(&HEAD.marker.to_le_bytes());
            }
        }
        prop_assert!(scan(&bytes, Sequence::MAX).iter().all(|found| !found.contains(':')));
    }
}
