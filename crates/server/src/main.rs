//! `modlaked`, the server.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::memory::tune();
    match server::cli::run() {
        Ok(code) => code,
        Err(error) => {
            server::cli::print::error(&error);
            ExitCode::FAILURE
        }
    }
}
