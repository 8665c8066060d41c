//! The catalog: keys are changed in the database and read from memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError};

use record::caller::{Caller, Scopes, Tenant};
use record::secret::Secret;
use record::time::{Clock, Timestamp};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Row as _, SqliteConnection};
use tokio::sync::Mutex;

use crate::databases::schema::Schemas;
use crate::error::CatalogError;
use crate::key::{self, CreatedKey, KeyHash, KeyInfo, NewKey};
use crate::keyring::{Keyring, Strangers};
use crate::placeholder_key;
use crate::records::write::Queue;
use crate::sqlite;
use crate::traces::Waiting;

pub(crate) type Row = SqliteRow;
pub(crate) type Connection = SqliteConnection;
pub(crate) type Db = sqlx::Sqlite;
pub(crate) type Arguments = sqlx::sqlite::SqliteArguments;

/// What one transaction does. The future holds the connection, for `'c`, and may borrow what lives for `'env`.
pub(crate) struct Change<'env, 'c, T> {
    work: std::pin::Pin<Box<dyn Future<Output = Result<T, CatalogError>> + Send + 'c>>,
    /// That `'env` outlives `'c`, which a bound `for<'c>` cannot say in words.
    outlives: std::marker::PhantomData<&'c &'env ()>,
}

impl<'c, T> Change<'_, 'c, T> {
    pub(crate) fn of(work: impl Future<Output = Result<T, CatalogError>> + Send + 'c) -> Self {
        Self { work: Box::pin(work), outlives: std::marker::PhantomData }
    }
}

/// Tenants and keys. Cheap to clone: all clones are one catalog.
#[derive(Clone)]
pub struct Catalog(Arc<Inner>);

struct Inner {
    path: PathBuf,
    clock: Clock,
    pool: SqlitePool,
    keyring: Keyring,
    placeholder_keys: placeholder_key::Keys,
    /// Whoever holds it is the only one to change the keyring.
    watch: Mutex<Watch>,
    /// Versions of trace files that wait for the next commit.
    waiting: std::sync::Mutex<Vec<Waiting>>,
    /// Whoever holds it commits for all who wait.
    trace_writer: Mutex<()>,
    schemas: Schemas,
    record_queue: Queue,
}

/// The connection that sees what all others wrote.
struct Watch {
    connection: SqliteConnection,
    /// Of the reading that is in the keyring.
    data_version: Option<i64>,
    strangers: Strangers,
}

const LIST: &str = "SELECT id, hash, tenant, name, scopes, origins, created_at, revoked_at FROM api_keys \
                    WHERE CAST($1 AS TEXT) IS NULL OR tenant = $1 ORDER BY created_at, id";
const LOAD: &str = "SELECT id, hash, tenant, name, scopes, origins, created_at, revoked_at FROM api_keys \
                    WHERE revoked_at IS NULL";

