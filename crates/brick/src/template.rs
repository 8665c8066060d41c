//! The languages of expressions, as far as a check needs them: whether a text can be read, and which variables it uses.
//!
//! `web/sdk/src/brick/template` has the same grammars and evaluates them.

pub(crate) mod mustache;
pub(crate) mod nunjucks;
pub(crate) mod var;

/// Levels of brackets or blocks within each other.
const MAX_DEPTH: usize = 32;

/// A variable that an expression uses: `@input.data.case` has the root `@input` and the member `data`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) root: String,
    pub(crate) member: Option<String>,
    /// Whether a `?` says that the root may be missing.
    pub(crate) may_miss: bool,
}

/// Why an expression cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Fault {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    fn too_deep() -> Self {
        Self::new(format!("the template is nested deeper than {MAX_DEPTH}"), "make it flatter")
    }
}
