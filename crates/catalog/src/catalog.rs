//! The catalog: keys are changed in the database and read from memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use record::caller::{Caller, Scopes, Tenant, email_of_name};
use record::secret::Secret;
use record::time::{Clock, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AnyPool, Row as _};
use tokio::sync::Mutex;

use crate::database::{Change, Database};
use crate::databases::schema::Schemas;
use crate::error::CatalogError;
use crate::key::{self, CreatedKey, KeyHash, KeyInfo, NewKey};
use crate::keyring::{Keyring, Strangers};
use crate::location::Options;
use crate::placeholder_key;
use crate::records::write::Queue;
use crate::traces::Waiting;

/// Tenants and keys. Cheap to clone: all clones are one catalog.
#[derive(Clone)]
pub struct Catalog(Arc<Inner>);

struct Inner {
    clock: Clock,
    database: Database,
    keyring: Keyring,
    placeholder_keys: placeholder_key::Keys,
    /// Whoever holds it is the only one to change the keyring.
    watch: Mutex<Watch>,
    /// Keys could not be read the last time: which others there are is not known.
    blind: AtomicBool,
    /// Versions of trace files that wait for the next commit.
    waiting: std::sync::Mutex<Vec<Waiting>>,
    /// Whoever holds it commits for all who wait.
    trace_writer: Mutex<()>,
    schemas: Schemas,
    record_queue: Queue,
}

/// The connection that sees what all others wrote: its own, so that no writing holds up a key's end.
#[derive(Default)]
struct Watch {
    /// `None`: it broke, or was never made.
    connection: Option<AnyConnection>,
    /// Of the reading that is in the keyring: what `key_changes` held before it.
    mark: Option<String>,
    strangers: Strangers,
}

const LIST: &str = "SELECT id, hash, tenant, name, scopes, origins, created_at, revoked_at FROM api_keys \
                    WHERE CAST($1 AS TEXT) IS NULL OR tenant = $1 ORDER BY created_at, id";
const LOAD: &str = "SELECT id, hash, tenant, name, scopes, origins, created_at, revoked_at FROM api_keys \
                    WHERE revoked_at IS NULL";

impl Catalog {
    /// Opens the catalog: a file is made (mode 0600) when it is missing, a database of PostgreSQL must be there.
    pub async fn open(options: &Options, clock: Clock) -> Result<Self, CatalogError> {
        let database = Database::open(options).await?;
        let placeholder_keys = placeholder_key::Keys::read(&database).await?;
        let inner = Inner {
            clock,
            database,
            keyring: Keyring::default(),
            placeholder_keys,
            watch: Mutex::default(),
            blind: AtomicBool::default(),
            waiting: std::sync::Mutex::default(),
            trace_writer: Mutex::default(),
            schemas: Schemas::default(),
            record_queue: Queue::default(),
        };
        let catalog = Self(Arc::new(inner));
        catalog.refresh().await?;
        Ok(catalog)
    }

    /// The sender behind the key, when this process knows it. Costs one SHA-256 and one look-up; never waits.
    pub fn find(&self, key: &str) -> Option<Arc<Caller>> {
        self.0.keyring.find(&KeyHash::of(key))
    }

    /// Whether any key in force is bound to this web origin. Never waits.
    pub fn knows_origin(&self, origin: &str) -> bool {
        self.0.keyring.knows_origin(origin)
    }

    /// As [`Catalog::find`], but an unknown key is looked for in the database once, so that a key made by another process
    /// works at once. `None`: there is no such key, or it is revoked.
    ///
    /// A flood of wrong keys costs next to no reads: the same wrong key none, different ones at most 100 a second. Past
    /// that bound a key just made by another process is unknown until the next [`Catalog::refresh`]. After a reading that failed, no
    /// unknown key is told to be none until a [`Catalog::refresh`] goes through: [`CatalogError::Away`].
    pub async fn find_or_load(&self, key: &str) -> Result<Option<Arc<Caller>>, CatalogError> {
        let hash = KeyHash::of(key);
        if let Some(caller) = self.0.keyring.find(&hash) {
            return Ok(Some(caller));
        }
        self.check_sight()?;
        let mut watch = self.0.watch.lock().await;
        // While this request waited, another one with the same key may have loaded it.
        if let Some(caller) = self.0.keyring.find(&hash) {
            return Ok(Some(caller));
        }
        self.check_sight()?;
        if !watch.strangers.may_ask(&hash, self.0.clock.now()) {
            return Ok(None);
        }
        self.reload_if_changed(&mut watch).await?;
        let found = self.0.keyring.find(&hash);
        if found.is_none() {
            watch.strangers.remember(hash);
        }
        Ok(found)
    }

