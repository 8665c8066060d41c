//! What is known of a request besides its body, and its bytes in the journal.
//!
//! # Journal payload, version 2
//!
//! ```text
//! u8   version = 2
//! u8   provider   index in Provider::ALL        u8  signal  index in Signal::ALL
//! u8   body encoding                            0 none, 1 OTLP protobuf, 2 JSON, 3 trace file
//! u16  http_status                              little endian, as all integers here
//! i64  received_at                              microseconds since 1970 UTC
//! u64  bytes                                    size of the body as received, decompressed
//! u128 arrival_id                               UUID version 7
//! u8 n, n bytes   tenant
//! u8 n, n bytes   key id
//! u16 n, n bytes  error                         empty: accepted
//! u8 n, n bytes   e-mail address of the sender  empty: unknown; this and what follows are not in version 1
//! u16 n, n bytes  user agent                    empty: unknown
//! …               body                          to the end
//! ```
//!
//! `frozen/` keeps bytes of each version; every later version reads them.

use std::sync::Arc;

use thiserror::Error;
use uuid::Uuid;

use crate::caller::{Caller, InvalidTenant, Tenant};
use crate::source::{Provider, Signal};
use crate::time::Timestamp;

/// One request after authentication, accepted or refused, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub arrival_id: Uuid,
    pub received_at: Timestamp,
    pub tenant: Tenant,
    pub key_id: Arc<str>,
    pub provider: Provider,
    pub signal: Signal,
    /// The status of the answer.
    pub http_status: u16,
    /// Why it was refused; `None` when it was accepted.
    pub error: Option<String>,
    /// Size of the body as received, after decompression.
    pub bytes: u64,
    pub client: Client,
}

/// What a request of a browser mod tells of its sender besides the body, sanitized. Nothing of other requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Of the key, where its name is an address.
    pub email: Option<String>,
    /// The browser.
    pub user_agent: Option<String>,
}

