//! journal → normalize → lake.
//!
//! What is read here is what the journal holds, live or after a crash: there is no second way for a record to reach a table.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use journal::{Reader, Record};
use lake::Arriving;
use lake::paths::Prefix;
use lake::replace::Gone;
use lake::traces::TraceFile;
use normalize::{Output, Sizes};
use receive::{ContentType, TraceLimits};
use record::arrival::Payload;
use record::dictionary::{self, Table};
use record::envelope::{BodyEncoding, Envelope};
use record::rows::Rows;
use record::source::Signal;
use record::trace::Trace;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

use super::traces::{self, Placed};
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
        stop: stop.clone(),
        gave_up: false,
        house,
    };
    while !drain.gave_up {
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
    stop: Stop,
    /// Asked to stop while it waited for the catalog: what comes next stays in the journal.
    gave_up: bool,
}

/// The server stops, and the catalog does not answer.
struct GaveUp;

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
                self.append(std::slice::from_ref(record), record.sequence).await;
                if self.gave_up {
                    return None;
                }
            }
        } else {
            self.append(&records, last.sequence).await;
        }
        self.oldest_pending.get_or_insert_with(Instant::now);
        Some(records.iter().map(|record| record.payload.len()).sum())
    }

    async fn append(&mut self, records: &[Record], through: u64) {
        let mut gathered = Gathered::default();
        for record in records {
            let (envelope, payload) = match read(record) {
                Ok(read) => read,
                Err(reason) => {
                    self.house.metrics.unreadable(record.sequence, &reason);
                    continue;
                }
            };
            let Some(Payload::Trace(trace)) = &payload else {
                normalize::normalize(&envelope, payload.as_ref(), gathered.output(&envelope, &self.sizes));
                continue;
            };
            let Ok(placed) = self.place(&envelope, trace, record.sequence).await else {
                self.gave_up = true;
                self.hand_over(gathered, record.sequence.saturating_sub(1));
                return;
            };
            match placed {
                None => gathered.raw_only(&envelope, payload.as_ref(), &self.sizes),
                Some(Placed { file, gone: None }) => {
                    normalize::normalize(&envelope, payload.as_ref(), gathered.output(&envelope, &self.sizes));
                    gathered.files.push(file);
                }
                // rows of the same command may have been gathered: what was before goes first, what comes later comes later
                Some(Placed { file, gone: Some(gone) }) => {
                    self.hand_over(std::mem::take(&mut gathered), record.sequence.saturating_sub(1));
                    normalize::normalize(&envelope, payload.as_ref(), gathered.output(&envelope, &self.sizes));
                    gathered.files.push(file);
                    gathered.gone = Some(gone);
                    self.hand_over(std::mem::take(&mut gathered), record.sequence);
                }
            }
        }
        self.hand_over(gathered, through);
    }

    /// As [`traces::place`]; a catalog that does not answer is waited for, for nothing may pass by, until the server stops.
    async fn place(&self, envelope: &Envelope, trace: &Trace<'_>, sequence: u64) -> Result<Option<Placed>, GaveUp> {
        loop {
            match traces::place(&self.house, envelope, trace, sequence).await {
                Ok(placed) => return Ok(placed),
                Err(error) if self.stop.is_stopping() => {
                    tracing::error!(%error, sequence, "trace file cannot be placed; the next start goes on with it");
                    return Err(GaveUp);
                }
                Err(error) => {
                    tracing::error!(%error, sequence, "trace file cannot be placed, trying again");
                    tokio::time::sleep(FIRST_RETRY).await;
                }
            }
        }
    }

    /// Gives the lake what all sequences up to `through` brought.
    fn hand_over(&mut self, gathered: Gathered, through: u64) {
        let Gathered { outputs, files, gone } = gathered;
        for output in outputs.values() {
            self.house.metrics.kept_raw_only(&output.dropped);
        }
        if !outputs.is_empty() {
            self.sizes = outputs.iter().map(|(prefix, output)| (prefix.clone(), output.sizes())).collect();
        }
        let missing = |table: &Table| through > self.replay_until || !self.house.lake.has(table, through);
        let mut arriving = Arriving { files, ..Arriving::default() };
        for (prefix, output) in outputs {
            let rows = by_partition(&prefix, output).into_iter();
            arriving.rows.extend(rows.filter(|(_, rows)| !rows.is_empty() && missing(rows.table())));
        }
        for table in [&dictionary::traces::TABLE, &dictionary::traces_rejected::TABLE] {
            if let Some(gone) = gone.as_ref().filter(|_| missing(table)) {
                arriving.gone.push((table, gone.clone()));
            }
        }
        if let Err(error) = self.house.lake.append(arriving, through) {
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

/// What a part of the journal brings.
#[derive(Default)]
struct Gathered {
    outputs: HashMap<Prefix, Output>,
    files: Vec<TraceFile>,
    gone: Option<Gone>,
}

impl Gathered {
    /// Where the rows of a request go.
    fn output(&mut self, envelope: &Envelope, sizes: &HashMap<Prefix, Sizes>) -> &mut Output {
        let prefix = Prefix {
            tenant: envelope.tenant.clone(),
            source: envelope.signal.source(),
            kind: envelope.provider.as_str().into(),
        };
        let sized = || sizes.get(&prefix).map_or_else(Output::default, Output::sized_like);
        self.outputs.entry(prefix.clone()).or_insert_with(sized)
    }

    /// The request's own row alone: its trace file has its rows already.
    fn raw_only(&mut self, envelope: &Envelope, payload: Option<&Payload<'_>>, sizes: &HashMap<Prefix, Sizes>) {
        let output = self.output(envelope, sizes);
        let (traces, files) = (std::mem::take(&mut output.traces), output.trace_files.len());
        normalize::normalize(envelope, payload, output);
        output.traces = traces;
        output.trace_files.truncate(files);
    }
}

/// The rows of each table, with their partition.
fn by_partition(prefix: &Prefix, mut output: Output) -> Vec<(Prefix, Rows)> {
    let mut rows = Vec::new();
    for traces in std::mem::take(&mut output.traces) {
        let prefix = Prefix { source: traces.source, kind: traces.command_type.as_str().into(), ..prefix.clone() };
        rows.extend([(prefix.clone(), traces.rows), (prefix, traces.rejected)]);
    }
    rows.extend(output.into_tables().map(|rows| (prefix.clone(), rows)));
    rows
}

/// Reads one journal record.
fn read(record: &Record) -> Result<(Envelope, Option<Payload<'_>>), String> {
    let (envelope, encoding, body) = Envelope::read(&record.payload).map_err(|error| error.to_string())?;
    let payload = match (encoding, envelope.signal) {
        (BodyEncoding::None, _) => None,
        (BodyEncoding::Json, Signal::Hooks | Signal::History) => {
            Some(Payload::Hooks(receive::decode_hooks(body).map_err(|error| error.to_string())?))
        }
        (BodyEncoding::Json, Signal::ProductEvents | Signal::ProductErrors | Signal::Logs) => {
            // written as those are; logs in JSON are events without OTLP around them, for OTLP is kept as protobuf
            Some(Payload::Product(receive::decode_hooks(body).map_err(|error| error.to_string())?))
        }
        (BodyEncoding::Trace, _) => {
            // how many rows a file may have was asked when it came
            let limits = TraceLimits { rows: usize::MAX, ..TraceLimits::default() };
            let trace = receive::decode_encoded_trace(body, &limits);
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
    Ok((envelope, payload))
}