    /// Reads the keys again when any of them was changed since the last reading; tells whether it did. To be called every second, so
    /// that a key revoked by another process stops within about that time. When the database cannot be reached, the keys in memory
    /// stay as they are.
    pub async fn refresh(&self) -> Result<bool, CatalogError> {
        let mut watch = self.0.watch.lock().await;
        self.reload_if_changed(&mut watch).await
    }

    /// Makes a key, and its tenant when it is new.
    pub async fn create_key(&self, new: NewKey) -> Result<CreatedKey, CatalogError> {
        let key = key::random_key()?;
        let id = self.insert(&key, new).await?;
        Ok(CreatedKey { id, key })
    }

    /// Makes a text given by the owner a key; returns its id. The text has 16 to 512 printable ASCII characters. A text
    /// that is a key already, also a revoked one, is [`CatalogError::KeyExists`].
    pub async fn import_key(&self, key: &Secret, new: NewKey) -> Result<String, CatalogError> {
        key::check_text(key)?;
        self.insert(key, new).await
    }

    /// All keys, also revoked ones, of one tenant or of all, oldest first.
    pub async fn list_keys(&self, tenant: Option<&Tenant>) -> Result<Vec<KeyInfo>, CatalogError> {
        let rows = sqlx::query(LIST).bind(tenant.map(Tenant::as_str)).fetch_all(self.pool()).await;
        rows.map_err(|error| self.failed(error))?.iter().map(|row| read_key(row).map(|(_, info)| info)).collect()
    }

    /// Ends a key. It is unknown here when this returns, and in every other process after its next [`Catalog::refresh`].
    /// Revoking twice keeps the first instant.
    pub async fn revoke_key(&self, id: &str) -> Result<(), CatalogError> {
        let now = self.0.clock.now();
        if !self.write(|connection| Change::of(revoke(connection, id, now))).await? {
            return Err(CatalogError::KeyNotFound(id.to_owned()));
        }
        self.refresh().await.map(drop)
    }

    /// The 32 random bytes by which the tenant's placeholders are made: always the same ones. Made when first asked for; after
    /// that it never waits.
    pub async fn placeholder_key(&self, tenant: &Tenant) -> Result<[u8; 32], CatalogError> {
        match self.0.placeholder_keys.find(tenant) {
            Some(key) => Ok(key),
            None => self.0.placeholder_keys.load(&self.0.database, tenant, self.0.clock.now()).await,
        }
    }

    /// Whether no key was ever made: the first start.
    pub async fn is_empty(&self) -> Result<bool, CatalogError> {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM api_keys").fetch_one(self.pool()).await;
        count.map(|count| count == 0).map_err(|error| self.failed(error))
    }
}

