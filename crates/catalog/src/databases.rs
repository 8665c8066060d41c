//! Team databases: what they are called, what their records must look like, and which keys may use them.

use record::caller::{Caller, Scope, Tenant};
use record::time::Timestamp;
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use crate::assets;
use crate::catalog::Catalog;
use crate::database::{Change, Connection, Row};
use crate::error::CatalogError;

pub(crate) mod schema;

pub use schema::InvalidSchema;

/// What a database holds: records, and of the second kind files too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseKind {
    #[default]
    KeyValue,
    Asset,
}

impl DatabaseKind {
    pub const NAMES: [&str; 2] = ["Key-Value", "Asset"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyValue => "Key-Value",
            Self::Asset => "Asset",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::KeyValue, Self::Asset].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What a key may do with a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// 1: read its records.
    pub read: bool,
    /// 2: add records and change them.
    pub write: bool,
}

impl Permissions {
    /// As numbers, in rising order.
    pub fn numbers(self) -> Vec<u8> {
        [(self.read, 1), (self.write, 2)].into_iter().filter_map(|(held, number)| held.then_some(number)).collect()
    }

    /// `None`: one of them is neither 1 nor 2.
    pub fn of_numbers(numbers: &[u64]) -> Option<Self> {
        numbers.iter().try_fold(Self::default(), |held, number| match number {
            1 => Some(Self { read: true, ..held }),
            2 => Some(Self { write: true, ..held }),
            _ => None,
        })
    }
}

/// One key that may use a restricted database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub key_id: String,
    pub permissions: Permissions,
}

/// A database, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    pub id: Uuid,
    pub tenant: Tenant,
    pub name: String,
    pub kind: DatabaseKind,
    pub owner_field: Option<String>,
    /// JSON Schema of a record's data; it counts where `enforce_schema` is set.
    pub schema: Option<Value>,
    pub enforce_schema: bool,
    /// `None`: every key of the tenant, as its scopes say. Else the listed keys only, and never more than their scopes say.
    pub access: Option<Vec<Grant>>,
    pub num_records: u64,
    pub last_write_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl Database {
    /// What the key may do here: what its scopes and the database's list both allow. Keys with scope `admin` need no listing.
    pub fn permissions(&self, caller: &Caller) -> Permissions {
        let scopes = Permissions {
            read: caller.scopes.allows(Scope::Read),
            write: caller.scopes.allows(Scope::Ingest) || caller.scopes.allows(Scope::Admin),
        };
        let Some(grants) = self.access.as_ref().filter(|_| !caller.scopes.allows(Scope::Admin)) else { return scopes };
        let listed = grants.iter().find(|grant| *grant.key_id == *caller.key_id).map(|grant| grant.permissions);
        let listed = listed.unwrap_or_default();
        Permissions { read: scopes.read && listed.read, write: scopes.write && listed.write }
    }
}

/// A database to be made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewDatabase {
    pub name: String,
    pub kind: DatabaseKind,
    pub owner_field: Option<String>,
    pub schema: Option<Value>,
    pub enforce_schema: bool,
    pub access: Option<Vec<Grant>>,
}

/// What is to become of a database; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DatabaseChange {
    pub name: Option<String>,
    pub kind: Option<DatabaseKind>,
    pub owner_field: Option<Option<String>>,
    pub schema: Option<Option<Value>>,
    pub enforce_schema: Option<bool>,
    pub access: Option<Option<Vec<Grant>>>,
}

const COLUMNS: &str =
    "id, tenant, name, type, owner_field, json_schema, enforce_schema, access, num_records, last_write_at, created_at";

