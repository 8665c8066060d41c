use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::{Disk, DiskFile};

/// A disk in memory, for tests: it fails when told to, and a power cut takes what was not synced. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct FaultyDisk {
    shared: Arc<Shared>,
}

/// What [`FaultyDisk::fail`] lets fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing is written: `EIO`.
    Write,
    /// Half is written, as a short write says it.
    ShortWrite,
    /// `EIO`, and what was not synced stays readable but never reaches the medium, as Linux does it.
    Sync,
    SyncDir,
    Create,
    Truncate,
    Remove,
    Rename,
    Read,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    resumed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<PathBuf, usize>,
    synced_names: BTreeMap<PathBuf, usize>,
    contents: Vec<Content>,
    locks: BTreeSet<PathBuf>,
    /// Calls to let pass, then calls to fail.
    faults: BTreeMap<Fault, (u32, u32)>,
    space: Option<u64>,
    held: bool,
    power_cuts: u32,
}

#[derive(Debug, Default)]
struct Content {
    bytes: Vec<u8>,
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl FaultyDisk {
    /// Lets `skip` calls pass and the `count` calls behind them fail.
    pub fn fail(&self, fault: Fault, skip: u32, count: u32) {
        self.state().faults.insert(fault, (skip, count));
    }

    /// No faults any more.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// `ENOSPC` when files would grow by more than `bytes` from now on; `None`: no bound.
    pub fn limit_space(&self, bytes: Option<u64>) {
        let mut state = self.state();
        let used: u64 = state.names.values().filter_map(|id| state.contents.get(*id)).map(Content::length).sum();
        state.space = bytes.map(|bytes| used + bytes);
    }

    /// Syncs of files wait until [`FaultyDisk::resume_syncs`].
    pub fn hold_syncs(&self) {
        self.state().held = true;
    }

    pub fn resume_syncs(&self) {
        self.state().held = false;
        self.shared.resumed.notify_all();
    }

    /// What was not synced is lost; of the changes since, `chance` decides which survive, whole or in part (0: none).
    /// Files open until now answer errors, locks are gone.
    pub fn cut_power(&self, chance: u64) {
        let mut state = self.state();
        let mut random = chance;
        let mut draw = move || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        for content in &mut state.contents {
            for change in std::mem::take(&mut content.unsynced) {
                match (draw() % 4, change) {
                    (1, change) => content.synced_apply(&change),
                    (2, Change::Write(at, mut bytes)) if !bytes.is_empty() => {
                        bytes.truncate(usize::try_from(draw()).unwrap_or(0) % bytes.len());
                        content.synced_apply(&Change::Write(at, bytes));
                    }
                    _ => {}
                }
            }
            content.bytes.clone_from(&content.synced);
        }
        if draw() % 4 != 1 {
            state.names = state.synced_names.clone();
        }
        state.synced_names = state.names.clone();
        state.locks.clear();
        state.power_cuts += 1;
        state.held = false;
        self.shared.resumed.notify_all();
    }

    /// All files.
    pub fn files(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    /// What is in a file.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(path).and_then(|id| state.contents.get(*id)).map(|content| content.bytes.clone())
    }

    /// Puts `bytes` into a file, made when missing; they survive power cuts.
    pub fn put(&self, path: &Path, bytes: Vec<u8>) {
        let mut state = self.state();
        let id = state.contents.len();
        state.contents.push(Content { synced: bytes.clone(), bytes, unsynced: Vec::new() });
        state.names.insert(path.to_owned(), id);
        state.synced_names.insert(path.to_owned(), id);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, id: usize, power_cuts: u32) -> Box<dyn DiskFile> {
        Box::new(FaultyFile { disk: self.clone(), id, power_cuts })
    }
}

impl State {
    fn strike(&mut self, fault: Fault) -> bool {
        match self.faults.get_mut(&fault) {
            Some((skip @ 1.., _)) => {
                *skip -= 1;
                false
            }
            Some((_, count @ 1..)) => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }

    fn fail(&mut self, fault: Fault) -> io::Result<()> {
        if self.strike(fault) { Err(Errno::IO.into()) } else { Ok(()) }
    }

    /// How many of `more` bytes there is room for.
    fn room(&self, more: u64) -> u64 {
        let Some(space) = self.space else { return more };
        let used: u64 = self.names.values().filter_map(|id| self.contents.get(*id)).map(Content::length).sum();
        more.min(space.saturating_sub(used))
    }
}

impl Content {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.bytes, &change);
        self.unsynced.push(change);
    }