impl Catalog {
    async fn insert(&self, key: &Secret, new: NewKey) -> Result<String, CatalogError> {
        new.check()?;
        let id = key::random_id()?;
        let hash = KeyHash::of(key.reveal()).to_hex();
        let now = self.0.clock.now();
        match self.write(|connection| Change::of(insert_rows(connection, &id, &hash, &new, now))).await {
            Ok(()) => {}
            Err(CatalogError::Database(error))
                if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) =>
            {
                return Err(self.existing(&hash).await?.map_or(CatalogError::Database(error), CatalogError::KeyExists));
            }
            Err(error) => return Err(error),
        }
        // The key exists and its text is nowhere else: a failed reading must not lose it, the next one will see it.
        if let Err(error) = self.refresh().await {
            tracing::warn!(key_id = id, %error, "the catalog could not be read again after a key was made");
        }
        Ok(id)
    }

    /// The id of the key with this hash.
    async fn existing(&self, hash: &str) -> Result<Option<String>, CatalogError> {
        let id = sqlx::query_scalar("SELECT id FROM api_keys WHERE hash = $1").bind(hash);
        id.fetch_optional(self.pool()).await.map_err(|error| self.failed(error))
    }

    /// Whether what is not in memory can be told to be no key.
    fn check_sight(&self) -> Result<(), CatalogError> {
        if self.0.blind.load(Ordering::Relaxed) {
            return Err(self.0.database.away("keys could not be read the last time".to_owned()));
        }
        Ok(())
    }

    async fn reload_if_changed(&self, watch: &mut Watch) -> Result<bool, CatalogError> {
        let reading = tokio::time::timeout(self.0.database.timeout(), self.read_if_changed(watch)).await;
        let changed = reading.unwrap_or_else(|_| Err(self.0.database.slow()));
        if changed.is_err() {
            watch.connection = None;
        }
        self.0.blind.store(changed.is_err(), Ordering::Relaxed);
        changed
    }

    async fn read_if_changed(&self, watch: &mut Watch) -> Result<bool, CatalogError> {
        let connected = watch.connection.is_some();
        let mark = match self.read_mark(watch).await {
            // the server may have been started again since the last look
            Err(_) if connected => {
                watch.connection = None;
                self.read_mark(watch).await
            }
            read => read,
        };
        let mark = Some(mark.map_err(|error| self.failed(error))?);
        if watch.mark == mark {
            return Ok(false);
        }
        // A commit between these two statements is in the rows but not in the mark: then the next call reads again.
        let connection = self.watching(watch).await.map_err(|error| self.failed(error))?;
        let rows = sqlx::query(LOAD).fetch_all(connection).await.map_err(|error| self.failed(error))?;
        self.0.keyring.replace(rows.iter().filter_map(caller).collect::<HashMap<_, _>>());
        watch.strangers.forget();
        watch.mark = mark;
        Ok(true)
    }

    async fn read_mark(&self, watch: &mut Watch) -> Result<String, sqlx::Error> {
        let connection = self.watching(watch).await?;
        sqlx::query_scalar("SELECT mark FROM key_changes").fetch_one(connection).await
    }

    async fn watching<'a>(&self, watch: &'a mut Watch) -> Result<&'a mut AnyConnection, sqlx::Error> {
        let connection = match watch.connection.take() {
            Some(connection) => connection,
            None => self.0.database.connect().await?,
        };
        Ok(watch.connection.insert(connection))
    }

    /// For queries that write nothing. Their errors become the catalog's by [`Catalog::failed`].
    pub(crate) fn pool(&self) -> &AnyPool {
        self.0.database.pool()
    }

    /// Runs `change` in one transaction, again when it collides with another one: see [`Database::write`].
    pub(crate) async fn write<'env, T>(
        &self,
        change: impl for<'c> Fn(&'c mut AnyConnection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        self.0.database.write(change).await
    }

    /// See [`Database::write_in_turn`].
    pub(crate) async fn write_in_turn<'env, T>(
        &self,
        change: impl for<'c> Fn(&'c mut AnyConnection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        self.0.database.write_in_turn(change).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn schemas(&self) -> &Schemas {
        &self.0.schemas
    }

    pub(crate) fn record_queue(&self) -> &Queue {
        &self.0.record_queue
    }

    pub(crate) fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn trace_writer(&self) -> &Mutex<()> {
        &self.0.trace_writer
    }

    pub(crate) fn failed(&self, error: sqlx::Error) -> CatalogError {
        self.0.database.failed(error)
    }
}

async fn insert_rows(
    connection: &mut AnyConnection,
    id: &str,
    hash: &str,
    new: &NewKey,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query("INSERT INTO tenants (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(new.tenant.as_str())
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO api_keys (id, hash, tenant, name, scopes, origins, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(id)
    .bind(hash)
    .bind(new.tenant.as_str())
    .bind(new.name.as_deref())
    .bind(new.scopes.to_string())
    .bind(new.origins.join(" "))
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Tells whether there is such a key.
async fn revoke(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<bool, CatalogError> {
    let query = sqlx::query("UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2");
    Ok(query.bind(now.0).bind(id).execute(connection).await?.rows_affected() > 0)
}

/// A row that this version cannot read is one key that does not work, and not a catalog that does not.
fn caller(row: &AnyRow) -> Option<(KeyHash, Arc<Caller>)> {
    match read_key(row) {
        Ok((hash, info)) => {
            let caller = Caller {
                tenant: info.tenant,
                scopes: info.scopes,
                key_id: Arc::from(info.id),
                origins: Arc::from(info.origins),
                email: info.name.as_deref().and_then(email_of_name).map(Arc::from),
            };
            Some((hash, Arc::new(caller)))
        }
        Err(error) => {
            tracing::warn!(%error, "a key in the catalog is left out");
            None
        }
    }
}

fn read_key(row: &AnyRow) -> Result<(KeyHash, KeyInfo), CatalogError> {
    let id: String = row.try_get("id").map_err(CatalogError::Database)?;
    let unknown = |what: &'static str| CatalogError::Row { id: id.clone(), what };
    let text = |column: &'static str| row.try_get::<&str, _>(column).map_err(|_| unknown(column));
    let instant = |column: &'static str| row.try_get::<Option<i64>, _>(column).map_err(|_| unknown(column));

    let hash = KeyHash::from_hex(text("hash")?).ok_or_else(|| unknown("hash"))?;
    let info = KeyInfo {
        tenant: Tenant::new(text("tenant")?).map_err(|_| unknown("tenant"))?,
        name: row.try_get("name").map_err(|_| unknown("name"))?,
        scopes: Scopes::parse(text("scopes")?).map_err(|_| unknown("scope"))?,
        origins: text("origins")?.split_whitespace().map(str::to_owned).collect(),
        created_at: instant("created_at")?.map(Timestamp).ok_or_else(|| unknown("created_at"))?,
        revoked_at: instant("revoked_at")?.map(Timestamp),
        id: id.clone(),
    };
    Ok((hash, info))
}
