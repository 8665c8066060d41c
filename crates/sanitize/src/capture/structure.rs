//! Structured values, before they become text: each leaf is redacted by itself, and the names around it say what it is.
//!
//! | where | what counts as the leaf's name |
//! |---|---|
//! | `{"password": "x"}`, `{"passwords": ["x"]}` | its key, also that of the list it stands in |
//! | `{"name": "DB_PASSWORD", "value": "x"}` | the name beside it: container environments, HAR headers, form fields |
//! | `{"headers": {"x-internal-auth": "x"}}`, `{"env": {"DEPLOY_KEY": "x"}}` | a key that tells only where it stands |
//! | `{"credentials": {"db": "x"}}` | the key of the map, where the leaf's own key says nothing else |
//! | `{"kind": "Secret", "data": {"db": "x"}}` | any leaf of a Kubernetes secret |
//!
//! A number under the name of a secret goes where the same digits as text would: `{"password": 48151623}` becomes the text of a
//! placeholder, `{"max_tokens": 4096}` stays. Truth values and nulls tell nothing and stay.

use std::borrow::Cow;

use record::value::{self, Attribute, Value};

use super::clean::Cleaner;
use super::marks::Marks;
use super::text::cut_bytes;

/// Maps and lists within each other; what is deeper is redacted as the text it becomes.
const DEPTH: u8 = 16;

/// Keys of a map whose value names what stands under [`VALUES`].
const NAMES: [&str; 7] = ["name", "key", "Name", "Key", "variable", "field", "header"];
const VALUES: [&str; 4] = ["value", "Value", "val", "default"];

/// Under these a name may be short for what it is elsewhere.
const HEADERS: [&str; 6] = ["headers", "header", "requestheaders", "httpheaders", "cookies", "querystring"];
const ENVIRONMENTS: [&str; 6] = ["env", "environment", "environ", "envvars", "variables", "vars"];
/// The last words of such names.
const HEADER_WORDS: [&str; 12] =
    ["auth", "authn", "key", "token", "secret", "signature", "session", "sid", "jwt", "csrf", "hmac", "assertion"];
const ENVIRONMENT_WORDS: [&str; 8] = ["key", "auth", "pass", "pw", "pat", "salt", "credentials", "jwt"];

/// Maps that hold nothing but secrets, and what a leaf of theirs is.
const CONTAINERS: [(&str, &str); 10] = [
    ("secrets", "secret"),
    ("secret", "secret"),
    ("credentials", "secret"),
    ("credential", "secret"),
    ("passwords", "password"),
    ("tokens", "token"),
    ("apikeys", "api_key"),
    ("accesskeys", "api_key"),
    ("secretkeys", "secret"),
    ("authtokens", "token"),
];
/// Keys of such a map that say themselves what their value is.
const PLAIN: [&str; 22] = [
    "account",
    "algorithm",
    "created",
    "description",
    "email",
    "endpoint",
    "expires",
    "format",
    "host",
    "id",
    "kind",
    "label",
    "mode",
    "name",
    "namespace",
    "provider",
    "region",
    "scope",
    "type",
    "url",
    "user",
    "username",
];

/// The names around a leaf.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'n> {
    /// The key it stands under.
    key: &'n str,
    /// The key of the map around.
    parent: &'n str,
    /// Of a Kubernetes secret.
    in_secret: bool,
}

