//! Everything that has no file of its own: read by the usual names, the rest kept in `attributes`.

pub(crate) mod hooks;
pub(crate) mod logs;
pub(crate) mod spans;
