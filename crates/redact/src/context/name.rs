//! What an identifier promises: `db.admin_password`, `X-Api-Key`, `--auth-token`, `clientSecretProd`.
//!
//! The last word decides (`max_tokens`, `password_field` and `secrets.yaml` name no secret), after words that say which one of
//! several (`PASSWORD_PROD`, `api_key_2`, `passwordRepeat`).

use std::ops::Range;

/// What kind of secret a name promises; also its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Password,
    Token,
    ApiKey,
    Secret,
    Credential,
    Authorization,
    Cookie,
}

impl Family {
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Token => "token",
            Self::ApiKey => "api_key",
            Self::Secret => "secret",
            Self::Credential => "credential",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) family: Family,
    pub(crate) trust: Trust,
}

/// How often the name keeps its promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Sure,
    /// `infura_key`, `AUTH_SALT`, `LABEL_PASSWORD`: only with a value that looks random.
    Loose,
}

/// Promises of the last names: a text has the same ones over and over.
#[derive(Debug, Default)]
pub(crate) struct Remembered([(Range<usize>, Option<Promise>); 8]);

impl Remembered {
    /// As [`promise`], for the identifier at `range` of `text`, which is the same one whenever it is asked.
    pub(crate) fn promise(&mut self, text: &str, range: &Range<usize>) -> Option<Promise> {
        let identifier = text.get(range.clone())?;
        let last = identifier.bytes().last().map_or(0, usize::from);
        let place = self.0.get_mut((identifier.len() + last) % 8)?;
        if text.get(place.0.clone()) != Some(identifier) {
            *place = (range.clone(), promise(identifier));
        }
        place.1
    }
}

/// Literals that begin an examination: each name that promises a secret has one of them.
pub(crate) const LITERALS: &[&str] = &[
    "pass",
    "pwd",
    "pword",
    "pswd",
    "_pw",
    "\"pw",
    "token",
    "secret",
    "key",
    "auth",
    "cred",
    "cookie",
    "bearer",
    "jwt",
    "signature",
    "sig=",
    "salt",
    "kennwort",
    "senha",
    "contrase",
    "wachtwoord",
    "mnemonic",
    "seed",
];

/// Words behind the word that decides, which only say which one of several is meant.
const WHICH: &[&str] = &[
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "stage",
    "stg",
    "test",
    "testing",
    "live",
    "sandbox",
    "qa",
    "uat",
    "ci",
    "local",
    "value",
    "val",
    "old",
    "new",
    "current",
    "expected",
    "actual",
    "repeat",
    "repeated",
    "confirm",
    "confirmation",
    "confirmed",
    "again",
    "verify",
    "default",
    "primary",
    "secondary",
    "plain",
    "plaintext",
    "raw",
    "clear",
    "cleartext",
    "base64",
    "b64",
    "hex",
    "header",
    "alt",
    "main",
    "backup",
    "admin",
    "root",
    "user",
    "one",
    "two",
    "str",
    "string",
    "text",
    "var",
    "env",
    "arg",
    "param",
    "base",
    "a",
    "b",
];

/// Words before a `token` that make it a place in a list, or a piece of text.
const CURSORS: &[&str] = &[
    "next",
    "page",
    "continuation",
    "cancellation",
    "cancel",
    "per",
    "stop",
    "eos",
    "bos",
    "pad",
    "sep",
    "unk",
    "mask",
    "cls",
    "num",
    "max",
    "min",
    "total",
    "first",
    "last",
    "previous",
    "prev",
    "input",
    "output",
    "prompt",
    "start",
    "end",
    "parser",
    "lexer",
    "syntax",
    "skip",
    "sync",
    "cursor",
    "peek",
];

/// Words of user interfaces: their value is a text for people.
const INTERFACE: &[&str] = &[
    "label",
    "title",
    "mandatory",
    "forgot",
    "forgotten",
    "btn",
    "button",
    "msg",
    "message",
    "error",
    "err",
    "hint",
    "placeholder",
    "tooltip",
    "show",
    "hide",
    "change",
    "reset",
    "invalid",
    "wrong",
    "missing",
    "enter",
    "your",
    "remove",
    "no",
    "has",
    "is",
    "use",
    "require",
    "requires",
    "required",
    "input",
    "caption",
    "heading",
    "description",
    "lost",
    "update",
    "set",
    "text",
    "create",
    "weak",
    "strong",
    "toggle",
    "ask",
    "prompt",
    "need",
];

