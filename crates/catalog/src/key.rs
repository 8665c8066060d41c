//! What a key is: its text, its hash, what may be asked of it.
//!
//! A key made here is `ml_` and 32 random bytes in base64url, 46 characters in all. It is stored as its plain SHA-256:
//! slow hashes (argon2, bcrypt) exist because people choose passwords that can be guessed; 256 random bits cannot, and a
//! slow hash would cost every request milliseconds. Keys are found by their hash in a hash table, so how long a look-up
//! takes tells about the hash and nothing about the text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use record::caller::{Scopes, Tenant};
use record::secret::Secret;
use record::time::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::error::CatalogError;

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub tenant: Tenant,
    /// At least one.
    pub scopes: Scopes,
    /// For people: what the key is used for. At most 200 characters, none of them control characters.
    pub name: Option<String>,
    /// The web origins a browser may send it from, as in the header `Origin` (`https://app.example.com`); empty for a key
    /// that is used outside of browsers. A key with origins is readable by everybody who opens the page, and so may only
    /// have the scope `ingest`.
    pub origins: Vec<String>,
}

/// A key that has just been made. Its text is nowhere else and cannot be shown again.
#[derive(Clone, Debug)]
pub struct CreatedKey {
    pub id: String,
    pub key: Secret,
}

/// What can be told about a key: neither its text nor its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    pub id: String,
    pub tenant: Tenant,
    pub name: Option<String>,
    pub scopes: Scopes,
    pub origins: Vec<String>,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// SHA-256 of a key's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyHash([u8; 32]);

impl KeyHash {
    pub(crate) fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    pub(crate) fn to_hex(self) -> String {
        hex(&self.0)
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).map(Self)
    }
}

/// The text of a new key.
pub(crate) fn random_key() -> Result<Secret, CatalogError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(CatalogError::Random)?;
    Ok(Secret::new(format!("ml_{}", URL_SAFE_NO_PAD.encode(bytes))))
}

/// `k_` and 12 hex digits.
pub(crate) fn random_id() -> Result<String, CatalogError> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(CatalogError::Random)?;
    Ok(format!("k_{}", hex(&bytes)))
}

/// A key text chosen by the owner: long enough not to be guessed, and fit for an HTTP header.
pub(crate) fn check_text(key: &Secret) -> Result<(), CatalogError> {
    const MIN: usize = 16;
    const MAX: usize = 512;
    let text = key.reveal();
    let invalid = |reason: String| Err(CatalogError::Invalid(reason));
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return invalid("the key may hold printable ASCII characters only, no space and no line break".to_owned());
    }
    if !(MIN..=MAX).contains(&text.len()) {
        return invalid(format!(
            "the key has {} characters, it needs {MIN} to {MAX}; `openssl rand -base64 32` makes a good one",
            text.len()
        ));
    }
    Ok(())
}

impl NewKey {
    pub(crate) fn check(&self) -> Result<(), CatalogError> {
        const MAX_NAME: usize = 200;
        let invalid = |reason: String| Err(CatalogError::Invalid(reason));
        if self.scopes == Scopes::default() {
            return invalid("a key needs at least one scope of ingest, read, admin".to_owned());
        }
        if let Some(name) = &self.name {
            let length = name.chars().count();
            if length > MAX_NAME || name.chars().any(char::is_control) {
                return invalid(format!(
                    "the name of a key has at most {MAX_NAME} characters (this one {length}) and no control characters"
                ));
            }
        }
        if !self.origins.is_empty() && (self.scopes.read || self.scopes.admin) {
            return invalid(format!(
                "a key bound to origins is public, so its scope is `ingest` alone, not `{}`",
                self.scopes
            ));
        }
        match self.origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => invalid(format!(
                "`{}` is not an origin: write scheme, host and port as browsers do, such as https://app.example.com",
                origin.escape_debug()
            )),
            None => Ok(()),
        }
    }
}

/// `scheme://host[:port]` in lower case, as RFC 6454 section 6.2 serializes it: without the scheme's own port, which browsers leave
/// out, so that a key bound to it would work nowhere.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let scheme_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    let host_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_ipv6 = || {
        host.strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let is_own_port = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && !is_own_port
        && scheme.chars().all(scheme_char)
        && (!host.is_empty() && host.chars().all(host_char) || is_ipv6())
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port))
}

/// 64 hex digits as bytes.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    let bytes: [u8; 32] = bytes?.try_into().ok()?;
    rest.is_empty().then_some(bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        write!(out, "{byte:02x}").ok();
        out
    })
}

#[cfg(test)]
mod tests;
