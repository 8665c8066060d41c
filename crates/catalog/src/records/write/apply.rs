//! One request within a transaction: what its records become, then their rows.

use std::collections::HashSet;

use record::time::Timestamp;
use serde_json::{Map, Value};

use super::rows::{self, NewRow, Stored};
use super::{Known, OnConflict, Outcome, RecordItem, RecordWrite, WriteError, claim, faults};
use crate::catalog::Catalog;
use crate::database::Connection;
use crate::databases::Database;
use crate::error::CatalogError;
use crate::records::merge::MergeStrategy;
use crate::records::moved_key::MovedKey;
use crate::records::{Record, archive};

/// Keys that are tried for a write that gives way.
const MOST_MILLIS: usize = 1_000;
/// Of them, how many are looked up at once.
const MILLIS_AT_ONCE: usize = 50;
/// Of data that is read at once to be merged, where it is more than one record's.
const MERGED_BYTES_AT_ONCE: usize = 1 << 20;

/// Writes the records of one request.
pub(super) async fn request(
    catalog: &Catalog,
    connection: &mut Connection,
    write: &RecordWrite,
    now: Timestamp,
) -> Outcome {
    let id = write.database.to_string();
    let Some(database) = rows::hold(connection, &id).await.map_err(CatalogError::from)? else {
        return Err(WriteError::NoDatabase);
    };
    let mut work = Work::read(connection, write, &id, now).await?;
    let mut answers = Vec::with_capacity(write.items.len());
    let mut wrong = Vec::with_capacity(write.items.len());
    for (index, item) in write.items.iter().enumerate() {
        if let Some(again) = work.repeated(connection, item).await? {
            answers.push(again);
            wrong.push(Vec::new());
            continue;
        }
        let key = work.free_key(connection, index, item).await?;
        let data = work.merged(&key, item)?;
        let queued = database.owner_field.as_deref().is_some_and(|field| claim::is_free(&data, field));
        let text = data.to_string();
        let mut faults = faults(catalog, &database, &data);
        let limit = write.limits.record_bytes;
        if text.len() > limit {
            faults.push(("data".to_owned(), format!("A record has at most {limit} bytes of data.")));
        }
        wrong.push(faults);
        answers.push(work.keep(key, text, queued, item)?);
    }
    if wrong.iter().any(|faults| !faults.is_empty()) {
        return Err(WriteError::Items(wrong));
    }
    work.end(connection, &database).await?;
    Ok(answers)
}

/// A request on its way: what is stored, and what of it will be another.
struct Work<'w> {
    write: &'w RecordWrite,
    /// Of the database.
    id: &'w str,
    now: Timestamp,
    stored: Known<Stored>,
    /// Keys that were looked up, with a row or without.
    looked_up: HashSet<String>,
    /// The data that is merged with, until it is in `changed`.
    read: Known<String>,
    changed: Known<Changed>,
    /// Earlier writes by their ids: the key that each took and when.
    writes: Known<(String, i64)>,
    /// By a key that gave way: the milliseconds after it from which on keys may be free.
    tried: Known<usize>,
    /// Of data that was read or made.
    bytes: usize,
}

/// A record that this request writes.
struct Changed {
    data: String,
    queued: bool,
    write_id: Option<String>,
    created_at: i64,
}

