//! What has no row, and is counted instead.

use std::collections::BTreeMap;

/// Records without a row in `coding_agent_events`, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    names: BTreeMap<Box<str>, u64>,
}

/// A name that a sender makes up for each span is no name.
const MOST_NAMES: usize = 512;

/// The name of all others.
const OTHER: &str = "other";

impl Dropped {
    /// Names and how often each came, at most some hundreds; what goes beyond is `other`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.names.iter().map(|(name, count)| (name.as_ref(), *count))
    }

    pub(crate) fn count(&mut self, name: &str) {
        let name = if self.names.len() < MOST_NAMES || self.names.contains_key(name) { name } else { OTHER };
        match self.names.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.names.insert(name.into(), 1);
            }
        }
    }
}
