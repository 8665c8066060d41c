//! Takes secrets out of text: `[REDACTED:<rule>:<hash>]` stands where one was, with the keyed hash of [`HashKey`].
//!
//! One pass of a literal automaton over the text finds places where a secret may begin: a word that names one (`token`,
//! `password`), a prefix that providers give their keys (`ghp_`), a URL's `://`. Text without any of them is returned as it
//! came. At each place a small grammar looks a bounded way around, so that the whole is linear in the text:
//!
//! - [`context`]: `name = value` in headers, environment assignments, flags, query strings, JSON, YAML, XML, at any level of
//!   escaping, command lines, URLs, sentences, private keys;
//! - [`rules`]: what is a secret by its own form;
//! - [`value`]: whether a named value is a secret at all, or a placeholder, a variable, a count, code.
//!
//! Architecture invariant: pure; no clock, no I/O, no environment.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

mod context;
mod copies;
mod find;
mod known;
mod literals;
mod options;
pub mod pii;
mod placeholder;
pub mod rules;
mod text;
mod value;

pub use copies::{Known, MEMORABLE_BYTES, is_memorable};
pub use options::{Options, RuleError};
pub use pii::{Pii, Treatment};
pub use placeholder::HashKey;
pub use rules::{CustomRule, Rule};

use context::name;
use find::Engine;

/// The rules by context, sorted; see [`rules::builtin`] for those by format.
pub const RULES: &[&str] = &[
    "api_key",
    "authorization",
    "basic",
    "bearer",
    "cookie",
    "credential",
    "curl_user",
    "jwt",
    "mnemonic",
    "password",
    "password_hash",
    "private_key",
    "secret",
    "token",
    "url_user",
];

/// How often each rule matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rule and count, sorted by rule.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().map(|(rule, count)| (*rule, *count))
    }

    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub fn add(&mut self, rule: &'static str, count: u64) {
        if count > 0 {
            let sum = self.0.entry(rule).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(rule, count)| self.add(rule, count));
    }

    /// `{"bearer":1,"token":2}`
    pub fn to_json(&self) -> String {
        let pairs: Vec<String> = self.iter().map(|(rule, count)| format!("\"{rule}\":{count}")).collect();
        format!("{{{}}}", pairs.join(","))
    }
}

/// The compiled rules.
#[derive(Debug)]
pub struct Redactor {
    engine: Engine,
}

/// A secret: where it is, and what goes in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Bytes of the text.
    pub range: Range<usize>,
    pub rule: &'static str,
    /// Written around the placeholder: quotes where a bare JSON number goes.
    quote: &'static str,
}

impl Finding {
    pub fn new(range: Range<usize>, rule: &'static str) -> Self {
        Self { range, rule, quote: "" }
    }

    fn is_personal(&self) -> bool {
        pii::RULES.contains(&self.rule)
    }
}

/// Two passes do for what people and programs write. A text that still changes after so many was made for it, and goes whole.
const PASSES: usize = 8;

impl Redactor {
    pub fn new() -> Self {
        Self::with_options(&Options::default()).expect("the rules of this version can be used")
    }

    /// With the rules of a user, each of which is checked.
    pub fn with_options(options: &Options) -> Result<Self, RuleError> {
        Ok(Self { engine: Engine::new(options)? })
    }

    /// Id and description of each rule that is on; see [`rules::builtin`] for the rest of what they say.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.engine.rules()
    }

    /// The secrets of a text, in its order, apart from each other.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        self.engine.find(text)
    }

    /// As [`Self::find`], for the value of a map's key: a key that names a secret protects its whole value.
    pub fn find_named(&self, name: &str, text: &str) -> Vec<Finding> {
        let whole = |rule| vec![Finding { range: 0..text.len(), rule, quote: "" }];
        let promise = name::promise(name).filter(|promise| value::is_secret(text, *promise, value::Evidence::Quoted));
        let rule = promise.map(|promise| promise.family.rule()).or_else(|| Some(rules::named(name, text)?.id));
        rule.filter(|rule| self.engine.is_on(rule)).map_or_else(|| self.find(text), whole)
    }

    /// To replace what is found by placeholders of one tenant.
    pub fn with_key<'r>(&'r self, key: &'r HashKey) -> Keyed<'r> {
        Keyed { redactor: self, key, learned: None, secrets_only: false }
    }
}

/// The rules, with the key of a tenant's placeholders.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'r> {
    redactor: &'r Redactor,
    key: &'r HashKey,
    learned: Option<(&'r RefCell<Known>, usize)>,
    secrets_only: bool,
}

impl<'r> Keyed<'r> {
    /// Remembers what is found, `most` values of it.
    #[must_use]
    pub fn learning(self, learned: &'r RefCell<Known>, most: usize) -> Self {
        Self { learned: Some((learned, most)), ..self }
    }

    /// Without the classes of personal data: for what identifies a sender by policy.
    #[must_use]
    pub fn secrets_only(self) -> Self {
        Self { secrets_only: true, ..self }
    }

    pub fn key(&self) -> &'r HashKey {
        self.key
    }

    /// The text without its secrets; the same text, borrowed, when it has none.
    pub fn redact<'t>(&self, mut text: Cow<'t, str>, counts: &mut Counts) -> Cow<'t, str> {
        self.redact_in_place(&mut text, counts);
        text
    }

    pub fn redact_in_place(&self, text: &mut Cow<'_, str>, counts: &mut Counts) {
        for _ in 0..PASSES {
            let findings = self.find(text);
            if findings.is_empty() {
                return;
            }
            *text = Cow::Owned(self.replace(text, &findings, counts));
        }
        if let Some(first) = self.find(text).first() {
            let whole = Finding { range: 0..text.len(), rule: first.rule, quote: document_quote(text) };
            *text = Cow::Owned(self.replace(text, &[whole], counts));
        }
    }

    fn find(&self, text: &str) -> Vec<Finding> {
        let mut findings = self.redactor.find(text);
        if self.secrets_only {
            findings.retain(|finding| !finding.is_personal());
        }
        findings
    }

    /// As [`Self::redact_in_place`], for the value of a map's key; see [`Redactor::find_named`].
    pub fn redact_named_in_place(&self, name: &str, text: &mut Cow<'_, str>, counts: &mut Counts) {
        let findings = self.redactor.find_named(name, text);
        if !findings.is_empty() {
            *text = Cow::Owned(self.replace(text, &findings, counts));
            self.redact_in_place(text, counts);
        }
    }

    fn replace(&self, text: &str, findings: &[Finding], counts: &mut Counts) -> String {
        if let Some((learned, most)) = self.learned {
            let mut learned = learned.borrow_mut();
            for Finding { range, rule, .. } in findings.iter().filter(|finding| !finding.is_personal()) {
                learned.add(self.key, text.get(range.clone()).unwrap_or_default(), rule, most);
            }
        }
        placeholder::replace(text, findings, counts, |rule, secret| {
            if self.redactor.engine.masks(rule) {
                placeholder::masked(rule)
            } else {
                self.key.placeholder(rule, secret)
            }
        })
    }
}

/// What makes a text of JSON of the placeholder of a whole document.
fn document_quote(text: &str) -> &'static str {
    if text.trim_start().starts_with(['{', '[', '"']) { "\"" } else { "" }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
