//! Takes secrets out of text: `[REDACTED:<rule>]` stands where one was.
//!
//! One pass of a literal automaton over the text finds places where a secret may begin: a word that names one (`token`,
//! `password`), a prefix that providers give their keys (`ghp_`), a URL's `://`. Text without any of them is returned as it
//! came. At each place a small grammar looks a bounded way around, so that the whole is linear in the text:
//!
//! - [`naming`]: `name = value` in headers, environment assignments, flags, query strings, JSON, YAML, XML, at any level of escaping;
//! - [`formats`]: what is a secret by its own form;
//! - [`value`]: whether a named value is a secret at all, or a placeholder, a variable, a count, code.
//!
//! The rest of the crate knows [`Redactor`] and [`Counts`] only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

mod formats;
mod naming;
mod value;

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

    pub(crate) fn add(&mut self, rule: &str, count: u64) {
        if let Ok(at) = RULES.binary_search(&rule)
            && count > 0
        {
            let sum = self.0.entry(RULES[at]).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(rule, count)| self.add(rule, count));
    }

    /// `{"bearer":1,"token":2}`
    pub(crate) fn to_json(&self) -> String {
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
    Format(&'static Format),
}

/// A secret: where it is, and what goes in its place.
struct Finding {
    range: Range<usize>,
    rule: &'static str,
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

    /// The text without its secrets; the same text, borrowed, when it has none.
    pub fn redact<'t>(&self, mut text: Cow<'t, str>, counts: &mut Counts) -> Cow<'t, str> {
        self.redact_in_place(&mut text, counts);
        text
    }

    pub(crate) fn redact_in_place(&self, text: &mut Cow<'_, str>, counts: &mut Counts) {
        for _ in 0..PASSES {
            match self.pass(text, counts) {
                None => break,
                Some(changed) => *text = Cow::Owned(changed),
            }
        }
    }

    /// As [`Self::redact_in_place`], for the value of a map's key: a key that names a secret protects its whole value.
    pub(crate) fn redact_named_in_place(&self, key: &str, text: &mut Cow<'_, str>, counts: &mut Counts) {
        match naming::family(key) {
            Some(family) if value::is_secret(text, family, value::Evidence::Quoted) => {
                counts.add(family.rule(), 1);
                *text = Cow::Owned(placeholder(family.rule()));
            }
            _ => self.redact_in_place(text, counts),
        }
    }

    fn pass(&self, text: &str, counts: &mut Counts) -> Option<String> {
        let mut at = 0;
        let mut copied = 0;
        let mut out = String::new();
        while let Some(hit) = self.automaton.find(Input::new(text).range(at..)) {
            at = hit.end();
            let trigger = self.triggers[hit.pattern().as_usize()];
            let Some(finding) = examine(trigger, text, hit.start(), hit.end()) else { continue };
            let before = text.get(copied..finding.range.start);
            let (Some(before), true) = (before, text.is_char_boundary(finding.range.end)) else { continue };
            out.push_str(before);
            out.push_str(finding.quote);
            out.push_str(&placeholder(finding.rule));
            out.push_str(finding.quote);
            counts.add(finding.rule, 1);
            copied = finding.range.end;
            at = at.max(copied);
        }
        if copied == 0 {
            return None;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        Some(out)
    }
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
        Trigger::Format(format) => formats::prefixed(format, text, start),
    }
}

fn placeholder(rule: &str) -> String {
    format!("[REDACTED:{rule}]")
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
