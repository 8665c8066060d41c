//! The words every stage shares: what a request is, who sent it, what the tables are.
//!
//! Reading order: [`caller`] and [`envelope`] say who sent what and when, [`value`], [`otlp`] and [`trace`] (with [`arrival`]) are what a
//! request is decoded into, [`dictionary`] names every table and column, [`rows`] holds normalized rows, [`json`] writes trees as text.
//!
//! Architecture invariant: this crate does no I/O and links neither arrow, nor prost, nor an HTTP library.

pub mod time;

pub mod caller;

pub mod source;

pub mod envelope;

pub mod value;

pub mod otlp;

pub mod trace;

pub mod arrival;

pub mod json;

pub mod dictionary;

pub mod rows;

pub mod secret;
