//! Where the lake lies: a folder today; the cloud stores' clients are handed in the same way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use deltalake_core::DeltaTableBuilder;
use deltalake_core::logstore::LogStoreRef;
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use url::Url;

use crate::LakeError;

/// A root and the client that reaches it.
#[derive(Clone, Debug)]
pub struct Root {
    url: Url,
    store: Arc<dyn ObjectStore>,
    /// The folder, where the root is one: its files are synced before the journal lets go of the rows in them.
    folder: Option<PathBuf>,
}

impl Root {
    /// A folder, made if it is missing.
    pub fn folder(path: &Path) -> Result<Self, LakeError> {
        let broken = |reason: String| LakeError::Root { root: path.display().to_string(), reason };
        std::fs::create_dir_all(path).map_err(|error| broken(error.to_string()))?;
        let folder = path.canonicalize().map_err(|error| broken(error.to_string()))?;
        let url = Url::from_directory_path(&folder).map_err(|()| broken("not an absolute path".to_owned()))?;
        Ok(Self { url, store: Arc::new(LocalFileSystem::new()), folder: Some(folder) })
    }

    /// Any other store; `store` has `/` at the bucket's root, `url` names bucket and prefix and ends with `/`.
    pub fn store(url: Url, store: Arc<dyn ObjectStore>) -> Self {
        Self { url, store, folder: None }
    }

    /// The log store of one table.
    pub(crate) fn table(&self, name: &'static str) -> Result<LogStoreRef, LakeError> {
        if let Some(folder) = &self.folder {
            let path = folder.join(crate::paths::table(name));
            std::fs::create_dir_all(&path)
                .map_err(|source| LakeError::Sync { path: path.display().to_string(), source })?;
        }
        let url = self
            .url
            .join(&crate::paths::table(name))
            .map_err(|error| LakeError::Root { root: self.url.to_string(), reason: error.to_string() })?;
        DeltaTableBuilder::from_url(url.clone())
            .and_then(|builder| builder.with_storage_backend(Arc::clone(&self.store), url).build_storage())
            .map_err(|source| LakeError::Delta { table: name, source })
    }

    /// Makes `files` (paths within table `name`) and the folders that name them durable. Object stores are durable when
    /// they answer; a folder's files are only after `fsync`.
    pub(crate) fn sync(&self, name: &str, files: &[String]) -> Result<(), LakeError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let table = folder.join("tables").join(name);
        let paths: Vec<PathBuf> = files.iter().map(|file| table.join(file)).collect();
        paths.iter().try_for_each(|path| sync_path(path))?;
        sync_above(folder, &paths)
    }

    /// Makes the folders durable that name `files`, paths below the root.
    pub(crate) async fn sync_folders(&self, files: Vec<String>) -> Result<(), LakeError> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let sync = move || {
            let paths: Vec<PathBuf> = files.iter().map(|file| folder.join(file)).collect();
            sync_above(&folder, &paths)
        };
        tokio::task::spawn_blocking(sync).await?
    }

    /// Writes the object `path`, below the root, whole or not at all. In a folder its bytes are durable on return, its name only
    /// after [`Root::sync_folders`].
    pub(crate) async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        let put = self.store.put(&self.object(path)?, PutPayload::from_bytes(bytes)).await;
        put.map_err(|source| LakeError::Object { path: path.to_owned(), source })?;
        let Some(file) = self.folder.as_ref().map(|folder| folder.join(path)) else { return Ok(()) };
        tokio::task::spawn_blocking(move || sync_path(&file)).await?
    }

    /// The bytes of an object; `None`: there is none.
    pub(crate) async fn get(&self, path: &str) -> Result<Option<Bytes>, LakeError> {
        let fail = |source| LakeError::Object { path: path.to_owned(), source };
        match self.store.get(&self.object(path)?).await {
            Ok(object) => object.bytes().await.map(Some).map_err(fail),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(fail(source)),
        }
    }

    /// Removes an object, if it is there.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), LakeError> {
        match self.store.delete(&self.object(path)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(LakeError::Object { path: path.to_owned(), source }),
        }
    }

    /// The files below `folder`, a path below the root that ends with `/`, that `wanted` chooses. In a folder also what a crash left
    /// half written, which readers of the store do not see.
    pub(crate) async fn find(
        &self,
        folder: String,
        wanted: impl Fn(&Found) -> bool + Send + 'static,
    ) -> Result<Vec<Found>, LakeError> {
        if let Some(root) = self.folder.clone() {
            return tokio::task::spawn_blocking(move || find_in(&root, &folder, wanted)).await?;
        }
        let fail = |source| LakeError::Object { path: folder.clone(), source };
        let (base, prefix) = (self.object("")?, self.object(&folder)?);
        let listed = self.store.list(Some(&prefix)).map_err(fail);
        let found = listed.try_filter_map(|object| {
            let within = object
                .location
                .prefix_match(&base)
                .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"));
            let modified_ms = object.last_modified.timestamp_millis();
            let found = within.map(|path| Found { path, bytes: object.size, modified_ms }).filter(&wanted);
            std::future::ready(Ok(found))
        });
        found.try_collect().await
    }

    /// Removes files, those that are there, and the partitions' folders that are empty then.
    pub(crate) async fn remove(&self, paths: Vec<String>) -> Result<(), LakeError> {
        if let Some(root) = self.folder.clone() {
            return tokio::task::spawn_blocking(move || remove_from(&root, &paths)).await?;
        }
        for path in &paths {
            self.delete(path).await?;
        }
        Ok(())
    }

    /// Where the store has the object.
    fn object(&self, path: &str) -> Result<object_store::path::Path, LakeError> {
        let broken = |reason: String| LakeError::Root { root: self.url.to_string(), reason };
        let url = self.url.join(path).map_err(|error| broken(error.to_string()))?;
        object_store::path::Path::from_url_path(url.path()).map_err(|error| broken(error.to_string()))
    }
}

