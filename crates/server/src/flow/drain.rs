//! journal → normalize → lake.
//!
//! What is read here is what the journal holds, live or after a crash: there is no second way for a record to reach a table.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use journal::{Reader, Record};
use lake::paths::Prefix;
use normalize::{Output, Sizes};
use receive::{ContentType, TraceLimits};
use record::arrival::Payload;
use record::envelope::{BodyEncoding, Envelope};
use record::rows::Rows;
use record::source::Signal;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use crate::house::House;

/// Journal bytes handled at a time: bounds the memory of a chunk, and is enough to make large batches.
const CHUNK_BYTES: usize = 4 << 20;
/// A chunk below this size was all there was. More is on its way, and many small chunks cost several times one large one, so the
/// drain then waits a little: rows are visible within a second of their answer all the same.
const FULL_CHUNK_BYTES: usize = 1 << 20;
const GATHER: Duration = Duration::from_millis(100);
/// After a failed commit; doubled up to the longest.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// The drain's side of a shutdown.
#[derive(Clone, Default)]
pub struct Stop {
    stopping: Arc<AtomicBool>,
    wake: Arc<Notify>,
}

impl Stop {
    /// Everything in the journal is to be committed, then the drain ends. The journal must be closed.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// Carries the journal into the lake until `stop`, then commits what is left.
pub async fn run(house: Arc<House>, stop: Stop) {
    let wake = Arc::clone(&stop.wake);
    house.journal.on_synced(Box::new(move |_| wake.notify_one()));
    let mut drain = Drain {
        reader: house.journal.reader(0),
        replay_until: house.lake.replay_until(),
        sizes: HashMap::new(),
        oldest_pending: None,
        flush: None,
        retry: None,
        house,
    };
    loop {
        drain.start_flush_when_due();
        if drain.has_room()
            && let Some(bytes) = drain.step().await
        {
            if bytes < FULL_CHUNK_BYTES && !stop.is_stopping() {
                tokio::time::sleep(GATHER).await;
            }
            continue;
        }
        let stuck = drain.retry.is_some();
        if stop.is_stopping() && (drain.has_room() || stuck) {
            break;
        }
        drain.wait(&stop.wake).await;
    }
    drain.finish().await;
}

type Flush = JoinHandle<Result<u64, lake::LakeError>>;

struct Drain {
    house: Arc<House>,
    reader: Reader,
    /// Up to here a table may hold the rows already.
    replay_until: u64,
    /// What the last chunk held, by prefix.
    sizes: HashMap<Prefix, Sizes>,
    /// When the oldest row that waits for a commit was appended.
    oldest_pending: Option<Instant>,
    flush: Option<Flush>,
    /// When the next commit may be tried after one that failed, and how long it had to wait.
    retry: Option<(Instant, Duration)>,
}

impl Drain {
    /// Takes the next chunk of the journal into the lake's memory, and tells its size. `None`: there was none.
    async fn step(&mut self) -> Option<usize> {
        let records = match self.reader.next_chunk(CHUNK_BYTES) {
            Ok(records) => records,
            Err(error) => {
                tracing::error!(%error, "journal cannot be read, trying again");
                tokio::time::sleep(FIRST_RETRY).await;
                return None;
            }
        };
        for damage in self.reader.take_damaged() {
            tracing::error!(file = %damage.file.display(), offset = damage.offset, bytes = damage.bytes, "journal is damaged here");
        }
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return None };
        if first.sequence <= self.replay_until {
            for record in &records {
                self.append(std::slice::from_ref(record), record.sequence);
            }
        } else {
            self.append(&records, last.sequence);
        }
        self.oldest_pending.get_or_insert_with(Instant::now);
        Some(records.iter().map(|record| record.payload.len()).sum())
    }

    fn append(&mut self, records: &[Record], through: u64) {
        let mut outputs: HashMap<Prefix, Output> = HashMap::new();
        for record in records {
            if let Err(reason) = read(record, &self.sizes, &mut outputs) {
                self.house.metrics.unreadable(record.sequence, &reason);
            }
        }
        for output in outputs.values() {
            self.house.metrics.kept_raw_only(&output.dropped);
        }
        self.sizes = outputs.iter().map(|(prefix, output)| (prefix.clone(), output.sizes())).collect();
        let missing = |rows: &Rows| through > self.replay_until || !self.house.lake.has(rows.table(), through);
        let rows: Vec<(Prefix, Rows)> = outputs
            .into_iter()
            .flat_map(|(prefix, output)| output.into_tables().map(|rows| (prefix.clone(), rows)))
            .filter(|(_, rows)| !rows.is_empty() && missing(rows))
            .collect();
        if let Err(error) = self.house.lake.append(rows, through) {
            tracing::error!(%error, through, "rows cannot be taken");
        }
    }