impl Catalog {
    /// Opens the catalog in the `SQLite` file `path`, which is made (mode 0600) when it is missing; its folder must exist.
    pub async fn open(path: &Path, clock: Clock) -> Result<Self, CatalogError> {
        let (pool, connection) = sqlite::open(path).await?;
        let watch = Mutex::new(Watch { connection, data_version: None, strangers: Strangers::default() });
        let inner = Inner {
            path: path.to_path_buf(),
            clock,
            pool,
            keyring: Keyring::default(),
            placeholder_keys: placeholder_key::Keys::default(),
            watch,
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

    /// As [`Catalog::find`], but an unknown key is looked for in the database once, so that a key made by another process
    /// works at once. `None`: there is no such key, or it is revoked.
    ///
    /// A flood of wrong keys costs next to no reads: the same wrong key none, different ones at most 100 a second. Past
    /// that bound a key just made by another process is unknown until the next [`Catalog::refresh`].
    pub async fn find_or_load(&self, key: &str) -> Result<Option<Arc<Caller>>, CatalogError> {
        let hash = KeyHash::of(key);
        if let Some(caller) = self.0.keyring.find(&hash) {
            return Ok(Some(caller));
        }
        let mut watch = self.0.watch.lock().await;
        // While this request waited, another one with the same key may have loaded it.
        if let Some(caller) = self.0.keyring.find(&hash) {
            return Ok(Some(caller));
        }
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

    /// Reads the keys again when another connection has committed since the last reading; tells whether it did. To be
    /// called every second, so that a key revoked by another process stops within about that time.
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
        let rows = sqlx::query(LIST).bind(tenant.map(Tenant::as_str)).fetch_all(&self.0.pool).await;
        rows.map_err(|error| self.failed(error))?.iter().map(|row| read_key(row).map(|(_, info)| info)).collect()
    }

    /// Ends a key. It is unknown here when this returns, and in every other process after its next [`Catalog::refresh`].
    /// Revoking twice keeps the first instant.
    pub async fn revoke_key(&self, id: &str) -> Result<(), CatalogError> {
        let now = self.0.clock.now();
        let done = sqlx::query("UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2")
            .bind(now.0)
            .bind(id)
            .execute(&self.0.pool)
            .await
            .map_err(|error| self.failed(error))?;
        if done.rows_affected() == 0 {
            return Err(CatalogError::KeyNotFound(id.to_owned()));
        }
        self.refresh().await.map(drop)
    }

    /// The 32 random bytes by which the tenant's placeholders are made: always the same ones. Made when first asked for; after
    /// that it never waits.
    pub async fn placeholder_key(&self, tenant: &Tenant) -> Result<[u8; 32], CatalogError> {
        match self.0.placeholder_keys.find(tenant) {
            Some(key) => Ok(key),
            None => self.0.placeholder_keys.load(&self.0.pool, &self.0.path, tenant, self.0.clock.now()).await,
        }
    }

    /// Whether no key was ever made: the first start.
    pub async fn is_empty(&self) -> Result<bool, CatalogError> {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM api_keys").fetch_one(&self.0.pool).await;
        count.map(|count| count == 0).map_err(|error| self.failed(error))
    }
}

impl Catalog {
    async fn insert(&self, key: &Secret, new: NewKey) -> Result<String, CatalogError> {
        new.check()?;
        let id = key::random_id()?;
        let hash = KeyHash::of(key.reveal()).to_hex();
        match self.insert_rows(&id, &hash, &new).await {
            Ok(()) => {}
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
                return Err(self.existing(&hash).await?.map_or_else(|| self.failed(error), CatalogError::KeyExists));
            }
            Err(error) => return Err(self.failed(error)),
        }
        // The key exists and its text is nowhere else: a failed reading must not lose it, the next one will see it.
        if let Err(error) = self.refresh().await {
            tracing::warn!(key_id = id, %error, "the catalog could not be read again after a key was made");
        }
        Ok(id)
    }

    async fn insert_rows(&self, id: &str, hash: &str, new: &NewKey) -> Result<(), sqlx::Error> {
        let now = self.0.clock.now().0;
        let mut transaction = self.0.pool.begin().await?;
        sqlx::query("INSERT INTO tenants (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(new.tenant.as_str())
            .bind(now)
            .execute(&mut *transaction)
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
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// The id of the key with this hash.
    async fn existing(&self, hash: &str) -> Result<Option<String>, CatalogError> {
        let id = sqlx::query_scalar("SELECT id FROM api_keys WHERE hash = $1").bind(hash);
        id.fetch_optional(&self.0.pool).await.map_err(|error| self.failed(error))
    }

    async fn reload_if_changed(&self, watch: &mut Watch) -> Result<bool, CatalogError> {
        let connection = &mut watch.connection;
        let version = sqlite::data_version(connection).await.map_err(|error| self.failed(error))?;
        if watch.data_version == Some(version) {
            return Ok(false);
        }
        // A commit between these two statements is in the rows but not in the version: then the next call reads again.
        let rows = sqlx::query(LOAD).fetch_all(connection).await.map_err(|error| self.failed(error))?;
        self.0.keyring.replace(rows.iter().filter_map(caller).collect::<HashMap<_, _>>());
        watch.strangers.forget();
        watch.data_version = Some(version);
        Ok(true)
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.0.pool
    }

    /// Runs `change` in one transaction, and commits when it returns `Ok`.
    pub(crate) async fn write<'env, T>(
        &self,
        change: impl for<'c> Fn(&'c mut Connection) -> Change<'env, 'c, T>,
    ) -> Result<T, CatalogError> {
        let mut transaction = self.0.pool.begin().await?;
        let changed = change(&mut transaction).work.await?;
        transaction.commit().await?;
        Ok(changed)
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
        CatalogError::from_sqlx(&self.0.path, error)
    }
}

/// A row that this version cannot read is one key that does not work, and not a catalog that does not.
fn caller(row: &SqliteRow) -> Option<(KeyHash, Arc<Caller>)> {
    match read_key(row) {
        Ok((hash, info)) => {
            let caller = Caller { tenant: info.tenant, scopes: info.scopes, key_id: Arc::from(info.id) };
            Some((hash, Arc::new(caller)))
        }
        Err(error) => {
            tracing::warn!(%error, "a key in the catalog is left out");
            None
        }
    }
}

fn read_key(row: &SqliteRow) -> Result<(KeyHash, KeyInfo), CatalogError> {
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
