//! What writer, readers and callers of one journal share.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use record::time::{Clock, Timestamp};

use crate::disk::Disk;
use crate::format::frame_bytes;
use crate::{AppendError, Options, QUEUE_BYTES, Sequence};

/// Marks nearer to each other than this are one.
const MARK_MICROS: u64 = 100_000;
/// A disk that failed is tried again after this time.
const RETRY_MICROS: i64 = 1_000_000;

pub(crate) type Done = Box<dyn FnOnce(Result<Sequence, AppendError>) + Send>;
pub(crate) type Wake = Box<dyn Fn(Sequence) + Send + Sync>;

/// Whether a journal takes records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Ready,
    /// A record was refused for want of room, and nothing has been released since.
    Full {
        bytes: u64,
        max_bytes: u64,
    },
    /// The oldest record has waited longer than allowed.
    Aged {
        oldest: Timestamp,
    },
    /// The last write or sync failed; a new append tries again, at most once a second.
    Failed {
        reason: String,
    },
}

/// A journal at one instant.
#[derive(Clone, Debug)]
pub struct Status {
    pub state: State,
    /// Bytes of headers and records, without reserved space.
    pub disk_bytes: u64,
    pub max_bytes: u64,
    pub segments: usize,
    /// Records synced and not released.
    pub waiting_records: u64,
    /// When the oldest of them was written, to within 100 ms.
    pub oldest_waiting: Option<Timestamp>,
    /// Records not yet answered.
    pub queued_records: u64,
    pub queued_bytes: u64,
    pub synced: Sequence,
    pub released: Sequence,
    /// Since the start, as are all counters here.
    pub appended_records: u64,
    /// Bytes of payloads.
    pub appended_bytes: u64,
    pub refused_records: u64,
    /// Group commits.
    pub syncs: u64,
    /// What the last group took, from the first byte written to the sync's end.
    pub sync_last_micros: u64,
    pub sync_total_micros: u64,
    /// Damaged stretches met by recovery and readers.
    pub damaged: u64,
}

pub(crate) struct Core {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) wakes: Mutex<Vec<Wake>>,
    /// One release at a time; holds the released number that is in the folder.
    pub(crate) releasing: Mutex<Option<Sequence>>,
    pub(crate) queued: Condvar,
    shared: Mutex<Shared>,
    /// Given back when the last journal and reader are gone.
    _lock: Box<dyn Send + Sync>,
}

pub(crate) struct Waiting {
    pub(crate) payload: Vec<u8>,
    pub(crate) done: Done,
}

/// A segment that holds synced records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) first: Sequence,
    pub(crate) marker: u64,
    /// Its last good record, or what it follows when it has none.
    pub(crate) last: Sequence,
    /// Where its good bytes end.
    pub(crate) end: u64,
    /// The writer is at work in it.
    pub(crate) active: bool,
}

#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) queue: VecDeque<Waiting>,
    /// Payloads queued or being written.
    pub(crate) queued_records: u64,
    pub(crate) queued_bytes: u64,
    /// As frames.
    pub(crate) queued_frames: u64,
    pub(crate) closing: bool,
    pub(crate) next: Sequence,
    pub(crate) synced: Sequence,
    pub(crate) released: Sequence,
    pub(crate) segments: VecDeque<Segment>,
    pub(crate) line: Line,
    pub(crate) failed: Option<Failed>,
    pub(crate) refused_full: bool,
    pub(crate) counters: Counters,
}

pub(crate) struct Failed {
    pub(crate) reason: String,
    pub(crate) tried: Timestamp,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) appended_records: u64,
    pub(crate) appended_bytes: u64,
    pub(crate) refused_records: u64,
    pub(crate) syncs: u64,
    pub(crate) sync_last_micros: u64,
    pub(crate) sync_total_micros: u64,
    pub(crate) damaged: u64,
}

/// Which records wait to be released, and since when.
#[derive(Default)]
pub(crate) struct Line {
    /// Stretches of consecutive sequence numbers.
    runs: VecDeque<(Sequence, Sequence)>,
    /// From this record on, the time is this.
    marks: VecDeque<(Sequence, Timestamp)>,
}

impl Line {
    pub(crate) fn push(&mut self, first: Sequence, last: Sequence, time: Timestamp) {
        match self.runs.back_mut() {
            Some((_, end)) if *end + 1 == first => *end = last,
            _ => self.runs.push_back((first, last)),
        }
        if self.marks.back().is_none_or(|(_, mark)| mark.0.abs_diff(time.0) >= MARK_MICROS) {
            self.marks.push_back((first, time));
        }
    }