/// How the sanitized body is written behind the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEncoding {
    /// A refused request: what could not be sanitized is not kept.
    None,
    Protobuf,
    Json,
    /// A trace file behind its names, as `receive::encode_trace` writes it.
    Trace,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum EnvelopeError {
    #[error("journal payload ends early")]
    Truncated,
    #[error("journal payload has version {0}, this build reads 1 and 2")]
    Version(u8),
    #[error("journal payload has an unknown {0}")]
    Unknown(&'static str),
    #[error(transparent)]
    Tenant(#[from] InvalidTenant),
}

const VERSION: u8 = 2;
/// Without [`Client`].
const FIRST_VERSION: u8 = 1;

impl Envelope {
    /// An accepted request that has just arrived.
    pub fn accepted(caller: &Caller, provider: Provider, signal: Signal, received_at: Timestamp, bytes: u64) -> Self {
        Self {
            arrival_id: Uuid::now_v7(),
            received_at,
            tenant: caller.tenant.clone(),
            key_id: Arc::clone(&caller.key_id),
            provider,
            signal,
            http_status: 200,
            error: None,
            bytes,
            client: Client::default(),
        }
    }

    /// Appends the envelope to `out`; the body follows directly.
    pub fn write(&self, encoding: BodyEncoding, out: &mut Vec<u8>) {
        let (tenant, _) = cut(self.tenant.as_str(), usize::from(u8::MAX));
        let (key_id, key_len) = cut(&self.key_id, usize::from(u8::MAX));
        let (error, error_len) = cut(self.error.as_deref().unwrap_or(""), usize::from(u16::MAX));
        out.push(VERSION);
        out.push(index(&Provider::ALL, &self.provider));
        out.push(index(&Signal::ALL, &self.signal));
        out.push(match encoding {
            BodyEncoding::None => 0,
            BodyEncoding::Protobuf => 1,
            BodyEncoding::Json => 2,
            BodyEncoding::Trace => 3,
        });
        out.extend_from_slice(&self.http_status.to_le_bytes());
        out.extend_from_slice(&self.received_at.0.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.arrival_id.as_u128().to_le_bytes());
        out.push(u8::try_from(tenant.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(tenant.as_bytes());
        out.push(u8::try_from(key_len).unwrap_or(u8::MAX));
        out.extend_from_slice(key_id.as_bytes());
        out.extend_from_slice(&u16::try_from(error_len).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(error.as_bytes());
        self.client.write(out);
    }

    /// Reads what [`Envelope::write`] wrote; the rest of `payload` is the body.
    pub fn read(payload: &[u8]) -> Result<(Self, BodyEncoding, &[u8]), EnvelopeError> {
        let mut rest = payload;
        let version = take::<1>(&mut rest)?[0];
        if version != VERSION && version != FIRST_VERSION {
            return Err(EnvelopeError::Version(version));
        }
        let [provider, signal, encoding] = take::<3>(&mut rest)?;
        let provider = *Provider::ALL.get(usize::from(provider)).ok_or(EnvelopeError::Unknown("provider"))?;
        let signal = *Signal::ALL.get(usize::from(signal)).ok_or(EnvelopeError::Unknown("signal"))?;
        let encoding = match encoding {
            0 => BodyEncoding::None,
            1 => BodyEncoding::Protobuf,
            2 => BodyEncoding::Json,
            3 => BodyEncoding::Trace,
            _ => return Err(EnvelopeError::Unknown("body encoding")),
        };
        let http_status = u16::from_le_bytes(take(&mut rest)?);
        let received_at = Timestamp(i64::from_le_bytes(take(&mut rest)?));
        let bytes = u64::from_le_bytes(take(&mut rest)?);
        let arrival_id = Uuid::from_u128(u128::from_le_bytes(take(&mut rest)?));
        let tenant_len = usize::from(take::<1>(&mut rest)?[0]);
        let tenant = Tenant::new(take_text(&mut rest, tenant_len)?)?;
        let key_len = usize::from(take::<1>(&mut rest)?[0]);
        let key_id = Arc::from(take_text(&mut rest, key_len)?);
        let error_len = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let error = take_text(&mut rest, error_len)?;
        let error = (!error.is_empty()).then(|| error.to_owned());
        let client = if version == FIRST_VERSION { Client::default() } else { Client::read(&mut rest)? };
        let envelope =
            Self { arrival_id, received_at, tenant, key_id, provider, signal, http_status, error, bytes, client };
        Ok((envelope, encoding, rest))
    }
}

impl Client {
    fn write(&self, out: &mut Vec<u8>) {
        let (email, email_len) = cut(self.email.as_deref().unwrap_or_default(), usize::from(u8::MAX));
        let (agent, agent_len) = cut(self.user_agent.as_deref().unwrap_or_default(), usize::from(u16::MAX));
        out.push(u8::try_from(email_len).unwrap_or(u8::MAX));
        out.extend_from_slice(email.as_bytes());
        out.extend_from_slice(&u16::try_from(agent_len).unwrap_or(u16::MAX).to_le_bytes());
        out.extend_from_slice(agent.as_bytes());
    }

    fn read(rest: &mut &[u8]) -> Result<Self, EnvelopeError> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let email_len = usize::from(take::<1>(rest)?[0]);
        let email = given(take_text(rest, email_len)?);
        let agent_len = usize::from(u16::from_le_bytes(take(rest)?));
        let user_agent = given(take_text(rest, agent_len)?);
        Ok(Self { email, user_agent })
    }
}

fn index<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|candidate| candidate == one).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// At most `max` bytes of `text`, cut where a character begins.
fn cut(text: &str, max: usize) -> (&str, usize) {
    let kept = &text.as_bytes()[..text.floor_char_boundary(max)];
    (std::str::from_utf8(kept).unwrap_or(""), kept.len())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], EnvelopeError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(EnvelopeError::Truncated)?;
    *rest = tail;
    Ok(*head)
}

fn take_text<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a str, EnvelopeError> {
    let (head, tail) = rest.split_at_checked(len).ok_or(EnvelopeError::Truncated)?;
    *rest = tail;
    std::str::from_utf8(head).map_err(|_| EnvelopeError::Unknown("text"))
}

#[cfg(test)]
mod tests;
