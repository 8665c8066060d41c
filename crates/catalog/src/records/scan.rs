//! Reads records in pages of bounded size, the oldest first.

use record::time::Timestamp;
use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;

use super::{RECORD, RECORD_WITHOUT_DATA, Record, read_record};
use crate::catalog::Catalog;
use crate::database::{Connection, Row};
use crate::databases::{of_stored, to_stored};
use crate::error::CatalogError;

/// Which records are meant: all that hold what every part asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Created at this instant or later.
    pub from: Option<Timestamp>,
    /// Created before.
    pub until: Option<Timestamp>,
    pub fields: Vec<FieldFilter>,
}

/// What a field of the data must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldFilter {
    /// A key of the data; where it has none of this name, the path `a__b` leads to `b` in `a`.
    pub field: String,
    pub wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A text, number or truth value that is written so.
    Text(String),
    /// Missing or null, or neither.
    Null(bool),
}

impl Filter {
    /// Adds `data__<field>=wanted`.
    #[must_use]
    pub fn with_field(mut self, field: &str, wanted: Wanted) -> Self {
        self.fields.push(FieldFilter { field: field.to_owned(), wanted });
        self
    }

    /// Whether the times alone decide.
    pub fn is_by_time(&self) -> bool {
        self.fields.is_empty()
    }

    /// From which instant and until before which one the records were created.
    pub(crate) fn range(&self) -> (i64, i64) {
        (self.from.map_or(i64::MIN, |from| from.0), self.until.map_or(i64::MAX, |until| until.0))
    }

    fn takes(&self, data: &str) -> bool {
        if self.is_by_time() {
            return true;
        }
        let Ok(data) = serde_json::from_str::<Value>(data) else { return false };
        self.fields.iter().all(|field| field.takes(&data))
    }
}

impl FieldFilter {
    fn takes(&self, data: &Value) -> bool {
        let value =
            data.get(&self.field).or_else(|| self.field.split("__").try_fold(data, |value, name| value.get(name)));
        match (&self.wanted, value) {
            (Wanted::Null(wanted), value) => value.is_none_or(Value::is_null) == *wanted,
            (Wanted::Text(wanted), Some(Value::String(text))) => text == wanted,
            (Wanted::Text(wanted), Some(Value::Bool(truth))) => wanted.eq_ignore_ascii_case(&truth.to_string()),
            (Wanted::Text(wanted), Some(Value::Number(number))) => {
                number.to_string() == *wanted
                    || number.as_f64().is_some_and(|number| {
                        wanted.parse::<f64>().is_ok_and(|wanted| wanted.total_cmp(&number).is_eq())
                    })
            }
            _ => false,
        }
    }
}

/// What one page may be.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    pub rows: usize,
    /// Of data. One record is always read, however large.
    pub bytes: usize,
}

impl PageLimits {
    /// How many of these rows, whose column `bytes` says how large their data is, fit.
    pub(crate) fn fitting(self, sizes: &[Row]) -> Result<usize, sqlx::Error> {
        let mut held = 0_usize;
        for (index, size) in sizes.iter().enumerate() {
            held = held.saturating_add(usize::try_from(size.try_get::<i64, _>("bytes")?).unwrap_or_default());
            if held > self.bytes {
                return Ok(index.max(1));
            }
        }
        Ok(sizes.len())
    }
}

/// A walk over the records of one database in the order of their creation. Records that come or go meanwhile are seen or not; no
/// record is seen twice.
#[derive(Clone, Debug)]
pub struct Scan {
    database: Uuid,
    filter: Filter,
    with_data: bool,
    /// Created when and under which key: the last one that was seen.
    after: (i64, String),
}

const IN_RANGE: &str = "FROM records WHERE database_id = $1 AND created_at >= $2 AND created_at < $3 \
                        AND (created_at, key) > ($4, $5)";

impl Scan {
    pub fn new(database: Uuid, filter: Filter) -> Self {
        Self { database, filter, with_data: true, after: (i64::MIN, String::new()) }
    }

    /// Leaves the data of records empty where the filter does not need it: pages are as long as their limit of rows then.
    #[must_use]
    pub fn without_data(mut self) -> Self {
        self.with_data = !self.filter.is_by_time();
        self
    }

