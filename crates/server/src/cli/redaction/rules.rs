//! The list of rules.

use anyhow::Result;
use redact::rules::{VERSION, builtin};
use redact::{Pii, Treatment};
use sanitize::SENSITIVE_FILE;
use serde_json::{Value, json};

use super::print;
use crate::config::Config;

/// What [`SENSITIVE_FILE`] takes; it is no entry of the table, because it tells by the file and not by the text.
const FILES: &str = "Any value in a file that exists to hold secrets, such as .env or .npmrc";

/// Of a class of personal data.
fn treatment(pii: Pii, rule: &str) -> Option<&'static str> {
    let treatment = match rule {
        "email" => pii.email,
        "ip_address" => pii.ip_address,
        "path_user" => pii.path_user,
        "payment_card" => pii.payment_card,
        _ => return None,
    };
    Some(match treatment {
        None => "off",
        Some(Treatment::Mask) => "mask",
        Some(Treatment::Hash) => "hash",
    })
}

pub(super) fn list(config: &Config, as_json: bool) -> Result<()> {
    let redaction = &config.redaction;
    // a wrong setting is an error here too
    redaction.redactor()?;
    let own = redaction.own_rules()?;
    let files = std::iter::once(json!({"id": SENSITIVE_FILE, "description": FILES}));
    let own = own.iter().map(|rule| {
        json!({
            "id": rule.id,
            "description": rule.description,
            "source": "your settings",
            "matches": rule.matches,
            "rejects": rule.rejects,
        })
    });
    let table = builtin().map(|rule| {
        json!({
            "id": rule.id,
            "description": rule.description,
            "source": rule.source,
            "matches": rule.matches,
            "rejects": rule.rejects,
        })
    });
    let mut rules: Vec<Value> = table.chain(files).chain(own).collect();
    for rule in &mut rules {
        let id = rule["id"].as_str().unwrap_or_default();
        let treatment = treatment(redaction.pii, id);
        rule["enabled"] = (redaction.is_on(id) && treatment != Some("off")).into();
        if let Some(treatment) = treatment {
            rule["treatment"] = treatment.into();
        }
    }
    rules.sort_by(|a, b| a["id"].as_str().cmp(&b["id"].as_str()));
    if as_json {
        print::data(&serde_json::to_string_pretty(&json!({"version": VERSION, "rules": rules}))?);
        return Ok(());
    }
    print::note(&format!("{} rules, version {VERSION}", rules.len()));
    print::data(&format!("{:<32}{:<9}description", "id", "enabled"));
    for rule in &rules {
        let text = |key: &str| rule[key].as_str().unwrap_or_default();
        let enabled = if rule["enabled"] == true { "yes" } else { "no" };
        print::data(&format!("{:<32}{enabled:<9}{}", text("id"), text("description")));
    }
    Ok(())
}