impl<'w> Work<'w> {
    async fn read(
        connection: &mut Connection,
        write: &'w RecordWrite,
        id: &'w str,
        now: Timestamp,
    ) -> Result<Self, WriteError> {
        let ids: Vec<String> =
            write.items.iter().filter_map(|item| item.write_id).map(|write_id| write_id.to_string()).collect();
        let writes = rows::writes(connection, id, &ids).await.map_err(CatalogError::from)?;
        let keys: HashSet<&str> = write.items.iter().map(|item| item.key.as_str()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let stored = rows::stored(connection, id, &keys).await.map_err(CatalogError::from)?;
        let looked_up = keys.iter().map(|key| (*key).to_owned()).collect();
        let mut work = Self {
            write,
            id,
            now,
            stored,
            looked_up,
            read: Known::new(),
            changed: Known::new(),
            writes,
            tried: Known::new(),
            bytes: 0,
        };
        work.read_what_is_merged(connection).await?;
        Ok(work)
    }

    async fn read_what_is_merged(&mut self, connection: &mut Connection) -> Result<(), WriteError> {
        let merges =
            |item: &&RecordItem| item.strategy != MergeStrategy::Replace && self.stored.contains_key(&item.key);
        let keys: HashSet<&str> = self.write.items.iter().filter(merges).map(|item| item.key.as_str()).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut keys = keys.as_slice();
        while !keys.is_empty() {
            let (some, bytes) = self.fitting(keys);
            self.pay(bytes)?;
            let (some, rest) = keys.split_at(some);
            self.read.extend(rows::data(connection, self.id, some).await.map_err(CatalogError::from)?);
            keys = rest;
        }
        Ok(())
    }

    /// How many of `keys` are read at once, at least one, and how much data they have.
    fn fitting(&self, keys: &[&str]) -> (usize, usize) {
        let mut held = 0_usize;
        for (index, key) in keys.iter().take(rows::AT_ONCE).enumerate() {
            let bytes = self.stored.get(*key).map_or(0, |stored| usize::try_from(stored.bytes).unwrap_or(usize::MAX));
            let with_it = held.saturating_add(bytes);
            if index > 0 && with_it > MERGED_BYTES_AT_ONCE {
                return (index, held);
            }
            held = with_it;
        }
        (keys.len().min(rows::AT_ONCE), held)
    }

    /// Bounds what a request holds in memory and how long it keeps others waiting.
    fn pay(&mut self, bytes: usize) -> Result<(), WriteError> {
        self.bytes = self.bytes.saturating_add(bytes);
        let limit = self.write.limits.request_bytes;
        if self.bytes > limit { Err(WriteError::TooLarge { limit }) } else { Ok(()) }
    }

    /// The answer to a write that was done before, by an earlier request or by this one.
    async fn repeated(&self, connection: &mut Connection, item: &RecordItem) -> Result<Option<Record>, WriteError> {
        let Some(write_id) = item.write_id else { return Ok(None) };
        let Some((key, written_at)) = self.writes.get(&write_id.to_string()) else { return Ok(None) };
        if let Some(changed) = self.changed.get(key) {
            return Ok(Some(self.record(key, changed)));
        }
        let one = [key.as_str()];
        let stored = rows::stored(connection, self.id, &one).await.map_err(CatalogError::from)?;
        let mut data = rows::data(connection, self.id, &one).await.map_err(CatalogError::from)?;
        let record = match (stored.get(key), data.remove(key)) {
            (Some(stored), Some(data)) => Record {
                key: key.clone(),
                data,
                created_at: Timestamp(stored.created_at),
                updated_at: Timestamp(stored.updated_at),
                updated_by: stored.updated_by.clone(),
            },
            // it was deleted since, and stays so
            _ => Record {
                key: key.clone(),
                data: item.data.to_string(),
                created_at: Timestamp(*written_at),
                updated_at: Timestamp(*written_at),
                updated_by: self.write.by.clone(),
            },
        };
        Ok(Some(record))
    }

    /// The key that the item takes.
    async fn free_key(
        &mut self,
        connection: &mut Connection,
        index: usize,
        item: &RecordItem,
    ) -> Result<String, WriteError> {
        let gives_way = item.on_conflict == OnConflict::NextMillisecond && self.is_taken(&item.key, item);
        let moved = if gives_way { MovedKey::of(&item.key) } else { None };
        let Some(moved) = moved else { return Ok(item.key.clone()) };
        // what this request has found taken stays taken
        let mut first = self.tried.get(&item.key).copied().unwrap_or(1);
        while first <= MOST_MILLIS {
            let until = (first + MILLIS_AT_ONCE).min(MOST_MILLIS + 1);
            let keys: Vec<String> = (first..until).map_while(|millis| moved.plus(millis)).collect();
            self.look_up(connection, &keys).await?;
            if let Some((index, free)) = keys.into_iter().enumerate().find(|(_, key)| !self.is_taken(key, item)) {
                self.tried.insert(item.key.clone(), first + index + 1);
                return Ok(free);
            }
            first = until;
        }
        Err(WriteError::NoFreeKey { item: index, tried: MOST_MILLIS })
    }

    async fn look_up(&mut self, connection: &mut Connection, keys: &[String]) -> Result<(), WriteError> {
        let unknown: Vec<&str> = keys.iter().map(String::as_str).filter(|key| !self.looked_up.contains(*key)).collect();
        if !unknown.is_empty() {
            self.stored.extend(rows::stored(connection, self.id, &unknown).await.map_err(CatalogError::from)?);
            self.looked_up.extend(unknown.into_iter().map(str::to_owned));
        }
        Ok(())
    }

    /// Whether another write than the item's has the key.
    fn is_taken(&self, key: &str, item: &RecordItem) -> bool {
        let own = item.write_id.map(|write_id| write_id.to_string());
        let by = match (self.changed.get(key), self.stored.get(key)) {
            (Some(changed), _) => &changed.write_id,
            (None, Some(stored)) => &stored.write_id,
            (None, None) => return false,
        };
        own.is_none() || *by != own
    }

    fn merged(&mut self, key: &str, item: &RecordItem) -> Result<Value, WriteError> {
        if item.strategy == MergeStrategy::Replace {
            return Ok(item.data.clone());
        }
        let held = self.changed.get(key).map(|changed| &changed.data).or_else(|| self.read.get(key));
        let old = held.map_or(Ok(Map::new()), |data| serde_json::from_str(data));
        let old = old.map_err(|error| CatalogError::Database(sqlx::Error::Decode(error.into())))?;
        let Value::Object(new) = item.data.clone() else { return Ok(item.data.clone()) };
        Ok(Value::Object(item.strategy.merge(old, new)))
    }

    /// Remembers what the record becomes.
    fn keep(&mut self, key: String, data: String, queued: bool, item: &RecordItem) -> Result<Record, WriteError> {
        self.pay(data.len())?;
        let created_at = match (self.changed.get(&key), self.stored.get(&key)) {
            (Some(changed), _) => changed.created_at,
            (None, Some(stored)) => stored.created_at,
            (None, None) => self.now.0,
        };
        let write_id = item.write_id.map(|write_id| write_id.to_string());
        if let Some(write_id) = &write_id {
            self.writes.insert(write_id.clone(), (key.clone(), self.now.0));
        }
        let changed = Changed { data, queued, write_id, created_at };
        let record = self.record(&key, &changed);
        self.changed.insert(key, changed);
        Ok(record)
    }

    fn record(&self, key: &str, changed: &Changed) -> Record {
        Record {
            key: key.to_owned(),
            data: changed.data.clone(),
            created_at: Timestamp(changed.created_at),
            updated_at: self.now,
            updated_by: self.write.by.clone(),
        }
    }

    /// Writes the rows.
    async fn end(self, connection: &mut Connection, database: &Database) -> Result<(), WriteError> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let added = self.changed.keys().filter(|key| !self.stored.contains_key(*key)).count() as u64;
        let limit = self.write.limits.database_records;
        if limit > 0 && added > 0 && database.num_records.saturating_add(added) > limit {
            return Err(WriteError::Full { limit });
        }
        let is_of_before = |stored: &Stored| archive::is_of_earlier_day(stored.updated_at, self.now);
        let of_before: Vec<String> =
            self.changed.keys().filter(|key| self.stored.get(*key).is_some_and(is_of_before)).cloned().collect();
        let rows: Vec<NewRow<'_>> = self
            .changed
            .iter()
            .map(|(key, changed)| NewRow {
                key,
                data: &changed.data,
                write_id: changed.write_id.clone(),
                queued: changed.queued,
                created_at: changed.created_at,
                updated_at: self.now.0,
                updated_by: &self.write.by,
            })
            .collect();
        let ids = self.write.items.iter().filter_map(|item| item.write_id).map(|write_id| write_id.to_string());
        let writes: Vec<(String, &str)> = ids
            .filter_map(|write_id| {
                let (key, _) = self.writes.get(&write_id)?;
                Some((write_id, key.as_str()))
            })
            .collect();
        let written = async {
            for keys in of_before.chunks(archive::KEYS_AT_ONCE) {
                archive::keep_earlier_days(connection, self.id, keys, self.now).await?;
            }
            rows::put(connection, self.id, &rows).await?;
            rows::remember(connection, self.id, &writes, self.now.0).await?;
            rows::count(connection, self.id, added, self.now.0).await
        };
        written.await.map_err(|error: sqlx::Error| CatalogError::from(error).into())
    }
}
