//! The exit codes: a promise to scripts, listed in `modlake --help`.

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Failed,
    Usage,
    Config,
    Unreachable,
    Denied,
    Refused,
    OutputClosed,
}

impl Exit {
    pub(crate) const ALL: [Self; 8] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Config,
        Self::Unreachable,
        Self::Denied,
        Self::Refused,
        Self::OutputClosed,
    ];

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Unreachable => 4,
            Self::Denied => 5,
            Self::Refused => 6,
            // As a shell shows a program that ended by SIGPIPE: 128 + 13.
            Self::OutputClosed => 141,
        }
    }

    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "it worked",
            Self::Failed => "it failed: the server had an error, or doctor or hooks status found one",
            Self::Usage => "the command line is wrong",
            Self::Config => "the configuration is missing, unreadable or wrong",
            Self::Unreachable => "the server cannot be reached, or cannot answer now",
            Self::Denied => "the key is missing, unknown, revoked or lacks a scope",
            Self::Refused => "the server refused the request, such as wrong SQL",
            Self::OutputClosed => "the reader of the output went away (such as head)",
        }
    }

    /// The list that `--help` ends with.
    pub(crate) fn help() -> String {
        Self::ALL
            .iter()
            .fold("Exit codes:".to_owned(), |help, exit| format!("{help}\n  {:<4} {}", exit.code(), exit.meaning()))
    }
}

#[cfg(test)]
mod tests;
