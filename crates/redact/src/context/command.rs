//! Passwords as arguments of commands whose flags do not say so: `curl -u user:x`, `mysql -px`, `sshpass -p x`.
//!
//! Flags are those of the commands' manuals. Flags that name what they take (`--password`) are found by their name.

use std::ops::Range;

use super::extent::{self, End, Extent};
use super::name::Family;
use super::{cookie, found};
use crate::find::Found;
use crate::text::{self, has_at, is_blank, near, run, skip_blanks, steps};
use crate::value::{self, Evidence};

#[derive(Debug)]
pub(crate) struct Command {
    /// The command's name, or the part of it that tells.
    pub(crate) literal: &'static str,
    flags: &'static [(&'static str, Argument)],
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    /// A password, behind a blank, `=` or nothing.
    Password,
    /// A password that follows the flag's letter without a blank.
    Glued,
    /// `user:password`: both are the credential, as they are in the header that is made of it.
    Pair,
    /// `name=value; name=value`
    Cookies,
    /// The last of so many arguments behind the flag.
    Nth(usize),
}

use Argument::{Cookies, Glued, Nth, Pair, Password};

const fn command(literal: &'static str, flags: &'static [(&'static str, Argument)]) -> Command {
    Command { literal, flags }
}

pub(crate) const COMMANDS: [Command; 20] = [
    command("curl", &[("-u", Pair), ("--user", Pair), ("-U", Pair), ("--proxy-user", Pair), ("-b", Cookies)]),
    command("httpie", &[("-a", Pair), ("--auth", Pair)]),
    command("mysql", &[("-p", Glued)]),
    command("mariadb", &[("-p", Glued)]),
    command("sshpass", &[("-p", Password), ("-p", Glued)]),
    command("redis-cli", &[("-a", Password)]),
    command(" login", &[("-p", Password)]),
    command(
        "htpasswd",
        &[
            ("-b", Nth(3)),
            ("-cb", Nth(3)),
            ("-bc", Nth(3)),
            ("-nb", Nth(2)),
            ("-bn", Nth(2)),
            ("-nbB", Nth(2)),
            ("-Bbn", Nth(2)),
            ("-bnB", Nth(2)),
        ],
    ),
    command("ldap", &[("-w", Password)]),
    command("mongo", &[("-p", Password)]),
    command("net use", &[]),
    command("sqlcmd", &[("-P", Password)]),
    command("bcp ", &[("-P", Password)]),
    command("openssl", &[("-passin", Password), ("-passout", Password), ("-pass", Password), ("-k", Password)]),
    command("ssh-keygen", &[("-N", Password), ("-P", Password)]),
    command("secret set ", &[("--body", Password), ("-b", Password)]),
    command("smbclient", &[("-U", Password)]),
    command("zip ", &[("-P", Password)]),
    command("lftp", &[("-u", Password)]),
    command("from-literal", &[]),
];

/// How far a command line is looked through.
const LINE: usize = 512;

pub(crate) fn find(number: usize, text: &str, hit: Range<usize>, found: &mut Found) {
    let Some(command) = COMMANDS.get(number) else { return };
    if found.commands.get(number).is_some_and(|until| hit.start < *until) {
        return;
    }
    let bytes = text.as_bytes();
    if !is_command(bytes, &hit) {
        return;
    }
    if command.literal == "from-literal" {
        return from_literal(text, hit.end, found);
    }
    let end = line_end(bytes, hit.end);
    if let Some(until) = found.commands.get_mut(number) {
        *until = end;
    }
    let Some(line) = bytes.get(hit.end..end) else { return };
    if command.literal == "net use" {
        return net_use(text, hit.end, end, found);
    }
    for (flag, argument) in command.flags {
        for at in memchr::memmem::find_iter(line, flag.as_bytes()).take(8) {
            let is_start = at.checked_sub(1).and_then(|before| line.get(before)).is_some_and(u8::is_ascii_whitespace);
            let behind = hit.end + at + flag.len();
            if is_start {
                take(text, behind, end, *argument, flag.len() == 2, found);
            }
        }
    }
}

/// Whether a command may be called here: neither a name goes on before the literal, nor a file's after it.
fn is_command(bytes: &[u8], hit: &Range<usize>) -> bool {
    let before = hit.start.checked_sub(1).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let is_start = bytes.get(hit.start) == Some(&b' ')
        || b" \t\n\r\"'`/($&|;-".contains(&before)
        || text::ends_escape(bytes, hit.start)
        || is_suffix(bytes, hit);
    let name = near(bytes, hit.end, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_start && (name == 0 || bytes.get(hit.end + name).is_some_and(u8::is_ascii_whitespace))
        || bytes.get(hit.end - 1) == Some(&b' ')
}

/// `unzip`, `gzip`: commands that end like another.
fn is_suffix(bytes: &[u8], hit: &Range<usize>) -> bool {
    has_at(bytes, hit.start, "zip") && bytes.get(hit.start - 1).is_some_and(u8::is_ascii_alphabetic)
}

/// The end of the command: of its line, unless a backslash continues it, or where another begins.
fn line_end(bytes: &[u8], start: usize) -> usize {
    let near = bytes.get(start..bytes.len().min(start + LINE)).unwrap_or_default();
    steps::count(near.len());
    for at in memchr::memchr3_iter(b'\n', b'|', b';', near) {
        let before = at.checked_sub(1).and_then(|at| near.get(at));
        let is_continued = near.get(at) == Some(&b'\n') && matches!(before, Some(b'\\' | b'\r'));
        if !is_continued {
            return start + at;
        }
    }
    start + near.len()
}

fn take(text: &str, flag: usize, end: usize, argument: Argument, is_short: bool, found: &mut Found) {
    let bytes = text.as_bytes();
    let next = bytes.get(flag).copied().unwrap_or(b' ');
    let at = match argument {
        Glued if is_blank(next) || next == b'-' => return,
        Glued => flag,
        _ if next == b'=' => flag + 1,
        _ if is_blank(next) => skip_blanks(bytes, flag),
        Nth(_) => return,
        Pair if is_short && next != b'-' => flag,
        _ => return,
    };
    let mut range = argument_at(bytes, at, end);
    if let Nth(count) = argument {
        for _ in 1..count {
            let line = bytes.get(..end).unwrap_or_default();
            let behind = range.end + run(line, range.end, |byte| b"\\\"'".contains(&byte));
            let next = skip_blanks(bytes, behind);
            if range.is_empty() || next == behind {
                return;
            }
            range = argument_at(bytes, next, end);
        }
    }
    let Some(value) = text.get(range.clone()) else { return };
    let mut start = range.start;
    let is_secret = match argument {
        Pair => {
            let Some((user, password)) = value.split_once(':') else { return };
            is_argument(password)
                && !value.starts_with("//")
                && !(value::is_word(password) && value::is_word(user))
                && (user.len() < 3 || !value::is_placeholder(user))
                || password.is_empty() && value::looks_random(user)
        }
        Cookies => value.contains('=') && cookie::is_secret(value),
        _ => {
            let password = ["pass:", "stdin", "env:", "file:", "fd:"].iter().find(|kind| value.starts_with(*kind));
            if password.is_some_and(|kind| *kind != "pass:") {
                return;
            }
            start += password.map_or(0, |kind| kind.len());
            if let Some((_, behind)) = value.split_once('%') {
                start = range.end - behind.len();
            }
            text.get(start..range.end).is_some_and(is_argument)
        }
    };
    let rule = match argument {
        Pair => "curl_user",
        Cookies => "cookie",
        _ => "password",
    };
    if is_secret {
        let more = if range.end == end {
            run(bytes, end, |byte| !byte.is_ascii_whitespace() && !b"\\\"'`<>|;)".contains(&byte))
        } else {
            0
        };
        found.push(self::found(start, range.end + more, rule));
    }
}

fn is_argument(value: &str) -> bool {
    // a port or two, which `-p` takes elsewhere
    let is_port = value.len() <= 11 && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let is_other = value.starts_with(['-', '$', '/']) || value.contains("://") || is_port && value.contains(':');
    value.len() >= 2 && !is_other && !value::is_placeholder(value) && !value::is_word(value)
}

/// An argument, without its quotes.
fn argument_at(bytes: &[u8], at: usize, end: usize) -> Range<usize> {
    let line = bytes.get(..end).unwrap_or_default();
    match extent::quote_at(line, at).filter(|(_, slashes, start)| start - slashes == at + 1) {
        Some((quote, slashes, start)) => {
            let stop = Extent::closing(line, start, quote, slashes);
            // a quoted user and a quoted password of one argument
            let goes_on = slashes == 0 && bytes.get(stop) == Some(&quote) && bytes.get(stop + 1) == Some(&b':');
            if goes_on { start..stop + slashes + 1 + word(line, stop + slashes + 1) } else { start..stop }
        }
        None => at..at + word(line, at),
    }
}

fn word(line: &[u8], at: usize) -> usize {
    let quoted = run(line, at, |byte| !byte.is_ascii_whitespace() && !b"\\\"'`<>)".contains(&byte));
    // user:'password'
    match line.get(at + quoted) {
        Some(quote @ (b'"' | b'\''))
            if quoted > 0
                && line.get(at + quoted - 1) == Some(&b':')
                && !(*quote == b'"' && text::ends_json_string(line, at + quoted)) =>
        {
            let open = at + quoted + 1;
            let inside = run(line, open, |byte| byte != *quote && byte != b'\\' && byte != b'"');
            if inside > 0 && line.get(open + inside) == Some(quote) { quoted + 1 + inside } else { quoted }
        }
        _ => quoted,
    }
}

/// `net use Z: \\host\share /user:name password`
fn net_use(text: &str, start: usize, end: usize, found: &mut Found) {
    let bytes = text.as_bytes();
    let Some(line) = text.get(start..end) else { return };
    let Some(user) = line.to_ascii_lowercase().find("/user:") else { return };
    let name = start + user + "/user:".len();
    let behind = skip_blanks(bytes, name + near(bytes, name, |byte| !byte.is_ascii_whitespace()));
    let range = argument_at(bytes, behind, end);
    if text.get(range.clone()).is_some_and(|value| is_argument(value) && !value.starts_with('/')) {
        found.push(self::found(range.start, range.end, "password"));
    }
}

/// `kubectl create secret generic x --from-literal=name=value`
fn from_literal(text: &str, end: usize, found: &mut Found) {
    let bytes = text.as_bytes();
    let at = end + near(bytes, end, |byte| b" =\\\"'".contains(&byte)).min(4);
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
