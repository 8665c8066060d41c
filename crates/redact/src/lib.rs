//! Takes secrets out of text: `[REDACTED:<rule>:<hash>]` stands where one was, with the keyed hash of [`HashKey`].
//!
//! One pass of a literal automaton over the text finds places where a secret may begin: a word that names one (`token`,
//! `password`), a prefix that providers give their keys (`ghp_`), a URL's `://`. Text without any of them is returned as it
//! came. At each place a small grammar looks a bounded way around, so that the whole is linear in the text:
//!
//! - [`naming`]: `name = value` in headers, environment assignments, flags, query strings, JSON, YAML, XML, at any level of escaping;
//! - [`formats`]: what is a secret by its own form;
//! - [`value`]: whether a named value is a secret at all, or a placeholder, a variable, a count, code.
//!
//! Architecture invariant: pure; no clock, no I/O, no environment.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

mod formats;
mod naming;
mod placeholder;
mod value;

pub use placeholder::HashKey;

use formats::Format;
use naming::Family;

/// The rules by name, sorted.
pub const RULES: &[&str] = &[
    "anthropic_key",
    "api_key",
    "authorization",
    "aws_access_key",
    "basic",
    "bearer",
    "cookie",
    "credential",
    "curl_user",
    "github_token",
    "gitlab_token",
    "google_key",
    "huggingface_token",
    "jwt",
    "npm_token",
    "openai_key",
    "password",
    "private_key",
    "pypi_token",
    "secret",
    "slack_token",
    "stripe_key",
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

    pub fn add(&mut self, rule: &str, count: u64) {
        if let Ok(at) = RULES.binary_search(&rule)
            && count > 0
        {
            let sum = self.0.entry(RULES[at]).or_default();
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
    automaton: AhoCorasick,
    /// By pattern number of the automaton.
    triggers: Vec<Trigger>,
}

/// What may begin where a literal was found.
#[derive(Clone, Copy, Debug)]
enum Trigger {
    /// A word that names a secret.
    Name,
    /// `Bearer`, which is a name and a scheme.
    Bearer,
    Basic,
    UrlAuthority,
    PrivateKey,
    Jwt,
    Curl,
    /// Our own text, in which nothing begins.
    Placeholder,
    Format(&'static Format),
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

/// A text that still changes after this many passes is left as it is then; each pass strictly removes secrets, and two do for
/// everything seen.
const PASSES: usize = 4;

impl Redactor {
    pub fn new() -> Self {
        let fixed = [
            ("bearer", Trigger::Bearer),
            ("basic ", Trigger::Basic),
            ("://", Trigger::UrlAuthority),
            (":\\/\\/", Trigger::UrlAuthority),
            ("-----begin", Trigger::PrivateKey),
            ("eyj", Trigger::Jwt),
            ("curl", Trigger::Curl),
            (placeholder::START, Trigger::Placeholder),
        ];
        let names = naming::WORDS.iter().map(|(word, _)| (*word, Trigger::Name));
        let formats = formats::FORMATS.iter().map(|format| (format.prefix, Trigger::Format(format)));
        let (literals, triggers): (Vec<&str>, Vec<Trigger>) = fixed.into_iter().chain(names).chain(formats).unzip();
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::DFA))
            .build(literals)
            .expect("a fixed list of short literals fits the automaton");
        Self { automaton, triggers }
    }

    /// The secrets of a text, in its order, apart from each other.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut at = 0;
        while let Some(hit) = self.automaton.find(Input::new(text).range(at..)) {
            at = hit.end();
            let trigger = self.triggers[hit.pattern().as_usize()];
            if let Trigger::Placeholder = trigger {
                at += placeholder::rest(text.get(at..).unwrap_or_default());
                continue;
            }
            let Some(finding) = examine(trigger, text, hit.start(), hit.end()) else { continue };
            let whole = text.get(finding.range.clone()).is_some();
            let apart = findings.last().is_none_or(|last: &Finding| last.range.end <= finding.range.start);
            if whole && apart {
                at = at.max(finding.range.end);
                findings.push(finding);
            }
        }
        findings
    }

    /// As [`Self::find`], for the value of a map's key: a key that names a secret protects its whole value.
    pub fn find_named(&self, name: &str, text: &str) -> Vec<Finding> {
        match naming::family(name) {
            Some(family) if value::is_secret(text, family, value::Evidence::Quoted) => {
                vec![Finding { range: 0..text.len(), rule: family.rule(), quote: "" }]
            }
            _ => self.find(text),
        }
    }

    /// To replace what is found by placeholders of one tenant.
    pub fn with_key<'r>(&'r self, key: &'r HashKey) -> Keyed<'r> {
        Keyed { redactor: self, key }
    }
}

/// The rules, with the key of a tenant's placeholders.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'r> {
    redactor: &'r Redactor,
    key: &'r HashKey,
}

impl Keyed<'_> {
    /// The text without its secrets; the same text, borrowed, when it has none.
    pub fn redact<'t>(&self, mut text: Cow<'t, str>, counts: &mut Counts) -> Cow<'t, str> {
        self.redact_in_place(&mut text, counts);
        text
    }

    pub fn redact_in_place(&self, text: &mut Cow<'_, str>, counts: &mut Counts) {
        for _ in 0..PASSES {
            let findings = self.redactor.find(text);
            if findings.is_empty() {
                break;
            }
            *text = Cow::Owned(replace(self.key, text, &findings, counts));
        }
    }

    /// As [`Self::redact_in_place`], for the value of a map's key; see [`Redactor::find_named`].
    pub fn redact_named_in_place(&self, name: &str, text: &mut Cow<'_, str>, counts: &mut Counts) {
        let findings = self.redactor.find_named(name, text);
        if !findings.is_empty() {
            *text = Cow::Owned(replace(self.key, text, &findings, counts));
            self.redact_in_place(text, counts);
        }
    }
}

/// The text with each finding's placeholder in its place.
fn replace(key: &HashKey, text: &str, findings: &[Finding], counts: &mut Counts) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for Finding { range, rule, quote } in findings {
        out.push_str(text.get(copied..range.start).unwrap_or_default());
        let secret = text.get(range.clone()).unwrap_or_default();
        out.push_str(quote);
        out.push_str(&key.placeholder(rule, secret));
        out.push_str(quote);
        counts.add(rule, 1);
        copied = range.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new()
    }
}

fn examine(trigger: Trigger, text: &str, start: usize, end: usize) -> Option<Finding> {
    match trigger {
        Trigger::Name => naming::assignment(text, start, end),
        Trigger::Bearer => naming::assignment(text, start, end).or_else(|| naming::bearer(text, end)),
        Trigger::Basic => naming::basic(text, end),
        Trigger::UrlAuthority => formats::url_user(text, end),
        Trigger::PrivateKey => formats::private_key(text, start),
        Trigger::Jwt => formats::jwt(text, start),
        Trigger::Curl => naming::curl_user(text, end),
        Trigger::Placeholder => None,
        Trigger::Format(format) => formats::prefixed(format, text, start),
    }
}

impl Family {
    fn rule(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::ApiKey => "api_key",
            Self::Secret => "secret",
            Self::Credential => "credential",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
        }
    }
}

#[cfg(test)]
mod tests;
