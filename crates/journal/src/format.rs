//! The files of a journal, version 1. This module owns the format; all integers are little endian.
//!
//! ```text
//! <dir>/lock                                       held by the one process that has the journal open
//! <dir>/released-<through, 20 digits>              empty; its name says that all records ≤ through are no longer needed
//! <dir>/<first, 20 digits>-<marker, 16 hex>.seg    a segment
//! <dir>/damaged/<segment>-<offset>.bin             bytes set aside because they were damaged
//! ```
//!
//! # Segment
//!
//! ```text
//!  0  8 bytes  magic "mljournl"
//!  8  u32      version = 1
//! 12  u32      CRC32 of bytes 0..12 and 16..64
//! 16  u64      first: lowest sequence number that may be in here
//! 24  u64      marker: random, begins each frame of this segment, never zero
//! 32  u64      follows: the last good record before this segment
//! 40  i64      created, microseconds since 1970 UTC
//! 48  16 bytes zero
//! 64  frames, then zeros to the end (the space is reserved in advance)
//! ```
//!
//! Magic, version and CRC keep their place in every version, so that a newer one is known for what it is.
//!
//! # Frame
//!
//! ```text
//!  0  u64      marker of the segment
//!  8  u32      length of the payload
//! 12  u32      CRC32 of bytes 0..12, 16..32 and the payload
//! 16  u64      sequence, larger than that of the frame before
//! 24  i64      time of the write, microseconds since 1970 UTC
//! 32  payload, then zeros up to a multiple of 8
//! ```
//!
//! # Rules
//!
//! * A frame begins at a multiple of 8. Behind damage, the next frame is found by looking there for the marker; it counts when its
//!   CRC is right and its sequence is larger than the last. No payload can hold a false frame: nobody outside knows the marker,
//!   and a copy of a real frame has a sequence that is not larger.
//! * First and marker stand in the file's name too: a lost header costs no record.
//! * A segment ends where the next begins: frames with a sequence above the next segment's `follows` belong to a group whose write or
//!   sync failed, were answered with an error, and are void.
//! * Sequence numbers grow and are never given twice; a failed write, or a torn tail, leaves a gap. No two segments have the same first.
//! * Zeros behind the last frame are the clean end. In the newest segment anything else there is a torn tail, cut off when the
//!   journal is opened; in an older one it is void, or damage when records up to the next `follows` are missing.
//! * Each process writes into new segments only; it cuts the newest of its predecessor to its good length,
//!   writes it over itself and syncs it first.

use std::io;

use record::time::Timestamp;

use crate::Sequence;
use crate::disk::DiskFile;

/// Length of the segment header.
pub(crate) const HEADER: u64 = 64;
/// Length of what stands before each payload.
pub(crate) const FRAME_HEAD: usize = 32;
/// The same, for buffers.
pub(crate) const HEADER_LEN: usize = 64;
const MAGIC: [u8; 8] = *b"mljournl";
const VERSION: u32 = 1;
const ALIGN: usize = 8;
const WINDOW: usize = 1 << 20;
const PAGE: usize = 4096;
const READ_ATTEMPTS: u32 = 3;

/// What the header of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHead {
    pub(crate) first: Sequence,
    pub(crate) marker: u64,
    pub(crate) follows: Sequence,
    pub(crate) created: Timestamp,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    Damaged,
    Newer(u32),
}

