//! The key of a tenant's placeholders: made when first asked for, in memory from then on.
//!
//! It is a secret: whoever has it can try guesses against the hashes in the tenant's rows. It is written nowhere but into the
//! catalog (mode 0600), and has no text form.

use std::collections::HashMap;
use std::path::Path;

use arc_swap::ArcSwap;
use record::caller::Tenant;
use record::time::Timestamp;
use sqlx::sqlite::SqlitePool;

use crate::error::CatalogError;
use crate::key::{from_hex, hex};

/// 32 random bytes.
pub(crate) type Bytes = [u8; 32];

/// Those asked for since the start. Reading never waits.
#[derive(Default)]
pub(crate) struct Keys(ArcSwap<HashMap<Tenant, Bytes>>);

impl Keys {
    pub(crate) fn find(&self, tenant: &Tenant) -> Option<Bytes> {
        self.0.load().get(tenant).copied()
    }

    /// The key that is in the catalog, also when another process has just made it.
    pub(crate) async fn load(
        &self,
        pool: &SqlitePool,
        path: &Path,
        tenant: &Tenant,
        now: Timestamp,
    ) -> Result<Bytes, CatalogError> {
        let mut fresh = Bytes::default();
        getrandom::fill(&mut fresh).map_err(CatalogError::Random)?;
        let text = stored(pool, tenant, &fresh, now).await.map_err(|error| CatalogError::from_sqlx(path, error))?;
        let key = from_hex(&text).ok_or_else(|| CatalogError::PlaceholderKey(tenant.to_string()))?;
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(tenant.clone(), key);
            known
        });
        Ok(key)
    }
}

/// Leaves `fresh` in the table unless a key is there, and reads the one that is there then.
async fn stored(pool: &SqlitePool, tenant: &Tenant, fresh: &Bytes, now: Timestamp) -> Result<String, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("INSERT INTO tenants (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(tenant.as_str())
        .bind(now.0)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO placeholder_keys (tenant, key, created_at) VALUES ($1, $2, $3) ON CONFLICT (tenant) DO NOTHING",
    )
    .bind(tenant.as_str())
    .bind(hex(fresh))
    .bind(now.0)
    .execute(&mut *transaction)
    .await?;
    let text = sqlx::query_scalar("SELECT key FROM placeholder_keys WHERE tenant = $1")
        .bind(tenant.as_str())
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(text)
}
