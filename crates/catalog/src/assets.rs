//! Files of team databases of type `Asset`: what is known of each. The files lie beside the catalog, and whoever keeps them says when one
//! has come and when it is gone.
//!
//! How many there are, and how many bytes, is counted of each database and of each tenant (`asset_totals`). All changes begin at the
//! tenant's row there, so the counts are exact and what they bound is.

use record::caller::Tenant;
use record::time::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::database::{Change, Connection, Row};
use crate::databases::{of_stored, to_stored};
use crate::error::CatalogError;

/// A file of a database, or the place for one that has not come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub id: Uuid,
    pub tenant: Tenant,
    pub database: Uuid,
    /// As the uploader calls it.
    pub filename: String,
    /// As the uploader says; `None` until there is a file.
    pub content_type: Option<String>,
    /// Of the file.
    pub bytes: u64,
    pub is_uploaded: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What bounds the assets of a database and of a tenant.
#[derive(Clone, Copy, Debug)]
pub struct AssetLimits {
    /// Assets of a database.
    pub assets: u64,
    /// Bytes of a database's files.
    pub database_bytes: u64,
    /// Bytes of a tenant's files.
    pub tenant_bytes: u64,
}

/// What became of an asset that was to be made, or of a file that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The asset as it is from now on.
    Kept(Asset),
    /// There is no such database or asset, or no more.
    Gone,
    /// The asset has a file already.
    Taken,
    /// There would be more assets in the database, or bytes of them in the database or the tenant, than may be.
    Full { limit: u64 },
}

const COLUMNS: &str = "id, tenant, database_id, filename, content_type, bytes, is_uploaded, created_at, updated_at";
/// Under which id `asset_totals` counts all databases of a tenant.
const WHOLE_TENANT: &str = "*";

impl Catalog {
    /// Makes a place for a file.
    pub async fn create_asset(
        &self,
        tenant: &Tenant,
        database: Uuid,
        filename: &str,
        limits: AssetLimits,
    ) -> Result<Stored, CatalogError> {
        let asset = Asset {
            id: Uuid::now_v7(),
            tenant: tenant.clone(),
            database,
            filename: filename.to_owned(),
            content_type: None,
            bytes: 0,
            is_uploaded: false,
            created_at: self.now(),
            updated_at: self.now(),
        };
        self.write_in_turn(|connection| Change::of(insert(connection, &asset, limits.assets))).await
    }

