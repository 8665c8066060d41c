use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use record::time::Clock;

use crate::disk::Disk;
use crate::format::{HEADER, frame_bytes, released_name, segment_name};
use crate::recover::{Recovery, recover};
use crate::state::{Core, Done, Segment, Status, Wake, hold};
use crate::writer::Writer;
use crate::{AppendError, OpenError, Options, Reader, ReleaseError, Sequence};

/// A log on disk. Clones are the same journal; it closes when the last is dropped.
#[derive(Clone)]
pub struct Journal {
    handle: Arc<Handle>,
}

struct Handle {
    core: Arc<Core>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A journal's folder that no other process can open until this is dropped.
pub struct Held(Box<dyn Send + Sync>);

impl Journal {
    /// Takes the folder for this process, looks through what is in it, and starts the writer's thread.
    pub fn open(options: Options, clock: Clock, disk: Arc<dyn Disk>) -> Result<(Self, Recovery), OpenError> {
        let options = bounded(options);
        let dir = options.dir.clone();
        let Held(lock) = Self::hold(&dir, disk.as_ref())?;
        let (shared, released, recovery) = recover(&options, &disk)?;
        let core = Arc::new(Core::new(options, clock, disk, lock, shared, released));
        let writer = Writer::new(Arc::clone(&core));
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run());
        let thread = Mutex::new(Some(thread.map_err(failed(&dir, "starting the writer"))?));
        Ok((Self { handle: Arc::new(Handle { core, thread }) }, recovery))
    }

    /// Takes the folder for this process as [`Journal::open`] does, and leaves the journal in it alone.
    pub fn hold(dir: &Path, disk: &dyn Disk) -> Result<Held, OpenError> {
        disk.create_dir(dir).map_err(failed(dir, "making the folder"))?;
        let lock = disk.lock(&dir.join("lock")).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::InUse(dir.to_owned()),
            _ => failed(dir, "locking")(error),
        })?;
        Ok(Held(lock))
    }

    /// Queues `payload`. `done` is called by the writer's thread once the payload is synced, or with the reason why it is not kept;
    /// when the payload is refused at once, by the calling thread. It must be quick: all others wait for it.
    pub fn append(&self, payload: Vec<u8>, done: Done) {
        if let Err((error, done)) = self.handle.core.queue(payload, done) {
            done(Err(error));
        }
    }

    /// [`Journal::append`], waiting for the answer. Not for async code.
    pub fn append_blocking(&self, payload: Vec<u8>) -> Result<Sequence, AppendError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.append(payload, Box::new(move |answer| drop(sender.send(answer))));
        receiver.recv().unwrap_or(Err(AppendError::Closed))
    }

    /// Reads the records behind `after`, without those already released.
    pub fn reader(&self, after: Sequence) -> Reader {
        Reader::new(Arc::clone(&self.handle.core), after)
    }

    /// All records up to `through` are no longer needed: they are not read again, also after a restart, and segments that hold only
    /// such records are deleted. Blocks for a sync or two, also works on a full disk, and when the journal is closed.
    ///
    /// A number beyond the last record is one that the caller remembers and the journal lost: later records get larger numbers.
    pub fn release(&self, through: Sequence) -> Result<(), ReleaseError> {
        self.handle.core.release(through)
    }

    /// The last record that is safe on disk.
    pub fn synced(&self) -> Sequence {
        self.handle.core.shared().synced
    }

    /// `wake` is called by the writer's thread after each group of records is synced, behind their own callbacks. It must be quick.
    pub fn on_synced(&self, wake: Wake) {
        hold(&self.handle.core.wakes).push(wake);
    }

    pub fn status(&self) -> Status {
        self.handle.core.status()
    }

    /// Takes no more records, answers those that wait, and ends the writer. Reading and releasing go on working; the folder is free
    /// for others once all journals and readers are dropped.
    pub fn close(&self) {
        self.handle.close();
    }
}

impl Handle {
    fn close(&self) {
        self.core.shared().closing = true;
        self.core.queued.notify_all();
        let thread = hold(&self.thread).take();
        // The writer drops the last journal itself when a callback held it.
        if let Some(thread) = thread.filter(|writer| writer.thread().id() != thread::current().id()) {
            drop(thread.join());
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

impl Core {
    fn release(&self, through: Sequence) -> Result<(), ReleaseError> {
        let mut in_folder = hold(&self.releasing);
        let through = in_folder.map_or(through, |before| before.max(through));
        if self.shared().released < through {
            self.raise(through);
            if *in_folder != Some(through) {
                self.remember(*in_folder, through)?;
                *in_folder = Some(through);
            }
            self.disk.sync_dir(&self.options.dir).map_err(unreleased(&self.options.dir, "syncing the folder"))?;
            let mut shared = self.shared();
            shared.released = through;
            shared.line.release(through);
        }
        self.delete_released()
    }

    /// No record to come gets a number up to `through`.
    fn raise(&self, through: Sequence) {
        let mut shared = self.shared();
        shared.next = shared.next.max(through.saturating_add(1));
        shared.synced = shared.synced.max(through);
    }

    /// A rename is atomic, needs one sync, and no space.
    fn remember(&self, before: Option<Sequence>, through: Sequence) -> Result<(), ReleaseError> {
        let path = self.path(&released_name(through));
        let named = match before {
            Some(before) => self.disk.rename(&self.path(&released_name(before)), &path),
            None => self.disk.create(&path).map(|_| ()),
        };
        named.map_err(unreleased(&path, "remembering the release"))
    }

    fn delete_released(&self) -> Result<(), ReleaseError> {
        let mut deleted = false;
        loop {
            let mut shared = self.shared();
            let released = shared.released;
            let done = |segment: &Segment| !segment.active && segment.last <= released;
            let Some(segment) = shared.segments.front().filter(|segment| done(segment)).cloned() else { break };
            drop(shared);
            let path = self.path(&segment_name(segment.first, segment.marker));
            match self.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unreleased(&path, "removing a segment")(error));
                }
                _ => {}
            }
            shared = self.shared();
            shared.segments.retain(|listed| listed.marker != segment.marker);
            shared.refused_full = false;
            deleted = true;
        }
        if deleted {
            self.disk.sync_dir(&self.options.dir).map_err(unreleased(&self.options.dir, "syncing the folder"))?;
        }
        Ok(())
    }
}

/// Bounds that cannot block each other: what is left of released records in the active segment (a quarter), and one record (half),
/// always fit.
fn bounded(options: Options) -> Options {
    let max_bytes = options.max_bytes;
    let largest = (max_bytes / 2).saturating_sub(HEADER + frame_bytes(0)).min(u64::from(u32::MAX));
    Options {
        segment_bytes: options.segment_bytes.min(max_bytes / 4),
        max_record_bytes: options.max_record_bytes.min(largest),
        ..options
    }
}

fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Disk { path: path.to_owned(), action, source }
}

fn unreleased(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> ReleaseError {
    move |source| ReleaseError { path: path.to_owned(), action, source }
}
