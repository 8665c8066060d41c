//! receive → sanitize → journal → answer.

use std::borrow::Cow;

use catalog::CatalogError;
use receive::{ContentEncoding, ContentType, DecodeError, ProductForm, unzip};
use record::arrival::Payload;
use record::caller::Caller;
use record::envelope::{BodyEncoding, Client, Envelope};
use record::secret::Secret;
use record::source::{Provider, Signal};
use record::trace::InvalidName;
use redact::HashKey;
use sanitize::Owner;
use thiserror::Error;
use tokio::sync::oneshot;

use crate::house::House;

mod trace;

pub use trace::{Kept, Named, TraceRequest, accept_trace};

/// A request whose key was accepted.
pub struct Request<'b> {
    /// What the route says; `None`: found from the body.
    pub provider: Option<Provider>,
    pub signal: Signal,
    /// Of the requests of browser mods; `None`: what the signal says.
    pub product: Option<ProductForm>,
    pub content_type: ContentType,
    pub encoding: ContentEncoding,
    /// What it was sent with. A key of ours is masked in the body too; one that its owner chose has no form to be known by.
    pub key: Option<Secret>,
    /// The header of this name; kept of browser mods.
    pub user_agent: Option<&'b str>,
    pub body: &'b [u8],
}

/// Why a request was not taken.
#[derive(Debug, Error)]
pub enum Refusal {
    #[error("cannot decode the body as {form}: {source}")]
    Decode { form: &'static str, source: DecodeError },
    #[error("cannot decompress the body: {0}")]
    Unzip(String),
    #[error("the body is larger than {limit} bytes after decompression; send it in parts")]
    TooLarge { limit: usize },
    #[error("the request has {records} records, more than {limit}; send it in parts")]
    TooMany { records: usize, limit: usize },
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Journal(#[from] journal::AppendError),
    #[error("telemetry cannot be kept now, send it again")]
    Catalog(#[from] CatalogError),
}

/// Bodies above this size are decoded where they do not hold up other requests.
const LARGE_BODY: usize = 256 << 10;

/// A longer `User-Agent` is none of a browser.
const LONGEST_USER_AGENT: usize = 1024;

/// Takes a request: when this returns `Ok`, its records are on disk. The number of records comes back.
pub async fn accept(house: &House, caller: &Caller, request: Request<'_>) -> Result<usize, Refusal> {
    let key = placeholder_key(house, caller).await?;
    let prepared = if request.body.len() > LARGE_BODY {
        tokio::task::block_in_place(|| prepare(house, caller, &key, &request))?
    } else {
        prepare(house, caller, &key, &request)?
    };
    append(house, prepared.journal_record).await?;
    house.metrics.accepted(prepared.provider, request.signal, prepared.records, prepared.bytes);
    Ok(prepared.records)
}

/// A request as the journal keeps it.
struct Prepared {
    journal_record: Vec<u8>,
    provider: Provider,
    records: usize,
    bytes: u64,
}

fn prepare(house: &House, caller: &Caller, key: &HashKey, request: &Request<'_>) -> Result<Prepared, Refusal> {
    let body = decompress(request.body, request.encoding, house.config.intake.max_body_bytes)?;
    let mut payload = decode(request, &body)?;
    let provider = match (request.provider, &payload) {
        (Some(provider), _) => provider,
        (None, Payload::Otlp(otlp)) => receive::provider_of(otlp),
        (None, Payload::Hooks(_)) => Provider::Other,
        (None, Payload::Trace(_)) => Provider::Mod,
        (None, Payload::Product(_)) => Provider::BrowserMod,
    };
    let records = payload.record_count();
    let limit = house.config.intake.max_records;
    if records > limit {
        return Err(Refusal::TooMany { records, limit });
    }
    let own_keys: Vec<&Secret> = request.key.iter().chain(&house.config.bootstrap_key).collect();
    let owner = Owner { key, sessions: Some((&house.sessions, &caller.tenant)), own_keys: &own_keys };
    let report = house.sanitizer.sanitize_for(&mut payload, provider, &owner);
    house.metrics.sanitized(&report);
    let bytes = body.len() as u64;
    let envelope = Envelope {
        http_status: if request.product.is_some() { 201 } else { 200 },
        client: client(house, caller, provider, request.user_agent, &owner),
        ..Envelope::accepted(caller, provider, request.signal, house.clock.now(), bytes)
    };
    let mut journal_record = Vec::with_capacity(body.len() + 256);
    match &payload {
        Payload::Otlp(otlp) => {
            envelope.write(BodyEncoding::Protobuf, &mut journal_record);
            receive::encode_otlp(otlp, &mut journal_record);
        }
        Payload::Hooks(events) | Payload::Product(events) => {
            envelope.write(BodyEncoding::Json, &mut journal_record);
            receive::encode_hooks(events, &mut journal_record);
        }
        Payload::Trace(trace) => {
            envelope.write(BodyEncoding::Trace, &mut journal_record);
            receive::encode_trace(trace, &mut journal_record);
        }
    }
    Ok(Prepared { journal_record, provider, records, bytes })
}

fn decode<'b>(request: &Request<'_>, body: &'b [u8]) -> Result<Payload<'b>, Refusal> {
    let json = undecodable(ContentType::Json);
    let is_plain = || {
        let may_be = request.signal == Signal::Logs && request.content_type == ContentType::Json;
        may_be && request.provider.is_none() && receive::is_plain_event(body)
    };
    Ok(match (request.product, request.signal) {
        (Some(form), _) => Payload::Product(receive::decode_product(form, body).map_err(json)?),
        (None, Signal::Hooks | Signal::History) => Payload::Hooks(receive::decode_hooks(body).map_err(json)?),
        (None, _) if is_plain() => {
            Payload::Product(receive::decode_product(ProductForm::PlainEvents, body).map_err(json)?)
        }
        (None, signal) => {
            let otlp = receive::decode_otlp(signal, request.content_type, body);
            Payload::Otlp(otlp.map_err(undecodable(request.content_type))?)
        }
    })
}

/// What is kept of the sender of a browser mod's request, besides the body.
fn client(house: &House, caller: &Caller, provider: Provider, user_agent: Option<&str>, owner: &Owner<'_>) -> Client {
    if provider != Provider::BrowserMod {
        return Client::default();
    }
    let sanitizer = &house.sanitizer;
    let user_agent = user_agent.filter(|agent| agent.len() <= LONGEST_USER_AGENT);
    Client {
        email: caller.email.as_deref().map(|email| sanitizer.sender_email(email, owner)),
        user_agent: user_agent.map(|agent| sanitizer.redact_text(agent, owner.key).into_owned()),
    }
}

fn undecodable(content_type: ContentType) -> impl Fn(DecodeError) -> Refusal {
    let form = match content_type {
        ContentType::Protobuf => "protobuf",
        ContentType::Json => "JSON",
    };
    move |source| Refusal::Decode { form, source }
}

fn decompress(body: &[u8], encoding: ContentEncoding, limit: usize) -> Result<Cow<'_, [u8]>, Refusal> {
    unzip::unzip(body, encoding, limit).map_err(|error| match error {
        unzip::UnzipError::TooLarge { limit } => Refusal::TooLarge { limit },
        broken @ unzip::UnzipError::Broken { .. } => Refusal::Unzip(broken.to_string()),
    })
}

async fn append(house: &House, journal_record: Vec<u8>) -> Result<u64, journal::AppendError> {
    let (sender, receiver) = oneshot::channel();
    house.journal.append(journal_record, Box::new(move |answer| drop(sender.send(answer))));
    receiver.await.unwrap_or(Err(journal::AppendError::Closed))
}

/// What a refused request of a known caller leaves behind: a row with its status and reason, without its body.
pub struct Refused<'r> {
    pub provider: Option<Provider>,
    pub signal: Signal,
    pub status: u16,
    pub reason: &'r str,
    pub bytes: u64,
}

/// Keeps a row of a refused request. When the journal cannot take it, the answer is all there is.
pub async fn keep_refusal(house: &House, caller: &Caller, refused: Refused<'_>) {
    let provider = refused.provider.unwrap_or(Provider::Other);
    let key = match placeholder_key(house, caller).await {
        Ok(key) => key,
        Err(error) => {
            tracing::warn!(%error, status = refused.status, "a refused request left no row");
            return;
        }
    };
    let envelope = Envelope {
        http_status: refused.status,
        error: Some(house.sanitizer.redact_text(refused.reason, &key).into_owned()),
        ..Envelope::accepted(caller, provider, refused.signal, house.clock.now(), refused.bytes)
    };
    let mut journal_record = Vec::new();
    envelope.write(BodyEncoding::None, &mut journal_record);
    if let Err(error) = append(house, journal_record).await {
        tracing::warn!(%error, status = refused.status, "a refused request left no row");
    }
}

async fn placeholder_key(house: &House, caller: &Caller) -> Result<HashKey, CatalogError> {
    house.catalog.placeholder_key(&caller.tenant).await.map(HashKey::new)
}
