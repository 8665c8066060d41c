//! `!var` paths: `@input.data.case`, `@input?.data?.case?`, `@rows[0]["First name"]`.

use super::{Fault, Reference};
use crate::problem::quoted;

/// A name, then members behind a dot or in brackets; `?` behind any of them says that it may be missing.
pub(crate) fn parse(text: &str) -> Result<Reference, Fault> {
    let fault = || {
        let message = format!("{} is no path of a variable", quoted(text));
        Fault::new(message, "write a path such as `@input.data`, `@context.url` or `@input.data?.case`")
    };
    let (sigil, rest) = if let Some(rest) = text.strip_prefix('@') { ("@", rest) } else { ("", text) };
    let (name, mut rest) = name(rest).ok_or_else(fault)?;
    let mut may_miss = false;
    if let Some(behind) = rest.strip_prefix('?') {
        (may_miss, rest) = (true, behind);
    }
    let mut first = None;
    while !rest.is_empty() {
        let (member, behind) = member(rest).ok_or_else(fault)?;
        first = first.or(Some(member));
        rest = behind.strip_prefix('?').unwrap_or(behind);
    }
    Ok(Reference { root: format!("{sigil}{name}"), member: first.map(str::to_owned), may_miss })
}

fn member(rest: &str) -> Option<(&str, &str)> {
    if let Some(rest) = rest.strip_prefix('.') {
        return name(rest);
    }
    let inner = rest.strip_prefix('[')?;
    for quote in ['"', '\''] {
        if let Some(inner) = inner.strip_prefix(quote) {
            let (member, behind) = inner.split_once(quote)?;
            return Some((member, behind.strip_prefix(']')?));
        }
    }
    let (index, behind) = inner.split_once(']')?;
    let is_index = !index.is_empty() && index.chars().all(|char| char.is_ascii_digit());
    is_index.then_some((index, behind))
}

fn name(text: &str) -> Option<(&str, &str)> {
    let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let end = text.find(|char| !is_word(char)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