impl Catalog {
    /// Makes a database. Its schema was checked with [`Catalog::check_schema`].
    pub async fn create_database(&self, tenant: &Tenant, new: NewDatabase) -> Result<Database, CatalogError> {
        let database = Database {
            id: Uuid::now_v7(),
            tenant: tenant.clone(),
            name: new.name,
            kind: new.kind,
            owner_field: new.owner_field,
            schema: new.schema,
            enforce_schema: new.enforce_schema,
            access: new.access,
            num_records: 0,
            last_write_at: None,
            created_at: self.now(),
        };
        let done = sqlx::query(
            "INSERT INTO databases (id, tenant, name, type, owner_field, json_schema, enforce_schema, access, num_records, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)",
        )
        .bind(database.id.to_string())
        .bind(tenant.as_str())
        .bind(database.name.clone())
        .bind(database.kind.as_str())
        .bind(database.owner_field.clone())
        .bind(database.schema.as_ref().map(Value::to_string))
        .bind(i64::from(database.enforce_schema))
        .bind(database.access.as_deref().map(access_text))
        .bind(database.created_at.0)
        .execute(self.pool())
        .await;
        done.map_err(|error| self.failed(error))?;
        Ok(database)
    }

    /// `None`: the tenant has no such database.
    pub async fn database(&self, tenant: &Tenant, id: Uuid) -> Result<Option<Database>, CatalogError> {
        let query = format!("SELECT {COLUMNS} FROM databases WHERE id = $1 AND tenant = $2");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(id.to_string())
            .bind(tenant.as_str())
            .fetch_optional(self.pool())
            .await;
        row.and_then(|row| row.as_ref().map(read_database).transpose()).map_err(|error| self.failed(error))
    }

    /// The tenant's databases, oldest first: `limit` of them after the first `offset`.
    pub async fn databases(&self, tenant: &Tenant, offset: u64, limit: u64) -> Result<Vec<Database>, CatalogError> {
        let query =
            format!("SELECT {COLUMNS} FROM databases WHERE tenant = $1 ORDER BY created_at, id LIMIT $2 OFFSET $3");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(tenant.as_str())
            .bind(to_stored(limit))
            .bind(to_stored(offset))
            .fetch_all(self.pool())
            .await;
        rows.and_then(|rows| rows.iter().map(read_database).collect()).map_err(|error| self.failed(error))
    }

    pub async fn count_databases(&self, tenant: &Tenant) -> Result<u64, CatalogError> {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM databases WHERE tenant = $1")
            .bind(tenant.as_str())
            .fetch_one(self.pool())
            .await;
        count.map(of_stored).map_err(|error| self.failed(error))
    }

    /// Changes a database; `None`: the tenant has no such one. Records that are there already are not held against a new schema.
    pub async fn change_database(
        &self,
        tenant: &Tenant,
        id: Uuid,
        change: DatabaseChange,
    ) -> Result<Option<Database>, CatalogError> {
        self.write_in_turn(|connection| Change::of(change_row(connection, tenant, id, &change, self.now()))).await
    }

    /// Deletes a database with its records, their archives, what is known of its writes and its assets, whose files are gone. `false`: the tenant has no such one.
    pub async fn delete_database(&self, tenant: &Tenant, id: Uuid) -> Result<bool, CatalogError> {
        self.write_in_turn(|connection| Change::of(delete_rows(connection, tenant, id))).await
    }
}

async fn change_row(
    connection: &mut Connection,
    tenant: &Tenant,
    id: Uuid,
    change: &DatabaseChange,
    now: Timestamp,
) -> Result<Option<Database>, CatalogError> {
    // taken for writing first, so that two changes do not undo each other
    let query =
        format!("UPDATE databases SET num_records = num_records WHERE id = $1 AND tenant = $2 RETURNING {COLUMNS}");
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(id.to_string())
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let before = read_database(&row)?;
    let database = change.clone().apply(before.clone());
    if database.owner_field != before.owner_field {
        forget_queue(connection, id, now).await?;
    }
    sqlx::query(
        "UPDATE databases SET name = $1, type = $2, owner_field = $3, json_schema = $4, enforce_schema = $5, access = $6 \
         WHERE id = $7",
    )
    .bind(database.name.clone())
    .bind(database.kind.as_str())
    .bind(database.owner_field.clone())
    .bind(database.schema.as_ref().map(Value::to_string))
    .bind(i64::from(database.enforce_schema))
    .bind(database.access.as_deref().map(access_text))
    .bind(id.to_string())
    .execute(connection)
    .await?;
    Ok(Some(database))
}

