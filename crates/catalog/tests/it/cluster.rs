//! A PostgreSQL of its own for the tests of one process: in a temporary folder, reached by a socket there, gone with the process
//! however that ends.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use std::{env, fs, io};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use tokio::sync::OnceCell;
use tokio::time::Instant;

pub(crate) const PASSWORD: &str = "s3cret-of-the-tests";

pub(crate) struct Cluster {
    pub(crate) programs: PathBuf,
    pub(crate) folder: PathBuf,
    /// A shell that ends PostgreSQL, and removes the folder, when nobody holds the other end of its input.
    pub(crate) keeper: Child,
}

/// A URL for a new, empty database of the cluster that the tests of this process share. `None` where there is no PostgreSQL, which under
/// CI is a failure.
pub(crate) async fn database() -> Option<String> {
    static SHARED: OnceCell<Option<Cluster>> = OnceCell::const_new();
    SHARED.get_or_init(Cluster::start).await.as_ref()?.database().await.into()
}

impl Cluster {
    /// Its user `modlake` may do everything, and has the password [`PASSWORD`].
    pub(crate) async fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("modlake-pg-").tempdir().expect("a folder").keep();
        // PostgreSQL does not run as root
        if fs::metadata(&folder).expect("it is there").uid() == 0 {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        fs::write(folder.join("password"), PASSWORD).expect("written");
        let mut initdb = Self::unprivileged(&programs.join("initdb"), &folder);
        initdb.args(["--pgdata=data", "--username=modlake", "--auth=scram-sha-256", "--pwfile=password"]);
        let made = initdb.args(["--encoding=UTF8", "--locale=C", "--no-sync"]).output().expect("initdb starts");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let keeper = Self::keep(&programs, &folder);
        let cluster = Self { programs, folder, keeper };
        cluster.answers().await;
        Some(cluster)
    }

    /// Starts PostgreSQL under a shell that ends it; `keep` on its input leaves the folder.
    pub(crate) fn keep(programs: &Path, folder: &Path) -> Child {
        const SCRIPT: &str = r#"
            trap '' INT
            "$0" -D data -k "$PWD" -c listen_addresses= -c fsync=off -c max_connections=200 </dev/null >>log 2>&1 &
            read -r word
            kill -QUIT $!
            wait $!
            [ "$word" = keep ] || rm -rf "$PWD"
        "#;
        let mut shell = Self::unprivileged(Path::new("sh"), folder);
        shell.arg("-c").arg(SCRIPT).arg(programs.join("postgres"));
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell")
    }

    fn unprivileged(program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if fs::metadata(folder).expect("it is there").uid() == NOBODY {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    pub(crate) async fn answers(&self) {
        let end = Instant::now() + Duration::from_mins(1);
        while let Err(error) = PgConnection::connect(&self.url("postgres")).await {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < end, "PostgreSQL does not answer: {error}\n{log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://modlake:{PASSWORD}@{socket}/{database}")
    }

    /// A new database, whose texts would compare as people sort them.
    pub(crate) async fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.execute(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'"
        ))
        .await;
        self.url(&name)
    }

    pub(crate) async fn execute(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.expect("a connection");
        connection.execute(AssertSqlSafe(statement)).await.expect("done");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

const NOBODY: u32 = 65_534;

/// The folder of `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let found = search_path().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists());
    // Debian keeps each version in a folder of its own, out of the search path
    let found = found.or_else(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
        versions.filter(|folder| folder.join("bin/initdb").exists()).max_by_key(number).map(|folder| folder.join("bin"))
    });
    let missing = "no PostgreSQL 15 or newer here: install it (Debian: apt-get install postgresql)";
    assert!(found.is_some() || !is_ci(), "{missing}");
    if found.is_none() {
        writeln!(io::stderr(), "skipped, {missing}").ok();
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "where programs are is no setting of ours")]
fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

#[expect(clippy::disallowed_methods, reason = "tests may know who runs them")]
fn is_ci() -> bool {
    env::var_os("CI").is_some()
}
