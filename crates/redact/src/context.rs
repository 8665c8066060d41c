//! Secrets known by what stands around them.

pub(crate) mod assignment;
pub(crate) mod authorization;
pub(crate) mod command;
pub(crate) mod cookie;
pub(crate) mod crypt;
mod extent;
pub(crate) mod jwt;
pub(crate) mod mnemonic;
pub(crate) mod name;
pub(crate) mod private_key;
mod prose;
pub(crate) mod provider;
pub(crate) mod sql;
mod table;
pub(crate) mod url;

use crate::Finding;

pub(crate) fn found(start: usize, end: usize, rule: &'static str) -> Finding {
    Finding { range: start..end, rule, quote: "" }
}
