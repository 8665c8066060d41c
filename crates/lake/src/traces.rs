//! Trace files as objects, beside the tables: each current version under `traces/`, those it replaced under `superseded/traces/`.
//!
//! Everything here may be done again after a crash at any point: an object is written whole or not at all, and the version that
//! is set aside is known by its hash.

use std::collections::HashSet;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use record::trace::sha256;

use crate::LakeError;
use crate::paths::{self, Prefix};
use crate::root::Root;

/// A version of a command's trace file that is to be kept.
#[derive(Clone, Debug)]
pub struct TraceFile {
    pub prefix: Prefix,
    pub command_id: String,
    /// Where it lies as long as no other version replaces it, below the root ([`record::trace::object_key`]).
    pub object: String,
    /// Of `text`, lower-case hex.
    pub sha256: String,
    pub text: Bytes,
    /// The version before this one.
    pub previous: Option<Previous>,
    /// A later version is known already.
    pub is_superseded: bool,
}

/// A version that another one replaces.
#[derive(Clone, Debug)]
pub struct Previous {
    /// As [`TraceFile::object`].
    pub object: String,
    pub sha256: String,
}

/// Objects written at the same time.
const CONCURRENT_PUTS: usize = 16;

impl TraceFile {
    fn path(&self) -> String {
        if self.is_superseded { paths::superseded(&self.object, &self.sha256) } else { self.object.clone() }
    }
}

/// Keeps `files`, given in the order in which they were acknowledged: on return they and what they replace are durable.
pub(crate) async fn keep(root: &Root, files: &[TraceFile]) -> Result<(), LakeError> {
    let aside = together(files.iter().map(|file| set_aside(root, file)).collect()).await?;
    root.sync_folders(aside.into_iter().flatten().collect()).await?;
    let kept = together(files.iter().map(|file| put(root, file)).collect()).await?;
    // a command whose times changed lies in another day's folder now
    let moved: Vec<&str> = {
        let kept: HashSet<&str> = kept.iter().map(String::as_str).collect();
        let earlier = files.iter().filter_map(|file| Some(file.previous.as_ref()?.object.as_str()));
        earlier.filter(|path| !kept.contains(path)).collect()
    };
    root.sync_folders(kept).await?;
    together(moved.iter().map(|path| root.delete(path)).collect()).await?;
    Ok(())
}

/// All of `work`, some at a time.
async fn together<T>(work: Vec<impl Future<Output = Result<T, LakeError>>>) -> Result<Vec<T>, LakeError> {
    futures::stream::iter(work).buffer_unordered(CONCURRENT_PUTS).try_collect().await
}

async fn put(root: &Root, file: &TraceFile) -> Result<String, LakeError> {
    let path = file.path();
    root.put(&path, file.text.clone()).await?;
    Ok(path)
}

/// Copies the version before `file` to its place among the superseded ones, if it is the one that lies at the current place.
async fn set_aside(root: &Root, file: &TraceFile) -> Result<Option<String>, LakeError> {
    let Some(previous) = &file.previous else { return Ok(None) };
    let Some(text) = root.get(&previous.object).await? else {
        return Ok(None);
    };
    if sha256(&text) != previous.sha256 {
        return Ok(None);
    }
    let path = paths::superseded(&previous.object, &previous.sha256);
    root.put(&path, text).await?;
    Ok(Some(path))
}
