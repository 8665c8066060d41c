//! The files of assets: `<data_dir>/assets/<tenant>/<database>/<asset>`, readable by their owner only.
//!
//! A file is written under a name of its own (`<asset>.<random>.part`), synced, renamed, its folder synced, and then the catalog is told. A
//! file goes before the catalog forgets it. So after a crash at any point no file is left that the catalog does not name: a place whose
//! file came too late is filled by the next upload, an asset whose file went too early is not found, and can be deleted again. What was
//! being written is deleted at the next start.

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use catalog::{Asset, AssetLimits, Catalog, CatalogError, Database, Stored};
use record::caller::Tenant;
use record::time::Timestamp;
use thiserror::Error;
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt as _, BufWriter};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use uuid::Uuid;

use crate::cli::make_private;

/// Written to the disk at once.
const PIECE_BYTES: usize = 256 << 10;
/// Looked up at once when old assets go.
const OLD_AT_ONCE: u64 = 200;
/// The ending of what is not whole yet.
const PART: &str = "part";

#[derive(Debug, Error)]
pub enum AssetError {
    #[error("the file cannot be written or deleted: {0}")]
    Disk(#[from] io::Error),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// All files of assets of a server.
pub struct AssetFiles {
    folder: PathBuf,
    /// Whoever holds it is alone in giving files their names and taking them away.
    turn: Mutex<()>,
    uploads: Semaphore,
}

impl AssetFiles {
    /// `uploads`: that may arrive at one time.
    pub fn new(data_dir: &Path, uploads: usize) -> Self {
        let uploads = Semaphore::new(uploads.min(Semaphore::MAX_PERMITS));
        Self { folder: data_dir.join("assets"), turn: Mutex::default(), uploads }
    }

    fn of_database(&self, tenant: &Tenant, database: Uuid) -> PathBuf {
        self.folder.join(tenant.as_str()).join(database.to_string())
    }

    fn path(&self, asset: &Asset) -> PathBuf {
        self.of_database(&asset.tenant, asset.database).join(asset.id.to_string())
    }

    /// The right to one upload; `None`: as many are arriving as may.
    pub(crate) fn admit(&self) -> Option<SemaphorePermit<'_>> {
        self.uploads.try_acquire().ok()
    }

    /// The asset's file, to be read, and its bytes.
    pub(crate) async fn open(&self, asset: &Asset) -> io::Result<(File, u64)> {
        let file = File::open(self.path(asset)).await?;
        let bytes = file.metadata().await?.len();
        Ok((file, bytes))
    }

    /// A file for what is about to arrive.
    pub(crate) async fn begin(&self, asset: &Asset) -> io::Result<Incoming> {
        let folder = self.of_database(&asset.tenant, asset.database);
        make_private(&folder).map_err(io::Error::other)?;
        let path = folder.join(format!("{}.{}.{PART}", asset.id, Uuid::new_v4()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = fs::OpenOptions::from(options).open(&path).await?;
        Ok(Incoming { path, file: BufWriter::with_capacity(PIECE_BYTES, file), bytes: 0 })
    }

    /// Makes what has arrived the asset's file. It is on disk when this returns.
    pub(crate) async fn keep(
        &self,
        catalog: &Catalog,
        asset: &Asset,
        mut incoming: Incoming,
        content_type: &str,
        limits: AssetLimits,
    ) -> Result<Stored, AssetError> {
        incoming.file.flush().await?;
        incoming.file.get_ref().sync_all().await?;
        let _turn = self.turn.lock().await;
        match catalog.asset(&asset.tenant, asset.database, asset.id).await? {
            None => return Ok(Stored::Gone),
            Some(asset) if asset.is_uploaded => return Ok(Stored::Taken),
            Some(_) => {}
        }
        let path = self.path(asset);
        fs::rename(&incoming.path, &path).await?;
        self.sync_folders_of(asset).await?;
        // where it is not known what the catalog did, the file stays: it is the asset's, or the next upload takes its place
        let stored = catalog.store_asset(asset, content_type, incoming.bytes, limits).await?;
        if !matches!(stored, Stored::Kept(_)) {
            delete_file(&path).await?;
        }
        Ok(stored)
    }

    /// Lets a name be found after a power cut, those of its folders too.
    async fn sync_folders_of(&self, asset: &Asset) -> io::Result<()> {
        let database = self.of_database(&asset.tenant, asset.database);
        for folder in database.ancestors().take(4) {
            File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }

    /// Deletes an asset; `false`: there was none.
    pub(crate) async fn delete(&self, catalog: &Catalog, asset: &Asset) -> Result<bool, AssetError> {
        let _turn = self.turn.lock().await;
        delete_file(&self.path(asset)).await?;
        Ok(catalog.delete_asset(asset).await?)
    }

    /// Deletes a database with all it has; `false`: there was none.
    pub(crate) async fn delete_database(&self, catalog: &Catalog, database: &Database) -> Result<bool, AssetError> {
        let _turn = self.turn.lock().await;
        match fs::remove_dir_all(self.of_database(&database.tenant, database.id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        Ok(catalog.delete_database(&database.tenant, database.id).await?)
    }

    /// Deletes the assets of a database that were made before `before`; how many, and the bytes of their files.
    pub(crate) async fn expire(
        &self,
        catalog: &Catalog,
        database: Uuid,
        before: Timestamp,
    ) -> Result<(u64, u64), AssetError> {
        let (mut assets, mut bytes) = (0, 0);
        loop {
            let old = catalog.old_assets(database, before, OLD_AT_ONCE).await?;
            if old.is_empty() {
                return Ok((assets, bytes));
            }
            for asset in &old {
                self.delete(catalog, asset).await?;
                assets += 1;
                bytes += asset.bytes;
            }
        }
    }

    /// Deletes what was being written when the server before this one ended. To be called before the first request.
    pub(crate) fn recover(&self) {
        if let Err(error) = sweep(&self.folder, 3) {
            tracing::warn!(%error, "files of uploads that were not ended cannot be deleted");
        }
    }
}

/// Deletes unfinished files in a folder and, `depth` deep, those below it.
fn sweep(folder: &Path, depth: u8) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if depth > 1 {
                sweep(&entry.path(), depth - 1)?;
            }
        } else if entry.path().extension().is_some_and(|ending| ending == PART) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

async fn delete_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// A file while it arrives. Dropped before it is kept, it is gone.
pub(crate) struct Incoming {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl Incoming {
    pub(crate) async fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.file.write_all(piece).await?;
        self.bytes += piece.len() as u64;
        Ok(())
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // where it was kept, it has this name no more
        std::fs::remove_file(&self.path).ok();
    }
}

#[cfg(test)]
mod tests;
