//! How the data of a write joins what a record holds already.
//!
//! | strategy | an object under the same key | a list under the same key | anything else |
//! |---|---|---|---|
//! | `replace`, `""` | the new data takes the place of all | | |
//! | `shallow` | new | new | new |
//! | `deep` | merged, at every depth | new | new |
//! | `deep_append` | merged, at every depth | old items, then the new ones | new |
//!
//! `null` is a value like others: it takes the place of what was there and deletes no key. Keys that the new data does not
//! name stay, but for `replace`. Keys have no order of their own: they are kept, and shown, in the order of their characters.

use serde_json::{Map, Value};

/// See the table above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MergeStrategy {
    #[default]
    Replace,
    Shallow,
    Deep,
    DeepAppend,
}

impl MergeStrategy {
    /// As senders spell them; the empty text is `replace`.
    pub const NAMES: [&str; 5] = ["replace", "deep", "deep_append", "shallow", ""];

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "replace" | "" => Some(Self::Replace),
            "shallow" => Some(Self::Shallow),
            "deep" => Some(Self::Deep),
            "deep_append" => Some(Self::DeepAppend),
            _ => None,
        }
    }

    /// What a record with the data `old` holds after a write of `new`. Recurses as deep as both are objects.
    pub fn merge(self, old: Map<String, Value>, new: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::Replace => new,
            Self::Shallow => {
                let mut merged = old;
                merged.extend(new);
                merged
            }
            Self::Deep => merge_objects(old, new, &|_, new| new),
            Self::DeepAppend => merge_objects(old, new, &|mut old, new| {
                old.extend(new);
                old
            }),
        }
    }
}

type Items = Vec<Value>;

fn merge_objects(
    old: Map<String, Value>,
    new: Map<String, Value>,
    lists: &dyn Fn(Items, Items) -> Items,
) -> Map<String, Value> {
    let mut merged = old;
    for (key, value) in new {
        let value = match (merged.remove(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => Value::Object(merge_objects(old, new, lists)),
            (Some(Value::Array(old)), Value::Array(new)) => Value::Array(lists(old, new)),
            (_, new) => new,
        };
        merged.insert(key, value);
    }
    merged
}

#[cfg(test)]
mod tests;
