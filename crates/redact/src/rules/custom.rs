//! Rules of users: `[[redaction.rules]]` of the configuration, and files in the form of gitleaks.
//!
//! A rule is looked for around its keywords only: from [`BEHIND`] bytes before one to [`AHEAD`] bytes after it. Where such windows
//! meet they are one, so that no byte is read twice for a rule, however dense its keywords are.
//!
//! Patterns are those of the `regex` crate over bytes, in which `\w`, `\d`, `\s`, `\b` and `(?i)` mean ASCII, as in Go.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::check;
use crate::RuleError;

/// A rule as a user writes it. An example, in TOML:
///
/// ```toml
/// id = "acme_key"
/// description = "key of the Acme gateway"
/// keywords = ["acme_"]
/// pattern = 'acme_[0-9a-f]{24}'
/// matches = ["acme_fa15e2d1b3b7c3da2ab85225"]
/// rejects = ["acme_gateway"]
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomRule {
    /// `lower_snake_case`; stands in the placeholder.
    pub id: String,
    #[serde(default)]
    pub description: String,
    /// In any case; one of them is near each secret.
    pub keywords: Vec<String>,
    pub pattern: String,
    /// The group of the pattern that is the secret: 0 is the whole, none the first group or the whole.
    #[serde(default)]
    pub group: Option<usize>,
    /// The fewest bits of entropy (Shannon) a byte of the secret.
    #[serde(default)]
    pub entropy: f64,
    /// Secrets that match one of these patterns are let through.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Secrets that contain one of these texts, in any case, are let through.
    #[serde(default)]
    pub stopwords: Vec<String>,
    /// Texts in which it finds something.
    #[serde(default)]
    pub matches: Vec<String>,
    /// Texts in which it finds nothing.
    #[serde(default)]
    pub rejects: Vec<String>,
}

/// Bytes before a keyword where a match may begin.
const BEHIND: usize = 128;

/// Bytes after a keyword that a match may use. A match that fills them is taken to its end, up to [`FARTHEST`] bytes.
const AHEAD: usize = 2048;

const FARTHEST: usize = 1 << 16;

/// Bytes of a compiled pattern, which bound its time a byte.
const PROGRAM: usize = 1 << 20;

/// Times that a text may be read for one rule: once by the windows, and again where matches overlap their ends.
const FACTOR: usize = 4;

/// The rules of a user, checked.
#[derive(Debug, Default)]
pub(crate) struct Customs {
    rules: Vec<Checked>,
    /// Rules by the number of their keyword.
    starts: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Checked {
    id: &'static str,
    description: &'static str,
    keywords: Vec<String>,
    regex: Regex,
    group: Option<usize>,
    entropy: f64,
    allow: Vec<Regex>,
    stopwords: Vec<String>,
}

/// Where the rules of a user are to be looked for in one text, by rule.
#[derive(Debug, Default)]
pub(crate) struct Windows(Vec<Vec<Range<usize>>>);

impl Customs {
    /// With the keywords for the automaton, in lower case and without doubles; their numbers are their places.
    pub(crate) fn new(rules: &[CustomRule]) -> Result<(Vec<String>, Self), RuleError> {
        let rules = rules.iter().map(Checked::new).collect::<Result<Vec<_>, _>>()?;
        let mut starts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for keyword in &rule.keywords {
                starts.entry(keyword.clone()).or_default().push(at);
            }
        }
        let (keywords, starts) = starts.into_iter().unzip();
        Ok((keywords, Self { rules, starts }))
    }

    /// Id and description of each.
    pub(crate) fn list(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.rules.iter().map(|rule| (rule.id, rule.description))
    }

    pub(crate) fn windows(&self) -> Windows {
        Windows(vec![Vec::new(); self.rules.len()])
    }

    /// Takes note of a keyword; they come in the order of the text.
    pub(crate) fn note(&self, windows: &mut Windows, keyword: usize, hit: Range<usize>, text: &str) {
        for rule in self.starts.get(keyword).into_iter().flatten() {
            if let Some(windows) = windows.0.get_mut(*rule) {
                add_window(windows, hit.clone(), text.len());
            }
        }
    }

    /// What the rules find in their windows: place and rule, in the order of the rules.
    pub(crate) fn find(&self, text: &str, windows: &Windows) -> Vec<(Range<usize>, &'static str)> {
        let mut found = Vec::new();
        for (rule, windows) in self.rules.iter().zip(&windows.0) {
            for window in windows {
                rule.find(text, window.clone(), &mut |range| found.push((range, rule.id)));
            }
        }
        found
    }
}

fn add_window(windows: &mut Vec<Range<usize>>, hit: Range<usize>, length: usize) {
    let (start, end) = (hit.start.saturating_sub(BEHIND), length.min(hit.end + AHEAD));
    match windows.last_mut() {
        Some(last) if start <= last.end => last.end = last.end.max(end),
        _ => windows.push(start..end),
    }
}

