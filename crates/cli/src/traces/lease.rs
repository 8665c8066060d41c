//! The right to send, which one process has, on all machines that share this home.
//!
//! | file | is |
//! |---|---|
//! | `send.lock` | locked while sending: the file system knows when its owner has died. Not every shared file system locks between machines |
//! | `send.lease` | made by the owner alone (`O_EXCL`, which every file system knows), names it, and is touched every [`TOUCH`] |
//! | `again` | somebody wanted to send and could not: the owner looks once more before it goes |
//!
//! A lease is left behind by a process that died. One of this machine is known by the lock, one of another machine when it
//! was not touched for [`STALE`], by the clock of the file system. Who takes it over renames it, and gives it back when it
//! was another one than the one that was judged.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use uuid::Uuid;

use crate::private;

const TOUCH: Duration = Duration::from_secs(10);
const STALE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    folder: PathBuf,
    name: String,
    /// `None` where the file system has no locks.
    _lock: Option<File>,
    stop: Arc<(Mutex<bool>, Condvar)>,
    is_lost: Arc<AtomicBool>,
    toucher: Option<JoinHandle<()>>,
}

/// The file that is locked while sending, made with its folder where there is none.
pub(crate) fn open(folder: &Path) -> io::Result<File> {
    private::create_folder(folder)?;
    private::options(OpenOptions::new().write(true).create(true).truncate(false)).open(folder.join("send.lock"))
}

/// Says that there is something to send, so that an owner who is about to go looks again.
pub(crate) fn announce(folder: &Path) -> io::Result<()> {
    private::create_folder(folder)?;
    private::options(OpenOptions::new().write(true).create(true).truncate(false)).open(folder.join("again"))?;
    Ok(())
}

/// Whether somebody has announced something; asked once, it is forgotten.
pub(crate) fn take_announcement(folder: &Path) -> bool {
    fs::remove_file(folder.join("again")).is_ok()
}

pub(crate) fn is_announced(folder: &Path) -> bool {
    folder.join("again").exists()
}

impl Lease {
    /// The lease; `None` when another process has it and keeps it for `patience`.
    pub(crate) fn take(folder: &Path, patience: Duration) -> io::Result<Option<Self>> {
        let start = Instant::now();
        loop {
            if let Some(lease) = Self::try_take(folder)? {
                return Ok(Some(lease));
            }
            if start.elapsed() >= patience {
                return Ok(None);
            }
            std::thread::sleep(POLL);
        }
    }

    fn try_take(folder: &Path) -> io::Result<Option<Self>> {
        let file = open(folder)?;
        let lock = match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::WouldBlock) => return Ok(None),
            // ENOLCK and its like: a shared file system without a lock service.
            Err(TryLockError::Error(_)) => None,
        };
        let path = folder.join("send.lease");
        let name = format!("{} {} {}", host(), std::process::id(), Uuid::now_v7());
        let made = || private::options(OpenOptions::new().write(true).create_new(true)).open(&path);
        let mut lease = match made() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !give_up_stale(folder, &path, lock.is_some())? {
                    return Ok(None);
                }
                match made() {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
                    made => made?,
                }
            }
            made => made?,
        };
        lease.write_all(name.as_bytes()).inspect_err(|_| {
            fs::remove_file(&path).ok();
        })?;
        Ok(Some(Self::hold(folder.to_path_buf(), name, lock, lease)))
    }

    fn hold(folder: PathBuf, name: String, lock: Option<File>, lease: File) -> Self {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let is_lost = Arc::new(AtomicBool::new(false));
        let (stopped, lost) = (Arc::clone(&stop), Arc::clone(&is_lost));
        let (path, own) = (folder.join("send.lease"), name.clone());
        let toucher = std::thread::spawn(move || {
            let (ended, condition) = &*stopped;
            let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
            while !*ended {
                ended = condition.wait_timeout(ended, TOUCH).unwrap_or_else(PoisonError::into_inner).0;
                if !*ended {
                    // Written, not set: the time is then the file system's own.
                    let touched = (&lease).write_all(b" ").is_ok();
                    let is_ours = fs::read_to_string(&path).is_ok_and(|text| text.starts_with(&own));
                    lost.store(!(touched && is_ours), Ordering::Relaxed);
                }
            }
        });
        Self { folder, name, _lock: lock, stop, is_lost, toucher: Some(toucher) }
    }

    /// Whether somebody took it over: this process was stopped for longer than a lease lasts.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(toucher) = self.toucher.take() {
            toucher.join().ok();
        }
        let path = self.folder.join("send.lease");
        if fs::read_to_string(&path).is_ok_and(|text| text.starts_with(&self.name)) {
            fs::remove_file(path).ok();
        }
    }
}

/// Takes away a lease whose owner is gone; whether there is none now.
fn give_up_stale(folder: &Path, path: &Path, locked: bool) -> io::Result<bool> {
    let Ok(owner) = fs::read_to_string(path) else { return Ok(true) };
    // On this machine a living owner has the lock. One that is no text yet was made a moment ago.
    let is_of_dead = locked && owner.split(' ').next() == Some(host().as_str());
    if !is_of_dead && age(folder, path)?.is_none_or(|age| age < STALE) {
        return Ok(false);
    }
    let aside = folder.join(format!("send.lease.{}", Uuid::now_v7()));
    if fs::rename(path, &aside).is_err() {
        return Ok(false);
    }
    let is_judged = fs::read_to_string(&aside).is_ok_and(|taken| taken.trim_end() == owner.trim_end());
    if !is_judged {
        fs::hard_link(&aside, path).ok();
    }
    fs::remove_file(&aside)?;
    Ok(is_judged)
}

/// How long ago the file was written, by the clock of its file system.
fn age(folder: &Path, path: &Path) -> io::Result<Option<Duration>> {
    let now = tempfile::Builder::new().prefix(".modlake-").tempfile_in(folder)?;
    let modified = |file: io::Result<fs::Metadata>| -> Option<SystemTime> { file.ok()?.modified().ok() };
    let (now, then) = (modified(now.as_file().metadata()), modified(fs::metadata(path)));
    Ok(now.zip(then).map(|(now, then)| now.duration_since(then).unwrap_or_default()))
}

/// This machine's name; a container has its own.
fn host() -> String {
    let name =
        ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter().find_map(|file| fs::read_to_string(file).ok());
    let name = name.map(|name| name.trim().replace(' ', "-")).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(test)]
mod tests;
