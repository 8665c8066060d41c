//! What other programs need to read the lake: [`ddl`] writes the scripts that register its tables with a query engine.
//!
//! Architecture invariant: text from the data dictionary; no I/O, no clock, no engine's client.

pub mod ddl;
