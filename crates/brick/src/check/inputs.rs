//! The inputs that `inputSchema` names.

use crate::node::{Node, Value};

/// Names of `properties`; `is_open` when the schema allows others on purpose or says it in a way not looked into.
pub(crate) struct Inputs<'a> {
    pub(crate) names: Vec<&'a str>,
    pub(crate) is_open: bool,
}

const ELSEWHERE: [&str; 7] = ["patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref", "dependentSchemas"];

impl<'a> Inputs<'a> {
    pub(crate) fn open() -> Self {
        Self { names: Vec::new(), is_open: true }
    }

    pub(crate) fn of(schema: &'a Node) -> Self {
        let Some(properties) = schema.get("properties") else { return Self::open() };
        let additional = schema.get("additionalProperties");
        let allows_more = additional.is_some_and(|additional| !matches!(additional.value, Value::Bool(false)));
        Self {
            names: properties.entries().iter().map(|entry| entry.key.as_str()).collect(),
            is_open: allows_more || ELSEWHERE.iter().any(|keyword| schema.get(keyword).is_some()),
        }
    }
}
