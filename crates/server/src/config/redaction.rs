//! What is redacted: the rules, the classes of personal data, what is remembered.
//!
//! Everything but the rules of users is a setting as all others. Those are tables, `[[redaction.rules]]`, in the file alone.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use redact::{CustomRule, Options, Pii, Redactor, Treatment};
use sanitize::{Bounds, MAX_VALUE_BYTES, SENSITIVE_FILE, Sanitizer, SenderEmail};

use super::Config;

#[derive(Clone, Debug)]
pub struct Redaction {
    /// Ids of rules that are off.
    pub disable: Vec<String>,
    /// Of the file of settings.
    pub rules: Vec<CustomRule>,
    /// More rules, in the form of gitleaks.
    pub gitleaks_rules: Option<PathBuf>,
    pub pii: Pii,
    /// The columns that identify the sender.
    pub sender_email: SenderEmail,
    /// A longer value is withheld unseen.
    pub max_value_bytes: usize,
    /// Of values that were found once.
    pub known_values: Bounds,
}

impl Default for Redaction {
    fn default() -> Self {
        Self {
            disable: Vec::new(),
            rules: Vec::new(),
            gitleaks_rules: None,
            pii: Pii::default(),
            sender_email: SenderEmail::Keep,
            max_value_bytes: MAX_VALUE_BYTES,
            known_values: Bounds::default(),
        }
    }
}

impl Redaction {
    /// The rules as they are configured, each checked. An error names the rule and what is wrong with it.
    pub fn redactor(&self) -> Result<Redactor> {
        let options = Options {
            disable: self.disable.iter().filter(|id| *id != SENSITIVE_FILE).cloned().collect(),
            rules: self.own_rules()?,
            pii: self.pii,
            ..Options::default()
        };
        Ok(Redactor::with_options(&options)?)
    }

    /// The rules of the user, of both kinds.
    pub fn own_rules(&self) -> Result<Vec<CustomRule>> {
        let mut rules = self.rules.clone();
        if let Some(path) = &self.gitleaks_rules {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            let more = CustomRule::from_gitleaks(&text);
            rules.extend(more.with_context(|| format!("in {}, `redaction.gitleaks_rules`", path.display()))?);
        }
        Ok(rules)
    }

    /// `[[redaction.rules]]`
    pub(super) fn add_rules(&mut self, tables: &[toml::Value]) -> Result<()> {
        for (number, table) in (1..).zip(tables) {
            let id = table.get("id").and_then(toml::Value::as_str).unwrap_or("without an id");
            match table.clone().try_into() {
                Ok(rule) => self.rules.push(rule),
                Err(error) => bail!("`redaction.rules`, number {number} ({id}): {}", error.message()),
            }
        }
        Ok(())
    }

    pub(crate) fn is_on(&self, rule: &str) -> bool {
        !self.disable.iter().any(|id| id == rule)
    }
}

/// `off`, `mask`, `hash`.
pub(super) fn treatment(text: &str) -> Result<Option<Treatment>, &'static str> {
    match text {
        "off" | "" => Ok(None),
        "mask" => Ok(Some(Treatment::Mask)),
        "hash" => Ok(Some(Treatment::Hash)),
        _ => Err("off, mask or hash"),
    }
}

pub(super) fn sender_email(text: &str) -> Result<SenderEmail, &'static str> {
    match text {
        "keep" => Ok(SenderEmail::Keep),
        "hash" => Ok(SenderEmail::Hash),
        _ => Err("keep or hash"),
    }
}

impl Config {
    /// Policy and rules, ready for use.
    pub fn sanitizer(&self) -> Result<Sanitizer> {
        let redaction = &self.redaction;
        Ok(Sanitizer::with_redactor(self.capture.clone(), redaction.redactor()?)
            .with_max_value_bytes(redaction.max_value_bytes)
            .with_sender_email(redaction.sender_email)
            .with_kept_queries(self.product.keep_query)
            .with_sensitive_files(redaction.is_on(SENSITIVE_FILE)))
    }
}
