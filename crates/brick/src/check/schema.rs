//! `inputSchema` and `outputSchema`: JSON Schema of draft-07, 2019-09 or 2020-12. What a keyword may hold is the union of the
//! three, as their metaschemas have it.

use super::Checker;
use crate::nearest::{nearest, suggestion};
use crate::node::{Node, Value};
use crate::path::Step;
use crate::problem::{code, quoted};

const DRAFTS: [&str; 3] =
    ["json-schema.org/draft-07/schema", "json-schema.org/draft/2019-09/schema", "json-schema.org/draft/2020-12/schema"];
const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "integer", "string"];

/// Schemas that the runtime resolves: a configured service, and a database by its id or name.
const SERVICES: &str = "https://app.pixiebrix.com/schemas/services/";
const DATABASE: &str = "https://app.pixiebrix.com/schemas/database";
const THEIRS: &str = "https://app.pixiebrix.com/schemas/";

#[derive(Clone, Copy)]
enum Holds {
    Schema,
    SchemaOrSchemas,
    Schemas,
    SchemasByName,
    SchemasOrNamesByName,
    Type,
    Anything,
    List,
    Count,
    Number,
    Positive,
    Switch,
    Text,
    Names,
    NamesByName,
}

const KEYWORDS: &[(&str, Holds)] = &[
    ("$anchor", Holds::Text),
    ("$comment", Holds::Text),
    ("$defs", Holds::SchemasByName),
    ("$dynamicAnchor", Holds::Text),
    ("$dynamicRef", Holds::Text),
    ("$id", Holds::Text),
    ("$recursiveAnchor", Holds::Switch),
    ("$recursiveRef", Holds::Text),
    ("$ref", Holds::Text),
    ("$schema", Holds::Text),
    ("additionalItems", Holds::Schema),
    ("additionalProperties", Holds::Schema),
    ("allOf", Holds::Schemas),
    ("anyOf", Holds::Schemas),
    ("const", Holds::Anything),
    ("contains", Holds::Schema),
    ("contentEncoding", Holds::Text),
    ("contentMediaType", Holds::Text),
    ("contentSchema", Holds::Schema),
    ("default", Holds::Anything),
    ("definitions", Holds::SchemasByName),
    ("dependencies", Holds::SchemasOrNamesByName),
    ("dependentRequired", Holds::NamesByName),
    ("dependentSchemas", Holds::SchemasByName),
    ("deprecated", Holds::Switch),
    ("description", Holds::Text),
    ("else", Holds::Schema),
    ("enum", Holds::List),
    ("examples", Holds::List),
    ("exclusiveMaximum", Holds::Number),
    ("exclusiveMinimum", Holds::Number),
    ("format", Holds::Text),
    ("if", Holds::Schema),
    ("items", Holds::SchemaOrSchemas),
    ("maxContains", Holds::Count),
    ("maxItems", Holds::Count),
    ("maxLength", Holds::Count),
    ("maxProperties", Holds::Count),
    ("maximum", Holds::Number),
    ("minContains", Holds::Count),
    ("minItems", Holds::Count),
    ("minLength", Holds::Count),
    ("minProperties", Holds::Count),
    ("minimum", Holds::Number),
    ("multipleOf", Holds::Positive),
    ("not", Holds::Schema),
    ("oneOf", Holds::Schemas),
    ("pattern", Holds::Text),
    ("patternProperties", Holds::SchemasByName),
    ("prefixItems", Holds::Schemas),
    ("properties", Holds::SchemasByName),
    ("propertyNames", Holds::Schema),
    ("readOnly", Holds::Switch),
    ("required", Holds::Names),
    ("then", Holds::Schema),
    ("title", Holds::Text),
    ("type", Holds::Type),
    ("unevaluatedItems", Holds::Schema),
    ("unevaluatedProperties", Holds::Schema),
    ("uniqueItems", Holds::Switch),
    ("writeOnly", Holds::Switch),
];

#[cfg(test)]
pub(crate) fn keywords() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().map(|(name, _)| *name)
}

