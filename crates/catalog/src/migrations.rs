//! The steps that make the tables. One folder has those that both databases understand as they stand; the folders in it those that each
//! needs in its own words, under the same number and name.

use sqlx::migrate::Migrator;

static COMMON: Migrator = sqlx::migrate!("./migrations");

/// All steps of a database, in order.
pub(crate) fn with(own: &Migrator) -> Migrator {
    Migrator::with_migrations(COMMON.iter().chain(own.iter()).cloned().collect())
}
