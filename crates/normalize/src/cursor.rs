//! Cursor, which has no exporter: what comes from it are its hooks. OTLP on its routes is read as any tool's.

pub(crate) mod hooks;
