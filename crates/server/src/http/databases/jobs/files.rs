//! The folder of what exports made.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::fs;

use crate::house::House;

pub(super) fn folder(house: &House) -> PathBuf {
    house.config.data_dir.join("exports")
}

/// Deletes what is older than `databases.export_hours`, and what was begun and left.
pub(super) async fn sweep(house: &House) {
    let Ok(mut entries) = fs::read_dir(folder(house)).await else { return };
    let now = Duration::from_micros(u64::try_from(house.clock.now().0).unwrap_or_default());
    while let Ok(Some(entry)) = entries.next_entry().await {
        let written = entry.metadata().await.ok().and_then(|metadata| metadata.modified().ok());
        let written = written.and_then(|written| written.duration_since(SystemTime::UNIX_EPOCH).ok());
        let is_old = written.is_some_and(|written| now.saturating_sub(written) > house.config.databases.export_age);
        if is_old && let Err(error) = fs::remove_file(entry.path()).await {
            tracing::warn!(%error, "an old export cannot be deleted");
        }
    }
}
