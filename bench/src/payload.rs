//! Request bodies: a captured session of Claude Code, copied as often as the shape asks, every copy with its own identity.
//!
//! The identity is patched into the encoded bytes, each value by one of the same length, so that a request costs the
//! sender a few hundred bytes of copying and no encoding. Patched are the session's and prompt's UUIDs, the ids of
//! messages, tool calls and model requests, and minute and second of the record's times.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

/// What a request holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// One short session: 13 records, 8.9 KB
    Small,
    /// About 1 MB: 118 sessions, 1,534 records
    Large,
    /// 1,000 records, 0.7 MB
    Thousand,
}

/// One request's bytes and where to patch them.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: u64,
    copies: Vec<Vec<Patch>>,
    run: u32,
}

/// A place that tells one copy from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Patch {
    /// UUID text: the first 8 digits become the run, the last 12 the number.
    Uuid(usize),
    /// Last 8 characters of an id.
    IdTail(usize),
    /// `MM:SS` within an ISO 8601 time.
    MinuteSecond(usize),
    /// Nanoseconds of the original time, little endian.
    Nanos(usize, u64),
}

const SESSION: &[u8] = include_bytes!("../../fixtures/agents/claude_code/c01_basic_protobuf/001_logs.bin");
const UUID_KEYS: [&str; 3] = ["session.id", "prompt.id", "message.uuid"];
const ID_KEYS: [&str; 4] = ["request_id", "tool_use_id", "client_request_id", "message.id"];
const LARGE_BYTES: usize = 1 << 20;
const THOUSAND: usize = 1_000;
const SECONDS_OF_HOUR: u64 = 3_600;
const NANOS_OF_SECOND: u64 = 1_000_000_000;

impl Payload {
    pub(crate) fn new(shape: Shape) -> anyhow::Result<Self> {
        let session = ExportLogsServiceRequest::decode(SESSION).context("the captured session does not decode")?;
        let records = records(&session).count();
        let mut payload = Self { bytes: Vec::new(), records: 0, copies: Vec::new(), run: run_number() };
        match shape {
            Shape::Small => payload.append(&session, 1)?,
            Shape::Large => payload.append(&session, LARGE_BYTES.div_ceil(SESSION.len()))?,
            Shape::Thousand => {
                payload.append(&session, THOUSAND / records)?;
                payload.append(&first_records(session, THOUSAND % records), 1)?;
            }
        }
        Ok(payload)
    }

    /// Makes this the request of `number`: its records differ from those of every other number of every run.
    pub(crate) fn number(&mut self, number: u64) {
        let copies = self.copies.len() as u64;
        for (copy, patches) in (number * copies..).zip(&self.copies) {
            for patch in patches {
                patch.apply(&mut self.bytes, self.run, copy);
            }
        }
    }

    /// Appends copies of a session behind what is there: protobuf messages concatenate.
    fn append(&mut self, session: &ExportLogsServiceRequest, copies: usize) -> anyhow::Result<()> {
        let encoded = session.encode_to_vec();
        let patches = patches(session, &encoded)?;
        for _ in 0..copies {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(&encoded);
            self.copies.push(patches.iter().map(|patch| patch.moved(start)).collect());
            self.records += records(session).count() as u64;
        }
        Ok(())
    }
}

impl Patch {
    fn apply(self, bytes: &mut [u8], run: u32, copy: u64) {
        match self {
            Self::Uuid(at) => {
                write_hex(bytes, at, 8, u64::from(run));
                write_hex(bytes, at + 24, 12, copy);
            }
            Self::IdTail(at) => write_hex(bytes, at, 8, copy),
            Self::MinuteSecond(at) => {
                let second = copy % SECONDS_OF_HOUR;
                write_two_digits(bytes, at, second / 60);
                write_two_digits(bytes, at + 3, second % 60);
            }
            Self::Nanos(at, original) => {
                let hour = original - original % (SECONDS_OF_HOUR * NANOS_OF_SECOND);
                let nanos = hour + copy % SECONDS_OF_HOUR * NANOS_OF_SECOND + original % NANOS_OF_SECOND;
                if let Some(place) = bytes.get_mut(at..at + 8) {
                    place.copy_from_slice(&nanos.to_le_bytes());
                }
            }
        }
    }

    fn moved(self, by: usize) -> Self {
        match self {
            Self::Uuid(at) => Self::Uuid(at + by),
            Self::IdTail(at) => Self::IdTail(at + by),
            Self::MinuteSecond(at) => Self::MinuteSecond(at + by),
            Self::Nanos(at, original) => Self::Nanos(at + by, original),
        }
    }
}

fn records(request: &ExportLogsServiceRequest) -> impl Iterator<Item = &LogRecord> {
    request.resource_logs.iter().flat_map(|resource| &resource.scope_logs).flat_map(|scope| &scope.log_records)
}

fn first_records(mut session: ExportLogsServiceRequest, mut count: usize) -> ExportLogsServiceRequest {
    for scope in session.resource_logs.iter_mut().flat_map(|resource| &mut resource.scope_logs) {
        scope.log_records.truncate(count);
        count -= scope.log_records.len();
    }
    session
}

/// Where one encoded session names its identity. Values are found by their bytes, wherever they occur.
fn patches(session: &ExportLogsServiceRequest, bytes: &[u8]) -> anyhow::Result<BTreeSet<Patch>> {
    let mut patches = BTreeSet::new();
    let mut heads = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for record in records(session) {
        for nanos in [record.time_unix_nano, record.observed_time_unix_nano] {
            patches.extend(places(bytes, &nanos.to_le_bytes()).map(|at| Patch::Nanos(at, nanos)));
        }
        for attribute in &record.attributes {
            let Some(Value::StringValue(text)) = attribute.value.as_ref().and_then(|value| value.value.as_ref()) else {
                continue;
            };
            let key = attribute.key.as_str();
            if UUID_KEYS.contains(&key) {
                ensure!(text.len() == 36, "`{key}` is not a UUID in the captured session");
                patches.extend(places(bytes, text.as_bytes()).map(Patch::Uuid));
            } else if ID_KEYS.contains(&key) {
                let Some(tail) = text.len().checked_sub(8) else { bail!("`{key}` is too short to patch") };
                patches.extend(places(bytes, text.as_bytes()).map(|at| Patch::IdTail(at + tail)));
                heads.insert(text.as_bytes().get(..tail));
                ids.insert(text.as_str());
            } else if key == "event.timestamp" {
                patches.extend(places(bytes, text.as_bytes()).map(|at| Patch::MinuteSecond(at + 14)));
            }
        }
    }
    ensure!(heads.len() == ids.len(), "ids of the captured session differ in the 8 characters that are patched only");
    Ok(patches)
}

fn places<'a>(bytes: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    bytes.windows(wanted.len()).enumerate().filter(move |(_, window)| *window == wanted).map(|(at, _)| at)
}

/// A number of this run of the program, so that two runs against one server send different records.
fn run_number() -> u32 {
    u32::try_from(RandomState::new().hash_one(0) >> 32).unwrap_or(0)
}

fn write_hex(bytes: &mut [u8], at: usize, digits: usize, number: u64) {
    let Some(place) = bytes.get_mut(at..at + digits) else { return };
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[usize::try_from(rest % 16).unwrap_or(0)];
        rest /= 16;
    }
}

fn write_two_digits(bytes: &mut [u8], at: usize, number: u64) {
    let Some(place) = bytes.get_mut(at..at + 2) else { return };
    let number = u8::try_from(number % 100).unwrap_or(0);
    place.copy_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
}

#[cfg(test)]
mod tests;
