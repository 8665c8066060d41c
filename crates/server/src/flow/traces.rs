//! What becomes of a trace file: is it new, does it replace an earlier one, was it there before.
//!
//! | step | after a crash behind it |
//! |---|---|
//! | the file is in the journal | nobody was answered; the drain finds it, remembers it, and stores it. A file sent again is taken again, and is the same version then |
//! | the catalog remembers it | as above; the same file sent again is known |
//! | 201 | as above |
//! | its object is written, what it replaces is set aside | both are done again, to the same end |
//! | its rows are committed, those it replaces go in the same commit | the tables know the journal's sequence: not done again |
//!
//! Which version is before another one is told by their places in the journal, so that a replay decides as the first time.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use bytes::Bytes;
use catalog::{CatalogError, TraceKey, TraceVersion};
use lake::paths::Prefix;
use lake::replace::Gone;
use lake::traces::{Previous, TraceFile};
use record::caller::Tenant;
use record::envelope::Envelope;
use record::source::Source;
use record::time::{Day, Timestamp};
use record::trace::{CommandId, CommandType, Trace};
use tokio::sync::{Mutex, MutexGuard};

use crate::house::House;

/// What a trace file is called.
#[derive(Clone, Debug)]
pub struct Name {
    pub tenant: Tenant,
    /// [`Source::Cli`] or [`Source::Saas`].
    pub source: Source,
    pub command_type: CommandType,
    pub command_id: CommandId,
}

impl Name {
    pub(super) fn of(envelope: &Envelope, file: &normalize::TraceFile) -> Self {
        Self {
            tenant: envelope.tenant.clone(),
            source: file.source,
            command_type: file.command_type.clone(),
            command_id: file.command_id.clone(),
        }
    }

    pub(super) fn key(&self) -> TraceKey {
        TraceKey {
            tenant: self.tenant.clone(),
            source: self.source.as_str(),
            kind: self.command_type.to_string(),
            command_id: self.command_id.to_string(),
        }
    }

    fn prefix(&self) -> Prefix {
        Prefix { tenant: self.tenant.clone(), source: self.source, kind: self.command_type.as_str().into() }
    }
}

/// Deliveries of the same command, one at a time.
pub struct Deliveries(Box<[Mutex<()>]>);

impl Default for Deliveries {
    fn default() -> Self {
        Self(std::iter::repeat_with(Mutex::default).take(256).collect())
    }
}

impl Deliveries {
    /// Waits for other deliveries of `key`, and for a few of others.
    pub async fn lock(&self, key: &TraceKey) -> MutexGuard<'_, ()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        let place = usize::try_from(hash % self.0.len() as u64).unwrap_or_default();
        self.0[place].lock().await
    }
}

/// `file` as the catalog remembers it.
pub(super) fn version(file: &normalize::TraceFile, journal: &str, sequence: u64, stored_at: Timestamp) -> TraceVersion {
    TraceVersion {
        journal: journal.to_owned(),
        sequence,
        sha256: file.sha256.clone(),
        object: file.object.clone(),
        day: file.day.to_string(),
        rows: file.rows as u64,
        rejected: file.rejected as u64,
        stored_at,
    }
}

/// A trace file that is kept, and whose rows are stored.
pub(super) struct Placed {
    pub(super) file: TraceFile,
    /// The rows of versions before it, which go.
    pub(super) gone: Option<Gone>,
}

/// Finds the place of the trace file that the journal has as `sequence` among the versions of its command. `None`: the version
/// before it is the same.
pub(super) async fn place(
    house: &House,
    envelope: &Envelope,
    trace: &Trace<'_>,
    sequence: u64,
) -> Result<Option<Placed>, CatalogError> {
    let file = normalize::trace_file(envelope, trace);
    let name = Name::of(envelope, &file);
    let (key, journal) = (name.key(), house.lake.app_id());
    let mut versions = house.catalog.trace_versions(&key).await?;
    if !versions.iter().any(|known| known.journal == journal && known.sequence == sequence) {
        let version = version(&file, journal, sequence, envelope.received_at);
        house.catalog.remember_trace(key.clone(), version).await?;
        versions = house.catalog.trace_versions(&key).await?;
    }
    let before = versions.partition_point(|known| known.is_before(journal, sequence));
    let previous = versions[..before].last();
    if previous.is_some_and(|previous| previous.sha256 == file.sha256) {
        return Ok(None);
    }
    let gone = (before > 0).then(|| Gone {
        prefix: name.prefix(),
        command_id: key.command_id.clone(),
        days: versions[..before].iter().filter_map(|version| version.day.parse::<Day>().ok()).collect(),
    });
    let previous =
        previous.map(|previous| Previous { object: previous.object.clone(), sha256: previous.sha256.clone() });
    let is_superseded = versions[before..].iter().any(|later| later.sha256 != file.sha256);
    let file = TraceFile {
        prefix: name.prefix(),
        command_id: key.command_id,
        object: file.object,
        sha256: file.sha256,
        text: Bytes::from(trace.to_csv().into_owned()),
        previous,
        is_superseded,
    };
    Ok(Some(Placed { file, gone }))
}
