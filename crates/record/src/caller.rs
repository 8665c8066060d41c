//! Who a request comes from. Made from a key alone, never from anything a body says.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The owner of rows. Lower-case letters, digits, `-` and `_`, at most 64: it is a folder name in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(Arc<str>);

#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "tenant `{0}` is not a name of 1 to 64 lower-case letters, digits, `-` and `_` that begins with a letter or digit"
)]
pub struct InvalidTenant(pub String);

impl Tenant {
    pub fn new(name: &str) -> Result<Self, InvalidTenant> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let begins_well = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if begins_well && name.len() <= 64 && name.chars().all(allowed) {
            Ok(Self(Arc::from(name)))
        } else {
            Err(InvalidTenant(name.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Send telemetry; read nothing.
    Ingest,
    /// Query the tenant's rows.
    Read,
    /// Manage keys, retention and deletion.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// The set of scopes of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    pub ingest: bool,
    pub read: bool,
    pub admin: bool,
}

impl Scopes {
    pub const ALL: Self = Self { ingest: true, read: true, admin: true };

    pub fn allows(self, scope: Scope) -> bool {
        match scope {
            Scope::Ingest => self.ingest,
            Scope::Read => self.read,
            Scope::Admin => self.admin,
        }
    }

    #[must_use]
    pub fn with(mut self, scope: Scope) -> Self {
        match scope {
            Scope::Ingest => self.ingest = true,
            Scope::Read => self.read = true,
            Scope::Admin => self.admin = true,
        }
        self
    }

    /// `ingest,read`: the comma-separated form of `--scope`. The error is the word that is no scope.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).try_fold(Self::default(), |scopes, word| {
            Scope::parse(word).map(|scope| scopes.with(scope)).ok_or_else(|| word.to_owned())
        })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Scope::ALL.into_iter().filter(|s| self.allows(*s)).map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

/// A request's sender, as its key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub tenant: Tenant,
    pub scopes: Scopes,
    /// Identifies the key in lists and logs; tells nothing about its text.
    pub key_id: Arc<str>,
    /// The web origins the key is bound to (`https://app.example.com`), as browsers write them; empty: it is not bound.
    pub origins: Arc<[String]>,
    /// The key's name where that is an e-mail address: the person behind telemetry that names nobody else.
    pub email: Option<Arc<str>>,
}

impl Caller {
    /// A sender whose key is not bound to origins and is nobody's own.
    pub fn new(tenant: Tenant, scopes: Scopes, key_id: impl Into<Arc<str>>) -> Self {
        Self { tenant, scopes, key_id: key_id.into(), origins: Arc::default(), email: None }
    }

    /// Whether a request with this `Origin` header may use the key. Without a header (not from a browser, or not across origins)
    /// only a key may that is not bound.
    pub fn allows_origin(&self, origin: Option<&str>) -> bool {
        self.origins.is_empty() || origin.is_some_and(|origin| self.is_bound_to(origin))
    }

    pub fn is_bound_to(&self, origin: &str) -> bool {
        self.origins.iter().any(|bound| bound == origin)
    }
}

/// The name of a key as an e-mail address, if it looks like one: no spaces, one `@` with something around it, a dot in the domain,
/// and no longer than an address may be (RFC 5321: 254 octets).
pub fn email_of_name(name: &str) -> Option<&str> {
    let name = name.trim();
    let (local, domain) = name.split_once('@')?;
    let is_word =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control());
    let has_dot = domain.trim_matches('.').contains('.') && domain.len() == domain.trim_matches('.').len();
    (is_word(local) && is_word(domain) && has_dot && name.len() <= 254).then_some(name)
}

#[cfg(test)]
mod tests;
