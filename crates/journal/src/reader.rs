use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use record::time::Timestamp;

use crate::format::{Found, HEADER, Scan, segment_name};
use crate::state::{Core, Segment};
use crate::{Damage, ReadError, Sequence};

/// A medium's error is taken for final after so many.
const FAILURES: u32 = 2;

/// A record as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub sequence: Sequence,
    /// When it was written.
    pub time: Timestamp,
    pub payload: Bytes,
}

/// Reads synced records in order. Several may read at once; what is released while they read is skipped.
pub struct Reader {
    core: Arc<Core>,
    after: Sequence,
    at: Option<At>,
    damaged: Vec<Damage>,
    failures: u32,
}

struct At {
    marker: u64,
    path: PathBuf,
    scan: Scan,
}

impl Reader {
    pub(crate) fn new(core: Arc<Core>, after: Sequence) -> Self {
        Self { core, after, at: None, damaged: Vec::new(), failures: 0 }
    }

    /// The next records: payloads of at most `max_bytes` together, or one that alone is larger. Empty when nothing new is synced;
    /// never waits for it. Damaged stretches are skipped, see [`Reader::take_damaged`]; what the medium cannot give back is an error
    /// twice, then damage too.
    pub fn next_chunk(&mut self, max_bytes: usize) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        let mut left = max_bytes;
        while let Some(segment) = self.segment() {
            match self.read(&segment, &mut left, &mut records) {
                Ok(true) => self.after = self.after.max(segment.last),
                Ok(false) => break,
                // Released between the look at the list and the opening of the file.
                Err(error) if error.source.kind() == io::ErrorKind::NotFound && !self.is_listed(&segment) => {}
                Err(error) if records.is_empty() => {
                    self.failures += 1;
                    return Err(error);
                }
                Err(_) => break,
            }
        }
        self.failures = 0;
        Ok(records)
    }

    /// The last record given out, or skipped.
    pub fn position(&self) -> Sequence {
        self.after
    }

    /// Damage skipped since the last call. What recovery has reported is in here again.
    pub fn take_damaged(&mut self) -> Vec<Damage> {
        std::mem::take(&mut self.damaged)
    }

    /// The segment that has the next record.
    fn segment(&mut self) -> Option<Segment> {
        let shared = self.core.shared();
        self.after = self.after.max(shared.released);
        shared.segments.iter().find(|segment| segment.last > self.after).cloned()
    }

    fn is_listed(&self, segment: &Segment) -> bool {
        self.core.shared().segments.iter().any(|listed| listed.marker == segment.marker)
    }

    /// Reads on in `segment`; true when its end was reached.
    fn read(&mut self, segment: &Segment, left: &mut usize, records: &mut Vec<Record>) -> Result<bool, ReadError> {
        let mut at = match self.at.take().filter(|at| at.marker == segment.marker) {
            Some(at) => at,
            None => self.open(segment)?,
        };
        at.scan.extend(segment.end);
        at.scan.read_around_errors(self.failures >= FAILURES);
        let read = self.read_on(&mut at, left, records).map_err(|source| ReadError { path: at.path.clone(), source });
        self.at = Some(at);
        read
    }

    fn read_on(&mut self, at: &mut At, left: &mut usize, records: &mut Vec<Record>) -> io::Result<bool> {
        while !at.scan.is_done() {
            let place = at.scan.place();
            match at.scan.next()? {
                Found::Frame { sequence, .. } if sequence <= self.after => {}
                Found::Frame { payload, .. } if payload.len() > *left && !records.is_empty() => {
                    at.scan.back_to(place);
                    return Ok(false);
                }
                Found::Frame { sequence, time, payload } => {
                    *left = left.saturating_sub(payload.len());
                    records.push(Record { sequence, time, payload: Bytes::copy_from_slice(payload) });
                    self.after = sequence;
                }
                Found::Damage { offset, bytes } | Found::Tail { offset, bytes } => {
                    let file = at.path.clone();
                    self.damaged.push(Damage { file, offset, bytes, set_aside_as: None });
                    self.core.shared().counters.damaged += 1;
                }
            }
        }
        Ok(true)
    }

    fn open(&self, segment: &Segment) -> Result<At, ReadError> {
        let path = self.core.path(&segment_name(segment.first, segment.marker));
        let file = self.core.disk.open(&path).map_err(|source| ReadError { path: path.clone(), source })?;
        let last = segment.first.saturating_sub(1);
        let scan = Scan::new(file, segment.marker, HEADER, segment.end, last, Sequence::MAX);
        Ok(At { marker: segment.marker, path, scan })
    }
}
