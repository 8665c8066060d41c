//! The user information of a URL (RFC 3986 section 3.2.1).

use super::found;
use crate::text::{REACH, near, run};
use crate::{Finding, value};

/// The password in `scheme://user:password@host`, or a long token alone before the `@`; `end` is behind the slashes.
pub(crate) fn user(text: &str, end: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    let length = near(bytes, end, |byte| byte > b' ' && byte != 0x7f && !b"/?#\"'`<>\\|".contains(&byte));
    let mut at = end + memchr::memrchr(b'@', bytes.get(end..end + length)?).unwrap_or(length);
    if length == REACH && text.get(end..at)?.contains(':') {
        at = end + run(bytes, end, |byte| byte > b' ' && byte != b'@' && !b"/?#\"'`<>\\|".contains(&byte));
    }
    if bytes.get(at) != Some(&b'@') {
        return None;
    }
    let user_info = text.get(end..at)?;
    let Some((user, secret)) = user_info.split_once(':') else {
        let is_token = user_info.len() >= 16 && value::looks_random(user_info) && !value::is_placeholder(user_info);
        return is_token.then(|| found(end, at, "url_user"));
    };
    let is_user_secret = user.len() >= 20 && value::looks_random(user) && !value::is_placeholder(user);
    let start = if is_user_secret { end } else { end + user.len() + 1 };
    let is_secret = !secret.is_empty()
        && !value::is_placeholder(secret)
        && !value::is_word(secret)
        && !user_info.contains(['[', '{', '(', ','])
        || is_user_secret;
    is_secret.then(|| found(start, at, "url_user"))
}
