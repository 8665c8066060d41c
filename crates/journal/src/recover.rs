//! What happens when a journal is opened: segments are walked, torn tails cut, damage set aside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile};
use crate::format::{
    FRAME_HEAD, Found, HEADER, HEADER_LEN, HeadError, Scan, SegmentHead, parse_released_name, parse_segment_name,
    read_around_errors, read_exact, segment_name,
};
use crate::state::{Segment, Shared};
use crate::writer::write_all;
use crate::{OpenError, Options, Sequence};

const COPY_BYTES: usize = 1 << 20;

/// What was found when a journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last number given; 0 for a new journal.
    pub last_sequence: Sequence,
    /// Records that wait to be released.
    pub records: u64,
    /// Bytes of a write that a crash tore off: no answer had been given for them, unless the disk damaged them later.
    pub cut_tail: Option<u64>,
    pub damaged: Vec<Damage>,
}

/// A stretch that holds no readable record any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub file: PathBuf,
    pub offset: u64,
    /// Zero: the file ends before the records it should have.
    pub bytes: u64,
    /// Where a copy of the bytes lies; `None` when there is none, because it could not be written or a reader found the damage.
    pub set_aside_as: Option<PathBuf>,
}

/// Reads the folder; the number is the release that the folder remembers.
pub(crate) fn recover(
    options: &Options,
    disk: &Arc<dyn Disk>,
) -> Result<(Shared, Option<Sequence>, Recovery), OpenError> {
    let names = disk.list(&options.dir).map_err(failed(&options.dir, "listing the folder"))?;
    let released = names.iter().filter_map(|name| parse_released_name(name)).max();
    let mut walk = Walk {
        options,
        disk,
        shared: Shared { released: released.unwrap_or(0), synced: released.unwrap_or(0), ..Shared::default() },
        recovery: Recovery::default(),
        next: released.unwrap_or(0) + 1,
    };
    let mut found = walk.heads(&names)?;
    walk.drop_unborn(&mut found)?;
    for (at, one) in found.iter().enumerate() {
        walk.segment(one, found.get(at + 1))?;
    }
    walk.remove_released()?;
    let Walk { mut shared, mut recovery, next, .. } = walk;
    shared.next = next;
    shared.counters.damaged = recovery.damaged.len() as u64;
    recovery.last_sequence = shared.synced;
    recovery.records = shared.line.count();
    Ok((shared, released, recovery))
}

struct Walk<'a> {
    options: &'a Options,
    disk: &'a Arc<dyn Disk>,
    shared: Shared,
    recovery: Recovery,
    next: Sequence,
}

/// A segment's file before its frames are walked.
struct Unwalked {
    first: Sequence,
    marker: u64,
    path: PathBuf,
    /// `None`: damaged.
    head: Option<SegmentHead>,
}

impl Unwalked {
    fn limit(&self) -> Sequence {
        self.head.map_or(self.first.saturating_sub(1), |head| head.follows)
    }
}

