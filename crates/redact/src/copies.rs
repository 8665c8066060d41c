//! Values that were found once, so that they are found again where nothing around them tells what they are.
//!
//! A password that stood in `DB_PASSWORD=…` comes back alone: in a log line, as an argument, in what somebody pastes. [`Known`]
//! remembers it as keyed hashes (never its text) and finds its bare copies. It costs nothing while it is empty; else one
//! multiplication and one bit for each byte of a text, and a few more where a known value's first bytes stand.
//!
//! Not every value is fit to be remembered: one that is a word or a number would take ordinary text with it ([`is_memorable`]).

use std::borrow::Cow;

use crate::placeholder::HashKey;
use crate::{Counts, Finding, placeholder};

/// Shortest and longest value that is remembered, in bytes.
pub const MEMORABLE_BYTES: std::ops::RangeInclusive<usize> = 8..=512;

/// Bytes at the start of a value by which it is looked for.
const HEAD: usize = 8;
const FILTER_WORDS: usize = 64;
/// Bytes that may be hashed for each byte of a text, and for any text.
const HASHED_PER_BYTE: usize = 8;
const HASHED_AT_LEAST: usize = 64 << 10;

/// A set of values, the newest ones at most.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Sorted by `head`.
    entries: Vec<Entry>,
    /// A bit for each head: most places of a text are none.
    filter: Vec<u64>,
    seed: Option<Seed>,
    /// Counts what was added.
    age: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Hash of the first [`HEAD`] bytes.
    head: u64,
    /// Hash of all bytes.
    whole: u64,
    bytes: usize,
    rule: &'static str,
    age: u64,
}

/// Two odd numbers that only the owner of the tenant's key knows.
#[derive(Clone, Copy)]
struct Seed(u64, u64);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Known {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Remembers the value if it is fit for it; whether it is new. Beyond `most` values the oldest is forgotten.
    pub fn add(&mut self, key: &HashKey, value: &str, rule: &'static str, most: usize) -> bool {
        is_memorable(value) && self.insert(key, value, rule, most)
    }

    /// As [`Self::add`] for a value that is a secret for certain, whatever it looks like: a key of ours.
    pub fn insert(&mut self, key: &HashKey, value: &str, rule: &'static str, most: usize) -> bool {
        if !MEMORABLE_BYTES.contains(&value.len()) || most == 0 {
            return false;
        }
        let seed = *self.seed.get_or_insert_with(|| Seed::of(key));
        let bytes = value.as_bytes();
        let entry =
            Entry { head: seed.head(bytes, 0), whole: seed.whole(bytes), bytes: bytes.len(), rule, age: self.age };
        self.put(entry, most)
    }

    /// Takes over what another set of the same tenant has; whether any of it is new.
    pub fn merge(&mut self, other: &Self, most: usize) -> bool {
        self.seed = self.seed.or(other.seed);
        let mut theirs: Vec<&Entry> = other.entries.iter().collect();
        theirs.sort_by_key(|entry| entry.age);
        theirs.into_iter().fold(false, |any, entry| self.put(Entry { age: self.age, ..entry.clone() }, most) | any)
    }

    /// Forgets what the other set has too.
    pub fn remove_all(&mut self, other: &Self) {
        self.entries.retain(|entry| !other.has(entry));
    }

    fn has(&self, entry: &Entry) -> bool {
        self.with_head(entry.head).any(|known| known.whole == entry.whole && known.bytes == entry.bytes)
    }

    fn put(&mut self, entry: Entry, most: usize) -> bool {
        if most == 0 || self.has(&entry) {
            return false;
        }
        if self.entries.len() >= most
            && let Some((oldest, _)) = self.entries.iter().enumerate().min_by_key(|(_, entry)| entry.age)
        {
            self.entries.remove(oldest);
        }
        self.age += 1;
        let at = self.entries.partition_point(|known| known.head < entry.head);
        self.entries.insert(at, entry);
        // a bit of a forgotten value may stay until here: it costs a look, and finds nothing
        self.filter = vec![0; FILTER_WORDS];
        for entry in &self.entries {
            let (word, bit) = place(entry.head);
            self.filter[word] |= bit;
        }
        true
    }

    fn with_head(&self, head: u64) -> impl Iterator<Item = &Entry> {
        let from = self.entries.partition_point(|entry| entry.head < head);
        self.entries.iter().skip(from).take_while(move |entry| entry.head == head)
    }

