//! What people read: data on standard output, everything else on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one place that prints")]

/// A line of data.
pub fn data(line: &str) {
    println!("{line}");
}

/// Data of several lines, with its own line end.
pub fn text(text: &str) {
    print!("{text}");
}

/// For many lines of data.
pub fn stream() -> impl std::io::Write {
    std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock())
}

/// A line for the person at the terminal.
pub fn note(line: &str) {
    eprintln!("{line}");
}

/// What went wrong, with its causes.
pub fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
