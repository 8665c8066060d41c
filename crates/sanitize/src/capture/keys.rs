//! What every key holds: by the place's own table, the table for everywhere, or its namespace.

use std::borrow::Cow;
use std::collections::HashMap;

mod tables;

use tables::{ANYWHERE, HOOK, POINT};

/// What a key's value may be, and so what is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// An id, enum, version, count or time spelled as text: printable ASCII without spaces, at most 256 bytes.
    Word,
    /// A name or path: one line of at most 1,024 bytes.
    Name,
    /// The address of who sends it, which is a column: as [`Self::Name`], and no personal data to redaction.
    Sender,
    /// An error message: its first line unless outputs may stay, redacted and cut at 1,024 characters.
    Error,
    /// A hook's error: an error code stays, any other text is output.
    HookError,
    /// The prompt attribute of a user prompt event or span, which an emitter sends only where its user said so.
    UserPrompt,
    Prompt,
    Output,
    /// Prompts and outputs together: stays only where both may.
    Mixed,
    /// A command line, or the program of one.
    Command,
    /// A tool's arguments, as a map or as JSON text.
    ToolInput,
    /// A map or list of maps whose entries are keys of the same event.
    Walk,
    /// Removed, unless [`super::Policy::keep_attributes`] names it.
    Withheld,
    /// `moda.capture_prompts`, `moda.capture_outputs`.
    OptIn,
    /// What sanitizing itself writes.
    Mark(Mark),
}

/// The keys that sanitizing adds to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    PromptRedacted,
    OutputRedacted,
    PromptTruncated,
    OutputTruncated,
    Withheld,
    Redactions,
}

impl Mark {
    pub(super) const ALL: [Self; 6] = [
        Self::PromptRedacted,
        Self::OutputRedacted,
        Self::PromptTruncated,
        Self::OutputTruncated,
        Self::Withheld,
        Self::Redactions,
    ];

    pub(super) fn key(self) -> &'static str {
        match self {
            Self::PromptRedacted => "prompt_text_redacted",
            Self::OutputRedacted => "output_snippet_redacted",
            Self::PromptTruncated => "prompt_text_truncated",
            Self::OutputTruncated => "output_snippet_truncated",
            Self::Withheld => "content_withheld",
            Self::Redactions => "redactions",
        }
    }
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Resource,
    Log,
    Span,
    /// A span event or link, a scope.
    Part,
    /// A metric's data point, exemplar or metadata.
    Point,
    Hook,
}

/// The tables, indexed once.
#[derive(Debug)]
pub(crate) struct Keys {
    anywhere: HashMap<Cow<'static, str>, Class>,
    hook: HashMap<&'static str, Class>,
    point: HashMap<&'static str, Class>,
}

impl Keys {
    pub(crate) fn new(keep_attributes: &[String]) -> Self {
        let mut anywhere: HashMap<Cow<'static, str>, Class> = HashMap::new();
        for (keys, class) in ANYWHERE {
            anywhere.extend(keys.iter().map(|key| (Cow::Borrowed(*key), *class)));
        }
        for mark in Mark::ALL {
            anywhere.insert(Cow::Borrowed(mark.key()), Class::Mark(mark));
        }
        for key in keep_attributes {
            let class = anywhere.entry(Cow::Owned(key.clone())).or_insert(Class::Name);
            if *class == Class::Withheld {
                *class = Class::Name;
            }
        }
        Self { anywhere, hook: index(HOOK), point: index(POINT) }
    }

    pub(super) fn class(&self, place: Place, key: &str) -> Option<Class> {
        let special = match place {
            Place::Hook => self.hook.get(key),
            Place::Point => self.point.get(key),
            _ => None,
        };
        special.or_else(|| self.anywhere.get(key)).copied().or_else(|| by_prefix(key))
    }
}

fn index(table: &[(&'static [&'static str], Class)]) -> HashMap<&'static str, Class> {
    table.iter().flat_map(|(keys, class)| keys.iter().map(|key| (*key, *class))).collect()
}

fn by_prefix(key: &str) -> Option<Class> {
    if !key.contains('.') {
        return None;
    }
    PREFIXES.iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, class)| *class)
}

/// Namespaces, for keys that no table names. The first that fits counts.
const PREFIXES: &[(&str, Class)] = &[
    // content by OpenTelemetry's and OpenInference's generative AI conventions, and by what came before them
    ("gen_ai.prompt", Class::Prompt),
    ("gen_ai.completion", Class::Output),
    ("gen_ai.input.", Class::Mixed),
    ("gen_ai.output.", Class::Output),
    ("llm.prompts", Class::Prompt),
    ("llm.completions", Class::Output),
    ("llm.input_messages", Class::Mixed),
    ("llm.output_messages", Class::Output),
    // where a program runs and what it is
    ("cloud.", Class::Name),
    ("container.", Class::Name),
    ("deployment.", Class::Name),
    ("device.", Class::Name),
    ("faas.", Class::Name),
    ("host.", Class::Name),
    ("k8s.", Class::Name),
    ("os.", Class::Name),
    ("process.runtime.", Class::Name),
    ("service.", Class::Name),
    ("telemetry.", Class::Name),
    ("vcs.", Class::Name),
];

/// Does an unknown key end like an identifier or a measure?
pub(super) fn is_measure(key: &str) -> bool {
    let last = key.rsplit(['.', '_', '-']).next().unwrap_or(key);
    MEASURES.binary_search(&last).is_ok() || last.len() > 2 && (last.ends_with("Id") || last.ends_with("Ms"))
}

const MEASURES: &[&str] = &[
    "at",
    "bytes",
    "chars",
    "code",
    "count",
    "hash",
    "id",
    "kind",
    "length",
    "level",
    "mode",
    "model",
    "ms",
    "port",
    "rate",
    "seconds",
    "seq",
    "sequence",
    "sha",
    "size",
    "status",
    "timestamp",
    "tokens",
    "total",
    "type",
    "uuid",
    "version",
];

/// Letters, digits, `.`, `_` and `-`, at most 64 of them: a key that no table knows must look like a key.
pub(super) fn is_key(key: &str) -> bool {
    (1..=64).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests;