    /// While a commit is under way or has failed, rows gather up to `lake.flush_bytes` and no further: memory stays bounded,
    /// the rest waits in the journal.
    fn has_room(&self) -> bool {
        let busy = self.flush.is_some() || self.retry.is_some();
        !(busy && self.house.lake.open_bytes() >= self.house.config.lake.flush_bytes)
    }

    fn start_flush_when_due(&mut self) {
        if self.flush.is_some() || self.flush_due().is_none_or(|due| due > Instant::now()) {
            return;
        }
        self.oldest_pending = None;
        let lake = self.house.lake.clone();
        self.flush = Some(tokio::spawn(async move { lake.flush().await }));
    }

    /// When the next commit starts: at once when enough rows wait, else when they have waited long enough.
    fn flush_due(&self) -> Option<Instant> {
        let settings = &self.house.config.lake;
        let oldest = self.oldest_pending?;
        let due =
            if self.house.lake.open_bytes() >= settings.flush_bytes { oldest } else { oldest + settings.flush_after };
        Some(self.retry.map_or(due, |(at, _)| at))
    }

    /// What a commit holds is let go of in the journal; one that failed is tried again later.
    async fn flush_ended(&mut self, ended: Result<Result<u64, lake::LakeError>, JoinError>) {
        match ended {
            Ok(Ok(through)) => {
                self.retry = None;
                self.release(through).await;
            }
            Ok(Err(error)) => {
                self.house.metrics.flush_failed(&error);
                self.oldest_pending.get_or_insert_with(Instant::now);
                let pause = self.retry.map_or(FIRST_RETRY, |(_, pause)| (pause * 2).min(LONGEST_RETRY));
                self.retry = Some((Instant::now() + pause, pause));
            }
            Err(error) => tracing::error!(%error, "commit ended early"),
        }
    }

    async fn release(&self, through: u64) {
        let journal = self.house.journal.clone();
        match tokio::task::spawn_blocking(move || journal.release(through)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, through, "journal keeps what is committed"),
            Err(error) => tracing::error!(%error, "release ended early"),
        }
    }

    /// Until there is something to read, a commit has ended, or one is due.
    async fn wait(&mut self, wake: &Notify) {
        let due = self.flush_due();
        tokio::select! {
            () = wake.notified() => {}
            ended = ended(&mut self.flush) => {
                self.flush = None;
                self.flush_ended(ended).await;
            }
            () = sleep_until(due), if self.flush.is_none() => {}
        }
    }

    /// Commits what is left. A store that does not answer does not hold up the end: the journal keeps the rows.
    async fn finish(mut self) {
        if self.flush.is_some() {
            let ended = ended(&mut self.flush).await;
            self.flush_ended(ended).await;
        }
        let last = self.house.lake.flush().await;
        self.flush_ended(Ok(last)).await;
    }
}

/// The commit's outcome; never, when there is none.
async fn ended(flush: &mut Option<Flush>) -> Result<Result<u64, lake::LakeError>, JoinError> {
    match flush {
        Some(flush) => flush.await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Normalizes one journal record.
fn read(record: &Record, sizes: &HashMap<Prefix, Sizes>, outputs: &mut HashMap<Prefix, Output>) -> Result<(), String> {
    let (envelope, encoding, body) = Envelope::read(&record.payload).map_err(|error| error.to_string())?;
    let payload = match (encoding, envelope.signal) {
        (BodyEncoding::None, _) => None,
        (BodyEncoding::Json, Signal::Hooks | Signal::History) => {
            Some(Payload::Hooks(receive::decode_hooks(body).map_err(|error| error.to_string())?))
        }
        (BodyEncoding::Trace, _) => {
            let trace = receive::decode_encoded_trace(body, &TraceLimits::default());
            Some(Payload::Trace(Box::new(trace.map_err(|error| error.to_string())?)))
        }
        (BodyEncoding::Protobuf, signal) => {
            let otlp = receive::decode_otlp(signal, ContentType::Protobuf, body);
            Some(Payload::Otlp(otlp.map_err(|error| error.to_string())?))
        }
        (BodyEncoding::Json, signal) => {
            let otlp = receive::decode_otlp(signal, ContentType::Json, body);
            Some(Payload::Otlp(otlp.map_err(|error| error.to_string())?))
        }
    };
    let prefix =
        Prefix { tenant: envelope.tenant.clone(), source: envelope.signal.source(), provider: envelope.provider };
    let sized = || sizes.get(&prefix).map_or_else(Output::default, Output::sized_like);
    let output = outputs.entry(prefix.clone()).or_insert_with(sized);
    normalize::normalize(&envelope, payload.as_ref(), output);
    Ok(())
}
