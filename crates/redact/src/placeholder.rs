//! What stands in a secret's place: `[REDACTED:<rule>:<hash>]`.
//!
//! `<hash>` is the first 8 hex digits of HMAC-SHA-256 (RFC 2104) of the secret under the key of its tenant. Equal secrets of a
//! tenant have equal placeholders, so they can be joined and counted; without the key the hash says nothing about the secret,
//! and with only 32 bits of it, not even the key's owner can tell a guess from one of many others.

use std::fmt::{self, Write as _};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{Counts, Finding};

pub(crate) const START: &str = "[REDACTED:";

/// How many bytes of `text`, which follows [`START`], belong to the placeholder; 0 when it is none.
pub(crate) fn rest(text: &str) -> usize {
    let inside = text.bytes().take(96).take_while(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(b)).count();
    if text.as_bytes().get(inside) == Some(&b']') { inside + 1 } else { 0 }
}

/// The key of a tenant's placeholders.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey([u8; 32]);

impl HashKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key of its own for `purpose`, from a secret that stays secret.
    pub fn derive(secret: &[u8], purpose: &str) -> Self {
        Self(mac(secret, purpose.as_bytes()))
    }

    /// 32 bytes for another purpose.
    pub(crate) fn derived(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0, purpose.as_bytes())
    }

    /// `[REDACTED:token:1a2b3c4d]`
    pub fn placeholder(&self, rule: &str, secret: &str) -> String {
        let hash = mac(&self.0, secret.as_bytes());
        let mut out = format!("{START}{rule}:");
        for byte in hash.iter().take(4) {
            write!(out, "{byte:02x}").expect("writing to a string does not fail");
        }
        out.push(']');
        out
    }
}

/// `[REDACTED:email]`, of what is not to be told apart.
pub(crate) fn masked(rule: &str) -> String {
    format!("{START}{rule}]")
}

/// The text with each finding's placeholder, of its rule and secret, in its place.
pub(crate) fn replace(
    text: &str,
    findings: &[Finding],
    counts: &mut Counts,
    placeholder: impl Fn(&str, &str) -> String,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for Finding { range, rule, quote } in findings {
        out.push_str(text.get(copied..range.start).unwrap_or_default());
        let secret = text.get(range.clone()).unwrap_or_default();
        out.push_str(quote);
        out.push_str(&placeholder(rule, secret));
        out.push_str(quote);
        counts.add(rule, 1);
        copied = range.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(…)")
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::HashKey;

    #[test]
    fn equal_secrets_have_equal_placeholders_under_one_key_only() {
        let one = HashKey::derive(b"one", "test");
        assert_eq!(one.placeholder("token", "abc"), one.placeholder("token", "abc"));
        assert_ne!(one.placeholder("token", "abc"), one.placeholder("token", "abd"));
        assert_ne!(one.placeholder("token", "abc"), HashKey::derive(b"two", "test").placeholder("token", "abc"));
        assert_eq!(format!("{one:?}"), "HashKey(…)");
    }
}
