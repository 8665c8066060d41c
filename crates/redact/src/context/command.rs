//! Passwords as arguments of commands whose flags do not say so: `curl -u user:x`, `mysql -px`, `sshpass -p x`.
//!
//! Flags are those of the commands' manuals. Flags that name what they take (`--password`) are found by their name.

use std::ops::Range;

use super::extent::{self, Extent};
use super::name::{Family, Promise, Trust};
use super::{cookie, found};
use crate::find::Found;
use crate::text::{self, byte_before, has_at, is_blank, near, run, skip_blanks, steps};
use crate::value::{self, Evidence};

mod special;
mod table;

pub(crate) use table::COMMANDS;

/// What a flag takes.
#[derive(Clone, Copy, Debug)]
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
    /// The last of so many arguments that are no options, nor values of these options.
    Operand(usize, &'static [&'static str]),
    /// What else a line has between two places of a text.
    Special(fn(&str, Range<usize>, &mut Found)),
}

use Argument::{Cookies, Glued, Nth, Operand, Pair, Special};

/// Command lines up to here were looked through, by the number of the command.
#[derive(Debug)]
pub(crate) struct Seen([usize; COMMANDS.len()]);

impl Default for Seen {
    fn default() -> Self {
        Self([0; COMMANDS.len()])
    }
}

/// How far a command line is looked through.
const LINE: usize = 512;

pub(crate) fn find(number: usize, text: &str, hit: Range<usize>, found: &mut Found) {
    let Some(command) = COMMANDS.get(number) else { return };
    if found.commands.0.get(number).is_some_and(|until| hit.start < *until) {
        return;
    }
    let bytes = text.as_bytes();
    if !is_command(bytes, &hit) {
        return;
    }
    let end = line_end(bytes, hit.end);
    if let Some(until) = found.commands.0.get_mut(number) {
        *until = end;
    }
    let Some(line) = bytes.get(hit.end..end) else { return };
    for (flag, argument) in command.flags {
        match argument {
            Special(find) => find(text, hit.end..end, found),
            Operand(nth, valued) => {
                if let Some(range) = operand(bytes, hit.end..end, *nth, valued) {
                    keep_operand(text, range, found);
                }
            }
            _ => {
                for at in memchr::memmem::find_iter(line, flag.as_bytes()).take(8) {
                    let is_start = byte_before(bytes, hit.end + at).is_some_and(|byte| byte.is_ascii_whitespace());
                    if is_start {
                        take(text, hit.end + at + flag.len(), end, *argument, flag.len() == 2, found);
                    }
                }
            }
        }
        if matches!(argument, Pair) && flag.len() == 2 {
            clusters(text, hit.end..end, flag.as_bytes()[1], found);
        }
    }
}

/// `curl -sSu user:password`: the flag is the last of several letters.
fn clusters(text: &str, line: Range<usize>, letter: u8, found: &mut Found) {
    let bytes = text.as_bytes();
    let Some(inside) = bytes.get(line.clone()) else { return };
    for at in memchr::memmem::find_iter(inside, b" -").take(8) {
        let start = line.start + at + 2;
        let letters = run(bytes.get(..line.end).unwrap_or_default(), start, |byte| byte.is_ascii_alphabetic());
        if letters > 1 && byte_before(bytes, start + letters) == Some(letter) {
            take(text, start + letters, line.end, Pair, false, found);
        }
    }
}

/// The last of so many arguments of a line that are no options, nor values of the options in `valued`.
fn operand(bytes: &[u8], line: Range<usize>, nth: usize, valued: &[&str]) -> Option<Range<usize>> {
    let (mut at, mut operands, mut is_value) = (skip_blanks(bytes, line.start), 0, false);
    for _ in 0..MOST_ARGUMENTS {
        let range = argument_at(bytes, at, line.end);
        let word = bytes.get(range.clone()).filter(|word| !word.is_empty())?;
        let is_option = word.len() > 1 && word.starts_with(b"-");
        operands += usize::from(!is_option && !is_value);
        if operands == nth {
            return Some(range);
        }
        is_value = is_option && valued.iter().any(|option| option.as_bytes() == word);
        at = behind(bytes, &range, line.end)?;
    }
    None
}

/// So many arguments of a command are looked at.
const MOST_ARGUMENTS: usize = 16;

/// The place of the argument that follows one.
pub(super) fn behind(bytes: &[u8], argument: &Range<usize>, end: usize) -> Option<usize> {
    let line = bytes.get(..end)?;
    let closed = argument.end + run(line, argument.end, |byte| b"\\\"'".contains(&byte));
    let next = skip_blanks(line, closed);
    let next = if matches!(line.get(next..), Some([b'\\', b'\n', ..])) { skip_blanks(line, next + 2) } else { next };
    (next > closed).then_some(next)
}

/// Takes an argument that a command calls a password: one that a sentence would not have there.
fn keep_operand(text: &str, range: Range<usize>, found: &mut Found) {
    let is_quoted = byte_before(text.as_bytes(), range.start).is_some_and(|byte| b"\"'".contains(&byte));
    let evidence = if is_quoted { Evidence::Quoted } else { Evidence::Loose };
    let promise = Promise { family: Family::Password, trust: Trust::Sure };
    let is_secret = |value: &str| is_argument(value) && value::is_secret(value, promise, evidence);
    if text.get(range.clone()).is_some_and(is_secret) {
        found.push(self::found(range.start, range.end, "password"));
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
        || matches!(bytes.get(hit.end - 1), Some(b' ' | b':'))
}

/// `unzip`, `gzip`: commands that end like another.
fn is_suffix(bytes: &[u8], hit: &Range<usize>) -> bool {
    has_at(bytes, hit.start, "zip") && bytes.get(hit.start - 1).is_some_and(u8::is_ascii_alphabetic)
}

/// The end of the command: of its line, unless a backslash continues it, or where another begins.
pub(super) fn line_end(bytes: &[u8], start: usize) -> usize {
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
        Nth(_) | Operand(..) | Special(_) => return,
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

pub(super) fn is_argument(value: &str) -> bool {
    // a port or two, which `-p` takes elsewhere
    let is_port = value.len() <= 11 && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let is_other = value.starts_with(['-', '$', '/']) || value.contains("://") || is_port && value.contains(':');
    value.len() >= 2 && !is_other && !value::is_placeholder(value) && !value::is_word(value)
}

/// An argument, without its quotes.
pub(super) fn argument_at(bytes: &[u8], at: usize, end: usize) -> Range<usize> {
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