    /// The next records that are meant. `None`: there are no more; an empty page: none of those that were looked at is.
    pub(crate) async fn page(
        &mut self,
        connection: &mut Connection,
        limits: PageLimits,
    ) -> Result<Option<Vec<Record>>, sqlx::Error> {
        let (from, until) = self.filter.range();
        let query = format!("SELECT created_at, key, bytes {IN_RANGE} ORDER BY created_at, key LIMIT $6");
        let sizes = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(self.database.to_string())
            .bind(from)
            .bind(until)
            .bind(self.after.0)
            .bind(self.after.1.clone())
            .bind(to_stored(limits.rows as u64))
            .fetch_all(&mut *connection)
            .await?;
        let fitting = if self.with_data { limits.fitting(&sizes)? } else { sizes.len() };
        let Some(last) = sizes.get(fitting.saturating_sub(1)) else { return Ok(None) };
        let last: (i64, String) = (last.try_get("created_at")?, last.try_get("key")?);
        let columns = if self.with_data { RECORD } else { RECORD_WITHOUT_DATA };
        let query = format!("SELECT {columns} {IN_RANGE} AND (created_at, key) <= ($6, $7) ORDER BY created_at, key");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(self.database.to_string())
            .bind(from)
            .bind(until)
            .bind(self.after.0)
            .bind(self.after.1.clone())
            .bind(last.0)
            .bind(last.1.clone())
            .fetch_all(connection)
            .await?;
        self.after = last;
        let records = rows.iter().map(read_record).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(records.into_iter().filter(|record| self.filter.takes(&record.data)).collect()))
    }

    /// Goes past `records` records without reading them, where the times alone decide. `false`: there are not so many.
    async fn skip(&mut self, connection: &mut Connection, records: u64) -> Result<bool, sqlx::Error> {
        let Some(before) = records.checked_sub(1) else { return Ok(true) };
        let (from, until) = self.filter.range();
        let query = format!("SELECT created_at, key {IN_RANGE} ORDER BY created_at, key LIMIT 1 OFFSET $6");
        let last = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(self.database.to_string())
            .bind(from)
            .bind(until)
            .bind(self.after.0)
            .bind(self.after.1.clone())
            .bind(to_stored(before))
            .fetch_optional(connection)
            .await?;
        let Some(last) = last else { return Ok(false) };
        self.after = (last.try_get("created_at")?, last.try_get("key")?);
        Ok(true)
    }
}

/// What is held of a database while it is looked through.
pub(crate) const LOOK: PageLimits = PageLimits { rows: 1_000, bytes: 4 << 20 };

impl Catalog {
    /// See [`Scan`]. `None`: there are no more; an empty page: look on.
    pub async fn next_records(&self, scan: &mut Scan, limits: PageLimits) -> Result<Option<Vec<Record>>, CatalogError> {
        let read = async {
            let mut connection = self.pool().acquire().await?;
            scan.page(&mut connection, limits).await
        };
        read.await.map_err(|error| self.failed(error))
    }

    /// Bytes of the largest data that a record of the database has; 0 where it has none.
    pub async fn largest_record(&self, database: Uuid) -> Result<u64, CatalogError> {
        let largest = sqlx::query_scalar("SELECT COALESCE(max(bytes), 0) FROM records WHERE database_id = $1")
            .bind(database.to_string())
            .fetch_one(self.pool())
            .await;
        largest.map(of_stored).map_err(|error| self.failed(error))
    }

    /// Page by page as a list shows them: up to `limits.rows` records after the first `offset`, and whether more follow. `None`: they
    /// have more than `limits.bytes` bytes of data.
    pub async fn listed_records(
        &self,
        database: Uuid,
        filter: &Filter,
        offset: u64,
        limits: PageLimits,
    ) -> Result<Option<(Vec<Record>, bool)>, CatalogError> {
        let read = async {
            let mut connection = self.pool().acquire().await?;
            let mut scan = Scan::new(database, filter.clone());
            let mut unseen = offset;
            if filter.is_by_time() {
                if !scan.skip(&mut connection, offset).await? {
                    return Ok(Some((Vec::new(), false)));
                }
                unseen = 0;
            }
            let (mut listed, mut bytes) = (Vec::new(), 0_usize);
            let look = PageLimits { rows: limits.rows.saturating_add(1).min(LOOK.rows), ..LOOK };
            while let Some(records) = scan.page(&mut connection, look).await? {
                for record in records {
                    if unseen > 0 {
                        unseen -= 1;
                        continue;
                    }
                    if listed.len() == limits.rows {
                        return Ok(Some((listed, true)));
                    }
                    bytes = bytes.saturating_add(record.data.len());
                    if bytes > limits.bytes && !listed.is_empty() {
                        return Ok(None);
                    }
                    listed.push(record);
                }
            }
            Ok(Some((listed, false)))
        };
        read.await.map_err(|error| self.failed(error))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takes(field: &str, wanted: Wanted, data: &Value) -> bool {
        Filter::default().with_field(field, wanted).takes(&data.to_string())
    }

    #[test]
    fn a_value_is_compared_as_it_is_written() {
        let data =
            json!({"s": "a b", "i": 5, "d": 5.0, "t": true, "n": null, "a": {"b": {"c": "x"}}, "x__y": 1, "l": [1]});
        for (field, text) in [
            ("s", "a b"),
            ("i", "5"),
            ("i", "5.0"),
            ("d", "5"),
            ("t", "true"),
            ("t", "True"),
            ("a__b__c", "x"),
            ("x__y", "1"),
        ] {
            assert!(takes(field, Wanted::Text(text.to_owned()), &data), "{field}={text}");
        }
        for (field, text) in
            [("s", "A b"), ("S", "a b"), ("i", "6"), ("n", "null"), ("n", ""), ("a__b", "x"), ("l", "1"), ("gone", "")]
        {
            assert!(!takes(field, Wanted::Text(text.to_owned()), &data), "{field}={text}");
        }
    }

    #[test]
    fn missing_and_null_are_null() {
        let data = json!({"n": null, "a": {"b": null}, "s": ""});
        for (field, is_null) in
            [("n", true), ("gone", true), ("a__b", true), ("a__gone", true), ("s", false), ("a", false)]
        {
            assert_eq!(takes(field, Wanted::Null(true), &data), is_null, "{field}");
            assert_eq!(takes(field, Wanted::Null(false), &data), !is_null, "{field}");
        }
    }
}
