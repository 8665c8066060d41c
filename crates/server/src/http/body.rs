//! Reads a body, counted against the limits while it arrives.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Fault;
use crate::house::House;

/// A body in memory, and its share of what may be there at one time.
pub(crate) struct Held {
    pub(crate) bytes: Vec<u8>,
    share: Share,
}

/// Bytes taken from [`House::in_flight`]; given back when dropped.
struct Share {
    room: Arc<Semaphore>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// `false`: others held the memory for all of `patience`.
    async fn add(&mut self, bytes: usize, patience: Duration) -> bool {
        let Ok(bytes) = u32::try_from(bytes) else { return false };
        let more = match Arc::clone(&self.room).try_acquire_many_owned(bytes) {
            Ok(more) => more,
            Err(_) => match tokio::time::timeout(patience, Arc::clone(&self.room).acquire_many_owned(bytes)).await {
                Ok(Ok(more)) => more,
                _ => return false,
            },
        };
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        true
    }
}

impl Held {
    /// How many bytes it counts for.
    pub(crate) fn counted(&self) -> usize {
        self.share.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

/// What bounds a body.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) max_bytes: usize,
    /// How long it may wait for memory that others hold.
    pub(crate) patience: Duration,
}

/// A `Content-Length` is believed up to here; beyond it memory grows as bytes arrive.
const BELIEVED_LENGTH: usize = 1 << 20;
/// A sender that is told 413 or 503 while it still writes would not read the answer: so much more is read and dropped
/// while the answer is on its way.
const DROPPED_BYTES: usize = 256 << 20;
const DROPPED_FOR: Duration = Duration::from_secs(10);

/// The whole body, or why not.
pub(crate) async fn read(
    house: &House,
    headers: &HeaderMap,
    mut body: Body,
    Bounds { max_bytes, patience }: Bounds,
) -> Result<Held, Fault> {
    let length =
        headers.get(axum::http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let share = Share { room: Arc::clone(&house.in_flight), taken: None };
    let mut held = Held { bytes: Vec::with_capacity(length.unwrap_or(0).min(BELIEVED_LENGTH)), share };
    let arriving = async {
        if length.is_some_and(|length| length > max_bytes) {
            return Err(too_large(max_bytes));
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "the body ended early"))?;
            let Ok(data) = frame.into_data() else { continue };
            if held.bytes.len() + data.len() > max_bytes {
                return Err(too_large(max_bytes));
            }
            if !held.share.add(data.len(), patience).await {
                return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "too much is arriving at once, send it again"));
            }
            held.bytes.extend_from_slice(&data);
        }
        Ok(())
    };
    let outcome = match tokio::time::timeout(house.config.intake.body_timeout, arriving).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Fault::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    };
    if let Err(fault) = outcome {
        drop(held);
        if fault.status != StatusCode::BAD_REQUEST {
            discard(body);
        }
        return Err(fault);
    }
    Ok(held)
}

fn too_large(limit: usize) -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes; send it in parts"))
}

pub(crate) fn user_agent(headers: &HeaderMap) -> Option<&str> {
    headers.get(axum::http::header::USER_AGENT)?.to_str().ok()
}

/// Reads and drops what still comes, beside the answer.
pub(crate) fn discard(body: Body) {
    tokio::spawn(drop_rest(body));
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

#[cfg(test)]
mod tests;
