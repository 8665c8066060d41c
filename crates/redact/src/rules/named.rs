//! Secrets without a form of their own, told by the name of their provider: `ALGOLIA_ADMIN = <32 hex digits>`.
//!
//! A name is split into words at its separators and capitals. A literal begins with one of them, and ends with one when it has
//! fewer than five letters. What a name says of itself wins: an id, an address or a digest is no secret.

use std::cell::OnceCell;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::literals::Table;
use crate::text::Pieces;

use super::{Check, Format, Kind, Rule, rule};

mod data;
mod hosting;
mod service;

/// The rules by name.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    [hosting::RULES, data::RULES, service::RULES].into_iter().flatten()
}

/// The names of providers that promise a secret without a further word, as they are written in identifiers, in lower case.
pub(crate) fn words() -> impl Iterator<Item = String> {
    let alone = rules().filter(|rule| rule.kind == Kind::Named).flat_map(|rule| rule.literals);
    alone.flat_map(|word| {
        let word = word.trim_end_matches('_');
        let dashed = word.contains('_').then(|| [word.replace('_', "-"), word.replace('_', "")]);
        dashed.into_iter().flatten().chain([word.to_owned()])
    })
}

/// The rule of the provider that `name` names, when `value` has the form of its secrets.
pub fn named(name: &str, value: &str) -> Option<&'static Rule> {
    static NAMES: LazyLock<Names> = LazyLock::new(Names::new);
    let is_opaque = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.+/=:|*~".contains(&byte);
    // what each of the rules asks for, see [`Check::Random`]
    let may_be_random = value.len() >= 32 || value.bytes().any(|byte| byte.is_ascii_digit());
    let may_fit =
        may_be_random && name.len() <= LONGEST && VALUE.contains(&value.len()) && value.bytes().all(is_opaque);
    if may_fit { NAMES.find(name, value) } else { None }
}

#[derive(Debug)]
struct Names {
    literals: Table,
    /// By the number of the literal.
    words: Vec<Word>,
    formats: Vec<Format>,
}

#[derive(Clone, Copy, Debug)]
struct Word {
    format: usize,
    /// Ends with a word of the name, too.
    whole: bool,
}

/// Longer names are no identifiers.
const LONGEST: usize = 128;

/// Bytes of a value.
const VALUE: RangeInclusive<usize> = 10..=1024;

impl Names {
    fn new() -> Self {
        let formats: Vec<Format> = rules().map(Format::new).collect();
        let of = |(format, word): (usize, &&'static str)| {
            let literal: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
            let whole = literal.len() < 5 || word.ends_with('_');
            (literal, Word { format, whole })
        };
        let all = formats.iter().enumerate().flat_map(|(at, format)| format.rule.literals.iter().map(move |w| (at, w)));
        let (literals, words): (Vec<String>, Vec<Word>) = all.map(of).unzip();
        let literals: Vec<&str> = literals.iter().map(String::as_str).collect();
        Self { literals: Table::new(&literals), words, formats }
    }

    fn find(&self, name: &str, value: &str) -> Option<&'static Rule> {
        let name = Name::split(name);
        if name.denies() {
            return None;
        }
        let promises = OnceCell::new();
        let mut longest = None;
        self.literals.search(name.letters.as_bytes(), |literal, hit| {
            let Some(word) = self.words.get(literal) else { return };
            let Some(format) = self.formats.get(word.format) else { return };
            let stands = name.is_boundary(hit.start) && (!word.whole || name.is_boundary(hit.end));
            let fits = stands
                && longest.is_none_or(|(length, _)| length <= hit.len())
                && (format.rule.kind == Kind::Named || *promises.get_or_init(|| name.promises()))
                && format.is_value(value);
            if fits {
                longest = Some((hit.len(), format.rule));
            }
        });
        longest.map(|(_, rule)| rule)
    }
}

/// An identifier without its separators, in lower case.
struct Name {
    letters: String,
    /// Where its words begin in `letters`.
    starts: Vec<usize>,
}

