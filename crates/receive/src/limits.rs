//! What one body may cost, whatever it claims.

use std::cell::Cell;

use crate::error::Fault;

/// How deep lists and maps may lie inside one value. Prost, which most receivers use, stops near 31.
pub const MAX_VALUE_DEPTH: usize = 64;

/// How deep a field that is skipped, because the protocol does not know it, may nest.
pub const MAX_SKIP_DEPTH: usize = 1024;

/// The decoded tree may take this many bytes for each byte of the body, plus [`TREE_FLOOR`].
///
/// Two bytes of protobuf can claim a whole empty record of some 300 bytes, so that without a bound a body within the
/// limit could fill the memory. Captured bodies need 1 to 8; a JSON list of one-digit numbers needs 16.
pub const TREE_FACTOR: usize = 16;

/// What a small body may take whatever its size.
pub const TREE_FLOOR: usize = 1 << 20;

/// The running account of one body.
#[derive(Debug)]
pub(crate) struct Account {
    left: Cell<usize>,
    depth: Cell<usize>,
}

impl Account {
    pub(crate) fn of(body: &[u8]) -> Self {
        let left = body.len().saturating_mul(TREE_FACTOR).saturating_add(TREE_FLOOR);
        Self { left: Cell::new(left), depth: Cell::new(0) }
    }

    /// For a body of our own making.
    pub(crate) fn unlimited() -> Self {
        Self { left: Cell::new(usize::MAX), depth: Cell::new(0) }
    }

    /// Pays for one more `T` in a list.
    #[inline]
    pub(crate) fn pay<T>(&self, at: usize) -> Result<(), Fault> {
        match self.left.get().checked_sub(size_of::<T>()) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(Fault::new(at, "more elements than a body of this size may hold; send fuller records")),
        }
    }

    /// How many of `wanted` elements could still be paid for.
    #[inline]
    pub(crate) fn affordable<T>(&self, wanted: usize) -> usize {
        wanted.min(self.left.get() / size_of::<T>())
    }

    /// Runs `inner` one list or map deeper.
    #[inline]
    pub(crate) fn deeper<T>(&self, at: usize, inner: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
        let depth = self.depth.get();
        if depth >= MAX_VALUE_DEPTH {
            return Err(Fault::new(at, format!("lists and maps nest deeper than {MAX_VALUE_DEPTH}")));
        }
        self.depth.set(depth + 1);
        let outcome = inner();
        self.depth.set(depth);
        outcome
    }
}
