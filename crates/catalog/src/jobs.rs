//! Exports of records that run beside the requests, and links that need no key.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use record::caller::Tenant;
use record::secret::Secret;
use record::time::Timestamp;
use record::trace::sha256;
use sqlx::Row as _;
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::database::{Change, Connection, Row};
use crate::error::CatalogError;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    Started,
    Success,
    Failure,
}

impl JobStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Started, Self::Success, Self::Failure].into_iter().find(|status| status.as_str() == text)
    }
}

/// An export, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportJob {
    pub id: Uuid,
    pub media_type: String,
    pub status: JobStatus,
    pub error_message: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// What is secret in a link, and until when it opens.
#[derive(Clone, Debug)]
pub struct Link {
    pub token: Secret,
    pub expires_at: Timestamp,
}

/// Bytes of a link's secret.
const TOKEN_BYTES: usize = 32;

impl Catalog {
    pub async fn start_export(&self, tenant: &Tenant, media_type: &str) -> Result<ExportJob, CatalogError> {
        let job = ExportJob {
            id: Uuid::now_v7(),
            media_type: media_type.to_owned(),
            status: JobStatus::Started,
            error_message: None,
            created_at: self.now(),
            finished_at: None,
        };
        let done = sqlx::query(
            "INSERT INTO export_jobs (id, tenant, media_type, status, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(job.id.to_string())
        .bind(tenant.as_str())
        .bind(media_type)
        .bind(job.status.as_str())
        .bind(job.created_at.0)
        .execute(self.pool())
        .await;
        done.map_err(|error| self.failed(error))?;
        Ok(job)
    }

    /// Ends an export: with a message it has failed.
    pub async fn end_export(&self, id: Uuid, error_message: Option<&str>) -> Result<(), CatalogError> {
        let status = if error_message.is_some() { JobStatus::Failure } else { JobStatus::Success };
        let done =
            sqlx::query("UPDATE export_jobs SET status = $1, error_message = $2, finished_at = $3 WHERE id = $4")
                .bind(status.as_str())
                .bind(error_message)
                .bind(self.now().0)
                .bind(id.to_string())
                .execute(self.pool())
                .await;
        done.map(drop).map_err(|error| self.failed(error))
    }

    /// Ends as failed, with `error_message`, all exports that a server left when it ended. Tells how many.
    pub async fn fail_exports(&self, error_message: &str) -> Result<u64, CatalogError> {
        let done =
            sqlx::query("UPDATE export_jobs SET status = $1, error_message = $2, finished_at = $3 WHERE status = $4")
                .bind(JobStatus::Failure.as_str())
                .bind(error_message)
                .bind(self.now().0)
                .bind(JobStatus::Started.as_str())
                .execute(self.pool())
                .await;
        done.map(|done| done.rows_affected()).map_err(|error| self.failed(error))
    }

    /// How many of the tenant's exports have not ended.
    pub async fn running_exports(&self, tenant: &Tenant) -> Result<u64, CatalogError> {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM export_jobs WHERE tenant = $1 AND status = $2")
            .bind(tenant.as_str())
            .bind(JobStatus::Started.as_str())
            .fetch_one(self.pool())
            .await;
        count.map(crate::databases::of_stored).map_err(|error| self.failed(error))
    }

    /// `None`: the tenant has no such export.
    pub async fn export(&self, tenant: &Tenant, id: Uuid) -> Result<Option<ExportJob>, CatalogError> {
        let row = sqlx::query(
            "SELECT id, media_type, status, error_message, created_at, finished_at FROM export_jobs \
             WHERE id = $1 AND tenant = $2",
        )
        .bind(id.to_string())
        .bind(tenant.as_str())
        .fetch_optional(self.pool())
        .await;
        row.and_then(|row| row.as_ref().map(read_job).transpose()).map_err(|error| self.failed(error))
    }

    /// A link to `target`, which opens for `micros` microseconds. Links that open no more are forgotten on this occasion.
    pub async fn make_link(&self, tenant: &Tenant, target: &str, micros: i64) -> Result<Link, CatalogError> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(CatalogError::Random)?;
        let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let (now, hash) = (self.now(), sha256(token.as_bytes()));
        let expires_at = now.plus_micros(micros);
        self.write(|connection| Change::of(put_link(connection, tenant, &hash, target, now, expires_at))).await?;
        Ok(Link { token: Secret::new(token), expires_at })
    }

    /// Whose link to `target` this is, if it still opens.
    pub async fn open_link(&self, token: &str, target: &str) -> Result<Option<Tenant>, CatalogError> {
        let tenant = sqlx::query_scalar::<_, String>(
            "SELECT tenant FROM download_links WHERE hash = $1 AND target = $2 AND expires_at > $3",
        )
        .bind(sha256(token.as_bytes()))
        .bind(target)
        .bind(self.now().0)
        .fetch_optional(self.pool())
        .await;
        let tenant = tenant.map_err(|error| self.failed(error))?;
        tenant.map(|tenant| Tenant::new(&tenant)).transpose().map_err(CatalogError::from)
    }
}

async fn put_link(
    connection: &mut Connection,
    tenant: &Tenant,
    hash: &str,
    target: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM download_links WHERE expires_at <= $1").bind(now.0).execute(&mut *connection).await?;
    sqlx::query("INSERT INTO download_links (hash, tenant, target, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(hash.to_owned())
        .bind(tenant.as_str())
        .bind(target)
        .bind(expires_at.0)
        .execute(connection)
        .await?;
    Ok(())
}

fn read_job(row: &Row) -> Result<ExportJob, sqlx::Error> {
    let unreadable = |column: &str| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "changed by hand, or by a newer version".into(),
    };
    let status: String = row.try_get("status")?;
    Ok(ExportJob {
        id: row.try_get::<String, _>("id")?.parse().map_err(|_| unreadable("id"))?,
        media_type: row.try_get("media_type")?,
        status: JobStatus::parse(&status).ok_or_else(|| unreadable("status"))?,
        error_message: row.try_get("error_message")?,
        created_at: Timestamp(row.try_get("created_at")?),
        finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(Timestamp),
    })
}
