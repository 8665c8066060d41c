//! A column of a table whose head promises a secret: Markdown's bars.

use super::assignment::Named;
use super::extent::{End, Extent};
use crate::find::Found;
use crate::text::{self, line_end};
use crate::value::Evidence;

/// So many rows are looked at.
const ROWS: usize = 32;

/// The cells below a head that stands between bars; whether it was such a head.
pub(super) fn find(named: &Named<'_>, found: &mut Found) -> bool {
    let bytes = named.text.as_bytes();
    if !found.spend(128) {
        return false;
    }
    let before = text::back(bytes, named.range.start, 128, |byte| byte != b'\n');
    let Some(head) = bytes.get(named.range.start - before..named.range.start) else { return false };
    let column = memchr::memchr_iter(b'|', head).count();
    let mut at = line_end(bytes, named.range.end);
    let is_rule = |line: &[u8]| line.len() > 2 && line.iter().all(|byte| b"|-: \r".contains(byte));
    let rule = bytes.get(at + 1..line_end(bytes, at + 1).max(at + 1)).unwrap_or_default();
    if column == 0 || bytes.get(at) != Some(&b'\n') || !is_rule(rule) {
        return false;
    }
    at = at + 1 + rule.len();
    for _ in 0..ROWS {
        let start = at + 1;
        let end = line_end(bytes, start);
        let Some(row) = bytes.get(start..end) else { break };
        if !found.spend(row.len() + 1) || !row.contains(&b'|') {
            break;
        }
        if let Some(bar) = memchr::memchr_iter(b'|', row).nth(column - 1) {
            cell(named, start + bar + 1, end, found);
        }
        at = end;
    }
    true
}

fn cell(named: &Named<'_>, start: usize, end: usize, found: &mut Found) {
    let bytes = named.text.as_bytes();
    let width = text::run(bytes.get(..end).unwrap_or_default(), start, |byte| byte != b'|');
    let Some(cell) = named.text.get(start..start + width) else { return };
    let value = cell.trim().trim_matches(['`', '*', '"']);
    let offset = cell.find(value).unwrap_or_default();
    let range = start + offset..start + offset + value.len();
    let extent = Extent { range, evidence: Evidence::Quoted, end: End::Tag };
    if !value.contains(' ') {
        named.keep(&extent, false, found);
    }
}
