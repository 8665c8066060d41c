//! Claude Code.

pub(crate) mod hooks;
pub(crate) mod logs;
