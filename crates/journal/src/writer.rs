//! The one thread that writes: takes what waits, writes it, syncs once, answers all.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use record::time::Timestamp;

use crate::disk::DiskFile;
use crate::format::{FRAME_HEAD, HEADER, SegmentHead, frame_bytes, frame_head, padding, segment_name};
use crate::state::{Core, Done, Failed, Segment, Shared, Waiting, hold};
use crate::{AppendError, Sequence};

/// Parts of one write; Linux takes 1024.
const MAX_PARTS: usize = 1020;
const PARTS_PER_FRAME: usize = 3;
const ZEROS: [u8; 8] = [0; 8];
/// A disk that failed is tried again after this time.
const RETRY: Duration = Duration::from_secs(1);
/// What must fit for a disk to count as writable again.
const PROBE_BYTES: usize = 256 << 10;

pub(crate) struct Writer {
    core: Arc<Core>,
    active: Option<Active>,
}

/// The segment being written.
struct Active {
    file: Box<dyn DiskFile>,
    marker: u64,
    /// Where the next frame goes; all before is synced.
    offset: u64,
}

/// Records that share a sync.
struct Group {
    first: Sequence,
    waiting: Vec<Waiting>,
    /// As frames.
    bytes: u64,
    payload_bytes: u64,
}

impl Group {
    fn last(&self) -> Sequence {
        self.first + self.waiting.len() as u64 - 1
    }
}

/// The step of a commit that failed.
enum Failure {
    Create(io::Error),
    Write(io::Error),
    Sync(io::Error),
}

