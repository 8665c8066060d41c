//! A trace file in the journal, behind the envelope (version 1):
//!
//! ```text
//! u8 n, n bytes   command type
//! u8 n, n bytes   command id
//! …               the file after sanitizing, to the end
//! ```

use record::trace::{CommandId, CommandType, Trace};

use super::TraceLimits;
use crate::error::{DecodeError, Fault};
use crate::limits::Account;

pub(crate) fn encode(trace: &Trace<'_>, out: &mut Vec<u8>) {
    for name in [trace.command_type.as_str(), trace.command_id.as_str()] {
        out.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(&trace.to_csv());
}

pub(crate) fn decode<'a>(body: &'a [u8], limits: &TraceLimits) -> Result<Trace<'a>, DecodeError> {
    let mut rest = body;
    let names = name(&mut rest)
        .and_then(|kind| CommandType::new(kind).ok())
        .zip(name(&mut rest).and_then(|id| CommandId::new(id).ok()));
    let Some((command_type, command_id)) = names else {
        return Err(Fault::new(0, "the names of the command are no names").into_error(0));
    };
    // what was taken once fits: its account was held when it came
    super::read(command_type, command_id, rest, limits, &Account::unlimited()).map_err(super::error)
}

fn name<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (len, tail) = rest.split_first()?;
    let (name, tail) = tail.split_at_checked(usize::from(*len))?;
    *rest = tail;
    std::str::from_utf8(name).ok()
}
