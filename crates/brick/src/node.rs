//! What a file says, with the places of its values.

/// A place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode code points.
    pub column: usize,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind `text`, when the file begins with it.
    pub(crate) fn after(text: &str) -> Self {
        let line = 1 + text.matches('\n').count();
        let last = text.rsplit('\n').next().unwrap_or_default();
        Self { line, column: 1 + last.chars().count() }
    }
}

/// A value. One in a mapping stands at its key, one in a list where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// A tagged value: in JSON a mapping of `__type__` and `__value__`.
    Expression(Tag, Box<Node>),
}

/// Keys are unique within a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Var,
    Mustache,
    Handlebars,
    Nunjucks,
    Pipeline,
    Defer,
}

impl Tag {
    pub(crate) const NAMES: [&str; 6] = ["var", "mustache", "handlebars", "nunjucks", "pipeline", "defer"];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "var" => Self::Var,
            "mustache" => Self::Mustache,
            "handlebars" => Self::Handlebars,
            "nunjucks" => Self::Nunjucks,
            "pipeline" => Self::Pipeline,
            "defer" => Self::Defer,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Var => "var",
            Self::Mustache => "mustache",
            Self::Handlebars => "handlebars",
            Self::Nunjucks => "nunjucks",
            Self::Pipeline => "pipeline",
            Self::Defer => "defer",
        }
    }

    /// Whether the tag can stand on such a value.
    pub(crate) fn takes(self, value: &Value) -> bool {
        match self {
            Self::Var | Self::Mustache | Self::Handlebars | Self::Nunjucks => matches!(value, Value::Text(_)),
            Self::Pipeline => matches!(value, Value::List(_)),
            Self::Defer => matches!(value, Value::Map(_)),
        }
    }

    /// What it can stand on, in words.
    pub(crate) fn wants(self) -> &'static str {
        match self {
            Self::Var | Self::Mustache | Self::Handlebars | Self::Nunjucks => "a text",
            Self::Pipeline => "a list of bricks",
            Self::Defer => "a mapping",
        }
    }
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// None for what is no mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    pub(crate) fn items(&self) -> Option<&[Self]> {
        if let Value::List(items) = &self.value { Some(items) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// What it is, in words, for "expected …, found …".
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Expression(Tag::Var, _) => "a `!var`",
            Value::Expression(Tag::Pipeline, _) => "a `!pipeline`",
            Value::Expression(Tag::Defer, _) => "a `!defer`",
            Value::Expression(..) => "a template",
        }
    }
}