/// A file below the root.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// When it was written, in milliseconds since 1970.
    pub(crate) modified_ms: i64,
}

/// What happens in a folder happens beside other writers: what is gone by the time it is looked at was not there.
fn find_in(root: &Path, folder: &str, wanted: impl Fn(&Found) -> bool) -> Result<Vec<Found>, LakeError> {
    let (mut folders, mut found) = (vec![root.join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        let fail = |source| LakeError::Folder { path: folder.display().to_string(), source };
        let Some(entries) = if_there(std::fs::read_dir(&folder)).map_err(fail)? else { continue };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let Some(metadata) = if_there(entry.metadata()).map_err(fail)? else { continue };
            let path = entry.path();
            if metadata.is_dir() {
                folders.push(path);
                continue;
            }
            let Some(path) = path.strip_prefix(root).ok().and_then(Path::to_str) else { continue };
            let modified = metadata.modified().map_err(fail)?;
            let since = modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let modified_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
            let file = Found { path: path.to_owned(), bytes: metadata.len(), modified_ms };
            if wanted(&file) {
                found.push(file);
            }
        }
    }
    Ok(found)
}

fn remove_from(root: &Path, paths: &[String]) -> Result<(), LakeError> {
    for path in paths {
        let file = root.join(path);
        let fail = |source| LakeError::Folder { path: file.display().to_string(), source };
        if_there(std::fs::remove_file(&file)).map_err(fail)?;
        let is_partition =
            |folder: &&Path| folder.file_name().is_some_and(|name| name.as_encoded_bytes().contains(&b'='));
        for folder in file.ancestors().skip(1).take_while(is_partition) {
            // the first one that holds something, or that another process has taken away, ends it
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }
    Ok(())
}

fn if_there<T>(outcome: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match outcome {
        Ok(it) => Ok(Some(it)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Syncs every folder between `root` and the files.
fn sync_above(root: &Path, files: &[PathBuf]) -> Result<(), LakeError> {
    let above = files
        .iter()
        .flat_map(|path| path.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(root)))
        .collect::<std::collections::BTreeSet<_>>();
    above.iter().rev().try_for_each(|path| sync_path(path))
}

fn sync_path(path: &Path) -> Result<(), LakeError> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| LakeError::Sync { path: path.display().to_string(), source })
}
