//! The formats of a query's rows: one file each.

mod csv;
mod json;
mod table;

use std::io::{self, Read, Write};

use clap::ValueEnum;

use crate::client::{self, Answer};
use crate::error::CliError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for people
    Table,
    /// RFC 4180 with a header line, as the server streams it
    Csv,
    /// {"columns":[{"name","type"}],"rows":[{…}]}
    Json,
}

impl Format {
    /// The media type to ask the server for.
    pub(crate) fn accept(self) -> &'static str {
        match self {
            Self::Csv => csv::MEDIA_TYPE,
            Self::Table | Self::Json => json::MEDIA_TYPE,
        }
    }

    /// Writes all rows; returns their number where it is known.
    pub(crate) fn write(self, answer: Answer, out: &mut dyn Write) -> Result<Option<usize>, CliError> {
        match self {
            Self::Table => table::write(answer, out).map(Some),
            Self::Csv => csv::write(answer, out).map(|()| None),
            Self::Json => json::write(answer, out).map(|()| None),
        }
    }
}

/// Copies a stream as it comes, and ends it with a line break.
fn copy(mut from: impl Read, out: &mut dyn Write) -> Result<(), CliError> {
    let output = |error: io::Error| CliError::output(&error);
    let mut buffer = vec![0; 64 * 1024];
    let mut last = b'\n';
    loop {
        let read = match from.read(&mut buffer) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // What came so far is shown, then the error.
                out.flush().map_err(output)?;
                return Err(client::cut_off(&error));
            }
        };
        let chunk = buffer.get(..read).unwrap_or_default();
        match chunk.last() {
            Some(byte) => last = *byte,
            None => break,
        }
        out.write_all(chunk).map_err(output)?;
    }
    if last == b'\n' { Ok(()) } else { out.write_all(b"\n").map_err(output) }
}