    /// `None`: the tenant's database has no such one.
    pub async fn asset(&self, tenant: &Tenant, database: Uuid, id: Uuid) -> Result<Option<Asset>, CatalogError> {
        let query = format!("SELECT {COLUMNS} FROM assets WHERE id = $1 AND database_id = $2 AND tenant = $3");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id.to_string())
            .bind(database.to_string())
            .bind(tenant.as_str())
            .fetch_optional(self.pool())
            .await;
        row.and_then(|row| row.as_ref().map(read).transpose()).map_err(|error| self.failed(error))
    }

    /// The database's assets, the oldest first: `limit` of them after the first `offset`.
    pub async fn assets(&self, database: Uuid, offset: u64, limit: u64) -> Result<Vec<Asset>, CatalogError> {
        let query =
            format!("SELECT {COLUMNS} FROM assets WHERE database_id = $1 ORDER BY created_at, id LIMIT $2 OFFSET $3");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(database.to_string())
            .bind(to_stored(limit))
            .bind(to_stored(offset))
            .fetch_all(self.pool())
            .await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| self.failed(error))
    }

    pub async fn count_assets(&self, database: Uuid) -> Result<u64, CatalogError> {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM assets WHERE database_id = $1")
            .bind(database.to_string())
            .fetch_one(self.pool())
            .await;
        count.map(of_stored).map_err(|error| self.failed(error))
    }

    /// The asset's file has come, and lies where it belongs.
    pub async fn store_asset(
        &self,
        asset: &Asset,
        content_type: &str,
        bytes: u64,
        limits: AssetLimits,
    ) -> Result<Stored, CatalogError> {
        let now = self.now();
        self.write_in_turn(|connection| Change::of(store(connection, asset, content_type, bytes, limits, now))).await
    }

    /// Gives an asset another name; `None`: the tenant's database has no such one.
    pub async fn rename_asset(&self, asset: &Asset, filename: &str) -> Result<Option<Asset>, CatalogError> {
        let query = format!("UPDATE assets SET filename = $1, updated_at = $2 WHERE id = $3 RETURNING {COLUMNS}");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(filename.to_owned())
            .bind(self.now().0)
            .bind(asset.id.to_string())
            .fetch_optional(self.pool())
            .await;
        row.and_then(|row| row.as_ref().map(read).transpose()).map_err(|error| self.failed(error))
    }

    /// Forgets an asset whose file is gone. `false`: there was none.
    pub async fn delete_asset(&self, asset: &Asset) -> Result<bool, CatalogError> {
        self.write_in_turn(|connection| Change::of(delete(connection, asset))).await
    }

    /// The oldest assets of a database that were made before `before`, `limit` of them.
    pub async fn old_assets(&self, database: Uuid, before: Timestamp, limit: u64) -> Result<Vec<Asset>, CatalogError> {
        let query = format!(
            "SELECT {COLUMNS} FROM assets WHERE database_id = $1 AND created_at < $2 ORDER BY created_at, id LIMIT $3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(database.to_string())
            .bind(before.0)
            .bind(to_stored(limit))
            .fetch_all(self.pool())
            .await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| self.failed(error))
    }

    /// How many assets of a database were made before `before`, and the bytes of their files.
    pub async fn count_old_assets(&self, database: Uuid, before: Timestamp) -> Result<(u64, u64), CatalogError> {
        let totals = sqlx::query_as::<_, (i64, i64)>(
            "SELECT count(*), CAST(COALESCE(sum(bytes), 0) AS BIGINT) FROM assets WHERE database_id = $1 AND created_at < $2",
        )
        .bind(database.to_string())
        .bind(before.0)
        .fetch_one(self.pool())
        .await;
        let (assets, bytes) = totals.map_err(|error| self.failed(error))?;
        Ok((of_stored(assets), of_stored(bytes)))
    }
}

/// Of a database, or of a tenant.
#[derive(Clone, Copy)]
struct Totals {
    assets: i64,
    bytes: i64,
}

/// Adds to the counts, which may be nothing, and tells what they are then: of the tenant and of the database. The tenant's row comes
/// first everywhere, so whoever has it is alone.
async fn count(
    connection: &mut Connection,
    tenant: &Tenant,
    database: &str,
    more: Totals,
) -> Result<[Totals; 2], sqlx::Error> {
    let mut totals = [more; 2];
    for (of, totals) in [WHOLE_TENANT, database].into_iter().zip(&mut totals) {
        let row = sqlx::query(
            "INSERT INTO asset_totals (tenant, database_id, assets, bytes) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (tenant, database_id) DO UPDATE SET assets = asset_totals.assets + excluded.assets, \
             bytes = asset_totals.bytes + excluded.bytes RETURNING assets, bytes",
        )
        .bind(tenant.as_str())
        .bind(of.to_owned())
        .bind(more.assets)
        .bind(more.bytes)
        .fetch_one(&mut *connection)
        .await?;
        *totals = Totals { assets: row.try_get("assets")?, bytes: row.try_get("bytes")? };
    }
    Ok(totals)
}

const NOTHING: Totals = Totals { assets: 0, bytes: 0 };

