//! Tenants and their keys, and which trace files were acknowledged, in a small database: `SQLite` or PostgreSQL.
//!
//! [`Catalog`] is the one door. A request's key is looked up in memory ([`Catalog::find`]); the database is asked only
//! when a key is unknown ([`Catalog::find_or_load`]) and, once a second, whether anything changed ([`Catalog::refresh`]).
//! What is in memory is always one whole reading of the table: creating and revoking change the database first and then
//! read it again, so there is one way for a key to become known or unknown.
//!
//! Browsers tell which deployments of mods they run ([`Catalog::remember_heartbeat`]); what is cleared of a deployment's errors is an
//! instant here, too ([`Catalog::clear_errors`]).
//!
//! Beside its keys a tenant has one secret of its own, by which its placeholders are made ([`Catalog::placeholder_key`]).
//!
//! Team databases ([`Database`]) hold records ([`Record`]), JSON objects under keys, which are written all or nothing
//! ([`Catalog::write_records`]), handed out one by one where a database is a queue ([`Catalog::claim_record`]), and read in pages
//! ([`Scan`]). What is known of the files of a database, an [`Asset`] each, is here; the files are not.
//!
//! Architecture invariant: sqlx is named in this crate only. What one database alone understands stands in its own file, `sqlite.rs` or
//! `postgres.rs`, and its own folder of `migrations/`; all other SQL runs on both as it stands (`database.rs` says what that asks of it).

mod assets;
mod catalog;
mod database;
mod databases;
mod deployments;
mod error;
mod jobs;
mod key;
mod keyring;
mod limits;
mod location;
mod migrations;
mod placeholder_key;
mod postgres;
mod records;
mod sqlite;
mod traces;

pub use assets::{Asset, AssetLimits, Stored};
pub use catalog::Catalog;
pub use databases::{Database, DatabaseChange, DatabaseKind, Grant, InvalidSchema, NewDatabase, Permissions};
pub use deployments::{ActiveMod, Clearing, DeploymentClient, Heartbeat};
pub use error::CatalogError;
pub use jobs::{ExportJob, JobStatus, Link};
pub use key::{CreatedKey, KeyInfo, NewKey};
pub use limits::{Rate, Retention, Throttle, Throttled};
pub use location::{Location, Options, ServerUrl};
pub use records::archive::ArchivedDay;
pub use records::merge::MergeStrategy;
pub use records::scan::{FieldFilter, Filter, PageLimits, Scan, Wanted};
pub use records::write::{OnConflict, RecordClaim, RecordItem, RecordLimits, RecordWrite, WriteError};
pub use records::{MAX_KEY_BYTES, Record, check_key};
pub use traces::{TraceKey, TraceVersion};