impl Writer {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, active: None }
    }

    /// Until the journal closes and the queue is empty.
    pub(crate) fn run(mut self) {
        while let Some(group) = self.take() {
            self.commit(group);
        }
        self.seal();
    }

    /// Waits for records; takes those that fit into the active segment, or else into a new one.
    fn take(&mut self) -> Option<Group> {
        let core = Arc::clone(&self.core);
        let mut shared = core.shared();
        while shared.queue.is_empty() {
            if shared.closing {
                return None;
            }
            if shared.failed.is_none() {
                shared = core.queued.wait(shared).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (waited, timeout) = core.queued.wait_timeout(shared, RETRY).unwrap_or_else(PoisonError::into_inner);
            shared = waited;
            if timeout.timed_out() {
                drop(shared);
                self.probe();
                shared = core.shared();
            }
        }
        let head = shared.queue.front().map_or(0, |waiting| frame_bytes(waiting.payload.len()));
        let segment = core.options.segment_bytes;
        let room =
            self.active.as_ref().map(|active| segment.saturating_sub(active.offset)).filter(|room| head <= *room);
        let room = room.unwrap_or_else(|| segment.saturating_sub(HEADER));
        let mut group = Group { first: shared.next, waiting: Vec::new(), bytes: 0, payload_bytes: 0 };
        while let Some(waiting) = shared.queue.pop_front_if(|waiting| {
            group.waiting.is_empty() || group.bytes + frame_bytes(waiting.payload.len()) <= room
        }) {
            group.bytes += frame_bytes(waiting.payload.len());
            group.payload_bytes += waiting.payload.len() as u64;
            group.waiting.push(waiting);
        }
        shared.next += group.waiting.len() as u64;
        Some(group)
    }

    fn commit(&mut self, group: Group) {
        let started = Instant::now();
        let time = self.core.clock.now();
        let written = self.write(&group, time);
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        match written {
            Ok(()) => {
                let last = group.last();
                self.publish(&group, time, micros);
                for (sequence, waiting) in (group.first..).zip(group.waiting) {
                    answer(waiting.done, Ok(sequence));
                }
                self.wake(last);
            }
            Err(failure) => {
                let reason = self.contain(failure);
                self.give_up(&group);
                for waiting in group.waiting {
                    answer(waiting.done, Err(AppendError::Disk { reason: reason.clone() }));
                }
            }
        }
    }

    fn write(&mut self, group: &Group, time: Timestamp) -> Result<(), Failure> {
        let segment = self.core.options.segment_bytes;
        if self.active.as_ref().is_some_and(|active| active.offset + group.bytes > segment) {
            self.seal();
        }
        if self.active.is_none() {
            self.active = Some(self.create(group.first, group.bytes).map_err(Failure::Create)?);
        }
        let Some(active) = &mut self.active else { return Ok(()) };
        let heads: Vec<[u8; FRAME_HEAD]> = (group.first..)
            .zip(&group.waiting)
            .map(|(sequence, waiting)| frame_head(active.marker, sequence, time, &waiting.payload))
            .collect();
        let mut offset = active.offset;
        let frames: Vec<_> = heads.iter().zip(&group.waiting).collect();
        for some in frames.chunks(MAX_PARTS / PARTS_PER_FRAME) {
            let mut parts = Vec::with_capacity(some.len() * PARTS_PER_FRAME);
            for (head, waiting) in some {
                parts.push(IoSlice::new(head.as_slice()));
                parts.push(IoSlice::new(&waiting.payload));
                parts.push(IoSlice::new(ZEROS.get(..padding(waiting.payload.len())).unwrap_or_default()));
            }
            offset += write_all(&*active.file, &mut parts, offset).map_err(Failure::Write)?;
        }
        active.file.sync_data().map_err(Failure::Sync)?;
        active.offset = offset;
        Ok(())
    }

    /// A new segment, on disk before this returns; `bytes` of frames are about to come.
    fn create(&self, first: Sequence, bytes: u64) -> io::Result<Active> {
        let core = &self.core;
        let marker = RandomState::new().build_hasher().finish() | 1;
        let follows = core.shared().synced;
        let path = core.path(&segment_name(first, marker));
        let file = core.disk.create(&path)?;
        let head = SegmentHead { first, marker, follows, created: core.clock.now() }.encode();
        let made = reserve(&*file, core.options.segment_bytes.max(HEADER + bytes))
            .and_then(|()| write_all(&*file, &mut [IoSlice::new(&head)], 0))
            .and_then(|_| file.sync_data())
            .and_then(|()| core.disk.sync_dir(&core.options.dir));
        if let Err(error) = made {
            // What stays when this fails too has no frames: recovery knows it.
            drop(core.disk.remove(&path));
            return Err(error);
        }
        let segment = Segment { first, marker, last: follows, end: HEADER, active: true };
        core.shared().segments.push_back(segment);
        Ok(Active { file, marker, offset: HEADER })
    }

    fn publish(&mut self, group: &Group, time: Timestamp, micros: u64) {
        let core = Arc::clone(&self.core);
        let mut shared = core.shared();
        shared.unqueue(group);
        shared.failed = None;
        shared.synced = shared.synced.max(group.last());
        shared.line.push(group.first, group.last(), time);
        let counters = &mut shared.counters;
        counters.appended_records += group.waiting.len() as u64;
        counters.appended_bytes += group.payload_bytes;
        counters.syncs += 1;
        counters.sync_last_micros = micros;
        counters.sync_total_micros += micros;
        let Some(active) = &self.active else { return };
        if let Some(segment) = shared.segments.back_mut() {
            segment.last = group.last();
            segment.end = active.offset;
        }
        drop(shared);
        if active.offset >= core.options.segment_bytes {
            self.seal();
        }
    }

    /// After a failure: brings the disk back to what was promised, as far as it lets itself be brought.
    fn contain(&mut self, failure: Failure) -> String {
        let (reason, writable) = match failure {
            Failure::Create(error) => (format!("creating a segment failed: {error}"), false),
            Failure::Write(error) => {
                if self.active.as_ref().is_some_and(|active| active.file.truncate(active.offset).is_err()) {
                    self.seal();
                }
                (format!("write failed: {error}"), false)
            }
            Failure::Sync(error) => {
                // Once a sync has failed, the file's unsynced bytes may be gone although they can be read: never trust it again.
                self.seal();
                let first = self.core.shared().burn();
                self.active = self.create(first, 0).ok();
                (format!("sync failed: {error}"), self.active.is_some())
            }
        };
        let tried = self.core.clock.now();
        self.core.shared().failed = (!writable).then(|| Failed { reason: reason.clone(), tried });
        reason
    }

    /// After a failure nobody may send any more, because the journal says it is not ready: tries the disk by itself, with bytes that
    /// recovery takes for reserved space, so that a disk that came back is known.
    fn probe(&mut self) {
        if let Err(failure) = self.write_zeros() {
            self.contain(failure);
        } else {
            self.core.shared().failed = None;
        }
    }

    fn write_zeros(&mut self) -> Result<(), Failure> {
        if self.active.is_none() {
            let first = self.core.shared().burn();
            self.active = Some(self.create(first, 0).map_err(Failure::Create)?);
        }
        let Some(active) = &self.active else { return Ok(()) };
        let zeros = vec![0; PROBE_BYTES];
        write_all(&*active.file, &mut [IoSlice::new(&zeros)], active.offset).map_err(Failure::Write)?;
        active.file.sync_data().map_err(Failure::Sync)?;
        active.file.truncate(active.offset).map_err(Failure::Write)
    }

    fn give_up(&self, group: &Group) {
        let mut shared = self.core.shared();
        shared.unqueue(group);
        shared.counters.refused_records += group.waiting.len() as u64;
    }

    /// Leaves the active segment where its synced bytes end.
    fn seal(&mut self) {
        let Some(active) = self.active.take() else { return };
        // Gives back reserved space, and takes away what is void; recovery copes with both when this fails.
        drop(active.file.truncate(active.offset));
        let mut shared = self.core.shared();
        if let Some(segment) = shared.segments.iter_mut().find(|segment| segment.marker == active.marker) {
            segment.active = false;
        }
    }

    fn wake(&self, synced: Sequence) {
        for wake in hold(&self.core.wakes).iter() {
            // A caller's panic must not end the thread everybody waits for.
            drop(catch_unwind(AssertUnwindSafe(|| wake(synced))));
        }
    }
}

impl Shared {
    fn unqueue(&mut self, group: &Group) {
        self.queued_records -= group.waiting.len() as u64;
        self.queued_bytes -= group.payload_bytes;
        self.queued_frames -= group.bytes;
    }

    /// Takes a number that no record gets.
    fn burn(&mut self) -> Sequence {
        self.next += 1;
        self.next - 1
    }
}

fn answer(done: Done, answer: Result<Sequence, AppendError>) {
    // A caller's panic must not end the thread everybody waits for.
    drop(catch_unwind(AssertUnwindSafe(|| done(answer))));
}

/// Where space cannot be reserved (the file system cannot, or has less left), the file grows as it is written.
fn reserve(file: &dyn DiskFile, bytes: u64) -> io::Result<()> {
    file.allocate(bytes).or_else(|_| file.truncate(0))
}

/// Writes all `parts`; returns their length.
pub(crate) fn write_all(file: &dyn DiskFile, mut parts: &mut [IoSlice<'_>], offset: u64) -> io::Result<u64> {
    let mut done = 0;
    IoSlice::advance_slices(&mut parts, 0);
    while !parts.is_empty() {
        match file.write_at(parts, offset + done) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                done += written as u64;
                IoSlice::advance_slices(&mut parts, written);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
