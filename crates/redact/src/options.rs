//! What a user may choose: `[redaction]` of the configuration.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

use crate::pii::Pii;
use crate::rules::{self, CustomRule};

/// The table `[redaction]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Ids of rules that are switched off.
    pub disable: Vec<String>,
    /// `[[redaction.rules]]`
    pub rules: Vec<CustomRule>,
    /// A file of rules in the form of gitleaks. The program reads it and adds [`CustomRule::from_gitleaks`] to `rules`.
    pub gitleaks_rules: Option<PathBuf>,
    /// `[redaction.pii]`
    pub pii: Pii,
    /// The redactor is for one text: it is made quickly rather than searches fast.
    #[serde(skip)]
    pub short_lived: bool,
}

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("no redaction rule is called `{id}`; the nearest is `{nearest}`")]
    Unknown { id: String, nearest: String },
    #[error("redaction rule `{id}`: an id has 1 to 64 lower-case letters, digits and underscores")]
    Id { id: String },
    #[error("redaction rule `{id}`: another rule of the configuration has this id; give it one of its own")]
    Twice { id: String },
    #[error(
        "redaction rule `{id}`: it has no keyword of 2 bytes or more and would be looked for everywhere, which is too slow"
    )]
    Keywords { id: String },
    #[error("redaction rule `{id}`: it has no pattern for text; disable it")]
    NoPattern { id: String },
    #[error("redaction rule `{id}`: its pattern cannot be used: {reason}")]
    Pattern { id: String, reason: String },
    #[error("redaction rule `{id}`: its pattern has no group of this number")]
    Group { id: String },
    #[error("redaction rule `{id}`: its pattern matches the empty text")]
    Empty { id: String },
    #[error("redaction rule `{id}`: it finds nothing in number {example} of its `matches`")]
    Misses { id: String, example: usize },
    #[error("redaction rule `{id}`: it finds something in number {example} of its `rejects`")]
    Takes { id: String, example: usize },
    #[error(
        "redaction rule `{id}`: it is too slow: it reads a text of its own keywords {factor} times, at most {most} are allowed"
    )]
    Slow { id: String, factor: usize, most: usize },
    #[error("the redaction rules are no valid TOML of this form: {reason}")]
    Toml { reason: String },
}

impl Options {
    /// The rules that are switched off, each of which there is.
    pub(crate) fn disabled(&self) -> Result<BTreeSet<String>, RuleError> {
        let known: Vec<&str> = ids().chain(self.rules.iter().map(|rule| rule.id.as_str())).collect();
        for id in &self.disable {
            if !known.contains(&id.as_str()) {
                let nearest = known.iter().min_by_key(|known| strsim::levenshtein(known, id));
                let nearest = nearest.copied().unwrap_or_default().to_owned();
                return Err(RuleError::Unknown { id: id.clone(), nearest });
            }
        }
        Ok(self.disable.iter().cloned().collect())
    }

    /// The rules of the user that are on, none of which has the id of another. One of this version may have it: they go together.
    pub(crate) fn customs(&self, disabled: &BTreeSet<String>) -> Result<Vec<CustomRule>, RuleError> {
        let on: Vec<CustomRule> = self.rules.iter().filter(|rule| !disabled.contains(&rule.id)).cloned().collect();
        let mut seen = BTreeSet::new();
        match on.iter().find(|rule| !seen.insert(rule.id.as_str())) {
            Some(twice) => Err(RuleError::Twice { id: twice.id.clone() }),
            None => Ok(on),
        }
    }
}

/// The ids of this version.
fn ids<'i>() -> impl Iterator<Item = &'i str> {
    rules::builtin().map(|rule| rule.id)
}

#[cfg(test)]
mod tests;
