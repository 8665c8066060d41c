//! Commands whose secrets no flag names.

use std::ops::Range;

use super::{MOST_ARGUMENTS, argument_at, behind, is_argument, keep_operand, operand};
use crate::context::extent::{End, Extent};
use crate::context::found;
use crate::context::name::{self, Family, Promise, Trust};
use crate::find::Found;
use crate::text::{has_at, near, run, skip_blanks};
use crate::value::{self, Evidence};

/// `net use Z: \\host\share /user:name password`
pub(super) fn net_use(text: &str, line: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    let Some(inside) = text.get(line.clone()) else { return };
    let Some(user) = inside.to_ascii_lowercase().find("/user:") else { return };
    let name = line.start + user + "/user:".len();
    let behind = skip_blanks(bytes, name + near(bytes, name, |byte| !byte.is_ascii_whitespace()));
    let range = argument_at(bytes, behind, line.end);
    if text.get(range.clone()).is_some_and(|value| is_argument(value) && !value.starts_with('/')) {
        found.push(self::found(range.start, range.end, "password"));
    }
}

/// `kubectl create secret generic x --from-literal=name=value`
pub(super) fn from_literal(text: &str, line: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    let at = line.start + near(bytes, line.start, |byte| b" =\\\"'".contains(&byte)).min(4);
    let name = at + near(bytes, at, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if bytes.get(name) != Some(&b'=') || has_at(bytes, at, "user") {
        return;
    }
    let Some(extent) = Extent::at(text, name + 1, Family::Password, Evidence::Strong) else { return };
    let value = text.get(extent.range.clone()).unwrap_or_default();
    let is_secret =
        value.len() >= 8 && value::looks_random(value) && !value::is_placeholder(value) && !value::is_uuid(value);
    if is_secret {
        let range = match extent.end {
            End::Quote(..) => extent.range.clone(),
            _ => extent.whole(bytes),
        };
        found.push(self::found(range.start, range.end, "secret"));
    }
}

/// `htpasswd -cbB file user password`, with `-n` without the file.
pub(super) fn htpasswd(text: &str, line: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    let (mut at, mut is_batch, mut is_printed) = (skip_blanks(bytes, line.start), false, false);
    for _ in 0..MOST_ARGUMENTS {
        let argument = argument_at(bytes, at, line.end);
        match bytes.get(argument.clone()) {
            Some([b'-', letters @ ..]) => {
                is_batch |= letters.contains(&b'b');
                is_printed |= letters.contains(&b'n');
            }
            Some([_, ..]) => {}
            _ => break,
        }
        let Some(next) = behind(bytes, &argument, line.end) else { break };
        at = next;
    }
    let password = operand(bytes, line, if is_printed { 2 } else { 3 }, &["-C", "-r"]).filter(|_| is_batch);
    if let Some(range) = password.filter(|range| text.get(range.clone()).is_some_and(is_argument)) {
        found.push(self::found(range.start, range.end, "password"));
    }
}

/// `aws configure set aws_secret_access_key value`, `npm config set '//host/:_authToken' value`: a name and its value.
pub(super) fn setting(text: &str, line: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    let mut name = "";
    for nth in 1..5 {
        let Some(range) = operand(bytes, line.clone(), nth, &[]) else { return };
        let Some(value) = text.get(range.clone()) else { return };
        let promise = if name.starts_with("pypi-token.") {
            Some(Promise { family: Family::Token, trust: Trust::Sure })
        } else {
            name::promise(name)
        };
        if let Some(promise) = promise {
            if value::is_secret(value, promise, Evidence::Strong) {
                found.push(self::found(range.start, range.end, promise.family.rule()));
            }
            return;
        }
        if name.starts_with("http-basic.") {
            // poetry: the password follows the user
            return operand(bytes, line, nth + 1, &[]).into_iter().for_each(|range| keep_operand(text, range, found));
        }
        name = value;
    }
}

/// `aws ssm put-parameter --name /app/db/password --value x --type SecureString`
pub(super) fn parameter(text: &str, line: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    let Some(inside) = text.get(line.clone()) else { return };
    let value_of = |flag: &str| {
        let at = line.start + inside.find(flag)? + flag.len();
        Some(argument_at(bytes, at + run(bytes, at, |byte| byte == b' ' || byte == b'='), line.end))
    };
    let name = value_of("--name").and_then(|range| text.get(range)).unwrap_or_default();
    let is_secure = inside.contains("SecureString") || name::promise(name).is_some();
    if let Some(range) = value_of("--value").filter(|_| is_secure)
        && text.get(range.clone()).is_some_and(is_argument)
    {
        found.push(self::found(range.start, range.end, "secret"));
    }
}

/// `sqlplus user/password@host`
pub(super) fn sqlplus(text: &str, line: Range<usize>, found: &mut Found) {
    if let Some(range) = operand(text.as_bytes(), line, 1, &[]) {
        user_slash_password(text, range, found);
    }
}

/// `jdbc:oracle:thin:user/password@host`
pub(super) fn oracle_url(text: &str, line: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    user_slash_password(text, argument_at(bytes, line.start, line.end), found);
}

fn user_slash_password(text: &str, range: Range<usize>, found: &mut Found) {
    let Some((user, rest)) = text.get(range.clone()).and_then(|argument| argument.split_once('/')) else { return };
    let password = rest.rsplit_once('@').map_or(rest, |(password, _)| password);
    let is_name = !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_$#".contains(&byte));
    if is_name && !password.contains('/') && is_argument(password) {
        let start = range.start + user.len() + 1;
        found.push(self::found(start, start + password.len(), "password"));
    }
}
