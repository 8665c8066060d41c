//! Seed phrases: 12 to 24 short words (BIP-39) behind what names them.

use super::found;
use crate::Finding;
use crate::text::{near, run};

pub(crate) fn find(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let joint = run(bytes.get(..bytes.len().min(end + 24))?, end, |byte| byte != b'\n' && !byte.is_ascii_digit());
    let between = text.get(end..end + joint)?;
    let start = end + between.find([':', '=']).map(|at| at + 1).or_else(|| between.find(" is ").map(|at| at + 4))?;
    let start = start + near(bytes, start, |byte| b" \t\\\"'`[".contains(&byte));
    let (mut at, mut words) = (start, 0);
    while words < 24 {
        let word = near(bytes, at, |byte| byte.is_ascii_lowercase());
        if !(3..=8).contains(&word) || !text.get(at..at + word).is_some_and(is_listed) {
            break;
        }
        words += 1;
        at += word;
        let space = near(bytes, at, |byte| byte == b' ').min(2);
        if space != 1 {
            break;
        }
        at += 1;
    }
    let stop = start + text.get(start..at)?.trim_end().len();
    (words >= 12).then(|| found(start, stop, "mnemonic"))
}

/// Short words of ordinary sentences that the list of BIP-39 does not have.
fn is_listed(word: &str) -> bool {
    ![
        "the", "and", "for", "are", "was", "with", "that", "this", "from", "you", "your", "not", "but", "have", "has",
        "which", "its", "them", "then", "they",
    ]
    .contains(&word)
}
