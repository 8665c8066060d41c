//! What runs beside the requests: the looks at the catalog and at the pressure, every second, and what is forgotten with time.

use std::sync::Arc;
use std::time::Duration;

use crate::house::House;

/// A key revoked by another process stops working within this time.
const CATALOG_REFRESH: Duration = Duration::from_secs(1);

/// Reads changed keys until the server ends.
pub async fn refresh_catalog(house: Arc<House>) {
    let mut timer = tokio::time::interval(CATALOG_REFRESH);
    let mut failing = false;
    loop {
        timer.tick().await;
        let read = house.catalog.refresh().await;
        match &read {
            Err(error) if !failing => tracing::warn!(%error, "keys cannot be read again; those known stay in force"),
            Ok(_) if failing => tracing::info!("keys are read again"),
            _ => {}
        }
        failing = read.is_err();
    }
}

/// How soon the log tells that an episode of shedding is over.
const PRESSURE_LOOK: Duration = Duration::from_secs(1);

/// Watches for the end of shedding until the server ends.
pub async fn watch_pressure(house: Arc<House>) {
    let mut timer = tokio::time::interval(PRESSURE_LOOK);
    loop {
        timer.tick().await;
        house.metrics.look_at_shedding(&house);
    }
}

/// How often the names of old writes are forgotten.
const FORGET: Duration = Duration::from_hours(1);

/// Forgets the names of writes after `databases.write_id_hours`, until the server ends.
pub async fn forget_writes(house: Arc<House>) {
    let mut timer = tokio::time::interval(FORGET);
    let age = i64::try_from(house.config.databases.write_id_age.as_micros()).unwrap_or(i64::MAX);
    loop {
        timer.tick().await;
        if let Err(error) = house.catalog.forget_writes(house.clock.now().plus_micros(-age)).await {
            tracing::warn!(%error, "names of old writes stay");
        }
    }
}
