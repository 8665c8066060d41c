//! A value found once is taken wherever else it stands in the same text.

use memchr::memmem;

use crate::{Finding, value};

/// So many values of one text are looked for again.
const VALUES: usize = 8;

/// Lengths of values that are looked for: shorter ones may be words, longer ones are not written twice by hand.
const LENGTHS: std::ops::RangeInclusive<usize> = 10..=512;

/// Adds the other places of the values in `findings`; whether there are any.
pub(crate) fn add(text: &str, findings: &mut Vec<Finding>) -> bool {
    let mut values: Vec<(&str, &'static str)> = Vec::new();
    for finding in findings.iter() {
        let Some(value) = text.get(finding.range.clone()) else { continue };
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
        let is_sought = digits > 2
            && letters > 2
            && !value.contains('\\')
            && LENGTHS.contains(&value.len())
            && value::looks_random(value)
            && !value::is_uuid(value)
            && !value::is_named(value);
        if is_sought && values.len() < VALUES && !values.iter().any(|(known, _)| *known == value) {
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

/// Whether the value stands alone: no letter or digit goes on before or behind it.
fn is_edge(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (!is_letter(start.checked_sub(1).and_then(|at| bytes.get(at))) || crate::text::ends_escape(bytes, start))
        && !is_letter(bytes.get(end))
}
