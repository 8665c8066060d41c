//! The server's integration tests: one binary, because each one links the whole server.

mod architecture;
mod brick;
mod documents;
