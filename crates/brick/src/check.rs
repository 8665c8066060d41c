//! The rules of a definition, from the top.

use crate::node::{Node, Place, Value};
use crate::path::{Path, Step};
use crate::problem::{Problems, Severity, code, expected, quoted};

mod inputs;
mod metadata;
mod pipeline;
mod schema;
mod ui;

#[cfg(test)]
pub(crate) use schema::keywords as schema_keywords;

use inputs::Inputs;

const TOP: [&str; 9] = [
    "apiVersion",
    "kind",
    "metadata",
    "inputSchema",
    "pipeline",
    "outputSchema",
    "services",
    "uiSchema",
    "defaultOutputKey",
];

/// Checks all of it; gives the definition's id and version as far as there are any.
pub(crate) fn definition(root: &Node, problems: &mut Problems) -> (Option<String>, Option<String>) {
    let mut checker = Checker { problems, path: Path::default(), rules: Rules::V3 };
    if !matches!(root.value, Value::Map(_)) {
        let message = expected("a mapping with apiVersion, kind, metadata, inputSchema and pipeline", root);
        checker.error(code::TYPE, root.place, message, "see docs/bricks.md for an example");
        return (None, None);
    }
    let named = |key: &str| Some(root.get("metadata")?.get(key)?.text()?.chars().take(214).collect());
    if checker.kind(root) {
        checker.top(root);
    }
    (named("id"), named("version"))
}

/// Which version of the runtime a definition is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    V1,
    V2,
    V3,
}

pub(crate) struct Checker<'a, 'p> {
    problems: &'p mut Problems,
    path: Path<'a>,
    rules: Rules,
}

impl<'a> Checker<'a, '_> {
    fn kind(&mut self, root: &'a Node) -> bool {
        let Some(kind) = root.get("kind") else {
            let message = "Component definition is missing a 'kind' property".to_owned();
            self.at(Step::Key("kind"), |checker| {
                checker.error(code::MISSING, root.place, message, "write `kind: component`");
            });
            return true;
        };
        if kind.text() == Some("component") {
            return true;
        }
        let found = kind.text().map_or_else(|| kind.kind().to_owned(), quoted);
        let message = format!("expected the kind `component`, found {found}");
        self.at(Step::Key("kind"), |checker| {
            checker.error(code::VALUE, kind.place, message, "only definitions of components are checked and run");
        });
        false
    }

    fn top(&mut self, root: &'a Node) {
        for entry in root.entries() {
            if !TOP.contains(&entry.key.as_str()) {
                let message = format!("unknown property {}", quoted(&entry.key));
                let hint = crate::nearest::suggestion(&entry.key, TOP);
                self.at(Step::Key(&entry.key), |checker| {
                    checker.error(code::UNKNOWN, entry.value.place, message, &hint);
                });
            }
        }
        self.required(root, "apiVersion", "apiVersion: v3", Self::api_version);
        self.required(
            root,
            "metadata",
            "metadata: {id: \"@team/brick\", version: 1.0.0, name: My brick}",
            Self::metadata,
        );
        let mut inputs = Inputs::open();
        self.required(root, "inputSchema", "inputSchema: {type: object, properties: {}}", |checker, schema| {
            checker.input_schema(schema);
            inputs = Inputs::of(schema);
        });
        self.optional(root, "outputSchema", Self::schema);
        self.optional(root, "services", Self::services);
        self.optional(root, "uiSchema", |checker, ui| checker.ui(ui, &inputs));
        self.optional(root, "defaultOutputKey", Self::output_key);
        self.required(root, "pipeline", "pipeline: with a list of bricks", |checker, pipeline| {
            checker.pipeline(pipeline, &inputs);
        });
    }

    fn api_version(&mut self, version: &'a Node) {
        self.rules = match version.text() {
            Some("v1") => Rules::V1,
            Some("v2") => Rules::V2,
            Some("v3") => return,
            other => {
                let found = other.map_or_else(|| version.kind().to_owned(), quoted);
                let message = format!("expected v1, v2 or v3, found {found}");
                return self.error(code::VALUE, version.place, message, "write `apiVersion: v3`");
            }
        };
        let message = "definitions of v1 and v2 are checked, but not run by the SDK".to_owned();
        let hint = "write expressions with tags, give every brick an outputKey, and set `apiVersion: v3`";
        self.warning(code::NOT_RUN, version.place, message, hint);
    }

    fn services(&mut self, services: &'a Node) {
        if !matches!(services.value, Value::Map(_)) {
            self.error(code::TYPE, services.place, expected("a mapping", services), "name each service and its id");
        }
    }

    fn output_key(&mut self, key: &'a Node) {
        let Some(name) = key.text() else {
            let hint = "write the name under which later bricks find the output";
            return self.error(code::OUTPUT_KEY, key.place, expected("a text", key), hint);
        };
        let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
        let hint = if let Some(bare) = name.strip_prefix('@') {
            format!("write {} without the @: it is used as {}", quoted(bare), quoted(name))
        } else if !name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
            || !name.chars().all(is_word)
        {
            "begin with a letter and go on with letters, digits, _ and -".to_owned()
        } else if matches!(name, "input" | "options") {
            format!("choose another name: @{name} is what the brick was given")
        } else {
            return;
        };
        self.error(code::OUTPUT_KEY, key.place, format!("{} cannot be an output key", quoted(name)), &hint);
    }

    fn required(&mut self, parent: &'a Node, key: &'a str, example: &str, check: impl FnOnce(&mut Self, &'a Node)) {
        self.at(Step::Key(key), |checker| {
            let Some(value) = parent.get(key) else {
                let hint = format!("write `{example}`");
                return checker.error(code::MISSING, parent.place, format!("`{key}` is missing"), &hint);
            };
            check(checker, value);
        });
    }

    fn optional(&mut self, parent: &'a Node, key: &'a str, check: impl FnOnce(&mut Self, &'a Node)) {
        if let Some(value) = parent.get(key) {
            self.at(Step::Key(key), |checker| check(checker, value));
        }
    }

    /// Nothing more is looked at when no more is told: names that nobody knows are compared with all that are known.
    fn at(&mut self, step: Step<'a>, check: impl FnOnce(&mut Self)) {
        if self.problems.is_full() {
            return;
        }
        self.path.push(step);
        check(self);
        self.path.pop();
    }

    fn error(&mut self, code: &'static str, place: Place, message: String, hint: &str) {
        self.tell(Severity::Error, code, place, message, hint);
    }

    fn warning(&mut self, code: &'static str, place: Place, message: String, hint: &str) {
        self.tell(Severity::Warning, code, place, message, hint);
    }

    fn tell(&mut self, severity: Severity, code: &'static str, place: Place, message: String, hint: &str) {
        self.problems.add(severity, code, &self.path.text(), place, message, hint);
    }
}
