//! Where the literals of all rules stand in a text: each hit, also one within another, in the order of their ends.
//!
//! An automaton reads a byte in a nanosecond or two, and takes milliseconds to build, which a hook of the client does not have:
//! that one looks literals up by a hash of their first bytes instead.

use std::cmp::Reverse;
use std::ops::Range;

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::nfa::noncontiguous;
use aho_corasick::{Anchored, MatchKind};

/// Literals, in any case.
#[derive(Debug)]
pub(crate) enum Literals {
    /// Built at once.
    Short(Table),
    /// Searches fast.
    Long(Box<DFA>),
}

impl Literals {
    pub(crate) fn short_lived(literals: &[&str]) -> Self {
        // more than it has numbers for are of a user
        if literals.len() < usize::from(u16::MAX) {
            Self::Short(Table::new(literals))
        } else {
            Self::long_lived(literals)
        }
    }

    pub(crate) fn long_lived(literals: &[&str]) -> Self {
        let nfa = noncontiguous::NFA::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(literals)
            .expect("a list of short literals fits the automaton");
        let dfa = DFA::builder().build_from_noncontiguous(&nfa).expect("the automaton fits a table of its states");
        Self::Long(Box::new(dfa))
    }

    /// Tells each hit: the number of its literal, and its place. Of hits that end together, the longest is first.
    pub(crate) fn search(&self, bytes: &[u8], tell: impl FnMut(usize, Range<usize>)) {
        match self {
            Self::Short(table) => table.search(bytes, tell),
            Self::Long(dfa) => search(dfa, bytes, tell),
        }
    }
}

fn search(dfa: &DFA, bytes: &[u8], mut tell: impl FnMut(usize, Range<usize>)) {
    let Ok(mut state) = dfa.start_state(Anchored::No) else { return };
    let mut at = 0;
    while let Some(end) = next_match(dfa, &mut state, bytes, at) {
        for nth in 0..dfa.match_len(state) {
            let pattern = dfa.match_pattern(state, nth);
            tell(pattern.as_usize(), end - dfa.pattern_len(pattern)..end);
        }
        at = end;
    }
}

/// Where the next literal ends, from `at` on. A function of its own, because all of the time is spent here: what it holds fits
/// the registers.
#[inline(never)]
fn next_match(dfa: &DFA, state: &mut StateID, bytes: &[u8], at: usize) -> Option<usize> {
    let mut here = *state;
    for (read, byte) in bytes.get(at..)?.iter().enumerate() {
        here = dfa.next_state(Anchored::No, here, *byte);
        // without a prefilter only states of matches are special
        if dfa.is_special(here) && dfa.is_match(here) {
            *state = here;
            return Some(at + read + 1);
        }
    }
    None
}

/// Literals by a hash of their first bytes.
#[derive(Debug)]
pub(crate) struct Table {
    /// By the hash: 1 more than the number of a literal, or 0.
    heads: Vec<u16>,
    entries: Vec<Entry>,
    /// The literals, one behind another.
    text: Vec<u8>,
    /// How many bytes are hashed; no literal is shorter.
    width: usize,
}

#[derive(Debug)]
struct Entry {
    /// In `text`.
    start: usize,
    length: usize,
    /// The next one of the same hash, as in `heads`.
    next: u16,
}

/// Bits of the hash.
const BITS: u32 = 13;

/// At most so many bytes are hashed.
const WIDTH: usize = 3;

impl Table {
    /// Of [`u16::MAX`] literals that are not empty, at most; the rest is not found.
    pub(crate) fn new(literals: &[&str]) -> Self {
        let width = literals.iter().map(|literal| literal.len()).min().unwrap_or(WIDTH).min(WIDTH);
        let mut table = Self {
            heads: vec![0; 1 << BITS],
            entries: Vec::with_capacity(literals.len()),
            text: Vec::with_capacity(literals.len() * 12),
            width,
        };
        for (literal, number) in literals.iter().zip(1..=u16::MAX) {
            let start = table.text.len();
            table.text.extend_from_slice(literal.as_bytes());
            let place = table.heads.get_mut(hash(literal.as_bytes(), width));
            let next = place.map_or(0, |head| std::mem::replace(head, number));
            table.entries.push(Entry { start, length: literal.len(), next });
        }
        table
    }

    /// As [`Literals::search`].
    pub(crate) fn search(&self, bytes: &[u8], mut tell: impl FnMut(usize, Range<usize>)) {
        // what began and has not been told, by the order it is told in, the first last
        let mut begun: Vec<Reverse<(usize, usize, usize)>> = Vec::new();
        for (at, window) in bytes.windows(self.width.max(1)).enumerate() {
            while let Some(Reverse((end, start, literal))) = begun.pop_if(|Reverse((end, ..))| *end <= at) {
                tell(literal, start..end);
            }
            let mut next = self.heads.get(hash(window, self.width)).copied().unwrap_or(0);
            while let Some(literal) = usize::from(next).checked_sub(1) {
                let Some(entry) = self.entries.get(literal) else { break };
                let there = bytes.get(at..at + entry.length);
                let literal_bytes = self.text.get(entry.start..entry.start + entry.length);
                if there.zip(literal_bytes).is_some_and(|(there, literal)| there.eq_ignore_ascii_case(literal)) {
                    let hit = Reverse((at + entry.length, at, literal));
                    begun.insert(begun.partition_point(|other| *other < hit), hit);
                }
                next = entry.next;
            }
        }
        for Reverse((end, start, literal)) in begun.into_iter().rev() {
            tell(literal, start..end);
        }
    }
}

/// Of the first `width` bytes, in any case; letters and some other bytes have one hash, which costs a comparison.
fn hash(bytes: &[u8], width: usize) -> usize {
    let key = bytes.iter().take(width).fold(0_u32, |key, byte| key << 8 | u32::from(byte | 0x20));
    (key.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Literals;

    proptest! {
        #[test]
        fn a_table_tells_what_an_automaton_tells(
            literals in prop::collection::vec("[abA_]{1,5}", 1..20),
            text in "[abAB_é]{0,60}",
        ) {
            let literals: Vec<&str> = literals.iter().map(String::as_str).collect();
            let hits = |engine: &Literals| {
                let mut hits = Vec::new();
                engine.search(text.as_bytes(), |literal, hit| hits.push((literal, hit)));
                hits
            };
            prop_assert_eq!(hits(&Literals::short_lived(&literals)), hits(&Literals::long_lived(&literals)));
        }
    }
}
