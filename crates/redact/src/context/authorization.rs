//! Credentials behind their scheme alone (RFC 6750, RFC 7617), without a header's name before it.

use super::found;
use crate::text::{run, skip_blanks};
use crate::{Finding, value};

/// `Bearer <token>`
pub(crate) fn bearer(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let start = skip_blanks(bytes, end);
    let length = run(bytes, start, |byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte));
    let secret = text.get(start..start + length)?.trim_end_matches('.');
    // a parameter of a challenge: `Bearer authorization_uri=…`
    if secret.trim_end_matches('=').contains('=') {
        return None;
    }
    let random = secret.bytes().any(|byte| byte.is_ascii_digit()) || secret.len() >= 16 && value::looks_random(secret);
    (start > end && secret.len() >= 8 && random && !value::is_placeholder(secret))
        .then(|| found(start, start + secret.len(), "bearer"))
}

/// `Basic <base64 of user:password>`
pub(crate) fn basic(text: &str, end: usize) -> Option<Finding> {
    let start = skip_blanks(text.as_bytes(), end);
    let length = run(text.as_bytes(), start, |byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    let secret = text.get(start..start + length)?;
    value::is_basic_credential(secret).then(|| found(start, start + length, "basic"))
}