async fn insert(connection: &mut Connection, asset: &Asset, limit: u64) -> Result<Stored, CatalogError> {
    let database = asset.database.to_string();
    let [_, held] = count(connection, &asset.tenant, &database, NOTHING).await?;
    // who deletes the database comes to its counts, too, before it ends
    let there = sqlx::query("SELECT id FROM databases WHERE id = $1").bind(database.clone());
    if there.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(Stored::Gone);
    }
    if of_stored(held.assets) >= limit {
        return Ok(Stored::Full { limit });
    }
    count(connection, &asset.tenant, &database, Totals { assets: 1, bytes: 0 }).await?;
    let query = format!("INSERT INTO assets ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(asset.id.to_string())
        .bind(asset.tenant.as_str())
        .bind(database)
        .bind(asset.filename.clone())
        .bind(asset.content_type.clone())
        .bind(to_stored(asset.bytes))
        .bind(i64::from(asset.is_uploaded))
        .bind(asset.created_at.0)
        .bind(asset.updated_at.0)
        .execute(connection)
        .await?;
    Ok(Stored::Kept(asset.clone()))
}

async fn store(
    connection: &mut Connection,
    asset: &Asset,
    content_type: &str,
    bytes: u64,
    limits: AssetLimits,
    now: Timestamp,
) -> Result<Stored, CatalogError> {
    let database = asset.database.to_string();
    let [of_tenant, of_database] = count(connection, &asset.tenant, &database, NOTHING).await?;
    for (held, limit) in [(of_tenant, limits.tenant_bytes), (of_database, limits.database_bytes)] {
        if of_stored(held.bytes).saturating_add(bytes) > limit {
            return Ok(Stored::Full { limit });
        }
    }
    let query = format!(
        "UPDATE assets SET content_type = $1, bytes = $2, is_uploaded = 1, updated_at = $3 \
         WHERE id = $4 AND is_uploaded = 0 RETURNING {COLUMNS}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(content_type.to_owned())
        .bind(to_stored(bytes))
        .bind(now.0)
        .bind(asset.id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        let there = sqlx::query("SELECT id FROM assets WHERE id = $1").bind(asset.id.to_string());
        let is_there = there.fetch_optional(connection).await?.is_some();
        return Ok(if is_there { Stored::Taken } else { Stored::Gone });
    };
    count(connection, &asset.tenant, &database, Totals { assets: 0, bytes: to_stored(bytes) }).await?;
    Ok(Stored::Kept(read(&row)?))
}

async fn delete(connection: &mut Connection, asset: &Asset) -> Result<bool, CatalogError> {
    let database = asset.database.to_string();
    count(connection, &asset.tenant, &database, NOTHING).await?;
    let bytes = sqlx::query_scalar::<_, i64>("DELETE FROM assets WHERE id = $1 RETURNING bytes")
        .bind(asset.id.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(bytes) = bytes else { return Ok(false) };
    count(connection, &asset.tenant, &database, Totals { assets: -1, bytes: -bytes }).await?;
    Ok(true)
}

/// A database is deleted, and its assets with it.
pub(crate) async fn forget(connection: &mut Connection, tenant: &Tenant, database: Uuid) -> Result<(), sqlx::Error> {
    let database = database.to_string();
    let [_, held] = count(connection, tenant, &database, NOTHING).await?;
    sqlx::query("DELETE FROM assets WHERE database_id = $1").bind(database.clone()).execute(&mut *connection).await?;
    count(connection, tenant, &database, Totals { assets: -held.assets, bytes: -held.bytes }).await?;
    sqlx::query("DELETE FROM asset_totals WHERE tenant = $1 AND database_id = $2")
        .bind(tenant.as_str())
        .bind(database)
        .execute(connection)
        .await
        .map(drop)
}

fn read(row: &Row) -> Result<Asset, sqlx::Error> {
    let unreadable = |column: &str| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "changed by hand, or by a newer version".into(),
    };
    let uuid = |column: &str| row.try_get::<String, _>(column)?.parse().map_err(|_| unreadable(column));
    Ok(Asset {
        id: uuid("id")?,
        tenant: Tenant::new(&row.try_get::<String, _>("tenant")?).map_err(|_| unreadable("tenant"))?,
        database: uuid("database_id")?,
        filename: row.try_get("filename")?,
        content_type: row.try_get("content_type")?,
        bytes: of_stored(row.try_get("bytes")?),
        is_uploaded: row.try_get::<i64, _>("is_uploaded")? != 0,
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
    })
}
