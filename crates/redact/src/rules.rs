//! The rules as data: what a provider's secrets look like, and the page that says so.
//!
//! A format begins at one of its literals, which the automaton finds. Its pattern is compiled when the first of them is seen (a
//! hook of the client lives for milliseconds), and is matched anchored there, in a window of [`REACH`] bytes, so that the whole
//! stays linear; a match that fills its window is then taken to its end. What may stand before it is in [`edge`].

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder};

mod chat;
mod check;
mod cloud;
mod context;
mod custom;
mod database;
mod edge;
mod git;
mod gitleaks;
mod hosting;
mod model;
mod monitor;
mod named;
mod package;
mod payment;
mod service;
mod vault;

pub use check::Check;
pub use custom::CustomRule;
pub(crate) use custom::{Customs, Windows};
pub use named::named;
pub(crate) use named::words;

use edge::Edge;

/// Raised whenever the rules change: the day, and a number within it.
pub const VERSION: &str = "2026-11-21.3";

/// One kind of secret.
#[derive(Debug)]
pub struct Rule {
    /// `lower_snake_case`; stands in the placeholder.
    pub id: &'static str,
    pub description: &'static str,
    /// The page that documents the format.
    pub source: &'static str,
    /// Where it may begin, in any case. A match contains one of them.
    pub literals: &'static [&'static str],
    /// In the syntax of the `regex` crate, over bytes. Group 1 is the secret, or the whole when there is none.
    pub pattern: &'static str,
    /// Secrets that match as a whole.
    pub matches: &'static [&'static str],
    pub rejects: &'static [&'static str],
    pub kind: Kind,
    check: Check,
    lead: Lead,
    /// Bytes besides those of [`Edge`] behind which it does not begin.
    joins: &'static [u8],
}

/// How a rule tells its secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By their own form, which has a literal.
    Format,
    /// A value of this form, by a name that has one of the literals in it: the provider's.
    Named,
    /// As [`Self::Named`], where the name says that a secret follows, too.
    Keyed,
    /// By a grammar of what stands around them.
    Context,
}

/// The part of a secret before its literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lead {
    None,
    /// `min` to `max` bytes, each a letter, a digit or one of `others`.
    Run {
        others: &'static [u8],
        min: usize,
        max: usize,
    },
    /// The scheme of a URL and the names before the literal in its host, none of which the pattern tells.
    Url,
}

/// As far as a pattern looks before it is known to match.
const REACH: usize = 512;

/// Bytes of a compiled pattern.
const PROGRAM: usize = 1 << 20;

static FAMILIES: [&[Rule]; 11] = [
    chat::RULES,
    cloud::RULES,
    database::RULES,
    git::RULES,
    hosting::RULES,
    model::RULES,
    monitor::RULES,
    package::RULES,
    payment::RULES,
    service::RULES,
    vault::RULES,
];

/// The rules by format of this version.
pub(crate) fn formats() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().copied().flatten()
}

/// The rules of this version: by format, by the names of providers, by context, and the classes of personal data.
pub fn builtin() -> impl Iterator<Item = &'static Rule> {
    formats().chain(named::rules()).chain(context::RULES).chain(context::PERSONAL)
}

/// The rule of this version that has this id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    static SORTED: LazyLock<BTreeMap<&str, &Rule>> = LazyLock::new(|| builtin().map(|rule| (rule.id, rule)).collect());
    SORTED.get(id).copied()
}

/// Rules, ready to be looked for.
#[derive(Debug)]
pub(crate) struct Formats {
    formats: Vec<Format>,
    /// By the number of a literal: which formats may begin there.
    starts: Vec<Vec<Start>>,
}

/// A format, with one of its literals.
#[derive(Debug)]
struct Start {
    format: usize,
    /// The literal's length.
    length: usize,
    edge: Edge,
}

impl Formats {
    /// With the literals for the automaton, in lower case and without doubles; their numbers are their places.
    pub(crate) fn new(rules: impl Iterator<Item = &'static Rule>) -> (Vec<String>, Self) {
        let formats: Vec<Format> = rules.map(Format::new).collect();
        let mut starts: BTreeMap<String, Vec<Start>> = BTreeMap::new();
        for (at, format) in formats.iter().enumerate() {
            for literal in format.rule.literals {
                let start = Start { format: at, length: literal.len(), edge: Edge::of(literal) };
                starts.entry(literal.to_ascii_lowercase()).or_default().push(start);
            }
        }
        let (literals, starts) = starts.into_iter().unzip();
        (literals, Self { formats, starts })
    }

    /// The secret that has the literal of this number at `at`.
    pub(crate) fn find(&self, literal: usize, text: &str, at: usize) -> Option<(Range<usize>, &'static Rule)> {
        self.starts.get(literal)?.iter().find_map(|start| {
            let format = self.formats.get(start.format)?;
            Some((format.find_at(text, at..at + start.length, start.edge)?, format.rule))
        })
    }
}

