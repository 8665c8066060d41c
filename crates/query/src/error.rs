use std::time::Duration;

use datafusion::error::DataFusionError;
use datafusion::logical_expr::sqlparser::parser::ParserError;
use thiserror::Error;

/// Why there is no answer, sorted by what the caller can do.
#[derive(Debug, Error)]
pub enum QueryError {
    /// The text is no query that can be answered; the caller changes it.
    #[error("{0}")]
    Invalid(String),
    /// It asks for something that queries may not do.
    #[error("{0}")]
    Refused(String),
    /// A limit was reached; the caller narrows the query or the owner raises the limit.
    #[error("{message}")]
    Limit { message: String, setting: &'static str },
    /// A fault on this side.
    #[error("query failed: {0}")]
    Internal(String),
}

impl QueryError {
    /// `time`: what a query may take.
    pub(crate) fn took_too_long(time: Duration) -> Self {
        Self::Limit {
            message: format!("the query took longer than {} s", time.as_secs_f64()),
            setting: "query.time_seconds",
        }
    }

    /// `memory_bytes`: what all queries may use.
    pub(crate) fn from_datafusion(error: &DataFusionError, memory_bytes: usize) -> Self {
        match error.find_root() {
            DataFusionError::ResourcesExhausted(_) => Self::Limit {
                message: format!("the query needs more memory than the {memory_bytes} bytes that queries may use"),
                setting: "query.memory_bytes",
            },
            DataFusionError::External(error) => match error.downcast_ref::<Self>() {
                Some(Self::Limit { message, setting }) => Self::Limit { message: message.clone(), setting },
                _ => Self::Internal(plain(&error.to_string())),
            },
            DataFusionError::SQL(error, _) => Self::Invalid(match &**error {
                ParserError::ParserError(message) | ParserError::TokenizerError(message) => message.clone(),
                ParserError::RecursionLimitExceeded => "the query nests too deep".to_owned(),
            }),
            DataFusionError::Plan(_)
            | DataFusionError::SchemaError(..)
            | DataFusionError::NotImplemented(_)
            | DataFusionError::Execution(_)
            | DataFusionError::ArrowError(..)
            | DataFusionError::Configuration(_)
            | DataFusionError::Diagnostic(..)
            | DataFusionError::Collection(_) => Self::Invalid(plain(&error.find_root().strip_backtrace())),
            other => Self::Internal(plain(&other.strip_backtrace())),
        }
    }
}

/// The first line, without the names of the layers it came through.
fn plain(message: &str) -> String {
    let mut text = message.lines().next().unwrap_or_default();
    while let Some((layer, rest)) = text.split_once(": ") {
        let is_layer = ["Error during planning", "SQL error", "Schema error", "Execution error", "Arrow error"];
        if !is_layer.contains(&layer) {
            break;
        }
        text = rest;
    }
    text.to_owned()
}
