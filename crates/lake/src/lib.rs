//! Rows → Delta tables, exactly once.
//!
//! Rows gather in memory, where queries see them at once ([`buffer`]), and are committed as Parquet files to Delta tables
//! ([`table`], [`file`]). A commit carries the application transaction (`app_id` = the journal's id, `version` = the last
//! journal sequence it holds), so that a replay of the journal after a crash commits nothing twice.
//!
//! On disk (every key is made in [`paths`]):
//!
//! ```text
//! <root>/tables/<table>/_delta_log/…
//! <root>/tables/<table>/tenant=…/source=…/type=…/year=YYYY/month=MM/day=DD/part-<uuid>.zstd.parquet
//! <root>/traces/tenant=…/source=…/type=…/year=YYYY/month=MM/day=DD/<command-id>.csv
//! <root>/superseded/traces/tenant=…/source=…/type=…/year=YYYY/month=MM/day=DD/<command-id>.<hash>.csv
//! ```
//!
//! Rows are only ever added, but for two cases: the rows of a trace file go when other bytes are delivered under the same name
//! ([`replace`]), and whole days go that their tenant keeps no longer ([`expire`]).

pub mod lake;

pub mod buffer;

pub mod seen;

pub mod table;

pub mod file;

mod stats;

pub mod columns;

pub mod paths;

pub mod replace;

pub mod expire;

pub mod traces;

pub mod root;

mod error;

pub use error::LakeError;
pub use lake::{Arriving, Lake, Options, Reading, TableStatus};
