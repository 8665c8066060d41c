//! Hashes of passwords as crypt(5) and `.htpasswd` have them: they can be guessed from, so they go like passwords.

use std::ops::Range;

use super::found;
use crate::Finding;
use crate::text::{byte_before, run};

pub(crate) const PREFIXES: &[&str] = &[
    "$2a$",
    "$2b$",
    "$2y$",
    "$apr1$",
    "$1$",
    "$5$",
    "$6$",
    "$y$",
    "$argon2",
    "$pbkdf2",
    "$scrypt$",
    "{ssha",
    "{sha}",
    "pbkdf2_sha256$",
];

pub(crate) fn find(text: &str, hit: Range<usize>) -> Option<Finding> {
    let bytes = text.as_bytes();
    if byte_before(bytes, hit.start).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'$') {
        return None;
    }
    let length = run(bytes, hit.end, |byte| byte.is_ascii_alphanumeric() || b"./$=,+-_}".contains(&byte));
    let body = text.get(hit.end..hit.end + length)?.trim_end_matches([',', '.']);
    let has_parts = body.contains('$') || bytes.get(hit.start) == Some(&b'{') || body.len() == 53;
    (has_parts && body.len() >= 20 && !body.contains("${"))
        .then(|| found(hit.start, hit.end + body.len(), "password_hash"))
}
