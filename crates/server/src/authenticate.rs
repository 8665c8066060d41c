//! Headers → [`Caller`]. The tenant comes from the key alone.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, ORIGIN};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use catalog::{Catalog, CatalogError};
use record::caller::{Caller, Scope};
use record::secret::Secret;
use thiserror::Error;

/// Why a request goes no further.
#[derive(Debug, Error)]
pub enum Denied {
    #[error("no key: send `Authorization: Bearer <key>` (also Token, Basic with the key as password, or x-api-key)")]
    NoKey,
    #[error("unknown key")]
    UnknownKey,
    #[error("this key may not {}: it needs the scope `{}`", verb(*wanted), wanted.as_str())]
    Scope { wanted: Scope, caller: Arc<Caller> },
    #[error("this key may be used from its own web origins only")]
    Origin { caller: Arc<Caller> },
    #[error("keys cannot be looked up now")]
    Catalog(#[from] CatalogError),
}

fn verb(scope: Scope) -> &'static str {
    match scope {
        Scope::Ingest => "send telemetry",
        Scope::Read => "query",
        Scope::Admin => "manage",
    }
}

/// Who sends this, if the key has `scope`.
pub async fn authenticate(catalog: &Catalog, headers: &HeaderMap, scope: Scope) -> Result<Arc<Caller>, Denied> {
    let caller = identify(catalog, headers).await?;
    if caller.scopes.allows(scope) { Ok(caller) } else { Err(Denied::Scope { wanted: scope, caller }) }
}

/// Who sends this, whatever the key may do. A key that is bound to web origins is taken from there only.
pub async fn identify(catalog: &Catalog, headers: &HeaderMap) -> Result<Arc<Caller>, Denied> {
    let key = key(headers).ok_or(Denied::NoKey)?;
    let caller = match catalog.find(&key) {
        Some(caller) => caller,
        None => catalog.find_or_load(&key).await?.ok_or(Denied::UnknownKey)?,
    };
    if caller.allows_origin(origin(headers)) { Ok(caller) } else { Err(Denied::Origin { caller }) }
}

/// The web origin that a browser says a request is from.
pub(crate) fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
}

/// The key as it was sent, unless it has the form of those made here (`catalog`): redaction knows that form.
pub fn chosen_key(headers: &HeaderMap) -> Option<Secret> {
    let is_made = |key: &String| key.starts_with("ml_") && key.len() == 46;
    key(headers).filter(|key| !is_made(key)).map(Secret::new)
}

/// The key's text, wherever it stands: `Bearer K`, `Token K`, Basic with the key as password, or `x-api-key: K`.
pub(crate) fn key(headers: &HeaderMap) -> Option<String> {
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let (scheme, rest) = authorization.to_str().ok()?.trim().split_once(' ')?;
        let rest = rest.trim();
        return match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => Some(rest.to_owned()),
            "basic" => {
                let text = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
                text.split_once(':').map(|(_, password)| password.to_owned())
            }
            _ => None,
        };
    }
    Some(headers.get("x-api-key")?.to_str().ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_every_form() {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("anybody:k:1"));
        for (name, value) in [
            ("authorization", "Bearer k:1"),
            ("authorization", "bearer  k:1 "),
            ("authorization", "Token k:1"),
            ("authorization", basic.as_str()),
            ("x-api-key", "k:1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a header"));
            assert_eq!(key(&headers).as_deref(), Some("k:1"), "{name}: {value}");
        }
        for value in ["k:1", "Digest k:1", "Basic !!!", "Basic bm9jb2xvbg=="] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().expect("a header"))]);
            assert_eq!(key(&headers), None, "{value}");
        }
    }
}