impl Walk<'_> {
    /// All segments in order.
    fn heads(&mut self, names: &[String]) -> Result<Vec<Unwalked>, OpenError> {
        let mut found: Vec<(Sequence, u64)> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
        found.sort_unstable();
        found.into_iter().map(|(first, marker)| self.head(first, marker)).collect()
    }

    fn head(&mut self, first: Sequence, marker: u64) -> Result<Unwalked, OpenError> {
        let path = self.options.dir.join(segment_name(first, marker));
        self.next = self.next.max(first.saturating_add(1));
        let mut bytes = [0; HEADER_LEN];
        let file = self.open(&path)?;
        read_around_errors(&*file, &mut bytes, 0).map_err(failed(&path, "reading"))?;
        match SegmentHead::decode(&bytes) {
            Ok(head) if (head.first, head.marker) == (first, marker) => {
                Ok(Unwalked { first, marker, path, head: Some(head) })
            }
            Ok(_) | Err(HeadError::Damaged) => Ok(Unwalked { first, marker, path, head: None }),
            Err(HeadError::Newer(version)) => Err(OpenError::Newer { file: path, version }),
        }
    }

    /// A crash between the making of a file and its header leaves a newest segment without header and frames.
    fn drop_unborn(&mut self, found: &mut Vec<Unwalked>) -> Result<(), OpenError> {
        while let Some(newest) = found.pop_if(|newest| newest.head.is_none()) {
            let mut scan = self.scan(&newest, 0, Sequence::MAX)?;
            match scan.next().map_err(failed(&newest.path, "reading"))? {
                Found::Tail { bytes, .. } if bytes <= HEADER => {
                    if bytes > 0 {
                        *self.recovery.cut_tail.get_or_insert(0) += bytes;
                    }
                    self.disk
                        .remove(&newest.path)
                        .map_err(failed(&newest.path, "removing a segment without header"))?;
                }
                _ => {
                    found.push(newest);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Walks one segment; `next` is the one behind it.
    fn segment(&mut self, one: &Unwalked, next: Option<&Unwalked>) -> Result<(), OpenError> {
        let limit = next.map_or(Sequence::MAX, Unwalked::limit);
        let released = self.shared.released;
        let mut segment =
            Segment { first: one.first, marker: one.marker, last: one.limit(), end: HEADER, active: false };
        if limit <= released {
            segment.last = limit;
            self.shared.segments.push_back(segment);
            return Ok(());
        }
        if one.head.is_none() {
            self.damaged(&one.path, 0, HEADER);
        }
        let mut scan = self.scan(one, HEADER, limit)?;
        let mut torn = 0;
        while !scan.is_done() {
            match scan.next().map_err(failed(&one.path, "reading"))? {
                Found::Frame { sequence, time, .. } => {
                    segment.last = sequence;
                    if sequence > released {
                        self.shared.line.push(sequence, sequence, time);
                    }
                    segment.end = scan.place().0;
                }
                Found::Damage { offset, bytes } => self.damaged(&one.path, offset, bytes),
                Found::Tail { bytes, .. } => torn = bytes,
            }
        }
        self.shared.synced = self.shared.synced.max(segment.last);
        self.next = self.next.max(segment.last + 1);
        if next.is_none() {
            self.cut(one, segment.end, torn)?;
        } else if segment.last < limit && (torn > 0 || next.is_some_and(|next| next.head.is_some())) {
            self.damaged(&one.path, segment.end, torn);
        }
        self.shared.segments.push_back(segment);
        Ok(())
    }

    /// Ends the newest segment behind its last frame, and makes it last: a killed process may have left records unsynced.
    fn cut(&mut self, one: &Unwalked, end: u64, torn: u64) -> Result<(), OpenError> {
        let file = self.open(&one.path)?;
        if torn > 0 {
            *self.recovery.cut_tail.get_or_insert(0) += torn;
            self.next += torn / FRAME_HEAD as u64 + 1;
        }
        if file.length().map_err(failed(&one.path, "reading the length"))? > end {
            file.truncate(end).map_err(failed(&one.path, "cutting the tail"))?;
        }
        rewrite(&*file, end).map_err(failed(&one.path, "rewriting"))?;
        file.sync_data().map_err(failed(&one.path, "syncing"))?;
        self.disk.sync_dir(&self.options.dir).map_err(failed(&self.options.dir, "syncing the folder"))
    }

    fn damaged(&mut self, file: &Path, offset: u64, bytes: u64) {
        let set_aside_as = (bytes > 0).then(|| self.set_aside(file, offset, bytes).ok()).flatten();
        self.recovery.damaged.push(Damage { file: file.to_owned(), offset, bytes, set_aside_as });
    }

    fn set_aside(&self, file: &Path, offset: u64, bytes: u64) -> io::Result<PathBuf> {
        let dir = self.options.dir.join("damaged");
        self.disk.create_dir(&dir)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = dir.join(format!("{name}-{offset}.bin"));
        let copy = match self.disk.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let copy = self.disk.open(&path)?;
                if copy.length()? == bytes {
                    return Ok(path);
                }
                copy.truncate(0)?;
                copy
            }
            made => made?,
        };
        copy_bytes(&*self.disk.open(file)?, offset, bytes, &*copy)?;
        self.disk.sync_dir(&dir)?;
        Ok(path)
    }

    /// A crash between remembering a release and removing its segments leaves them.
    fn remove_released(&mut self) -> Result<(), OpenError> {
        let released = self.shared.released;
        let mut removed = false;
        while let Some(segment) = self.shared.segments.pop_front_if(|segment| segment.last <= released) {
            let path = self.options.dir.join(segment_name(segment.first, segment.marker));
            self.disk.remove(&path).map_err(failed(&path, "removing a released segment"))?;
            removed = true;
        }
        if removed {
            self.disk.sync_dir(&self.options.dir).map_err(failed(&self.options.dir, "syncing the folder"))?;
        }
        Ok(())
    }

    fn scan(&self, one: &Unwalked, from: u64, limit: Sequence) -> Result<Scan, OpenError> {
        let file = self.open(&one.path)?;
        let end = file.length().map_err(failed(&one.path, "reading the length"))?;
        let mut scan = Scan::new(file, one.marker, from, end, one.first.saturating_sub(1), limit);
        scan.read_around_errors(true);
        Ok(scan)
    }

    fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, OpenError> {
        self.disk.open(path).map_err(failed(path, "opening"))
    }
}

/// Writes a file's bytes over themselves. After a failed sync, the system shows bytes that the medium does not have and that no later
/// sync would write; records must not be given out, with their numbers, and then be gone after a power cut.
fn rewrite(file: &dyn DiskFile, end: u64) -> io::Result<()> {
    let mut at = 0;
    while at < end {
        let length = usize::try_from(end - at).unwrap_or(COPY_BYTES).min(COPY_BYTES);
        let mut chunk = vec![0; length];
        // What cannot be read is left as it is.
        if read_exact(file, &mut chunk, at).is_ok() {
            match write_all(file, &mut [io::IoSlice::new(&chunk)], at) {
                // A file system that never writes in place, and is full: it must open all the same, to be released.
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(()),
                written => written?,
            };
        }
        at += length as u64;
    }
    Ok(())
}

fn copy_bytes(from: &dyn DiskFile, offset: u64, bytes: u64, to: &dyn DiskFile) -> io::Result<()> {
    let mut done = 0;
    while done < bytes {
        let length = usize::try_from(bytes - done).unwrap_or(COPY_BYTES).min(COPY_BYTES);
        let mut chunk = vec![0; length];
        read_around_errors(from, &mut chunk, offset + done)?;
        write_all(to, &mut [io::IoSlice::new(&chunk)], done)?;
        done += length as u64;
    }
    to.sync_data()
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Disk { path: path.to_owned(), action, source }
}
