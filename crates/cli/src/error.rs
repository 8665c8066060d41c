//! Why a command stopped: one sentence, how to go on, and the exit code.

use std::io;

use crate::exit::Exit;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    pub(crate) exit: Exit,
    /// Lower case, no full stop. Never holds a key.
    pub(crate) message: String,
    /// What to do, printed as a `hint:` line.
    pub(crate) hint: Option<String>,
}

impl CliError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Standard output could not be written.
    pub(crate) fn output(error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::OutputClosed } else { Exit::Failed };
        Self::new(exit, format!("cannot write the output: {error}"))
    }
}
