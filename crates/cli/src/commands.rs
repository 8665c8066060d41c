//! One file per command.

pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod exec;
pub(crate) mod hook;
pub(crate) mod hooks;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod sql;
pub(crate) mod traces;
