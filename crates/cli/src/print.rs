//! The one place that prints. Data goes to standard output, everything for people to standard error; colour only where
//! standard error is a terminal and `NO_COLOR` is not set.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write as _};

use crate::error::CliError;
use crate::exit::Exit;

pub(crate) struct Printer {
    color: bool,
}

/// What a word on standard error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Quiet,
    Hint,
}

impl Printer {
    /// `terminal`: whether standard error is one.
    pub(crate) fn new(color_wanted: bool, terminal: bool) -> Self {
        Self { color: color_wanted && terminal }
    }

    /// A line that begins with a word in colour: `word  line`, the word padded to `width`.
    pub(crate) fn tagged(&self, tone: Tone, word: &str, width: usize, line: &str) {
        let padding = " ".repeat(width.saturating_sub(word.len()));
        err(&format!("{}{padding} {}", self.paint(tone, word), printable(line)));
    }

    /// `error: …` and, when there is one, `hint: …`.
    pub(crate) fn error(&self, error: &CliError) {
        if error.exit == Exit::OutputClosed {
            return;
        }
        self.tagged(Tone::Bad, "error:", 0, &error.message);
        if let Some(hint) = &error.hint {
            self.tagged(Tone::Hint, "hint:", 0, hint);
        }
    }

    fn paint<'a>(&self, tone: Tone, word: &'a str) -> Cow<'a, str> {
        if !self.color {
            return Cow::Borrowed(word);
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Quiet => "2",
            Tone::Hint => "36",
        };
        Cow::Owned(format!("\x1b[{code}m{word}\x1b[0m"))
    }
}

/// Standard output, buffered; `write` returns its first error, and what it wrote is flushed at the end.
pub(crate) fn data(write: impl FnOnce(&mut dyn io::Write) -> Result<(), CliError>) -> Result<Exit, CliError> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    write(&mut out)?;
    out.flush().map_err(|error| CliError::output(&error))?;
    Ok(Exit::Ok)
}

/// Text on standard output, such as help.
pub(crate) fn text(text: &str) -> Result<Exit, CliError> {
    data(|out| out.write_all(text.as_bytes()).map_err(|error| CliError::output(&error)))
}

/// One line for people.
pub(crate) fn note(line: &str) {
    err(&printable(line));
}

/// When even standard error is closed there is nobody left to tell.
fn err(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// `text` with control characters written as escapes: what comes from telemetry or from a server must not steer the
/// terminal, nor break a line.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests;
