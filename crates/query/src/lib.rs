//! SQL over the lake: committed files and rows not yet committed, one tenant at a time, read only.
//!
//! [`engine`] runs a query within its limits, [`guard`] says what may be asked, [`tables`] shows each caller its own rows,
//! [`views`] counts once what several signals tell, [`prices`] says what models cost, [`records`] has the records of team databases,
//! [`catalog_rows`] what else lies in the catalog, [`format`](mod@format) writes the answer as JSON, CSV, NDJSON, Arrow or Parquet.
//!
//! Architecture invariant: `DataFusion`'s types stay inside this crate (and what `lake` hands it).

pub mod engine;

pub mod guard;

mod tables;

pub mod views;

pub mod prices;

pub mod catalog_rows;

pub mod records;

mod allowance;
mod coarser_groups;
mod json;
mod unused_joins;

mod bounded;

mod planning;

mod spread;

pub mod format;

mod error;

pub use engine::{Answer, Engine, Limits};
pub use error::QueryError;
