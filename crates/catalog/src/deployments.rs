//! Deployments of mods: which browsers said they run one, and since when its errors are counted anew.

use record::caller::Tenant;
use record::time::Timestamp;
use sqlx::AnyConnection;

use crate::catalog::Catalog;
use crate::database::Change;
use crate::databases::of_stored;
use crate::error::CatalogError;

/// What one browser profile says of itself from time to time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Random id of the browser profile.
    pub uid: String,
    /// The person, where the key names one.
    pub email: Option<String>,
    /// Of the program around the mods.
    pub client_version: Option<String>,
    pub active: Vec<ActiveMod>,
}

/// A mod that is active by a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveMod {
    pub deployment_id: String,
    pub mod_id: Option<String>,
    pub mod_version: Option<String>,
    /// When the deployment was changed last, as the client knows it.
    pub updated_at: Option<Timestamp>,
}

/// A version of a mod that a browser profile ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentClient {
    pub deployment_id: String,
    pub uid: String,
    pub email: Option<String>,
    pub client_version: Option<String>,
    pub mod_id: Option<String>,
    pub mod_version: Option<String>,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

/// Since when a deployment's errors are counted anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    pub deployment_id: String,
    pub cleared_at: Timestamp,
    /// Id of the key that asked for it.
    pub cleared_by: String,
}

const KEEP: &str = "INSERT INTO deployment_clients \
                    (tenant, deployment_id, uid, mod_version, mod_id, client_version, email, updated_at, first_seen_at, last_seen_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING";
const RENEW: &str = "UPDATE deployment_clients SET mod_id = COALESCE($5, mod_id), client_version = COALESCE($6, client_version), \
                     email = COALESCE($7, email), updated_at = COALESCE($8, updated_at), last_seen_at = $9 \
                     WHERE tenant = $1 AND deployment_id = $2 AND uid = $3 AND mod_version = $4 AND last_seen_at <= $9";
/// All beyond the `$2` that were seen last.
const FORGET: &str = "DELETE FROM deployment_clients WHERE tenant = $1 AND last_seen_at <= \
                      (SELECT last_seen_at FROM deployment_clients WHERE tenant = $1 \
                      ORDER BY last_seen_at DESC LIMIT 1 OFFSET $2)";
const CLIENTS: &str = "SELECT deployment_id, uid, email, client_version, mod_id, mod_version, first_seen_at, last_seen_at \
                       FROM deployment_clients \
                       WHERE tenant = $1 AND (CAST($2 AS TEXT) IS NULL OR deployment_id = $2) AND last_seen_at >= $3 \
                       ORDER BY deployment_id, uid, first_seen_at, mod_version";
const TENANTS: &str = "SELECT DISTINCT tenant FROM deployment_clients ORDER BY tenant";
const EXPIRE: &str = "DELETE FROM deployment_clients WHERE tenant = $1 AND last_seen_at < $2";
const COUNT_EXPIRED: &str = "SELECT count(*) FROM deployment_clients WHERE tenant = $1 AND last_seen_at < $2";
const CLEAR: &str = "INSERT INTO deployment_clearings (tenant, deployment_id, cleared_at, cleared_by) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (tenant, deployment_id) DO UPDATE SET cleared_at = excluded.cleared_at, \
                     cleared_by = excluded.cleared_by";
const CLEARED: &str =
    "SELECT deployment_id, cleared_at, cleared_by FROM deployment_clearings WHERE tenant = $1 ORDER BY deployment_id";

type ClientRow = (String, String, Option<String>, Option<String>, Option<String>, String, i64, i64);

impl Catalog {
    /// Keeps what a heartbeat said at `at`. Of a tenant the `most` rows seen last are kept: whoever makes up browser
    /// profiles without end pushes out old ones, and fills no disk.
    pub async fn remember_heartbeat(
        &self,
        tenant: &Tenant,
        heartbeat: &Heartbeat,
        at: Timestamp,
        most: usize,
    ) -> Result<(), CatalogError> {
        let rows = Rows { tenant, heartbeat, at, most: i64::try_from(most).unwrap_or(i64::MAX) };
        self.write(|connection| Change::of(write_heartbeat(connection, rows))).await
    }

    /// Who runs a deployment, or any of them, and said so at or after `since`; by deployment, profile and the order in which
    /// its versions were first seen.
    pub async fn deployment_clients(
        &self,
        tenant: &Tenant,
        deployment_id: Option<&str>,
        since: Timestamp,
    ) -> Result<Vec<DeploymentClient>, CatalogError> {
        let rows = sqlx::query_as::<_, ClientRow>(CLIENTS)
            .bind(tenant.as_str())
            .bind(deployment_id)
            .bind(since.0)
            .fetch_all(self.pool())
            .await;
        Ok(rows.map_err(|error| self.failed(error))?.into_iter().map(client).collect())
    }

