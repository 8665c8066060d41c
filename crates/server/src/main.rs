//! `modlaked`, the server.

use std::process::ExitCode;

/// Many small strings come and go on every request; the system's allocator costs a third more CPU here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match server::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            server::cli::print::error(&error);
            ExitCode::FAILURE
        }
    }
}