    /// The bare copies of known values in a text, in its order, apart from each other.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let Some(seed) = self.seed.filter(|_| !self.is_empty()) else { return findings };
        let bytes = text.as_bytes();
        let mut budget = bytes.len() * HASHED_PER_BYTE + HASHED_AT_LEAST;
        let mut at = 0;
        while at + HEAD <= bytes.len() {
            let head = seed.head(bytes, at);
            let (word, bit) = place(head);
            if self.filter[word] & bit != 0
                && let Some((length, rule)) = self.longest(seed, head, bytes, at, &mut budget)
            {
                findings.push(Finding::new(at..at + length, rule));
                at += length;
            } else {
                at += 1;
            }
        }
        findings
    }

    /// The longest known value that stands here, with its rule. All of the rest where the budget of the text is spent: that takes
    /// a text made for the purpose, and what was not looked at does not stay.
    fn longest(
        &self,
        seed: Seed,
        head: u64,
        bytes: &[u8],
        at: usize,
        budget: &mut usize,
    ) -> Option<(usize, &'static str)> {
        let mut longest: Option<&Entry> = None;
        for entry in self.with_head(head) {
            let Some(value) = bytes.get(at..at + entry.bytes) else { continue };
            if !has_edges(bytes, at, at + entry.bytes) || longest.is_some_and(|other| other.bytes > entry.bytes) {
                continue;
            }
            let Some(left) = budget.checked_sub(entry.bytes) else { return Some((bytes.len() - at, entry.rule)) };
            *budget = left;
            if seed.whole(value) == entry.whole {
                longest = Some(entry);
            }
        }
        longest.map(|entry| (entry.bytes, entry.rule))
    }

    /// Replaces the bare copies by placeholders, each with the rule of its first finding.
    pub fn redact_in_place(&self, key: &HashKey, text: &mut Cow<'_, str>, counts: &mut Counts) {
        let findings = self.find(text);
        if !findings.is_empty() {
            *text =
                Cow::Owned(placeholder::replace(text, &findings, counts, |rule, secret| key.placeholder(rule, secret)));
        }
    }
}

impl Seed {
    fn of(key: &HashKey) -> Self {
        let bytes = key.derived("known values");
        let word = |at: usize| bytes.iter().skip(at).take(8).fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        Self(word(0) | 1, word(8) | 1)
    }

    fn head(self, bytes: &[u8], at: usize) -> u64 {
        let head = bytes.get(at..at + HEAD).and_then(|head| head.try_into().ok()).unwrap_or([0; HEAD]);
        (u64::from_le_bytes(head) ^ self.1).wrapping_mul(self.0)
    }

    /// Multiplies and folds eight bytes at a time: far cheaper than a cryptographic hash, because a text made for the purpose has
    /// a known value's first bytes at every place.
    fn whole(self, bytes: &[u8]) -> u64 {
        let fold = |sum: u64, word: u64| {
            let product = u128::from(sum ^ word ^ self.1) * u128::from(self.0);
            #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
            let halves = (product as u64) ^ (product >> 64) as u64;
            halves
        };
        let (words, rest) = bytes.as_chunks::<8>();
        let sum = words.iter().fold(bytes.len() as u64, |sum, word| fold(sum, u64::from_le_bytes(*word)));
        let last = rest.iter().fold(1_u64, |word, byte| word << 8 | u64::from(*byte));
        fold(fold(sum, last), self.0)
    }
}

/// Word and bit of the filter.
fn place(head: u64) -> (usize, u64) {
    let bits = head >> 52;
    let word = (bits >> 6) as usize;
    (word, 1 << (bits & 63))
}

/// Whether the value does not go on at either side: `hunter22x` is no copy of `hunter22`.
fn has_edges(bytes: &[u8], start: usize, end: usize) -> bool {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    let before = |back: usize| start.checked_sub(back).map_or(b' ', byte);
    let is_escape = b"nrt".contains(&before(1)) && before(2) == b'\\'
        || before(1).is_ascii_hexdigit() && before(2).is_ascii_hexdigit() && before(3) == b'%';
    let left = !is_word(byte(start)) || !is_word(before(1)) || is_escape;
    let right = !is_word(byte(end - 1)) || !is_word(byte(end));
    left && right
}

/// Whether bare copies of a value may be taken for it: a letter and a digit (or both cases and twenty characters), five different
/// characters at least, no space or quote, no address or path, nothing of ours.
pub fn is_memorable(value: &str) -> bool {
    let bytes = value.as_bytes();
    if !MEMORABLE_BYTES.contains(&bytes.len())
        || !bytes.iter().all(|byte| byte.is_ascii_graphic() && !b"\"'`\\<>".contains(byte))
        || value.contains("://")
        || value.contains(placeholder::START)
        || value.starts_with(['/', '.', '~', '$', '{'])
    {
        return false;
    }
    let has = |test: fn(&u8) -> bool| bytes.iter().any(test);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && bytes.len() >= 20;
    let mut seen = [false; 256];
    for byte in bytes {
        seen[usize::from(*byte)] = true;
    }
    let different = seen.iter().filter(|seen| **seen).count();
    has(u8::is_ascii_alphabetic) && (has(u8::is_ascii_digit) || is_mixed) && different >= 5
}

#[cfg(test)]
mod tests;
