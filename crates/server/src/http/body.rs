//! Reads a body, counted against the limits while it arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;

use super::error::Fault;
use crate::house::House;

/// A body in memory, and its share of what may be there at one time.
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    share: Share,
}

/// Bytes counted in [`House::in_flight`]; given back when dropped.
struct Share {
    total: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    fn add(&mut self, bytes: usize, max: usize) -> bool {
        let before = self.total.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        before + bytes <= max
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Held {
    /// How many bytes it counts for.
    pub(super) fn counted(&self) -> usize {
        self.share.bytes
    }
}

/// A `Content-Length` is believed up to here; beyond it memory grows as bytes arrive.
const BELIEVED_LENGTH: usize = 1 << 20;
/// A sender that is told 413 or 503 while it still writes would not read the answer: so much more is read and dropped
/// while the answer is on its way.
const DROPPED_BYTES: usize = 256 << 20;
const DROPPED_FOR: Duration = Duration::from_secs(10);

/// The whole body, or why not.
pub(super) async fn read(house: &House, headers: &HeaderMap, mut body: Body) -> Result<Held, Fault> {
    let intake = &house.config.intake;
    let length =
        headers.get(axum::http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let share = Share { total: Arc::clone(&house.in_flight), bytes: 0 };
    let mut held = Held { bytes: Vec::with_capacity(length.unwrap_or(0).min(BELIEVED_LENGTH)), share };
    let arriving = async {
        if length.is_some_and(|length| length > intake.max_body_bytes) {
            return Err(too_large(intake.max_body_bytes));
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "the body ended early"))?;
            let Ok(data) = frame.into_data() else { continue };
            if held.bytes.len() + data.len() > intake.max_body_bytes {
                return Err(too_large(intake.max_body_bytes));
            }
            if !held.share.add(data.len(), intake.max_in_flight_bytes) {
                return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too much is arriving at once, send it again"));
            }
            held.bytes.extend_from_slice(&data);
        }
        Ok(())
    };
    let outcome = match tokio::time::timeout(intake.body_timeout, arriving).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Fault::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    };
    if let Err(fault) = outcome {
        drop(held);
        if fault.status != StatusCode::BAD_REQUEST {
            tokio::spawn(drop_rest(body));
        }
        return Err(fault);
    }
    Ok(held)
}

fn too_large(limit: usize) -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes; send it in parts"))
}

async fn drop_rest(mut body: Body) {
    let mut dropped = 0;
    let dropping = async {
        while let Some(Ok(frame)) = body.frame().await {
            dropped += frame.data_ref().map_or(0, axum::body::Bytes::len);
            if dropped > DROPPED_BYTES {
                break;
            }
        }
    };
    if tokio::time::timeout(DROPPED_FOR, dropping).await.is_err() {
        tracing::debug!("gave up on the rest of a refused body");
    }
}
