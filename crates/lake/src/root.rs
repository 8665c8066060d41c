//! Where the lake lies: a folder today; the cloud stores' clients are handed in the same way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deltalake_core::DeltaTableBuilder;
use deltalake_core::logstore::LogStoreRef;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
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
        let mut folders = std::collections::BTreeSet::new();
        for file in files {
            let path = table.join(file);
            sync_path(&path)?;
            folders.extend(
                path.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(folder)).map(Path::to_owned),
            );
        }
        folders.iter().rev().try_for_each(|path| sync_path(path))
    }
}

fn sync_path(path: &Path) -> Result<(), LakeError> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| LakeError::Sync { path: path.display().to_string(), source })
}
