//! The catalog on real database files.

mod files;
mod keys;
mod records;
mod traces;
mod two_handles;

use std::path::PathBuf;

use catalog::{Catalog, NewKey};
use record::caller::{Scopes, Tenant};
use record::time::{Clock, Timestamp};
use tempfile::TempDir;

/// A folder for one catalog, a clock that stands still, and as many handles as a test wants.
struct Place {
    folder: TempDir,
    clock: Clock,
}

impl Place {
    fn new() -> Self {
        let clock = Clock::fixed(Timestamp::parse("2026-01-02T03:04:05Z").expect("an instant"));
        Self { folder: tempfile::tempdir().expect("a folder"), clock }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("catalog.db")
    }

    async fn open(&self) -> Catalog {
        Catalog::open(&self.path(), self.clock.clone()).await.expect("the catalog opens")
    }
}

fn acme() -> Tenant {
    Tenant::new("acme").expect("a tenant")
}

fn new_key(tenant: &str) -> NewKey {
    NewKey {
        tenant: Tenant::new(tenant).expect("a tenant"),
        scopes: Scopes { ingest: true, read: true, admin: false },
        name: None,
        origins: Vec::new(),
    }
}
