//! The catalog's records as queries read them.

use std::collections::VecDeque;
use std::sync::Arc;

use catalog::{Catalog, CatalogError, Database, Filter, PageLimits, Scan};
use query::records::{Bytes, NextPage, RecordPages, RecordRow, RecordSource, Wanted};
use record::caller::Tenant;

/// What a query holds of them at a time.
const PAGE: PageLimits = PageLimits { rows: 4_096, bytes: 4 << 20 };
/// Databases whose names are read at once.
const DATABASES: u64 = 1_000;

/// See [`RecordSource`].
#[derive(Clone)]
pub struct Records(Catalog);

impl Records {
    pub fn of(catalog: Catalog) -> Self {
        Self(catalog)
    }
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Records")
    }
}

impl RecordSource for Records {
    fn pages(&self, tenant: &Tenant, wanted: Wanted) -> Box<dyn RecordPages> {
        Box::new(Pages { catalog: self.0.clone(), tenant: tenant.clone(), wanted, databases: None, current: None })
    }

    fn largest<'a>(&'a self, tenant: &'a Tenant, wanted: Wanted) -> Bytes<'a> {
        let largest = async move {
            let mut largest = 0;
            for database in look_up(&self.0, tenant, &wanted).await? {
                largest = largest.max(self.0.largest_record(database.id).await?);
            }
            Ok(usize::try_from(largest).unwrap_or(usize::MAX))
        };
        Box::pin(async move { largest.await.map_err(|error: CatalogError| error.to_string()) })
    }
}

struct Pages {
    catalog: Catalog,
    tenant: Tenant,
    wanted: Wanted,
    /// Those to come; `None`: not looked up yet.
    databases: Option<VecDeque<Database>>,
    current: Option<Current>,
}

/// The database that is read now.
struct Current {
    id: Arc<str>,
    name: Arc<str>,
    scan: Scan,
}

impl RecordPages for Pages {
    fn next(&mut self) -> NextPage<'_> {
        Box::pin(async move { self.page().await.map_err(|error| error.to_string()) })
    }
}

impl Pages {
    async fn page(&mut self) -> Result<Option<Vec<RecordRow>>, CatalogError> {
        loop {
            let current = match &mut self.current {
                Some(current) => current,
                None => match self.next_database().await? {
                    Some(next) => self.current.insert(next),
                    None => return Ok(None),
                },
            };
            match self.catalog.next_records(&mut current.scan, PAGE).await? {
                None => self.current = None,
                Some(records) if records.is_empty() => {}
                Some(records) => {
                    let row = |record: catalog::Record| RecordRow {
                        database_id: Arc::clone(&current.id),
                        database_name: Arc::clone(&current.name),
                        key: record.key,
                        data: record.data,
                        created_at: record.created_at,
                        updated_at: record.updated_at,
                        updated_by: record.updated_by,
                    };
                    return Ok(Some(records.into_iter().map(row).collect()));
                }
            }
        }
    }

    async fn next_database(&mut self) -> Result<Option<Current>, CatalogError> {
        if self.databases.is_none() {
            self.databases = Some(look_up(&self.catalog, &self.tenant, &self.wanted).await?);
        }
        let next = self.databases.as_mut().and_then(VecDeque::pop_front);
        let scan = |database: &Database| {
            let scan = Scan::new(database.id, Filter::default());
            if self.wanted.data { scan } else { scan.without_data() }
        };
        Ok(next.map(|database| Current {
            id: database.id.to_string().into(),
            name: database.name.as_str().into(),
            scan: scan(&database),
        }))
    }
}

/// The databases that are wanted and open to every key that reads: a query tells the tenant, not the key.
async fn look_up(catalog: &Catalog, tenant: &Tenant, wanted: &Wanted) -> Result<VecDeque<Database>, CatalogError> {
    let is_one = |wanted: &Option<Vec<String>>, text: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == text))
    };
    let mut found = VecDeque::new();
    let mut offset = 0;
    loop {
        let page = catalog.databases(tenant, offset, DATABASES).await?;
        let is_last = (page.len() as u64) < DATABASES;
        offset += DATABASES;
        found.extend(page.into_iter().filter(|database| {
            let is_wanted = is_one(&wanted.ids, &database.id.to_string()) && is_one(&wanted.names, &database.name);
            database.access.is_none() && database.num_records > 0 && is_wanted
        }));
        if is_last {
            return Ok(found);
        }
    }
}
