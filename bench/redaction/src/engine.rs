//! Each engine as its own documentation says to use it on one text, with what it does by default.

use std::fmt;

use anyhow::{Context, Result};
use clap::ValueEnum;
use veloci::FormatHint;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Modlake,
    Veloci,
    Keyspoor,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Modlake => "modlake",
            Self::Veloci => "veloci",
            Self::Keyspoor => "keyspoor",
        })
    }
}

pub(crate) enum Engine {
    Modlake(Box<redact::Redactor>),
    Veloci(veloci::Redactor),
    Keyspoor(Box<keyspoor::Engine>),
}

impl Engine {
    pub(crate) fn new(kind: Kind) -> Result<Self> {
        Ok(match kind {
            Kind::Modlake => Self::Modlake(Box::new(redact::Redactor::new())),
            Kind::Veloci => Self::Veloci(veloci::Redactor::builder().build()),
            Kind::Keyspoor => Self::Keyspoor(Box::new(keyspoor::Engine::new(keyspoor::EngineConfig::default())?)),
        })
    }

    /// What would be replaced, in UTF-8 bytes of the text; `path` is for rules that look at names of files.
    pub(crate) fn spans(&self, path: &str, text: &str) -> Result<Vec<(usize, usize)>> {
        match self {
            Self::Modlake(engine) => {
                Ok(engine.find(text).into_iter().map(|finding| (finding.range.start, finding.range.end)).collect())
            }
            // `Raw`, because the texts are pieces of files, and because only then are all offsets exact.
            Self::Veloci(engine) => {
                let found = engine.redact(text.as_bytes(), FormatHint::Raw).context("veloci")?;
                let spans = |finding: &veloci::Finding| {
                    let length = finding.len;
                    finding.offsets.iter().map(move |start| (*start, start + length)).collect::<Vec<_>>()
                };
                Ok(found.findings().iter().flat_map(spans).collect())
            }
            Self::Keyspoor(engine) => {
                let found = engine.scan_bytes(path, text.as_bytes()).context("keyspoor")?;
                Ok(found.into_iter().map(|finding| (finding.start, finding.end)).collect())
            }
        }
    }
}