impl SegmentHead {
    pub(crate) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        put(&mut out, 0, MAGIC);
        put(&mut out, 8, VERSION.to_le_bytes());
        put(&mut out, 16, self.first.to_le_bytes());
        put(&mut out, 24, self.marker.to_le_bytes());
        put(&mut out, 32, self.follows.to_le_bytes());
        put(&mut out, 40, self.created.0.to_le_bytes());
        let crc = checksum(&out, &[]);
        put(&mut out, 12, crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HeadError> {
        let head: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(HeadError::Damaged)?;
        if take::<8>(head, 0) != MAGIC || u32::from_le_bytes(take(head, 12)) != checksum(head, &[]) {
            return Err(HeadError::Damaged);
        }
        match u32::from_le_bytes(take(head, 8)) {
            VERSION => {}
            newer => return Err(HeadError::Newer(newer)),
        }
        Ok(Self {
            first: u64::from_le_bytes(take(head, 16)),
            marker: u64::from_le_bytes(take(head, 24)),
            follows: u64::from_le_bytes(take(head, 32)),
            created: Timestamp(i64::from_le_bytes(take(head, 40))),
        })
    }
}

/// The name of a segment's file.
pub(crate) fn segment_name(first: Sequence, marker: u64) -> String {
    format!("{first:020}-{marker:016x}.seg")
}

/// First sequence and marker of a segment, from its name.
pub(crate) fn parse_segment_name(name: &str) -> Option<(Sequence, u64)> {
    let (first, marker) = name.strip_suffix(".seg")?.split_once('-')?;
    let (first, marker) = (first.parse().ok()?, u64::from_str_radix(marker, 16).ok()?);
    (segment_name(first, marker) == name && marker != 0).then_some((first, marker))
}

/// The name of the file that remembers the release.
pub(crate) fn released_name(through: Sequence) -> String {
    format!("released-{through:020}")
}

pub(crate) fn parse_released_name(name: &str) -> Option<Sequence> {
    let through = name.strip_prefix("released-")?.parse().ok()?;
    (released_name(through) == name).then_some(through)
}

/// Bytes a payload takes in a segment.
pub(crate) fn frame_bytes(payload: usize) -> u64 {
    (FRAME_HEAD + payload + padding(payload)) as u64
}

/// Zeros behind a payload.
pub(crate) fn padding(payload: usize) -> usize {
    payload.next_multiple_of(ALIGN) - payload
}

/// What stands before `payload` in its segment.
pub(crate) fn frame_head(marker: u64, sequence: Sequence, time: Timestamp, payload: &[u8]) -> [u8; FRAME_HEAD] {
    let mut out = [0; FRAME_HEAD];
    put(&mut out, 0, marker.to_le_bytes());
    put(&mut out, 8, u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    put(&mut out, 16, sequence.to_le_bytes());
    put(&mut out, 24, time.0.to_le_bytes());
    let crc = checksum(&out, payload);
    put(&mut out, 12, crc.to_le_bytes());
    out
}

fn checksum<const N: usize>(head: &[u8; N], payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(head.get(..12).unwrap_or_default());
    crc.update(head.get(16..).unwrap_or_default());
    crc.update(payload);
    crc.finalize()
}

fn put<const N: usize>(out: &mut [u8], at: usize, bytes: [u8; N]) {
    if let Some(place) = out.get_mut(at..at + N) {
        place.copy_from_slice(&bytes);
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

/// Walks over the frames of a segment's file, and over what is no frame.
pub(crate) struct Scan {
    window: Window,
    marker: u64,
    at: u64,
    last: Sequence,
    limit: Sequence,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    Frame {
        sequence: Sequence,
        time: Timestamp,
        payload: &'a [u8],
    },
    /// Bytes that are no frame, with a frame behind them.
    Damage {
        offset: u64,
        bytes: u64,
    },
    /// No frame from here on; behind `bytes` there are zeros only.
    Tail {
        offset: u64,
        bytes: u64,
    },
}

impl Scan {
    /// Frames in `at..end` with `last` < sequence ≤ `limit`.
    pub(crate) fn new(
        file: Box<dyn DiskFile>,
        marker: u64,
        at: u64,
        end: u64,
        last: Sequence,
        limit: Sequence,
    ) -> Self {
        let window = Window { file, end, start: 0, filled: 0, buffer: Vec::new(), around_errors: false };
        Self { window, marker, at, last, limit }
    }

    /// The file has grown: frames up to `end` can be read.
    pub(crate) fn extend(&mut self, end: u64) {
        self.window.end = end;
    }

    /// Whether bytes that the medium cannot give back are damage, or an error.
    pub(crate) fn read_around_errors(&mut self, around: bool) {
        self.window.around_errors = around;
    }

    /// Where it is: the next byte to look at, and the last sequence before it.
    pub(crate) fn place(&self) -> (u64, Sequence) {
        (self.at, self.last)
    }

    /// Goes back to an earlier place.
    pub(crate) fn back_to(&mut self, (at, last): (u64, Sequence)) {
        self.at = at;
        self.last = last;
    }

    /// Nothing left before the end.
    pub(crate) fn is_done(&self) -> bool {
        self.at >= self.window.end
    }

    pub(crate) fn next(&mut self) -> io::Result<Found<'_>> {
        let at = self.at;
        if let Some(head) = self.frame_at(at)? {
            self.at = at + frame_bytes(head.length);
            self.last = head.sequence;
            let payload = self.window.get(at + FRAME_HEAD as u64, head.length)?.unwrap_or_default();
            return Ok(Found::Frame { sequence: head.sequence, time: head.time, payload });
        }
        let (next, used) = self.resync(at)?;
        self.at = next.unwrap_or(self.window.end);
        Ok(match next {
            Some(next) => Found::Damage { offset: at, bytes: next - at },
            None => Found::Tail { offset: at, bytes: used - at },
        })
    }

    /// The next place behind `from` where a frame begins, and where the last byte before it ends that is not zero.
    fn resync(&mut self, from: u64) -> io::Result<(Option<u64>, u64)> {
        let marker = self.marker.to_le_bytes();
        let mut used = from;
        let mut at = from;
        while at < self.window.end {
            let length = usize::try_from(self.window.end - at).unwrap_or(WINDOW).min(WINDOW);
            let bytes = self.window.get(at, length)?.unwrap_or_default();
            let found = bytes.chunks_exact(ALIGN).position(|chunk| chunk == marker).map(|chunk| chunk * ALIGN);
            let passed = bytes.get(..found.unwrap_or(bytes.len())).unwrap_or_default();
            if let Some(last) = passed.iter().rposition(|byte| *byte != 0) {
                used = at + last as u64 + 1;
            }
            let Some(found) = found else {
                at += length as u64;
                continue;
            };
            at += found as u64;
            if at > from && self.frame_at(at)?.is_some() {
                return Ok((Some(at), used));
            }
            at += ALIGN as u64;
            used = at;
        }
        Ok((None, used))
    }

    fn frame_at(&mut self, at: u64) -> io::Result<Option<FrameHead>> {
        let Some(bytes) = self.window.get(at, FRAME_HEAD)? else { return Ok(None) };
        let Some(raw) = bytes.first_chunk::<FRAME_HEAD>().copied() else { return Ok(None) };
        let length = u32::from_le_bytes(take(&raw, 8));
        let sequence = u64::from_le_bytes(take(&raw, 16));
        if u64::from_le_bytes(take(&raw, 0)) != self.marker || sequence <= self.last || sequence > self.limit {
            return Ok(None);
        }
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let Some(whole) = self.window.get(at, FRAME_HEAD + length)? else { return Ok(None) };
        let payload = whole.get(FRAME_HEAD..).unwrap_or_default();
        let right = u32::from_le_bytes(take(&raw, 12)) == checksum(&raw, payload);
        let time = Timestamp(i64::from_le_bytes(take(&raw, 24)));
        Ok(right.then_some(FrameHead { length, sequence, time }))
    }
}

struct FrameHead {
    length: usize,
    sequence: Sequence,
    time: Timestamp,
}

/// A moving view of a file.
struct Window {
    file: Box<dyn DiskFile>,
    end: u64,
    start: u64,
    filled: usize,
    buffer: Vec<u8>,
    around_errors: bool,
}

impl Window {
    /// `None` when the file ends before.
    fn get(&mut self, offset: u64, length: usize) -> io::Result<Option<&[u8]>> {
        let Some(left) = self.end.checked_sub(offset).map(|left| usize::try_from(left).unwrap_or(usize::MAX)) else {
            return Ok(None);
        };
        if length > left {
            return Ok(None);
        }
        let held = offset >= self.start && offset + length as u64 <= self.start + self.filled as u64;
        if !held {
            self.fill(offset, length.max(WINDOW).min(left))?;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        Ok(self.buffer.get(from..from.saturating_add(length)))
    }

    fn fill(&mut self, offset: u64, length: usize) -> io::Result<()> {
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        if self.buffer.len() > WINDOW && length <= WINDOW {
            self.buffer.truncate(WINDOW);
            self.buffer.shrink_to_fit();
        }
        self.filled = 0;
        let place = self.buffer.get_mut(..length).unwrap_or_default();
        if self.around_errors {
            read_around_errors(&*self.file, place, offset)?;
        } else {
            read_exact(&*self.file, place, offset)?;
        }
        self.start = offset;
        self.filled = length;
        Ok(())
    }
}

/// What the medium cannot give back, asked several times, reads as zeros, so that it is damage like any other.
pub(crate) fn read_around_errors(file: &dyn DiskFile, place: &mut [u8], offset: u64) -> io::Result<()> {
    let medium = |error: &io::Error| error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    match read_exact(file, place, offset) {
        Err(error) if medium(&error) => {}
        other => return other,
    }
    let mut at = offset;
    for page in place.chunks_mut(PAGE) {
        if (0..READ_ATTEMPTS).all(|_| read_exact(file, page, at).is_err()) {
            page.fill(0);
        }
        at += page.len() as u64;
    }
    Ok(())
}

/// Bytes behind the end of the file (it was cut meanwhile) read as zeros.
pub(crate) fn read_exact(file: &dyn DiskFile, mut place: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !place.is_empty() {
        match file.read_at(place, offset) {
            Ok(0) => {
                place.fill(0);
                return Ok(());
            }
            Ok(read) => {
                place = place.get_mut(read..).unwrap_or_default();
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
