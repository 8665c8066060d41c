//! Sends records in batches, and again where the server could not take one.

use std::thread;
use std::time::Duration;

use crate::client::{Client, Delivery};
use crate::error::CliError;
use crate::exit::Exit;
use crate::history::Record;

/// Bytes of a batch: far below what a server takes in one request.
const BATCH_BYTES: usize = 1 << 20;
/// How long to wait before each further attempt.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// A server may ask for more, but not for ever.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) struct Upload<'c> {
    client: &'c Client,
    route: &'static str,
    batch: String,
    pub(crate) sent: u64,
    waiting: u64,
}

impl<'c> Upload<'c> {
    pub(crate) fn new(client: &'c Client, route: &'static str) -> Self {
        Self { client, route, batch: String::new(), sent: 0, waiting: 0 }
    }

    pub(crate) fn add(&mut self, record: &Record) -> Result<(), CliError> {
        let line = serde_json::to_string(record)
            .map_err(|error| CliError::new(Exit::Failed, format!("a record cannot be written: {error}")))?;
        if !self.batch.is_empty() && self.batch.len() + line.len() > BATCH_BYTES {
            self.flush()?;
        }
        self.batch.push_str(&line);
        self.batch.push('\n');
        self.waiting += 1;
        Ok(())
    }

    /// Whether nothing waits, or enough to be sent.
    pub(crate) fn is_between_batches(&self) -> bool {
        self.batch.is_empty() || self.batch.len() >= BATCH_BYTES / 2
    }

    /// Sends what waits; afterwards the server has it on disk.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let mut pauses = PAUSES.iter();
        loop {
            match self.client.deliver(self.route, self.batch.as_bytes(), TIMEOUT) {
                Delivery::Taken => break,
                Delivery::Refused(error) | Delivery::Denied(error) => return Err(error),
                Delivery::Later { error, after } => match pauses.next() {
                    Some(pause) => thread::sleep(after.unwrap_or_default().clamp(*pause, LONGEST_PAUSE)),
                    None => return Err(error),
                },
            }
        }
        self.batch.clear();
        self.sent += std::mem::take(&mut self.waiting);
        Ok(())
    }
}
