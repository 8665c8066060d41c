//! The time is linear in the text, whatever it is made of: the input's lines are a beginning, what is repeated, and an end.
#![no_main]

use std::borrow::Cow;
use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use redact::{Counts, HashKey, Redactor};
use rustix::time::{ClockId, clock_gettime};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(Redactor::new);
static KEY: LazyLock<HashKey> = LazyLock::new(|| HashKey::new([7; 32]));

const BYTES: usize = 64 * 1024;
/// Nanoseconds of CPU time a byte. The aim is 50 (20 MB/s) in a release build; this build counts edges and checks
/// arithmetic, which takes about ten times as long, and an input that is quadratic in 64 KiB takes a thousand times.
const LIMIT_A_BYTE: u64 = 1_000;

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let mut parts = text.splitn(3, '\n');
    let (start, unit, end) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    if unit.is_empty() || text.len() > BYTES / 8 {
        return Corpus::Reject;
    }
    let hostile = [start, &unit.repeat(BYTES / unit.len()), end].concat();
    let limit = LIMIT_A_BYTE * hostile.len() as u64;
    // a second and third look, because a rule may be compiled in the first, and because a machine may stumble
    let fastest = (0..3).map(|_| nanoseconds(&hostile)).find(|taken| *taken <= limit);
    assert!(fastest.is_some(), "{start:?}, {unit:?} repeated, {end:?}: over {LIMIT_A_BYTE} ns a byte");
    Corpus::Keep
});

/// CPU time of this thread for one pass.
fn nanoseconds(text: &str) -> u64 {
    let started = now();
    let redacted = REDACTOR.with_key(&KEY).redact(Cow::Borrowed(text), &mut Counts::default());
    std::hint::black_box(redacted);
    now() - started
}

fn now() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or_default()
}
