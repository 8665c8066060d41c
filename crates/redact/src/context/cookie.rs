//! Cookies, as RFC 6265 writes them: `name=value; name=value`.

use crate::value;

/// Names of cookies that hold no secret: choices, measurements.
const OPEN: &[&str] =
    &["_ga", "_gid", "theme", "lang", "locale", "path", "domain", "expires", "max-age", "samesite", "consent", "tz"];

/// Words in the names of cookies that hold one.
const SESSIONS: &[&str] =
    &["sess", "sid", "auth", "token", "jwt", "remember", "csrf", "xsrf", "login", "user", "key", "ticket"];

/// Whether a cookie among those of a header is a secret.
pub(crate) fn is_secret(header: &str) -> bool {
    if !header.contains('=') {
        return header.len() >= 8
            && header.bytes().any(|byte| byte.is_ascii_digit())
            && !value::is_code(header)
            && !header.contains(' ');
    }
    header.split(';').take(32).any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let name = name.trim().to_ascii_lowercase();
        // no cookie has a blank in it: what follows is prose behind the header
        let value = value.split_whitespace().next().unwrap_or_default().trim_matches('"');
        let is_named = SESSIONS.iter().any(|word| name.contains(word));
        let is_open = OPEN.iter().any(|open| name == *open || open.len() < 5 && name.starts_with(open));
        !is_open
            && (value.len() < 4 || !value::is_placeholder(value))
            && !value.starts_with("s%3A\\u")
            && (is_named && !value.is_empty() && !value.starts_with(['<', '$', '[']) && value::is_cookie_value(value)
                || value.len() >= 8 && value::looks_random(value))
    })
}