    /// The tenants of which heartbeats are kept.
    pub async fn tenants_of_heartbeats(&self) -> Result<Vec<Tenant>, CatalogError> {
        let tenants = sqlx::query_scalar::<_, String>(TENANTS).fetch_all(self.pool()).await;
        let tenants = tenants.map_err(|error| self.failed(error))?;
        Ok(tenants.iter().filter_map(|tenant| Tenant::new(tenant).ok()).collect())
    }

    /// Forgets which versions profiles ran that said so for the last time before `before`. Tells how many.
    pub async fn expire_heartbeats(&self, tenant: &Tenant, before: Timestamp) -> Result<u64, CatalogError> {
        let done = sqlx::query(EXPIRE).bind(tenant.as_str()).bind(before.0).execute(self.pool()).await;
        Ok(done.map_err(|error| self.failed(error))?.rows_affected())
    }

    /// How many [`Catalog::expire_heartbeats`] would forget.
    pub async fn count_expired_heartbeats(&self, tenant: &Tenant, before: Timestamp) -> Result<u64, CatalogError> {
        let count = sqlx::query_scalar(COUNT_EXPIRED).bind(tenant.as_str()).bind(before.0).fetch_one(self.pool());
        count.await.map(of_stored).map_err(|error| self.failed(error))
    }

    /// From `at` on a deployment's errors are counted anew. `key_id`: of the key that asked for it.
    pub async fn clear_errors(
        &self,
        tenant: &Tenant,
        deployment_id: &str,
        at: Timestamp,
        key_id: &str,
    ) -> Result<(), CatalogError> {
        self.write(|connection| Change::of(write_clearing(connection, tenant, deployment_id, at, key_id))).await
    }

    /// The deployments of a tenant whose errors were ever cleared, by id.
    pub async fn cleared_errors(&self, tenant: &Tenant) -> Result<Vec<Clearing>, CatalogError> {
        let rows = sqlx::query_as::<_, (String, i64, String)>(CLEARED).bind(tenant.as_str()).fetch_all(self.pool());
        let rows = rows.await.map_err(|error| self.failed(error))?;
        let clearing =
            |(deployment_id, at, cleared_by)| Clearing { deployment_id, cleared_at: Timestamp(at), cleared_by };
        Ok(rows.into_iter().map(clearing).collect())
    }
}

/// What a heartbeat leaves.
#[derive(Clone, Copy)]
struct Rows<'a> {
    tenant: &'a Tenant,
    heartbeat: &'a Heartbeat,
    at: Timestamp,
    /// Of the tenant.
    most: i64,
}

async fn write_heartbeat(connection: &mut AnyConnection, rows: Rows<'_>) -> Result<(), CatalogError> {
    let Rows { tenant, heartbeat, at, most } = rows;
    let mut is_new = false;
    for active in &heartbeat.active {
        for statement in [KEEP, RENEW] {
            let done = sqlx::query(statement)
                .bind(tenant.as_str())
                .bind(active.deployment_id.as_str())
                .bind(heartbeat.uid.as_str())
                .bind(active.mod_version.as_deref().unwrap_or_default())
                .bind(active.mod_id.as_deref())
                .bind(heartbeat.client_version.as_deref())
                .bind(heartbeat.email.as_deref())
                .bind(active.updated_at.map(|at| at.0))
                .bind(at.0)
                .execute(&mut *connection)
                .await?;
            if statement == KEEP && done.rows_affected() > 0 {
                is_new = true;
                break;
            }
        }
    }
    if is_new {
        sqlx::query(FORGET).bind(tenant.as_str()).bind(most).execute(connection).await?;
    }
    Ok(())
}

async fn write_clearing(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    deployment_id: &str,
    at: Timestamp,
    key_id: &str,
) -> Result<(), CatalogError> {
    let done = sqlx::query(CLEAR).bind(tenant.as_str()).bind(deployment_id).bind(at.0).bind(key_id);
    done.execute(connection).await?;
    Ok(())
}

fn client(row: ClientRow) -> DeploymentClient {
    let (deployment_id, uid, email, client_version, mod_id, mod_version, first_seen_at, last_seen_at) = row;
    DeploymentClient {
        deployment_id,
        uid,
        email,
        client_version,
        mod_id,
        mod_version: Some(mod_version).filter(|version| !version.is_empty()),
        first_seen_at: Timestamp(first_seen_at),
        last_seen_at: Timestamp(last_seen_at),
    }
}
