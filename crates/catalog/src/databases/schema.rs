//! JSON Schema of the records of a database.
//!
//! The draft is the one that `$schema` names, 2020-12 where it names none. Nothing is fetched: a `$ref` leads into the schema
//! itself or to a meta-schema of JSON Schema, else the schema is refused. Patterns run in time linear in the text, so look-around
//! and references back are refused. `format` tells and does not check, as the draft has it by default.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::LocationSegment;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;
use thiserror::Error;

use crate::catalog::Catalog;

/// A schema that cannot be enforced.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct InvalidSchema(String);

/// Faults of one record that are told; a schema can be missed in more ways than anybody reads.
const MOST_FAULTS: usize = 20;
/// Compiled schemas in memory; the next one empties it.
const MOST_COMPILED: usize = 256;

/// Compiled schemas by their text.
#[derive(Debug, Default)]
pub(crate) struct Schemas(Mutex<HashMap<String, Arc<Validator>>>);

impl Schemas {
    pub(crate) fn compiled(&self, schema: &Value) -> Result<Arc<Validator>, InvalidSchema> {
        let text = schema.to_string();
        if let Some(known) = self.lock().get(&text) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(compile(schema)?);
        let mut known = self.lock();
        if known.len() >= MOST_COMPILED {
            known.clear();
        }
        Ok(Arc::clone(known.entry(text).or_insert(made)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Validator>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Catalog {
    /// Whether records can be held against `schema`.
    pub fn check_schema(&self, schema: &Value) -> Result<(), InvalidSchema> {
        self.schemas().compiled(schema).map(drop)
    }
}

fn compile(schema: &Value) -> Result<Validator, InvalidSchema> {
    let options = jsonschema::options().offline().with_pattern_options(PatternOptions::regex());
    options.build(schema).map_err(|error| {
        let at = error.instance_path().as_str();
        let at = if at.is_empty() { String::new() } else { format!(" (at {at})") };
        let hint = match error.kind() {
            Kind::Referencing(_) => "; nothing is fetched: put the schema that `$ref` leads to under `$defs`",
            _ => "",
        };
        InvalidSchema(format!("not a JSON Schema that can be used here{at}: {error}{hint}"))
    })
}

/// What is wrong with `data`: the path of each fault, `data.items.0.price`, and what was expected there. No value of the record
/// is told.
pub(crate) fn faults(validator: &Validator, data: &Value) -> Vec<(String, String)> {
    validator.iter_errors(data).take(MOST_FAULTS).map(|error| (path(&error), expected(&error))).collect()
}

fn path(error: &ValidationError<'_>) -> String {
    let mut path = "data".to_owned();
    for segment in error.instance_path() {
        path.push('.');
        match segment {
            LocationSegment::Property(name) => path.push_str(&name),
            LocationSegment::Index(index) => path.push_str(&index.to_string()),
        }
    }
    if let Kind::Required { property: Value::String(name) } = error.kind() {
        path.push('.');
        path.push_str(name);
    }
    path
}

fn expected(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Required { .. } => "This field is required.".to_owned(),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "Only the properties that the schema names are allowed here.".to_owned()
        }
        Kind::AdditionalItems { .. } | Kind::UnevaluatedItems { .. } => "More items than the schema allows.".to_owned(),
        Kind::PropertyNames { .. } => "A property has a name that the schema does not allow.".to_owned(),
        Kind::AnyOf { .. } => "Expected one of the forms that `anyOf` lists.".to_owned(),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            "Expected exactly one of the forms that `oneOf` lists.".to_owned()
        }
        Kind::Not { .. } => "This form is excluded by `not`.".to_owned(),
        _ => format!("Expected otherwise: {}.", error.masked_with("the value")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults_of(schema: &Value, data: &Value) -> Vec<(String, String)> {
        faults(&compile(schema).expect("a schema"), data)
    }

    #[test]
    fn a_fault_names_its_field_and_never_the_value() {
        let schema = json!({
            "type": "object",
            "properties": {
                "event": {"type": "string", "minLength": 3},
                "items": {"type": "array", "items": {"properties": {"price": {"type": "number"}}}},
                "kind": {"enum": ["a", "b"]},
                "tag": {"pattern": "^[a-z]+$"},
            },
            "required": ["event", "url"],
            "additionalProperties": false,
        });
        let data = json!({"event": 5551, "items": [{"price": "s3cret"}], "kind": "hidden", "tag": "HUSH", "s3cret": 1});
        let found = faults_of(&schema, &data);
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        for path in ["data.event", "data.items.0.price", "data.kind", "data.tag", "data.url", "data"] {
            assert!(paths.contains(&path), "{path} in {paths:?}");
        }
        let told = format!("{found:?}");
        for value in ["5551", "s3cret", "hidden", "HUSH"] {
            assert!(!told.contains(value), "{value} in {told}");
        }
        assert!(told.contains("number") && told.contains("\\\"a\\\""), "{told}");
    }

    #[test]
    fn the_draft_is_the_one_that_is_named() {
        let boolean_maximum = json!({"exclusiveMaximum": true, "maximum": 3});
        assert!(compile(&boolean_maximum).is_err(), "2020-12 wants a number");
        let mut draft4 = boolean_maximum;
        draft4["$schema"] = json!("http://json-schema.org/draft-04/schema#");
        assert_eq!(faults_of(&draft4, &json!(3)).len(), 1);
        let own = json!({"$schema": "https://json-schema.org/draft/2019-09/schema#", "type": "object"});
        assert_eq!(faults_of(&own, &json!({})), []);
    }

    #[test]
    fn nothing_is_fetched() {
        for reference in ["https://example.com/person.json", "http://127.0.0.1:1/x", "file:///etc/hostname"] {
            let error = compile(&json!({"$ref": reference})).expect_err("refused").to_string();
            assert!(error.contains("nothing is fetched"), "{error}");
        }
        let within = json!({"$ref": "#/$defs/n", "$defs": {"n": {"type": "number"}}});
        assert_eq!(faults_of(&within, &json!("x")).len(), 1);
    }

    #[test]
    fn patterns_that_go_back_are_refused() {
        assert!(compile(&json!({"pattern": "(a+)\\1"})).is_err());
        assert!(compile(&json!({"pattern": "(?=a)b"})).is_err());
    }

    #[test]
    fn faults_are_bounded() {
        let data = Value::Array((0..1_000).map(Value::from).collect());
        assert_eq!(faults_of(&json!({"items": {"type": "string"}}), &data).len(), MOST_FAULTS);
    }

    #[test]
    fn a_schema_is_compiled_once() {
        let schemas = Schemas::default();
        let schema = json!({"type": "object"});
        let first = schemas.compiled(&schema).expect("a schema");
        assert!(Arc::ptr_eq(&first, &schemas.compiled(&schema).expect("a schema")));
    }
}