    fn synced_apply(&mut self, change: &Change) {
        apply(&mut self.synced, change);
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => bytes.resize(*length, 0),
        Change::Write(at, new) => {
            if bytes.len() < at + new.len() {
                bytes.resize(at + new.len(), 0);
            }
            if let Some(place) = bytes.get_mut(*at..at + new.len()) {
                place.copy_from_slice(new);
            }
        }
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        let mut state = self.state();
        if !state.locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Lock { disk: self.clone(), path: path.to_owned(), power_cuts: state.power_cuts }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state();
        let inside = state.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.fail(Fault::Create)?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = state.contents.len();
        state.contents.push(Content::default());
        state.names.insert(path.to_owned(), id);
        Ok(self.file(id, state.power_cuts))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let state = self.state();
        let id = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(self.file(id, state.power_cuts))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.fail(Fault::Rename)?;
        let id = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.fail(Fault::Remove)?;
        state.names.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.fail(Fault::SyncDir)?;
        let inside = |path: &Path| path.parent() == Some(dir);
        let now: Vec<_> = state.names.iter().filter(|(path, _)| inside(path)).map(|(p, id)| (p.clone(), *id)).collect();
        state.synced_names.retain(|path, _| !inside(path));
        state.synced_names.extend(now);
        Ok(())
    }
}

#[derive(Debug)]
struct Lock {
    disk: FaultyDisk,
    path: PathBuf,
    power_cuts: u32,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.power_cuts == self.power_cuts {
            state.locks.remove(&self.path);
        }
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    id: usize,
    power_cuts: u32,
}

impl FaultyFile {
    fn with<T>(&self, act: impl FnOnce(&mut State, usize) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state();
        if state.power_cuts != self.power_cuts || self.id >= state.contents.len() {
            return Err(Errno::NODEV.into());
        }
        act(&mut state, self.id)
    }

    fn resize(&self, length: u64, shrink: bool) -> io::Result<()> {
        self.with(|state, id| {
            if shrink {
                state.fail(Fault::Truncate)?;
            }
            let now = state.contents[id].length();
            let more = length.saturating_sub(now);
            if state.room(more) < more {
                return Err(Errno::NOSPC.into());
            }
            if shrink || more > 0 {
                state.contents[id].change(Change::Length(usize::try_from(length).unwrap_or(usize::MAX)));
            }
            Ok(())
        })
    }
}

impl DiskFile for FaultyFile {
    fn length(&self) -> io::Result<u64> {
        self.with(|state, id| Ok(state.contents[id].length()))
    }

    fn read_at(&self, place: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|state, id| {
            state.fail(Fault::Read)?;
            let rest = state.contents[id].bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or(&[]);
            let count = rest.len().min(place.len());
            place[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        })
    }

    fn write_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        self.with(|state, id| {
            state.fail(Fault::Write)?;
            if state.strike(Fault::ShortWrite) {
                bytes.truncate(bytes.len() / 2);
            }
            let end = offset + bytes.len() as u64;
            let more = end.saturating_sub(state.contents[id].length());
            let missing = more - state.room(more);
            bytes.truncate(bytes.len().saturating_sub(usize::try_from(missing).unwrap_or(usize::MAX)));
            if bytes.is_empty() && missing > 0 {
                return Err(Errno::NOSPC.into());
            }
            let count = bytes.len();
            state.contents[id].change(Change::Write(usize::try_from(offset).unwrap_or(usize::MAX), bytes));
            Ok(count)
        })
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.resize(length, false)
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.resize(length, true)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        while state.held {
            state = self.disk.shared.resumed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.with(|state, id| {
            let failed = state.fail(Fault::Sync);
            let content = &mut state.contents[id];
            let changes = std::mem::take(&mut content.unsynced);
            failed?;
            for change in &changes {
                content.synced_apply(change);
            }
            Ok(())
        })
    }
}
