//! Rows acknowledged but not yet committed: visible to queries, waiting for the next flush.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use record::dictionary::Table;

use crate::paths::Prefix;
use crate::replace::{self, Gone};

/// Batches by partition prefix, in order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    batches: BTreeMap<Prefix, Vec<RecordBatch>>,
    rows: usize,
    bytes: usize,
}

/// Batches below this many rows are merged, so that many small requests do not make many small batches.
const SMALL_BATCH_ROWS: usize = 8_192;

impl Buffer {
    /// Adds a batch of `bytes` bytes.
    pub fn push(&mut self, prefix: &Prefix, batch: RecordBatch, bytes: usize) -> Result<(), ArrowError> {
        self.rows += batch.num_rows();
        self.bytes += bytes;
        let batches = match self.batches.get_mut(prefix) {
            Some(batches) => batches,
            None => self.batches.entry(prefix.clone()).or_default(),
        };
        batches.push(batch);
        merge_small(batches)
    }

    /// Drops the rows of commands that were delivered again. Their bytes stay counted until the next flush.
    pub(crate) fn forget(&mut self, table: &Table, gone: &[Gone]) -> Result<(), ArrowError> {
        for (prefix, batches) in &mut self.batches {
            let ids = replace::ids(gone, prefix);
            for batch in batches.iter_mut() {
                if let Some(kept) = replace::without(table, batch, &ids)? {
                    self.rows -= batch.num_rows() - kept.num_rows();
                    *batch = kept;
                }
            }
            batches.retain(|batch| batch.num_rows() > 0);
        }
        Ok(())
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Prefix, &[RecordBatch])> {
        self.batches.iter().map(|(prefix, batches)| (prefix, batches.as_slice()))
    }

    /// The batches of one tenant.
    pub fn of_tenant(&self, tenant: &str) -> impl Iterator<Item = (&Prefix, &RecordBatch)> {
        self.batches
            .iter()
            .filter(move |(prefix, _)| prefix.tenant.as_str() == tenant)
            .flat_map(|(prefix, batches)| batches.iter().map(move |batch| (prefix, batch)))
    }
}

/// Merges the last batches while the one before is not much larger: each row is copied a logarithmic number of times.
fn merge_small(batches: &mut Vec<RecordBatch>) -> Result<(), ArrowError> {
    while let [.., before, last] = batches.as_slice() {
        if before.num_rows() > 2 * last.num_rows() || before.num_rows() + last.num_rows() > SMALL_BATCH_ROWS {
            break;
        }
        let schema: SchemaRef = Arc::clone(last.schema_ref());
        let merged = concat_batches(&schema, [before, last])?;
        batches.truncate(batches.len() - 2);
        batches.push(merged);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
