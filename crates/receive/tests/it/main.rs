//! Tests of the crate as its callers see it.

mod dialects;

mod fixtures;

mod hostile;

mod oracle;

mod round_trip;

mod trees;