/// Words that say that a name holds no secret.
const DENIALS: &[&str] = &[
    "account",
    "branch",
    "bucket",
    "build",
    "callback",
    "checksum",
    "commit",
    "count",
    "dataset",
    "digest",
    "domain",
    "email",
    "enabled",
    "endpoint",
    "etag",
    "file",
    "fingerprint",
    "hash",
    "host",
    "hostname",
    "id",
    "ids",
    "image",
    "index",
    "md5",
    "model",
    "name",
    "org",
    "path",
    "port",
    "project",
    "region",
    "request",
    "revision",
    "sha",
    "sha1",
    "sha256",
    "sid",
    "span",
    "subnet",
    "tag",
    "tenant",
    "trace",
    "uri",
    "url",
    "user",
    "username",
    "uuid",
    "version",
    "workspace",
    "zone",
];

/// Parts of words that promise a secret.
static PROMISES: Pieces = Pieces::of(&[
    "api",
    "auth",
    "bearer",
    "credential",
    "key",
    "license",
    "pass",
    "pat",
    "private",
    "pwd",
    "secret",
    "sk",
    "token",
]);

impl Name {
    fn split(name: &str) -> Self {
        let mut split = Self { letters: String::with_capacity(name.len()), starts: Vec::new() };
        let mut before = b' ';
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() {
                let begins =
                    !before.is_ascii_alphanumeric() || before.is_ascii_lowercase() && byte.is_ascii_uppercase();
                if begins {
                    split.starts.push(split.letters.len());
                }
                split.letters.push(char::from(byte.to_ascii_lowercase()));
            }
            before = byte;
        }
        split
    }

    fn is_boundary(&self, at: usize) -> bool {
        at == self.letters.len() || self.starts.binary_search(&at).is_ok()
    }

    fn last_word(&self) -> &str {
        self.starts.last().and_then(|start| self.letters.get(*start..)).unwrap_or_default()
    }

    fn denies(&self) -> bool {
        DENIALS.binary_search(&self.last_word()).is_ok()
    }

    fn promises(&self) -> bool {
        PROMISES.stand_in(self.letters.as_bytes())
    }
}

/// Told by the provider's name alone.
const fn named_rule(
    id: &'static str,
    description: &'static str,
    source: &'static str,
    words: &'static [&'static str],
    pattern: &'static str,
    matches: &'static [&'static str],
    rejects: &'static [&'static str],
) -> Rule {
    rule(id, description, source, words, pattern, matches, rejects).kind(Kind::Named).check(Check::Random)
}

/// Told by the provider's name and a word that promises a secret.
const fn keyed_rule(
    id: &'static str,
    description: &'static str,
    source: &'static str,
    words: &'static [&'static str],
    pattern: &'static str,
    matches: &'static [&'static str],
    rejects: &'static [&'static str],
) -> Rule {
    rule(id, description, source, words, pattern, matches, rejects).kind(Kind::Keyed).check(Check::Random)
}

#[cfg(test)]
mod tests {
    use super::{DENIALS, named, rules};

    fn id(text: &str) -> Option<&'static str> {
        let (name, value) = text.split_once('=')?;
        named(name, value).map(|rule| rule.id)
    }

    #[test]
    fn each_rule_tells_its_examples_by_the_name() {
        for rule in rules() {
            for example in rule.matches {
                assert_eq!(id(example), Some(rule.id), "{example}");
            }
            for example in rule.rejects {
                assert_ne!(id(example), Some(rule.id), "{example}");
            }
        }
        assert!(DENIALS.is_sorted());
    }

    #[test]
    fn a_provider_is_named_in_any_spelling() {
        let value = "fa15e2d1b3b7c3da2ab852252f4c6a71";
        for name in ["ALGOLIA_ADMIN", "algolia", "searchAlgolia", "my-algolia-writer", "app.algolia.admin"] {
            assert_eq!(id(&format!("{name}={value}")), Some("algolia_key"), "{name}");
        }
        for name in ["algolia_index", "ALGOLIA_TRACE", "algoliaCommit", "algolia_sha256", "algo"] {
            assert_eq!(id(&format!("{name}={value}")), None, "{name}");
        }
        assert_eq!(id(&format!("algolia=x{value}")), None);
    }
}