/// Words before a `key` that keep the promise of a secret.
const SECRET_KINDS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "account",
    "auth",
    "encryption",
    "encrypt",
    "signing",
    "sign",
    "signature",
    "master",
    "license",
    "licence",
    "stream",
    "shared",
    "subscription",
    "service",
    "ingest",
    "ingestion",
    "deploy",
    "hmac",
    "crypto",
    "cipher",
    "aes",
    "app",
    "application",
    "webhook",
    "jwt",
    "session",
    "sas",
    "token",
    "apis",
    "security",
    "decryption",
    "ssh",
    "enc",
    "priv",
    "functions",
    "storage",
    "integration",
    "sdk",
    "write",
    "read",
    "admin",
];

/// Words before a `key` that make it a name, a place or public.
const OPEN_KINDS: &[&str] = &[
    "public",
    "pub",
    "primary",
    "foreign",
    "cache",
    "idempotency",
    "partition",
    "sort",
    "row",
    "object",
    "hot",
    "host",
    "short",
    "translation",
    "i18n",
    "group",
    "composite",
    "unique",
    "index",
    "dict",
    "map",
    "hash",
    "range",
    "lookup",
    "config",
    "setting",
    "header",
    "json",
    "query",
    "metric",
    "label",
    "attribute",
    "property",
    "publishable",
    "column",
    "field",
    "sha",
    "dedupe",
    "dedup",
    "trace",
    "span",
    "routing",
    "event",
    "message",
    "item",
    "entry",
    "state",
    "node",
    "react",
    "issue",
    "candidate",
    "known",
    "ssh-rsa",
    "fingerprint",
    "etag",
    "s3",
    "file",
    "by",
    "the",
    "a",
    "any",
    "each",
    "no",
    "on",
    "press",
    "arrow",
    "enter",
    "escape",
    "tab",
    "shift",
    "function",
    "name",
    "data",
    "id",
    "for",
    "per",
    "in",
    "to",
    "of",
    "with",
    "claim",
    "project",
    "cursor",
    "lock",
    "join",
    "natural",
    "surrogate",
    "parent",
    "child",
    "order",
    "sorting",
];

/// Words that end in `pass` without naming one.
const NO_PASS: &[&str] = &[
    "compass",
    "bypass",
    "surpass",
    "trespass",
    "overpass",
    "underpass",
    "encompass",
    "renderpass",
    "multipass",
    "onepass",
];

/// Commands that are called like a password.
const COMMANDS: &[&str] = &["htpasswd", "sshpass", "chpasswd", "getpass", "askpass"];

/// What an identifier promises.
pub(crate) fn promise(identifier: &str) -> Option<Promise> {
    let words = Words::of(identifier);
    let mut rest = words.list();
    while let [before @ .., last] = rest
        && !before.is_empty()
        && (last.bytes().all(|byte| byte.is_ascii_digit()) || one_of(last, WHICH))
    {
        rest = before;
    }
    let (last, before) = rest.split_last()?;
    let previous = before.last().copied().unwrap_or_default();
    let sure = |family| Some(Promise { family, trust: Trust::Sure });
    let loose = |family| Some(Promise { family, trust: Trust::Loose });
    let is_interface = || before.iter().any(|word| one_of(word, INTERFACE));
    let trusted = |family| if is_interface() { loose(family) } else { sure(family) };
    let ends = |suffix: &str| ends_ignoring_case(last, suffix);
    // `SSHPASS` is the variable of a command
    if one_of(last, COMMANDS) && last.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    if is_password(last) {
        return trusted(Family::Password);
    }
    if ends("token") || is(last, "jwt") {
        let is_cursor = one_of(previous, CURSORS) || CURSORS.iter().any(|cursor| is(trim_end(last, 5), cursor));
        return if is_cursor { None } else { trusted(Family::Token) };
    }
    if ends("secret") {
        return trusted(Family::Secret);
    }
    if ends("key") {
        let kind = if last.len() > 3 { trim_end(last, 3) } else { previous };
        return key(kind, is_interface());
    }
    if is(last, "id") && is(previous, "key") {
        let kind = before.len().checked_sub(2).and_then(|at| before.get(at)).copied().unwrap_or_default();
        return if is(kind, "access") { loose(Family::ApiKey) } else { None };
    }
    if is(last, "code") && (ends_ignoring_case(previous, "auth") || is(previous, "authorization")) {
        return loose(Family::Credential);
    }
    if is(last, "hash") && is_password(previous) {
        return loose(Family::Password);
    }
    match last.to_ascii_lowercase().as_str() {
        "secrets" | "passwords" | "passphrases" | "passwds" | "pwds" | "tokens" => plural(last, is_interface()),
        "keys" if one_of(previous, KEPT_IN_LISTS) => keys(is_interface()),
        "apikeys" => keys(is_interface()),
        "credential" | "credentials" | "creds" | "cred" => trusted(Family::Credential),
        "authorization" => sure(Family::Authorization),
        "bearer" => sure(Family::Authorization),
        "cookie" | "cookies" | "setcookie" => sure(Family::Cookie),
        "auth" => loose(Family::Credential),
        "signature" | "sig" | "seed" | "mnemonic" => loose(Family::Credential),
        "salt" => loose(Family::Secret),
        _ => None,
    }
}

