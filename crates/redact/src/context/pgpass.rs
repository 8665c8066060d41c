//! A line of PostgreSQL's password file: `host:port:database:user:password` (postgresql.org, "The Password File").

use std::ops::Range;

use super::found;
use super::name::{Family, Promise, Trust};
use crate::Finding;
use crate::text::{self, near};
use crate::value::{self, Evidence};

/// The usual port, and any host at any port.
pub(crate) const LITERAL: &str = ":5432:";
pub(crate) const ANY: &str = "*:*:";

/// The password of the line that has the port at `port`.
pub(crate) fn find(text: &str, port: Range<usize>) -> Option<Finding> {
    let bytes = text.as_bytes();
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"._-*".contains(&byte);
    let host = port.start - text::back(bytes, port.start, 64, is_host);
    let is_start = text::byte_before(bytes, host)
        .is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'`".contains(&byte))
        || text::ends_escape(bytes, host + 1);
    let is_whole = host < port.start || text.get(port.clone()) == Some(ANY);
    if !is_start || !is_whole {
        return None;
    }
    let mut at = port.end;
    for _ in 0..2 {
        let field = near(bytes, at, |byte| byte.is_ascii_graphic() && !b":/\"'\\".contains(&byte));
        if field == 0 || bytes.get(at + field) != Some(&b':') {
            return None;
        }
        at += field + 1;
    }
    let end = at + text::run(bytes, at, |byte| byte.is_ascii_graphic() && !b"\"'`\\".contains(&byte));
    let promise = Promise { family: Family::Password, trust: Trust::Sure };
    let value = text.get(at..end)?;
    let is_secret = value.bytes().any(|byte| byte.is_ascii_alphanumeric());
    (is_secret && value::is_secret(value, promise, Evidence::Quoted)).then(|| found(at, end, "password"))
}