impl Cleaner<'_> {
    /// Redacts every leaf. Leaves beyond `room` bytes are dropped: they would be cut.
    pub(super) fn leaves(
        &self,
        value: &mut Value<'_>,
        around: Around<'_>,
        room: &mut usize,
        marks: &mut Marks,
        depth: u8,
    ) -> bool {
        if depth > DEPTH {
            return true;
        }
        match value {
            Value::Text(text) => {
                cut_bytes(text, *room);
                *room -= text.len();
                self.leaf(text, around, marks)
            }
            Value::Int(number) => {
                if let Some(placeholder) = self.number(*number, around, marks) {
                    *value = Value::text(placeholder);
                }
                true
            }
            Value::List(items) => {
                let mut done = true;
                for item in items {
                    done &= self.leaves(item, around, room, marks, depth + 1);
                }
                done
            }
            Value::Map(entries) => self.entries(entries, around, room, marks, depth),
            _ => true,
        }
    }

    fn entries(
        &self,
        entries: &mut [Attribute<'_>],
        around: Around<'_>,
        room: &mut usize,
        marks: &mut Marks,
        depth: u8,
    ) -> bool {
        let told = Told::by(entries);
        let mut done = true;
        for (key, item) in entries {
            let inner = told.around(key, around);
            done &= self.leaves(item, inner, room, marks, depth + 1);
            *room = room.saturating_sub(key.len());
            done &= self.redact(key, marks);
        }
        done
    }

    pub(super) fn leaf(&self, text: &mut Cow<'_, str>, around: Around<'_>, marks: &mut Marks) -> bool {
        if around.in_secret && !text.is_empty() {
            self.mask("secret", text, marks);
            return true;
        }
        let before = marks.redactions.total();
        if !self.redact_named(around.key, text, marks) {
            return false;
        }
        match around.meaning() {
            Some(name) if marks.redactions.total() == before => self.redact_named(name, text, marks),
            _ => true,
        }
    }

    /// The placeholder of a number that is a secret.
    pub(super) fn number(&self, number: i64, around: Around<'_>, marks: &mut Marks) -> Option<String> {
        let digits = number.to_string();
        let mut text = Cow::Borrowed(digits.as_str());
        let done = self.leaf(&mut text, around, marks);
        (!done || text != digits).then(|| text.into_owned())
    }

    /// A placeholder for all of it, unless it is one.
    pub(super) fn mask(&self, rule: &'static str, text: &mut Cow<'_, str>, marks: &mut Marks) {
        if !is_placeholder(text) {
            *text = Cow::Owned(self.redactor.key().placeholder(rule, text));
            marks.redactions.add(rule, 1);
        }
    }
}

/// What a map's entries say of each other.
pub(super) struct Told {
    named: Option<String>,
    is_secret: bool,
}

impl Told {
    pub(super) fn by(entries: &[Attribute<'_>]) -> Self {
        let named = NAMES.iter().find_map(|key| value::get(entries, key)).and_then(Value::as_str);
        let named = named.filter(|name| name.len() <= 128).map(str::to_owned);
        Self { named, is_secret: value::get(entries, "kind").and_then(Value::as_str) == Some("Secret") }
    }

    /// What is around the value of `key`.
    pub(super) fn around<'n>(&'n self, key: &'n str, around: Around<'n>) -> Around<'n> {
        let name = match &self.named {
            Some(name) if VALUES.contains(&key) => name,
            _ => key,
        };
        let in_secret = self.is_secret && ["data", "stringData"].contains(&name) || around.in_secret;
        Around { key: name, parent: around.key, in_secret }
    }
}

impl<'n> Around<'n> {
    /// The key of the value.
    pub(super) fn name(&self) -> &'n str {
        self.key
    }

    pub(super) fn key(key: &'n str) -> Self {
        Self { key, ..Self::default() }
    }

    /// What the map around says of a leaf.
    fn meaning(&self) -> Option<&'static str> {
        let parent = folded(self.parent);
        let is_one_of = |words: &[&str], text: &str| words.contains(&text);
        let last = last_word(self.key);
        if is_one_of(&HEADERS, &parent) && is_one_of(&HEADER_WORDS, &last)
            || is_one_of(&ENVIRONMENTS, &parent) && is_one_of(&ENVIRONMENT_WORDS, &last)
        {
            return Some("token");
        }
        // what stands in a list has the list's key
        let named = |container: &str| CONTAINERS.iter().find(|(known, _)| *known == container).map(|(_, name)| *name);
        named(&folded(self.key)).or_else(|| named(&parent).filter(|_| !is_one_of(&PLAIN, &last)))
    }
}

/// `X-Api_Keys` → `xapikeys`.
pub(super) fn folded(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).take(32);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The last word of `x-internal-auth`, `DEPLOY_KEY`, `internalAuth`, in lower case.
fn last_word(name: &str) -> String {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_' || c == '-');
    let separated = name.rsplit(['-', '_', '.', ' ']).next().unwrap_or(name);
    let is_mixed = separated.bytes().any(|byte| byte.is_ascii_lowercase());
    let start = if is_mixed { separated.rfind(|c: char| c.is_ascii_uppercase()).unwrap_or(0) } else { 0 };
    separated.get(start..).unwrap_or_default().to_ascii_lowercase()
}

/// A placeholder, also one that a cut went through.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.strip_prefix("[REDACTED:").is_some_and(|rest| {
        let inside = rest.strip_suffix(']').unwrap_or(rest);
        inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte))
    })
}

#[cfg(test)]
mod tests;
