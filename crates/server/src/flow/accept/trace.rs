//! Trace files: known by what they are called, and by what they hold.

use catalog::TraceVersion;
use receive::{ContentEncoding, TraceLimits, decode_trace};
use record::arrival::Payload;
use record::caller::Caller;
use record::envelope::{BodyEncoding, Envelope};
use record::secret::Secret;
use record::source::{Provider, Signal};
use record::trace::{CommandId, CommandType, InvalidName, Trace, sha256};
use redact::HashKey;
use sanitize::Owner;

use super::{LARGE_BODY, Refusal, append, decompress, placeholder_key};
use crate::flow::traces::{self, Name};
use crate::house::House;

/// A request whose key was accepted.
pub struct TraceRequest<'b> {
    pub signal: Signal,
    pub command_type: CommandType,
    pub named: Named,
    pub encoding: ContentEncoding,
    /// What it was sent with; masked in the file too.
    pub key: Option<Secret>,
    pub body: &'b [u8],
}

/// Where a file's command id comes from.
pub enum Named {
    /// The route says it.
    As(CommandId),
    /// The file's own id column, if all rows agree; else the sender; else the hash of what is kept.
    ByFile { or: Option<CommandId> },
}

/// A trace file that is kept.
#[derive(Debug)]
pub struct Kept {
    pub name: Name,
    pub rows: u64,
    pub rejected: u64,
    /// Below the lake's root.
    pub object: String,
    /// The same file was kept before: nothing was written.
    pub was_known: bool,
}

/// Takes a trace file: when this returns `Ok`, it is on disk and remembered.
pub async fn accept_trace(house: &House, caller: &Caller, request: TraceRequest<'_>) -> Result<Kept, Refusal> {
    let signal = request.signal;
    let key = placeholder_key(house, caller).await?;
    let prepared = if request.body.len() > LARGE_BODY {
        tokio::task::block_in_place(|| prepare(house, caller, &key, request))?
    } else {
        prepare(house, caller, &key, request)?
    };
    let Prepared { journal_record, name, mut version, bytes } = prepared;
    let key = name.key();
    // two deliveries of one command follow each other: the second one knows of the first
    let _one = house.deliveries.lock(&key).await;
    let versions = house.catalog.trace_versions(&key).await?;
    if let Some(latest) = versions.last().filter(|latest| latest.sha256 == version.sha256) {
        return Ok(kept(name, latest, true));
    }
    version.sequence = append(house, journal_record).await?;
    house.catalog.remember_trace(key, version.clone()).await?;
    let records = usize::try_from(version.rows + version.rejected).unwrap_or(usize::MAX);
    house.metrics.accepted(Provider::Mod, signal, records, bytes);
    Ok(kept(name, &version, false))
}

fn kept(name: Name, version: &TraceVersion, was_known: bool) -> Kept {
    Kept { name, rows: version.rows, rejected: version.rejected, object: version.object.clone(), was_known }
}

/// A file as the journal keeps it, and as the catalog does but for its place in the journal.
struct Prepared {
    journal_record: Vec<u8>,
    name: Name,
    version: TraceVersion,
    bytes: u64,
}

fn prepare(house: &House, caller: &Caller, key: &HashKey, request: TraceRequest<'_>) -> Result<Prepared, Refusal> {
    let settings = &house.config.traces;
    let body = decompress(request.body, request.encoding, settings.max_file_bytes)?;
    // how many rows there may be is told by its own status
    let limits = TraceLimits { rows: usize::MAX, ..TraceLimits::default() };
    let id = match &request.named {
        Named::As(id) => id.clone(),
        Named::ByFile { .. } => CommandId::new("unnamed")?,
    };
    let trace = decode_trace(request.command_type, id, &body, &limits)
        .map_err(|source| Refusal::Decode { form: "a trace file (CSV)", source })?;
    let records = trace.rows.len() + trace.rejected.len();
    if records > settings.max_rows {
        return Err(Refusal::TooMany { records, limit: settings.max_rows });
    }
    let mut payload = Payload::Trace(Box::new(trace));
    let own_keys: Vec<&Secret> = request.key.iter().chain(&house.config.bootstrap_key).collect();
    // no sessions: what one command told does not change the file of another, nor the same file sent again
    let owner = Owner { key, sessions: None, own_keys: &own_keys };
    let report = house.sanitizer.sanitize_for(&mut payload, Provider::Mod, &owner);
    house.metrics.sanitized(&report);
    let Payload::Trace(mut trace) = payload else { unreachable!("sanitizing changes texts, not kinds") };
    if let Named::ByFile { or } = request.named {
        trace.command_id = own_id(&trace).or(or).map_or_else(|| by_content(&trace), Ok)?;
    }
    let bytes = body.len() as u64;
    let envelope = Envelope {
        http_status: 201,
        ..Envelope::accepted(caller, Provider::Mod, request.signal, house.clock.now(), bytes)
    };
    let mut journal_record = Vec::with_capacity(body.len() + 512);
    envelope.write(BodyEncoding::Trace, &mut journal_record);
    receive::encode_trace(&trace, &mut journal_record);
    let file = normalize::trace_file(&envelope, &trace);
    let version = traces::version(&file, house.lake.app_id(), 0, envelope.received_at);
    Ok(Prepared { journal_record, name: Name::of(&envelope, &file), version, bytes })
}

/// The id in the column of the file's own type, `buildId` of a build, if it is one for all rows.
fn own_id(trace: &Trace<'_>) -> Option<CommandId> {
    let column = format!("{}Id", trace.command_type);
    let column = trace.header.iter().position(|cell| cell.text.as_str().trim().eq_ignore_ascii_case(&column))?;
    let mut ids = trace.rows.iter().map(|row| {
        let cells = trace.row_cells(row).iter();
        cells.filter(|cell| usize::from(cell.column) == column).map(|cell| cell.text.as_str().trim()).next()
    });
    let first = ids.next()??;
    ids.all(|id| id == Some(first)).then(|| CommandId::new(first).ok())?
}

fn by_content(trace: &Trace<'_>) -> Result<CommandId, InvalidName> {
    let sha256 = sha256(&trace.to_csv());
    CommandId::new(&format!("sha256-{}", sha256.get(..32).unwrap_or(&sha256)))
}
