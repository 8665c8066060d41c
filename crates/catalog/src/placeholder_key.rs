//! The key of a tenant's placeholders: made when first asked for, in memory from the start.
//!
//! It is a secret: whoever has it can try guesses against the hashes in the tenant's rows. It is written nowhere but into the
//! catalog, and has no text form.

use std::collections::HashMap;

use arc_swap::ArcSwap;
use record::caller::Tenant;
use record::time::Timestamp;
use sqlx::AnyConnection;

use crate::database::{Change, Database};
use crate::error::CatalogError;
use crate::key::{from_hex, hex};

/// 32 random bytes.
pub(crate) type Bytes = [u8; 32];

/// Those that are there. Reading never waits.
#[derive(Default)]
pub(crate) struct Keys(ArcSwap<HashMap<Tenant, Bytes>>);

impl Keys {
    /// Those that were made, so that their tenants are heard also when the database cannot be reached later.
    pub(crate) async fn read(database: &Database) -> Result<Self, CatalogError> {
        let rows = sqlx::query_as::<_, (String, String)>("SELECT tenant, key FROM placeholder_keys");
        let rows = rows.fetch_all(database.pool()).await.map_err(|error| database.failed(error))?;
        // a row that cannot be read is an error when its tenant asks for it
        let known = rows.iter().filter_map(|(tenant, key)| Some((Tenant::new(tenant).ok()?, from_hex(key)?)));
        Ok(Self(ArcSwap::from_pointee(known.collect())))
    }

    pub(crate) fn find(&self, tenant: &Tenant) -> Option<Bytes> {
        self.0.load().get(tenant).copied()
    }

    /// The key that is in the catalog, also when another process has just made it.
    pub(crate) async fn load(
        &self,
        database: &Database,
        tenant: &Tenant,
        now: Timestamp,
    ) -> Result<Bytes, CatalogError> {
        let mut fresh = Bytes::default();
        getrandom::fill(&mut fresh).map_err(CatalogError::Random)?;
        let text = database.write(|connection| Change::of(stored(connection, tenant, &fresh, now))).await?;
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
async fn stored(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    fresh: &Bytes,
    now: Timestamp,
) -> Result<String, CatalogError> {
    sqlx::query("INSERT INTO tenants (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(tenant.as_str())
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO placeholder_keys (tenant, key, created_at) VALUES ($1, $2, $3) ON CONFLICT (tenant) DO NOTHING",
    )
    .bind(tenant.as_str())
    .bind(hex(fresh))
    .bind(now.0)
    .execute(&mut *connection)
    .await?;
    let text = sqlx::query_scalar("SELECT key FROM placeholder_keys WHERE tenant = $1")
        .bind(tenant.as_str())
        .fetch_one(&mut *connection)
        .await?;
    Ok(text)
}
