//! OTLP in binary protobuf, read without copying and written in one pass.
//!
//! Reading follows the protobuf specification: fields in any order, unknown ones (groups included) skipped, the last
//! value of a singular field wins, repeated singular messages merge, repeated numbers come packed or not. A known field
//! of the wrong wire type is an error, as in prost. Beyond that, ids must have their length (0 or 16, 0 or 8 bytes) and
//! the bounds of [`limits`](crate::limits) hold. Not kept: `Resource.entity_refs`, `AnyValue.string_value_strindex` and
//! `KeyValue.key_strindex` (profiles only).

use record::otlp::Otlp;

use self::wire::{Message, Reader};
use crate::error::DecodeError;
use crate::limits::Account;

pub(crate) mod encode;

mod attributes;

mod groups;

mod logs;

mod metrics;

mod traces;

mod wire;

pub(crate) fn logs(body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    request(body).map(|groups::Request(groups)| Otlp::Logs(groups))
}

pub(crate) fn traces(body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    request(body).map(|groups::Request(groups)| Otlp::Traces(groups))
}

pub(crate) fn metrics(body: &[u8]) -> Result<Otlp<'_>, DecodeError> {
    request(body).map(|groups::Request(groups)| Otlp::Metrics(groups))
}

fn request<'a, M: Message<'a>>(body: &'a [u8]) -> Result<M, DecodeError> {
    let account = Account::of(body);
    let mut message = M::default();
    Reader::new(body, &account).merge(&mut message).map_err(|fault| fault.into_error(body.as_ptr().addr()))?;
    Ok(message)
}