impl<'a> Checker<'a, '_> {
    /// Of the inputs, which come as an object.
    pub(super) fn input_schema(&mut self, schema: &'a Node) {
        self.schema(schema);
        if let Some(kind) = schema.get("type")
            && kind.text().is_some_and(|kind| kind != "object" && TYPES.contains(&kind))
        {
            self.at(Step::Key("type"), |checker| {
                let message = "inputs come as an object".to_owned();
                checker.error(
                    code::SCHEMA,
                    kind.place,
                    message,
                    "write `type: object` and the inputs below `properties`",
                );
            });
        }
    }

    pub(super) fn schema(&mut self, schema: &'a Node) {
        self.schema_within(schema, schema);
    }

    fn schema_within(&mut self, schema: &'a Node, root: &'a Node) {
        match &schema.value {
            Value::Bool(_) if !std::ptr::eq(schema, root) => return,
            Value::Map(_) => {}
            _ => return self.holds(schema, "a JSON Schema, which is a mapping"),
        }
        for entry in schema.entries() {
            let known = KEYWORDS.iter().find(|(name, _)| *name == entry.key);
            self.at(Step::Key(&entry.key), |checker| match known {
                Some((_, holds)) => checker.keyword(*holds, &entry.value, root),
                None => checker.near_miss(&entry.key, &entry.value),
            });
        }
        if let Some(draft) = schema.get("$schema") {
            self.at(Step::Key("$schema"), |checker| checker.draft(draft));
        }
        if let Some(reference) = schema.get("$ref") {
            self.at(Step::Key("$ref"), |checker| checker.reference(reference, root));
        }
        self.required_properties(schema);
    }

    fn keyword(&mut self, holds: Holds, value: &'a Node, root: &'a Node) {
        let number = if let Value::Number(number) = value.value { Some(number) } else { None };
        let is_map = matches!(value.value, Value::Map(_));
        match holds {
            Holds::Anything => {}
            Holds::Schema => self.schema_within(value, root),
            Holds::SchemaOrSchemas if value.items().is_none() => self.schema_within(value, root),
            Holds::Schemas | Holds::SchemaOrSchemas if value.items().is_some_and(|items| !items.is_empty()) => {
                self.schemas(value, root);
            }
            Holds::Schemas | Holds::SchemaOrSchemas => self.holds(value, "a list of one schema or more"),
            Holds::SchemasByName | Holds::SchemasOrNamesByName | Holds::NamesByName if !is_map => {
                self.holds(value, "a mapping");
            }
            Holds::SchemasByName | Holds::SchemasOrNamesByName | Holds::NamesByName => {
                for entry in value.entries() {
                    let is_list = entry.value.items().is_some();
                    self.at(Step::Key(&entry.key), |checker| match holds {
                        Holds::NamesByName => checker.names(&entry.value),
                        Holds::SchemasOrNamesByName if is_list => checker.names(&entry.value),
                        _ => checker.schema_within(&entry.value, root),
                    });
                }
            }
            Holds::Type => self.type_keyword(value),
            Holds::List if value.items().is_none() => self.holds(value, "a list"),
            Holds::Count if number.is_none_or(|number| number < 0.0 || number.fract() != 0.0) => {
                self.holds(value, "a whole number of 0 or more");
            }
            Holds::Number if number.is_none() => self.holds(value, "a number"),
            Holds::Positive if number.is_none_or(|number| number <= 0.0) => self.holds(value, "a number above 0"),
            Holds::Switch if !matches!(value.value, Value::Bool(_)) => self.holds(value, "true or false"),
            Holds::Text if value.text().is_none() => self.holds(value, "a text"),
            Holds::Names => self.names(value),
            Holds::List | Holds::Count | Holds::Number | Holds::Positive | Holds::Switch | Holds::Text => {}
        }
    }

    fn holds(&mut self, value: &'a Node, what: &str) {
        let message = format!("expected {what}");
        self.error(code::SCHEMA, value.place, message, "see json-schema.org for what the keyword holds");
    }

    fn schemas(&mut self, value: &'a Node, root: &'a Node) {
        for (index, item) in value.items().into_iter().flatten().enumerate() {
            self.at(Step::Index(index), |checker| checker.schema_within(item, root));
        }
    }

    fn names(&mut self, value: &'a Node) {
        let Some(items) = value.items() else { return self.holds(value, "a list of names") };
        let mut seen: Vec<&str> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.at(Step::Index(index), |checker| match item.text() {
                None => checker.holds(item, "a name"),
                Some(name) if seen.contains(&name) => {
                    let message = format!("{} stands here twice", quoted(name));
                    checker.error(code::DUPLICATE, item.place, message, "keep one of them");
                }
                Some(name) => seen.push(name),
            });
        }
    }

    fn type_keyword(&mut self, value: &'a Node) {
        match &value.value {
            Value::Text(name) => self.type_name(name, value),
            Value::List(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    self.at(Step::Index(index), |checker| match item.text() {
                        Some(name) => checker.type_name(name, item),
                        None => checker.holds(item, "the name of a type"),
                    });
                }
            }
            _ => self.holds(value, "the name of a type"),
        }
    }

    fn type_name(&mut self, name: &str, value: &'a Node) {
        if !TYPES.contains(&name) {
            let message = format!("unknown type {}", quoted(name));
            self.error(code::SCHEMA, value.place, message, &suggestion(name, TYPES));
        }
    }

    /// Unknown keywords are allowed; one that is nearly a known one is hardly meant.
    fn near_miss(&mut self, name: &str, value: &'a Node) {
        let known = KEYWORDS.iter().map(|(name, _)| *name);
        if let Some(meant) = nearest(name, known).filter(|_| name.chars().count() >= 5) {
            let message = format!("{} is no keyword of JSON Schema", quoted(name));
            self.warning(code::UNKNOWN, value.place, message, &format!("did you mean `{meant}`?"));
        }
    }

    fn draft(&mut self, value: &'a Node) {
        let Some(uri) = value.text() else { return };
        let uri_of = |uri: &str| {
            let bare = uri.strip_prefix("https://").or_else(|| uri.strip_prefix("http://"))?;
            Some(bare.strip_suffix('#').unwrap_or(bare).to_owned())
        };
        if !uri_of(uri).is_some_and(|uri| DRAFTS.contains(&uri.as_str())) {
            let message = format!("unknown draft of JSON Schema {}", quoted(uri));
            let hint = "write https://json-schema.org/draft/2019-09/schema# (or draft-07, 2020-12)";
            self.error(code::SCHEMA, value.place, message, hint);
        }
    }

    fn reference(&mut self, value: &'a Node, root: &'a Node) {
        let Some(uri) = value.text() else { return };
        let bare = uri.strip_suffix('#').unwrap_or(uri);
        if bare == DATABASE || bare.strip_prefix(SERVICES).is_some_and(|id| !id.is_empty()) {
            return;
        }
        if let Some(pointer) = uri.strip_prefix('#') {
            if !resolves(pointer, root) {
                let message = format!("{} points to nothing in this schema", quoted(uri));
                self.error(code::REFERENCE, value.place, message, "look at the names below `$defs`");
            }
        } else if uri.starts_with(THEIRS) {
            let message = format!("{} is not known here, so any value passes", quoted(uri));
            self.warning(code::REFERENCE, value.place, message, "known are services/… and database#");
        } else {
            let message = format!("{} cannot be resolved", quoted(uri));
            self.error(
                code::REFERENCE,
                value.place,
                message,
                "write the schema below `$defs` and point to it with #/$defs/…",
            );
        }
    }

    fn required_properties(&mut self, schema: &'a Node) {
        let (Some(required), Some(properties)) = (schema.get("required"), schema.get("properties")) else { return };
        if !matches!(properties.value, Value::Map(_)) {
            return;
        }
        self.at(Step::Key("required"), |checker| {
            for (index, item) in required.items().into_iter().flatten().enumerate() {
                let Some(name) = item.text().filter(|name| properties.get(name).is_none()) else { continue };
                let message = format!("{} is required, but no property", quoted(name));
                let hint = suggestion(name, properties.entries().iter().map(|entry| entry.key.as_str()));
                checker.at(Step::Index(index), |checker| checker.warning(code::UNDEFINED, item.place, message, &hint));
            }
        });
    }
}

/// A JSON pointer (RFC 6901), or an anchor that some schema of it has.
fn resolves(pointer: &str, root: &Node) -> bool {
    if pointer.is_empty() {
        return true;
    }
    let Some(pointer) = pointer.strip_prefix('/') else { return has_anchor(pointer, root) };
    let mut node = root;
    for step in pointer.split('/') {
        let step = step.replace("~1", "/").replace("~0", "~");
        let next = node.get(&step).or_else(|| node.items()?.get(step.parse::<usize>().ok()?));
        match next {
            Some(next) => node = next,
            None => return false,
        }
    }
    true
}

fn has_anchor(anchor: &str, node: &Node) -> bool {
    let is_here = |key: &str| node.get(key).and_then(Node::text) == Some(anchor);
    is_here("$anchor")
        || is_here("$dynamicAnchor")
        || node.entries().iter().any(|entry| has_anchor(anchor, &entry.value))
        || node.items().into_iter().flatten().any(|item| has_anchor(anchor, item))
}