fn plural(word: &str, is_interface: bool) -> Option<Promise> {
    let family = match word.as_bytes().first()?.to_ascii_lowercase() {
        b's' => Family::Secret,
        b'p' => Family::Password,
        _ => Family::Token,
    };
    (!is_interface).then_some(Promise { family, trust: Trust::Loose })
}

/// Words before `keys` that promise a list of secrets.
const KEPT_IN_LISTS: &[&str] =
    &["api", "access", "secret", "private", "encryption", "signing", "auth", "license", "webhook", "hmac", "admin"];

fn keys(is_interface: bool) -> Option<Promise> {
    (!is_interface).then_some(Promise { family: Family::ApiKey, trust: Trust::Loose })
}

fn key(kind: &str, is_interface: bool) -> Option<Promise> {
    let family = if one_of(kind, &["secret", "private", "encryption", "encrypt", "signing", "master", "hmac"]) {
        Family::Secret
    } else {
        Family::ApiKey
    };
    let is_kept = SECRET_KINDS.iter().any(|kept| ends_ignoring_case(kind, kept)) && !is_interface;
    if kind.is_empty() || one_of(kind, OPEN_KINDS) {
        return None;
    }
    Some(Promise { family, trust: if is_kept { Trust::Sure } else { Trust::Loose } })
}

fn is_password(word: &str) -> bool {
    [
        "password",
        "passwd",
        "passphrase",
        "passcode",
        "passwort",
        "pwd",
        "pswd",
        "pword",
        "kennwort",
        "senha",
        "wachtwoord",
    ]
    .iter()
    .any(|ending| ends_ignoring_case(word, ending))
        || is(word, "pw")
        || is(word, "motdepasse")
        || is(word, "contrasena")
        || ends_ignoring_case(word, "pass") && !one_of(word, NO_PASS)
}

fn is(word: &str, other: &str) -> bool {
    word.eq_ignore_ascii_case(other)
}

fn one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|other| word.len() == other.len() && word.eq_ignore_ascii_case(other))
}

fn ends_ignoring_case(word: &str, suffix: &str) -> bool {
    let last = |text: &str| text.as_bytes().last().map(|byte| byte | 0x20);
    if last(word) != last(suffix) {
        return false;
    }
    word.len().checked_sub(suffix.len()).and_then(|at| word.get(at..)).is_some_and(|end| is(end, suffix))
}

fn trim_end(word: &str, bytes: usize) -> &str {
    word.len().checked_sub(bytes).and_then(|at| word.get(..at)).unwrap_or_default()
}

/// So many words of an identifier are looked at, from its end.
const MOST_WORDS: usize = 6;

/// The last words of an identifier.
struct Words<'t> {
    words: [&'t str; MOST_WORDS],
    first: usize,
}

impl<'t> Words<'t> {
    fn of(identifier: &'t str) -> Self {
        let mut words = Self { words: [""; MOST_WORDS], first: MOST_WORDS };
        let bytes = identifier.as_bytes();
        let mut end = bytes.len();
        for at in (0..bytes.len()).rev() {
            let is_letter = bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
            let start = if is_letter { at } else { at + 1 };
            if !is_letter || is_boundary(bytes, at) {
                words.push(identifier.get(start..end).unwrap_or_default());
                end = at;
            }
            if words.first == 0 {
                return words;
            }
        }
        words.push(identifier.get(..end).unwrap_or_default());
        words
    }

    fn push(&mut self, word: &'t str) {
        if !word.is_empty() && self.first > 0 {
            self.first -= 1;
            if let Some(place) = self.words.get_mut(self.first) {
                *place = word;
            }
        }
    }

    fn list(&self) -> &[&'t str] {
        self.words.get(self.first..).unwrap_or_default()
    }
}

/// Whether a word of camel case begins at `at`: `apiKey`, `HTTPToken`, `key2`.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    let (Some(here), Some(before)) = (bytes.get(at), at.checked_sub(1).and_then(|at| bytes.get(at))) else {
        return false;
    };
    let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    here.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit() || next_is_lower)
        || here.is_ascii_digit() && before.is_ascii_alphabetic()
        || here.is_ascii_lowercase() && before.is_ascii_digit()
}
