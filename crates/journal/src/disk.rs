//! The few things a journal asks of a disk.

use std::fmt::Debug;
use std::io::{self, IoSlice};
use std::path::Path;

mod faulty;
mod real;

pub use faulty::{Fault, FaultyDisk};
pub use real::RealDisk;

/// A file system; paths are those of the journal's folder and what is in it.
pub trait Disk: Debug + Send + Sync {
    /// Makes the folder `dir` where it is missing. Its parent must exist, or be made too.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// An exclusive lock, held until the answer is dropped; [`io::ErrorKind::WouldBlock`] when somebody has it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
    /// Names of the files in `dir`.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// A new file; an existing one is an error.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// An existing file, for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes creations, renames and removals in `dir` last.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// An open file. Reads and writes may be short.
pub trait DiskFile: Debug + Send + Sync {
    fn length(&self) -> io::Result<u64>;
    fn read_at(&self, place: &mut [u8], offset: u64) -> io::Result<usize>;
    fn write_at(&self, parts: &[IoSlice<'_>], offset: u64) -> io::Result<usize>;
    /// Reserves space: the file is `length` long afterwards, and new bytes read as zeros.
    fn allocate(&self, length: u64) -> io::Result<()>;
    fn truncate(&self, length: u64) -> io::Result<()>;
    /// Makes all bytes written so far, and the length, last.
    fn sync_data(&self) -> io::Result<()>;
}
