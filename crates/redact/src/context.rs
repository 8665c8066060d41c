//! Secrets known by what stands around them.

pub(crate) mod assignment;
pub(crate) mod authorization;
mod collection;
pub(crate) mod command;
pub(crate) mod cookie;
pub(crate) mod crypt;
mod extent;
pub(crate) mod jwt;
mod lines;
pub(crate) mod mnemonic;
pub(crate) mod name;
pub(crate) mod pgpass;
pub(crate) mod private_key;
mod prose;
pub(crate) mod provider;
pub(crate) mod sql;
pub(crate) mod stdin;
mod table;
pub(crate) mod url;

use crate::Finding;

pub(crate) fn found(start: usize, end: usize, rule: &'static str) -> Finding {
    Finding { range: start..end, rule, quote: "" }
}
