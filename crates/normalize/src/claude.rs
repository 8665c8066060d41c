//! Claude Code.

pub(crate) mod hooks;
pub(crate) mod logs;
pub(crate) mod spans;
