//! The catalog on real databases: all that is promised of both is tested on both.

#![expect(clippy::unwrap_used, reason = "clippy does not see that `on_both_databases` makes tests of functions")]

mod assets;
mod cluster;
mod deployments;
mod files;
mod keys;
mod limits;
mod plans;
mod queues;
mod records;
mod servers;
mod traces;
mod two_handles;

use std::path::PathBuf;
use std::time::Duration;

use catalog::{Catalog, Location, NewKey, Options, ServerUrl};
use record::caller::{Scopes, Tenant};
use record::time::{Clock, Timestamp};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

/// Makes tests of functions that take a [`Place`], one on each database.
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$name(crate::Place::file()).await;
                }
            )+
        }

        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    if let Some(place) = crate::Place::server().await {
                        super::$name(place).await;
                    }
                }
            )+
        }
    };
}
pub(crate) use on_both_databases;

/// An empty database for one catalog, a clock that stands still, and as many handles as a test wants.
struct Place {
    database: Database,
    clock: Clock,
}

enum Database {
    File(TempDir),
    Server(String),
}

impl Place {
    fn new(database: Database) -> Self {
        Self { database, clock: Clock::fixed(Timestamp::parse("2026-01-02T03:04:05Z").expect("an instant")) }
    }

    fn file() -> Self {
        Self::new(Database::File(tempfile::tempdir().expect("a folder")))
    }

    async fn server() -> Option<Self> {
        Some(Self::new(Database::Server(cluster::database().await?)))
    }

    fn folder(&self) -> PathBuf {
        match &self.database {
            Database::File(folder) => folder.path().to_path_buf(),
            Database::Server(_) => panic!("a test of files"),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder().join("catalog.db")
    }

    fn url(&self) -> String {
        match &self.database {
            Database::File(_) => format!("sqlite://{}", self.path().display()),
            Database::Server(url) => url.clone(),
        }
    }

    /// Writers that wait for each other have all the time that a busy machine takes.
    fn options(&self) -> Options {
        let options = match &self.database {
            Database::File(_) => Options::file(self.path()),
            Database::Server(url) => Options::new(Location::Server(ServerUrl::parse(url).expect("a URL"))),
        };
        Options { timeout: Duration::from_mins(1), ..options }
    }

    async fn open(&self) -> Catalog {
        Catalog::open(&self.options(), self.clock.clone()).await.expect("the catalog opens")
    }

    /// A connection for what the catalog itself would not do.
    async fn raw(&self) -> AnyConnection {
        sqlx::any::install_default_drivers();
        AnyConnection::connect(&self.url()).await.expect("a connection")
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
