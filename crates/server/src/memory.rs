//! Tunes the system's allocator for what this program does: columns of several megabytes that come and go, made by one thread
//! and freed by another.
//!
//! glibc gives such blocks back to the kernel one by one and takes them again, zeroed, page by page; and it keeps free memory
//! in up to 16 arenas. Measured under full load (`bench/README.md`): without this 820 MB and 11.7 us of CPU per record,
//! with it 293 MB and 10.8 us.

/// Blocks up to this size are kept for reuse.
#[cfg(target_env = "gnu")]
const KEPT_BLOCK_BYTES: libc::c_int = 32 << 20;
/// Free memory at the end of the heap above this size goes back.
#[cfg(target_env = "gnu")]
const KEPT_FREE_BYTES: libc::c_int = 64 << 20;
#[cfg(target_env = "gnu")]
const ARENAS: libc::c_int = 2;

/// To be called before there are threads.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "mallopt has no safe form; it takes two integers and keeps nothing of ours")]
pub fn tune() {
    for (parameter, value) in [
        (libc::M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES),
        (libc::M_TRIM_THRESHOLD, KEPT_FREE_BYTES),
        (libc::M_ARENA_MAX, ARENAS),
    ] {
        // SAFETY: documented parameters with values in their range, before the first thread is started.
        unsafe { libc::mallopt(parameter, value) };
    }
}

/// Other C libraries manage memory in other ways.
#[cfg(not(target_env = "gnu"))]
pub fn tune() {}
