//! `CREATE USER x IDENTIFIED BY 'secret'`, also `IDENTIFIED WITH plugin BY`, `BY PASSWORD`; `SET PASSWORD FOR x = 'secret'`.

use super::extent::{self, End, Extent};
use super::found;
use super::name::Family;
use crate::Finding;
use crate::text::{has_at, near, skip_blanks};
use crate::value::{self, Evidence};

pub(crate) fn identified(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let mut at = skip_blanks(bytes, end);
    let mut is_by = false;
    for _ in 0..5 {
        is_by |= has_at(bytes, at, "by ");
        let word = near(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if word == 0 || extent::quote_at(bytes, at).is_some() {
            break;
        }
        at = skip_blanks(bytes, at + word);
    }
    literal(text, at).filter(|_| is_by)
}

/// Behind `SET PASSWORD FOR`.
pub(crate) fn set_password(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let equals = end + near(bytes, end, |byte| !b"=;\n".contains(&byte));
    if bytes.get(equals) != Some(&b'=') {
        return None;
    }
    literal(text, skip_blanks(bytes, equals + 1))
}

/// The password in the quotes at `at`.
fn literal(text: &str, at: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let (quote, slashes, start) = extent::quote_at(bytes, at)?;
    if quote == b'`' {
        return None;
    }
    let extent = Extent::until(text, start, End::Quote(quote, slashes), Family::Cookie, Evidence::Quoted)?;
    let value = text.get(extent.range.clone())?;
    let range = extent.whole(bytes);
    (!value::is_placeholder(value)).then(|| found(range.start, range.end, "password"))
}