/// An entry of a table; what is rarely needed follows by the methods below.
const fn rule(
    id: &'static str,
    description: &'static str,
    source: &'static str,
    literals: &'static [&'static str],
    pattern: &'static str,
    matches: &'static [&'static str],
    rejects: &'static [&'static str],
) -> Rule {
    Rule {
        id,
        description,
        source,
        literals,
        pattern,
        matches,
        rejects,
        kind: Kind::Format,
        check: Check::Mixed,
        lead: Lead::None,
        joins: b"",
    }
}

impl Rule {
    const fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Instead of [`Check::Mixed`].
    const fn check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    const fn lead(mut self, min: usize, max: usize, others: &'static [u8]) -> Self {
        self.lead = Lead::Run { others, min, max };
        self
    }

    const fn url(mut self) -> Self {
        self.lead = Lead::Url;
        self
    }

    const fn joins(mut self, joins: &'static [u8]) -> Self {
        self.joins = joins;
        self
    }

    /// Where its pattern begins when its literal is at `literal`.
    fn start(&self, bytes: &[u8], literal: usize, edge: Edge) -> Option<usize> {
        match self.lead {
            Lead::None => edge.is_at(bytes, literal, self.joins).then_some(literal),
            Lead::Url => Some(literal),
            Lead::Run { others, min, max } => {
                let before = bytes.get(..literal)?.iter().rev().take(max + edge::LONGEST);
                let length = before.take_while(|b| b.is_ascii_alphanumeric() || others.contains(b)).count();
                // an escape such as `\n` before it gave its letters to the run
                let escape = (1..=edge::LONGEST)
                    .filter(|n| length >= min + n)
                    .find(|n| edge::escape(bytes, literal - length + n) == *n);
                let length = length - escape.unwrap_or(0);
                // … or text before it a mark
                let is_behind_mark = || bytes.get(literal - max - 1).is_some_and(|byte| others.contains(byte));
                let length = if length > max && is_behind_mark() { max } else { length };
                (min..=max).contains(&length).then(|| literal - length)
            }
        }
    }
}

/// The match and the secret in it. Only a match is looked through for groups, which is the slower part.
fn secret(regex: &Regex, bytes: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let whole = regex.find(bytes)?.range();
    let group = if regex.captures_len() > 1 { regex.captures(bytes)?.get(1) } else { None };
    let secret = group.map_or_else(|| whole.clone(), |group| group.range());
    Some((whole, secret))
}

/// Where the URL begins that has `at` in its host.
fn url_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    let names = before.bytes().rev().take(64).take_while(|b| b.is_ascii_alphanumeric() || b"-.".contains(b)).count();
    let host = at - names;
    let scheme = ["https://", "http://", "wss://", r"https:\/\/", "https%3A%2F%2F"];
    let scheme = scheme.into_iter().find(|scheme| before.get(..host).is_some_and(|before| before.ends_with(scheme)));
    scheme.map_or(if names > 0 { host } else { at }, |scheme| host - scheme.len())
}

/// A rule, and its pattern once it was needed.
#[derive(Debug)]
struct Format {
    rule: &'static Rule,
    regex: OnceLock<Option<Regex>>,
}

impl Format {
    fn new(rule: &'static Rule) -> Self {
        Self { rule, regex: OnceLock::new() }
    }

    /// Whether a named value is the secret.
    fn is_value(&self, value: &str) -> bool {
        let value = value.as_bytes();
        self.regex().is_some_and(|regex| regex.is_match(value)) && self.rule.check.accepts(value, value)
    }

    /// The secret whose literal stands at `literal`.
    fn find_at(&self, text: &str, literal: Range<usize>, edge: Edge) -> Option<Range<usize>> {
        let bytes = text.as_bytes();
        let start = self.rule.start(bytes, literal.start, edge)?;
        let rest = bytes.get(start..)?;
        let regex = self.regex()?;
        let window = rest.get(..rest.len().min(REACH))?;
        let (whole, secret) = secret(regex, window)?;
        let ends_word = !rest.get(whole.end).is_some_and(u8::is_ascii_alphanumeric);
        if whole.end < window.len() && !ends_word {
            return None;
        }
        let of_literal = if start + secret.start == literal.start { literal.len() } else { 0 };
        let text_of_secret = window.get(secret.clone())?;
        if !self.rule.check.accepts(text_of_secret, text_of_secret.get(of_literal..)?) {
            return None;
        }
        let is_cut = whole.end == window.len() && window.len() < rest.len();
        let range = if is_cut { self::secret(regex, rest)?.1 } else { secret };
        let takes_url = self.rule.lead == Lead::Url && range.start == 0;
        let begin = if takes_url { url_start(text, start) } else { start + range.start };
        Some(begin..start + range.end)
    }

    fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let end = if let Kind::Format = self.rule.kind { "" } else { "$" };
            let pattern = format!("^(?:{}){end}", self.rule.pattern);
            RegexBuilder::new(&pattern).unicode(false).size_limit(PROGRAM).build().ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }
}

#[cfg(test)]
mod tests;