impl Checked {
    fn new(rule: &CustomRule) -> Result<Self, RuleError> {
        let id = rule.id.clone();
        let is_id = !id.is_empty() && id.len() <= 64;
        if !is_id || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Err(RuleError::Id { id });
        }
        if rule.pattern.is_empty() {
            return Err(RuleError::NoPattern { id });
        }
        let keywords: Vec<String> = rule.keywords.iter().map(|keyword| keyword.to_ascii_lowercase()).collect();
        if keywords.is_empty() || keywords.iter().any(|keyword| keyword.len() < 2) {
            return Err(RuleError::Keywords { id });
        }
        let regex = compile(&rule.id, &rule.pattern)?;
        if regex.is_match(b"") {
            return Err(RuleError::Empty { id });
        }
        if rule.group.is_some_and(|group| group >= regex.captures_len()) {
            return Err(RuleError::Group { id });
        }
        let allow = rule.allow.iter().map(|pattern| compile(&rule.id, pattern)).collect::<Result<Vec<_>, _>>()?;
        let stopwords = rule.stopwords.iter().map(|word| word.to_ascii_lowercase()).collect();
        let (group, entropy) = (rule.group, rule.entropy);
        // a rule lives as long as the process
        let (id, description) = (&*id.leak(), &*rule.description.clone().leak());
        let checked = Self { id, description, keywords, regex, group, entropy, allow, stopwords };
        checked.judge(rule)?;
        Ok(checked)
    }

    /// By its own examples, and by what it costs on texts of its keywords and examples over and over.
    fn judge(&self, rule: &CustomRule) -> Result<(), RuleError> {
        let id = || rule.id.clone();
        for (nth, text) in rule.matches.iter().enumerate() {
            if self.search(text).0 == 0 {
                return Err(RuleError::Misses { id: id(), example: nth + 1 });
            }
        }
        for (nth, text) in rule.rejects.iter().enumerate() {
            if self.search(text).0 > 0 {
                return Err(RuleError::Takes { id: id(), example: nth + 1 });
            }
        }
        for text in self.keywords.iter().chain(&rule.matches).chain(&rule.rejects).filter(|text| !text.is_empty()) {
            let text = text.repeat(1 + 4 * AHEAD / text.len());
            let (_, read) = self.search(&text);
            if read > FACTOR * text.len() {
                return Err(RuleError::Slow { id: id(), factor: read / text.len(), most: FACTOR });
            }
        }
        Ok(())
    }

    /// How many secrets a text has, and how many of its bytes were read, some of them again.
    fn search(&self, text: &str) -> (usize, usize) {
        let mut windows = Vec::new();
        let lower = text.to_ascii_lowercase();
        let mut hits: Vec<usize> =
            self.keywords.iter().flat_map(|k| lower.match_indices(k.as_str()).map(|(at, _)| at)).collect();
        hits.sort_unstable();
        for at in hits {
            add_window(&mut windows, at..at + 1, text.len());
        }
        let mut found = 0;
        let read = windows.into_iter().map(|window| self.find(text, window, &mut |_| found += 1)).sum();
        (found, read)
    }

    /// Tells the secrets in a window; returns how many bytes were read for it.
    fn find(&self, text: &str, window: Range<usize>, tell: &mut impl FnMut(Range<usize>)) -> usize {
        let bytes = text.as_bytes();
        let Some(mut near) = bytes.get(..window.end) else { return 0 };
        let (mut at, mut read) = (window.start, 0);
        while at < near.len() {
            let Some(mut found) = self.regex.captures_at(near, at) else { return read + near.len() - at };
            let mut whole = found.get_match().range();
            read += whole.end - at;
            if whole.end == near.len() && near.len() < bytes.len() {
                near = bytes.get(..bytes.len().min(whole.start + FARTHEST)).unwrap_or(near);
                let Some(longer) = self.regex.captures_at(near, whole.start) else { return read };
                found = longer;
                read += found.get_match().end() - whole.start;
                whole = found.get_match().range();
            }
            let group = self.group.unwrap_or(usize::from(self.regex.captures_len() > 1));
            let secret = found.get(group).unwrap_or(found.get_match());
            if !secret.is_empty() && text.get(secret.range()).is_some() && self.accepts(secret.as_bytes()) {
                tell(secret.range());
            }
            at = whole.end.max(at + 1);
        }
        read
    }

    fn accepts(&self, secret: &[u8]) -> bool {
        let lower = secret.to_ascii_lowercase();
        check::entropy(secret) >= self.entropy
            && !self.allow.iter().any(|allow| allow.is_match(secret))
            && !self.stopwords.iter().any(|word| memchr::memmem::find(&lower, word.as_bytes()).is_some())
    }
}

fn compile(id: &str, pattern: &str) -> Result<Regex, RuleError> {
    let compiled = RegexBuilder::new(pattern).unicode(false).size_limit(PROGRAM).dfa_size_limit(PROGRAM).build();
    compiled.map_err(|error| RuleError::Pattern { id: id.to_owned(), reason: error.to_string() })
}
