//! What would change in a file, for a person to read.

use std::path::Path;

use similar::TextDiff;

const MASK: &str = "***";

/// A unified diff without secrets.
pub(crate) fn unified(path: &Path, before: Option<&str>, after: Option<&str>) -> String {
    let name = path.display().to_string();
    let nothing = "/dev/null".to_owned();
    let (old, new) = (if before.is_some() { &name } else { &nothing }, if after.is_some() { &name } else { &nothing });
    // Masked before they are compared, so that no line of the outcome can hold what was masked. What differs in secrets only
    // is told by a line of its own.
    let (masked_before, masked_after) = (mask(before.unwrap_or_default()), mask(after.unwrap_or_default()));
    if masked_before == masked_after {
        return format!("--- {old}\n+++ {new}\n# the key changes\n");
    }
    TextDiff::from_lines(&masked_before, &masked_after).unified_diff().context_radius(2).header(old, new).to_string()
}

/// The text with the values of secret names and all bearer tokens masked, in JSON and in TOML.
pub(crate) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // The last word, quoted or bare: when a value follows, it is its name.
    let mut name = String::new();
    let (mut secret, mut in_list) = (false, false);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || "_-.".contains(c))).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            ':' | '=' => secret = is_secret(&name),
            // The items of a list share its name.
            '[' => in_list = true,
            ']' => (in_list, secret) = (false, false),
            ',' | '\n' if in_list => {}
            ',' | '\n' | '{' | '}' => secret = false,
            '"' | '\'' => {
                let is_name = rest.trim_start().starts_with([':', '=']);
                if !is_name && (secret || token.contains("Bearer ")) {
                    let bearer = token.find("Bearer ").and_then(|at| token.get(..at + "Bearer ".len()));
                    out.push_str(bearer.unwrap_or(token.get(..1).unwrap_or_default()));
                    out.push_str(MASK);
                    out.push(first);
                    continue;
                }
                token.trim_matches(first).clone_into(&mut name);
            }
            c if c.is_alphanumeric() || c == '_' => token.clone_into(&mut name),
            _ => {}
        }
        out.push_str(token);
    }
    out
}

/// The length of the quoted text at the beginning, quotes included; it ends with the line at the latest.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "SECRET", "PASSW", "AUTH", "CREDENTIAL", "HEADERS", "COOKIE"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests;
