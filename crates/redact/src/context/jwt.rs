//! JSON Web Tokens (RFC 7519): `header.payload.signature`, each base64url; encrypted ones (RFC 7516) have five parts.

use super::found;
use crate::Finding;
use crate::text::{is_left_edge, run};

pub(crate) fn find(text: &str, start: usize) -> Option<Finding> {
    let bytes = text.as_bytes();
    if !text.get(start..)?.starts_with("eyJ") || !is_left_edge(bytes, start) {
        return None;
    }
    let part = |from| run(bytes, from, |byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let mut end = start + part(start);
    let mut dots = 0;
    let is_payload = text.get(end..).is_some_and(|rest| rest.starts_with(".eyJ"));
    while bytes.get(end) == Some(&b'.') && dots < 4 {
        let length = part(end + 1);
        if length == 0 {
            break;
        }
        end += 1 + length;
        dots += 1;
    }
    let is_token = (dots >= 2 || dots == 1 && is_payload) && end - start >= 32;
    is_token.then(|| found(start, end, "jwt"))
}