/// Another field names the owner: which records have none is found by whoever claims the next one.
async fn forget_queue(connection: &mut Connection, id: Uuid, now: Timestamp) -> Result<(), sqlx::Error> {
    // another value than before, also within one instant: a look through the records that began before must not end as if it were whole
    sqlx::query(
        "UPDATE databases SET queue_unsorted = CASE WHEN queue_unsorted < $1 THEN $1 ELSE queue_unsorted + 1 END WHERE id = $2",
    )
    .bind(now.0)
    .bind(id.to_string())
    .execute(connection)
    .await
    .map(drop)
}

async fn delete_rows(connection: &mut Connection, tenant: &Tenant, id: Uuid) -> Result<bool, CatalogError> {
    const PARTS: [&str; 3] = [
        "DELETE FROM records WHERE database_id = $1",
        "DELETE FROM record_days WHERE database_id = $1",
        "DELETE FROM record_writes WHERE database_id = $1",
    ];
    let done = sqlx::query("DELETE FROM databases WHERE id = $1 AND tenant = $2")
        .bind(id.to_string())
        .bind(tenant.as_str())
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for part in PARTS {
        sqlx::query(part).bind(id.to_string()).execute(&mut *connection).await?;
    }
    assets::forget(connection, tenant, id).await?;
    Ok(true)
}

impl DatabaseChange {
    fn apply(self, mut database: Database) -> Database {
        if let Some(name) = self.name {
            database.name = name;
        }
        if let Some(kind) = self.kind {
            database.kind = kind;
        }
        if let Some(owner_field) = self.owner_field {
            database.owner_field = owner_field;
        }
        if let Some(schema) = self.schema {
            database.schema = schema;
        }
        if let Some(enforce_schema) = self.enforce_schema {
            database.enforce_schema = enforce_schema;
        }
        if let Some(access) = self.access {
            database.access = access;
        }
        database
    }
}

/// The text of the column `access`.
fn access_text(grants: &[Grant]) -> String {
    let grants = grants.iter().map(|grant| json!({"key_id": grant.key_id, "permissions": grant.permissions.numbers()}));
    Value::Array(grants.collect()).to_string()
}

fn read_access(text: &str) -> Option<Vec<Grant>> {
    let grants: Vec<Value> = serde_json::from_str(text).ok()?;
    let read = |grant: &Value| {
        let numbers: Option<Vec<u64>> = grant["permissions"].as_array()?.iter().map(Value::as_u64).collect();
        Some(Grant { key_id: grant["key_id"].as_str()?.to_owned(), permissions: Permissions::of_numbers(&numbers?)? })
    };
    grants.iter().map(read).collect()
}

/// The columns of a database, in whatever row has them.
pub(crate) fn read_database(row: &Row) -> Result<Database, sqlx::Error> {
    let unreadable = |column: &str| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "changed by hand, or by a newer version".into(),
    };
    let schema: Option<String> = row.try_get("json_schema")?;
    let access: Option<String> = row.try_get("access")?;
    let kind: String = row.try_get("type")?;
    Ok(Database {
        id: row.try_get::<String, _>("id")?.parse().map_err(|_| unreadable("id"))?,
        tenant: Tenant::new(&row.try_get::<String, _>("tenant")?).map_err(|_| unreadable("tenant"))?,
        name: row.try_get("name")?,
        kind: DatabaseKind::parse(&kind).ok_or_else(|| unreadable("type"))?,
        owner_field: row.try_get("owner_field")?,
        schema: schema.map(|text| serde_json::from_str(&text)).transpose().map_err(|_| unreadable("json_schema"))?,
        enforce_schema: row.try_get::<i64, _>("enforce_schema")? != 0,
        access: access.map(|text| read_access(&text).ok_or_else(|| unreadable("access"))).transpose()?,
        num_records: of_stored(row.try_get("num_records")?),
        last_write_at: row.try_get::<Option<i64>, _>("last_write_at")?.map(Timestamp),
        created_at: Timestamp(row.try_get("created_at")?),
    })
}

pub(crate) fn to_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn of_stored(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
