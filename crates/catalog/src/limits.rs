//! What tenants, keys and databases are bound to instead of what the settings say: days to keep, requests and records a minute.

use record::caller::Tenant;
use sqlx::AnyConnection;

use crate::catalog::Catalog;
use crate::database::Change;
use crate::error::CatalogError;

/// How long a tenant keeps something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub tenant: Tenant,
    /// A table, `trace_files`, `records`, `database:<id>`, or `*` for all the tenant has.
    pub what: String,
    /// 0: for ever.
    pub days: u32,
}

/// What a throttle counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Throttled {
    /// The requests of a key.
    Key,
    /// The records written to a database.
    Database,
}

impl Throttled {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Database => "database",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Key, Self::Database].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How fast a key or a database may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    pub kind: Throttled,
    /// Of the key or of the database.
    pub id: String,
    pub rate: Rate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// 0: no bound.
    pub per_minute: u32,
    /// At once; 0: as the settings say.
    pub burst: u32,
}

const RETENTION: &str = "SELECT tenant, what, days FROM retention ORDER BY tenant, what";
const KEEP: &str = "INSERT INTO retention (tenant, what, days, changed_at) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (tenant, what) DO UPDATE SET days = excluded.days, changed_at = excluded.changed_at";
const THROTTLES: &str = "SELECT kind, id, per_minute, burst FROM throttles ORDER BY kind, id";
const THROTTLE: &str = "INSERT INTO throttles (kind, id, per_minute, burst, changed_at) VALUES ($1, $2, $3, $4, $5) \
                        ON CONFLICT (kind, id) DO UPDATE \
                        SET per_minute = excluded.per_minute, burst = excluded.burst, changed_at = excluded.changed_at";

impl Catalog {
    /// How long tenants keep what, where the catalog says it. A row that this version cannot read is an error: to guess would
    /// delete what is to be kept.
    pub async fn retention(&self) -> Result<Vec<Retention>, CatalogError> {
        let rows: Vec<(String, String, i64)> =
            sqlx::query_as(RETENTION).fetch_all(self.pool()).await.map_err(|error| self.failed(error))?;
        let kept = rows.into_iter().map(|(tenant, what, days)| {
            let wrong = |_| CatalogError::Invalid(format!("the catalog keeps `{what}` of `{tenant}` for {days} days"));
            let days = u32::try_from(days).map_err(wrong)?;
            Ok(Retention { tenant: Tenant::new(&tenant)?, what, days })
        });
        kept.collect()
    }

    /// Keeps `what` of `tenant` for `days`; `None`: as the settings say. Servers heed it with their next run.
    pub async fn set_retention(&self, tenant: &Tenant, what: &str, days: Option<u32>) -> Result<(), CatalogError> {
        let now = self.now().0;
        self.write(|connection| Change::of(keep(connection, tenant, what, days, now))).await
    }

    /// The rates of keys and databases that have one of their own. A row that this version cannot read is left out.
    pub async fn throttles(&self) -> Result<Vec<Throttle>, CatalogError> {
        let rows: Vec<(String, String, i64, i64)> =
            sqlx::query_as(THROTTLES).fetch_all(self.pool()).await.map_err(|error| self.failed(error))?;
        let read = |(kind, id, per_minute, burst): (String, String, i64, i64)| {
            let rate = Rate { per_minute: u32::try_from(per_minute).ok()?, burst: u32::try_from(burst).ok()? };
            Some(Throttle { kind: Throttled::parse(&kind)?, id, rate })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Gives a key or a database a rate of its own; `None`: what the settings say. Servers heed it within seconds.
    pub async fn set_throttle(&self, kind: Throttled, id: &str, rate: Option<Rate>) -> Result<(), CatalogError> {
        let now = self.now().0;
        self.write(|connection| Change::of(throttle(connection, kind, id, rate, now))).await
    }
}

async fn keep(
    connection: &mut AnyConnection,
    tenant: &Tenant,
    what: &str,
    days: Option<u32>,
    now: i64,
) -> Result<(), CatalogError> {
    let query = match days {
        Some(days) => sqlx::query(KEEP).bind(tenant.as_str()).bind(what).bind(i64::from(days)).bind(now),
        None => sqlx::query("DELETE FROM retention WHERE tenant = $1 AND what = $2").bind(tenant.as_str()).bind(what),
    };
    query.execute(connection).await?;
    Ok(())
}

async fn throttle(
    connection: &mut AnyConnection,
    kind: Throttled,
    id: &str,
    rate: Option<Rate>,
    now: i64,
) -> Result<(), CatalogError> {
    let query = match rate {
        Some(Rate { per_minute, burst }) => sqlx::query(THROTTLE)
            .bind(kind.as_str())
            .bind(id)
            .bind(i64::from(per_minute))
            .bind(i64::from(burst))
            .bind(now),
        None => sqlx::query("DELETE FROM throttles WHERE kind = $1 AND id = $2").bind(kind.as_str()).bind(id),
    };
    query.execute(connection).await?;
    Ok(())
}
