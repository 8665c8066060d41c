//! Where a catalog lies, and how it is named to people: never with its password.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use record::secret::Secret;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// How a catalog is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub location: Location,
    /// Connections at one time, at least 1; one more watches for changed keys.
    pub connections: u32,
    /// The longest wait for a connection, for another one's write, and of a write itself.
    pub timeout: Duration,
}

impl Options {
    /// Ten connections, five seconds.
    pub fn new(location: Location) -> Self {
        Self { location, connections: 10, timeout: Duration::from_secs(5) }
    }

    /// A catalog in the `SQLite` file `path`.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Location::File(path.into()))
    }
}

/// One database. `Display` names it without user, password and parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of `SQLite`, which is made when it is missing; its folder must exist.
    File(PathBuf),
    /// A database of PostgreSQL, which must exist.
    Server(ServerUrl),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(url) => url.fmt(f),
        }
    }
}

/// `postgres://user:password@host:5432/database?sslmode=verify-full`, as `libpq` reads it. What it leaves out is taken from
/// `PGUSER`, `PGPASSWORD`, `PGSSLMODE`, … and `~/.pgpass`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    url: Secret,
    name: String,
}

/// Of the parameters of a URL, those that sqlx heeds. It would only warn of others, and write their value into the log.
const PARAMETERS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

impl ServerUrl {
    /// The error says what the text should have been, and holds nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str =
            "a URL such as postgres://user:password@host:5432/database, in which %XX stands for special characters";
        let mut url = Url::parse(text).map_err(|_| FORM)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
            return Err(FORM);
        }
        if url.query_pairs().any(|(key, _)| !PARAMETERS.contains(&&*key)) {
            return Err(
                "a URL with parameters that are known: sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, \
                        user, password, dbname, options, application_name, statement-cache-capacity",
            );
        }
        if url.query_pairs().all(|(key, _)| key != "application_name") {
            url.query_pairs_mut().append_pair("application_name", "modlaked");
        }
        let options = PgConnectOptions::from_str(url.as_str()).map_err(|_| {
            "a URL with parameters in their form: port is a number, hostaddr an IP address, sslmode one of disable, \
             allow, prefer, require, verify-ca, verify-full"
        })?;
        let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |at| at.display().to_string());
        let name = format!("postgres://{host}:{}/{}", options.get_port(), options.get_database().unwrap_or_default());
        Ok(Self { url: Secret::new(url), name })
    }

    /// With the password.
    pub(crate) fn reveal(&self) -> &str {
        self.url.reveal()
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests;
