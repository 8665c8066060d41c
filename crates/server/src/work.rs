//! What runs beside the requests: the look at the catalog, every second.

use std::sync::Arc;
use std::time::Duration;

use crate::house::House;

/// A key revoked by another process stops working within this time.
const CATALOG_REFRESH: Duration = Duration::from_secs(1);

/// Reads changed keys until the server ends.
pub async fn refresh_catalog(house: Arc<House>) {
    let mut timer = tokio::time::interval(CATALOG_REFRESH);
    loop {
        timer.tick().await;
        if let Err(error) = house.catalog.refresh().await {
            tracing::warn!(%error, "keys cannot be read again; those known stay in force");
        }
    }
}
