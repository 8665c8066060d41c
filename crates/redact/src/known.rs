//! A value found once is taken wherever else it stands in the same text.

use memchr::memmem;

use crate::{Finding, copies, value};

/// So many values of one text are looked for again.
const VALUES: usize = 8;

/// Adds the other places of the values in `findings`; whether there are any.
pub(crate) fn add(text: &str, findings: &mut Vec<Finding>) -> bool {
    let mut values: Vec<(&str, &'static str)> = Vec::new();
    for finding in findings.iter() {
        let Some(value) = text.get(finding.range.clone()) else { continue };
        if is_sought(value) && values.len() < VALUES && !values.iter().any(|(known, _)| *known == value) {
            values.push((value, finding.rule));
        }
    }
    let before = findings.len();
    let is_found = |start: usize| {
        findings[..before]
            .binary_search_by(|finding| {
                if finding.range.end <= start {
                    std::cmp::Ordering::Less
                } else if finding.range.start > start {
                    std::cmp::Ordering::Greater
                } else {
                    std::cmp::Ordering::Equal
                }
            })
            .is_ok()
    };
    let mut more = Vec::new();
    for (value, rule) in values {
        for start in memmem::find_iter(text.as_bytes(), value) {
            let end = start + value.len();
            if is_edge(text, start, end) && !is_found(start) {
                more.push(Finding { range: start..end, rule, quote: "" });
            }
        }
    }
    let any = !more.is_empty();
    findings.extend(more);
    any
}

/// Whether a value is fit to be remembered (see [`copies`]), and is no name nor id: here its copies may stand in code, in names
/// and in ids, where those of a request are not looked for.
fn is_sought(value: &str) -> bool {
    copies::is_memorable(value) && value::looks_random(value) && !value::is_uuid(value) && !value::is_named(value)
}

/// Whether the value stands alone: no letter or digit goes on before or behind it.
fn is_edge(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (!is_letter(start.checked_sub(1).and_then(|at| bytes.get(at))) || crate::text::ends_escape(bytes, start))
        && !is_letter(bytes.get(end))
}
