//! Files that came from whoever started us. An agent that waits for the end of a pipe would wait for the sender.

use std::fs;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

/// Closes every file beyond the standard ones. Called before this process has opened any.
pub(crate) fn close() {
    // Linux has it as a link to /proc/self/fd; the listing has its own file, closed again once it is read.
    let Ok(entries) = fs::read_dir("/dev/fd") else { return };
    let listed: Vec<RawFd> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for file in listed.into_iter().filter(|file| *file > 2) {
        if fs::symlink_metadata(format!("/dev/fd/{file}")).is_ok() {
            #[expect(
                unsafe_code,
                reason = "open, as just seen, and nobody's here: this process has one thread and no file yet"
            )]
            let file = unsafe { OwnedFd::from_raw_fd(file) };
            drop(file);
        }
    }
}