    pub(crate) fn release(&mut self, through: Sequence) {
        while let Some((first, last)) = self.runs.front_mut() {
            if *last > through {
                *first = (*first).max(through + 1);
                break;
            }
            self.runs.pop_front();
        }
        let Some((oldest, _)) = self.runs.front().copied() else {
            self.marks.clear();
            return;
        };
        while self.marks.get(1).is_some_and(|(from, _)| *from <= oldest) {
            self.marks.pop_front();
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.runs.iter().map(|(first, last)| last - first + 1).sum()
    }

    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.marks.front().map(|(_, time)| *time)
    }
}

impl Core {
    pub(crate) fn new(
        options: Options,
        clock: Clock,
        disk: Arc<dyn Disk>,
        lock: Box<dyn Send + Sync>,
        shared: Shared,
        released_in_folder: Option<Sequence>,
    ) -> Self {
        Self {
            options,
            clock,
            disk,
            wakes: Mutex::default(),
            releasing: Mutex::new(released_in_folder),
            queued: Condvar::new(),
            shared: Mutex::new(shared),
            _lock: lock,
        }
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        hold(&self.shared)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.options.dir.join(name)
    }

    /// Puts a payload in the queue, or gives the reason and `done` back.
    pub(crate) fn queue(&self, payload: Vec<u8>, done: Done) -> Result<(), (AppendError, Done)> {
        let now = self.clock.now();
        let mut shared = self.shared();
        if let Err(error) = shared.admit(&self.options, payload.len(), now) {
            shared.counters.refused_records += 1;
            return Err((error, done));
        }
        shared.queued_records += 1;
        shared.queued_bytes += payload.len() as u64;
        shared.queued_frames += frame_bytes(payload.len());
        shared.queue.push_back(Waiting { payload, done });
        drop(shared);
        self.queued.notify_one();
        Ok(())
    }

    pub(crate) fn status(&self) -> Status {
        let now = self.clock.now();
        let shared = self.shared();
        Status {
            state: shared.state(&self.options, now),
            disk_bytes: shared.disk_bytes(),
            max_bytes: self.options.max_bytes,
            segments: shared.segments.len(),
            waiting_records: shared.line.count(),
            oldest_waiting: shared.line.oldest(),
            queued_records: shared.queued_records,
            queued_bytes: shared.queued_bytes,
            synced: shared.synced,
            released: shared.released,
            appended_records: shared.counters.appended_records,
            appended_bytes: shared.counters.appended_bytes,
            refused_records: shared.counters.refused_records,
            syncs: shared.counters.syncs,
            sync_last_micros: shared.counters.sync_last_micros,
            sync_total_micros: shared.counters.sync_total_micros,
            damaged: shared.counters.damaged,
        }
    }
}

impl Shared {
    fn admit(&mut self, options: &Options, payload: usize, now: Timestamp) -> Result<(), AppendError> {
        let bytes = payload as u64;
        if bytes > options.max_record_bytes {
            return Err(AppendError::TooLarge { bytes, max_bytes: options.max_record_bytes });
        }
        if self.closing {
            return Err(AppendError::Closed);
        }
        if let Some(oldest) = self.aged(options, now) {
            return Err(AppendError::Aged { oldest });
        }
        let held = self.disk_bytes() + self.queued_frames;
        if held + frame_bytes(payload) > options.max_bytes {
            self.refused_full = true;
            return Err(AppendError::Full { bytes: held, max_bytes: options.max_bytes });
        }
        if self.queued_bytes > 0 && self.queued_bytes + bytes > QUEUE_BYTES {
            return Err(AppendError::Busy { bytes: self.queued_bytes, max_bytes: QUEUE_BYTES });
        }
        if let Some(failed) = &mut self.failed {
            let since = now.0.saturating_sub(failed.tried.0);
            if (0..RETRY_MICROS).contains(&since) {
                return Err(AppendError::Disk { reason: failed.reason.clone() });
            }
            failed.tried = now;
        }
        Ok(())
    }

    fn state(&self, options: &Options, now: Timestamp) -> State {
        if let Some(failed) = &self.failed {
            return State::Failed { reason: failed.reason.clone() };
        }
        if let Some(oldest) = self.aged(options, now) {
            return State::Aged { oldest };
        }
        let bytes = self.disk_bytes() + self.queued_frames;
        if self.refused_full || bytes >= options.max_bytes {
            return State::Full { bytes, max_bytes: options.max_bytes };
        }
        State::Ready
    }

    fn aged(&self, options: &Options, now: Timestamp) -> Option<Timestamp> {
        let max_age = options.max_age_micros?;
        self.line.oldest().filter(|oldest| now.0.saturating_sub(oldest.0) > max_age)
    }

    fn disk_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }
}

pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
