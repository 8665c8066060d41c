//! Secrets that a command reads from its input: `echo x | docker login --password-stdin`, `… <<< x`, here-documents.
//!
//! What writes them (`echo`, `printf`, a here-document) stands on the command's own line, before or behind it.

use std::ops::Range;

use super::command::{argument_at, behind, is_argument};
use super::{found, lines};
use crate::find::Found;
use crate::text::{self, byte_before, near, run, skip_blanks, steps};
use crate::value;

/// A command that reads a secret.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The command's name, or the flag that makes it read.
    pub(crate) literal: &'static str,
    reads: Reads,
}

/// What a command reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// A secret and nothing else.
    Secret,
    /// As [`Self::Secret`], with one of these flags.
    With(&'static [&'static str]),
    /// `user:password`, a line each.
    Pairs,
    /// A flag `--…-stdin`: a secret where it names one.
    Flag,
}

use Reads::{Flag, Pairs, Secret, With};

const fn reader(literal: &'static str, reads: Reads) -> Reader {
    Reader { literal, reads }
}

pub(crate) const READERS: [Reader; 20] = [
    reader("-stdin", Flag),
    reader("--with-token", Secret),
    reader("chpasswd", Pairs),
    reader("smbpasswd ", With(&["-s"])),
    reader("htpasswd ", With(&["-i", "-n"])),
    reader(" passwd ", Secret),
    reader("sudo -", With(&["-S", "--stdin"])),
    reader("kinit", Secret),
    reader("cryptsetup", Secret),
    reader("passphrase-fd", Secret),
    reader("pass stdin", Secret),
    reader("passin stdin", Secret),
    reader("passout stdin", Secret),
    reader("secret set ", Secret),
    reader("secret put ", Secret),
    reader("secret create ", Secret),
    reader("secrets create ", Secret),
    reader("create secret ", Secret),
    reader("encrypt_string", Secret),
    reader("vault login", Secret),
];

/// How far before a command its secret is looked for, and how far behind it.
const BEFORE: usize = 256;
const BEHIND: usize = 512;

pub(crate) fn find(number: usize, text: &str, hit: Range<usize>, found: &mut Found) {
    let Some(reader) = READERS.get(number) else { return };
    if hit.start < found.piped {
        return;
    }
    let bytes = text.as_bytes();
    let end = hit.end + near(bytes, hit.end, |byte| !b"|;&\n".contains(&byte));
    let start = line_start(bytes, hit.start);
    steps::count(hit.start - start);
    if !reader.reads.is_meant(bytes, &hit, start, end) {
        return;
    }
    found.piped = end;
    let before = start..hit.start;
    if let Some(secret) = written(bytes, before.clone()) {
        return reader.keep(text, secret, found);
    }
    let line = bytes.get(..bytes.len().min(hit.end + BEHIND)).unwrap_or_default();
    let line = line.get(..hit.end + run(line, hit.end, |byte| byte != b'\n')).unwrap_or_default();
    let arrows = line.get(start..).and_then(|line| memchr::memmem::rfind(line, b"<<"));
    let Some(arrows) = arrows.map(|at| start + at).filter(|at| is_of_command(bytes, &hit, *at)) else { return };
    if byte_before(bytes, arrows) == Some(b'<') {
        let secret = argument_at(bytes, skip_blanks(bytes, arrows + 2), line.len());
        return reader.keep(text, secret, found);
    }
    for secret in lines::document(bytes, arrows + 2, found) {
        reader.keep(text, secret, found);
    }
}

/// Whether the arrows at `at` bring what the command at `hit` reads: no other command begins between them, nor, in a string of a
/// string, another line.
fn is_of_command(bytes: &[u8], hit: &Range<usize>, at: usize) -> bool {
    let between = if at < hit.start { at..hit.start } else { hit.end..at };
    let between = bytes.get(between).unwrap_or_default();
    let ends = |sign: &str| memchr::memmem::find(between, sign.as_bytes()).is_some();
    !(ends(";") || ends("&&") || ends("\\n") || at > hit.end && ends("|"))
}

impl Reads {
    fn is_meant(self, bytes: &[u8], hit: &Range<usize>, start: usize, end: usize) -> bool {
        match self {
            Secret | Pairs => true,
            With(flags) => flags.iter().any(|flag| has_flag(bytes.get(hit.start..end).unwrap_or_default(), flag)),
            Flag => {
                let name = bytes.get(start..hit.start).unwrap_or_default();
                let word = text::back(name, name.len(), 24, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
                let word = name.get(name.len() - word..).unwrap_or_default().to_ascii_lowercase();
                let names = ["pass", "token", "secret", "key"];
                word.starts_with(b"-")
                    && names.iter().any(|name| memchr::memmem::find(&word, name.as_bytes()).is_some())
            }
        }
    }
}

/// Whether a flag is among the words of a command; one letter perhaps with others (`-kS`).
fn has_flag(command: &[u8], flag: &str) -> bool {
    let letter = flag.as_bytes().get(1).copied().unwrap_or_default();
    command.split(u8::is_ascii_whitespace).any(|word| {
        word == flag.as_bytes()
            || letter != b'-'
                && word.len() < 6
                && word.starts_with(b"-")
                && word.get(1).is_some_and(u8::is_ascii_alphabetic)
                && word.contains(&letter)
    })
}

/// The start of the line that `at` is in, or of so much of it as is looked at; a backslash continues a line.
fn line_start(bytes: &[u8], at: usize) -> usize {
    let first = at.saturating_sub(BEFORE);
    let window = bytes.get(first..at).unwrap_or_default();
    let is_end = |end: &usize| {
        let line = window.get(..*end).unwrap_or_default();
        !line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\")
    };
    let start = memchr::memrchr_iter(b'\n', window).find(is_end);
    start.map_or(first, |end| first + end + 1)
}

/// Commands that write their arguments.
const WRITERS: [&str; 4] = ["echo ", "printf ", "yes ", "Write-Output "];

/// What one of [`WRITERS`] writes into the pipe before a command.
fn written(bytes: &[u8], before: Range<usize>) -> Option<Range<usize>> {
    let window = bytes.get(before.clone())?;
    let last = |writer: &&'static str| {
        let at = memchr::memmem::rfind(window, writer.as_bytes()).filter(|at| text::is_left_edge(window, *at))?;
        Some((at, *writer))
    };
    let (at, writer) = WRITERS.iter().filter_map(last).max()?;
    let is_format = writer == "printf ";
    let mut at = skip_blanks(bytes, before.start + at + writer.len());
    let mut secret: Option<Range<usize>> = None;
    for _ in 0..8 {
        let argument = unpiped(bytes, argument_at(bytes, at, before.end));
        let word = bytes.get(argument.clone()).filter(|word| !word.is_empty())?;
        // another command begins, or a file is written
        if word.starts_with(b"&") || word.starts_with(b">") || word.ends_with(b";") {
            return None;
        }
        let is_option =
            matches!(word, [b'-', letters @ ..] if letters.iter().all(u8::is_ascii_alphabetic) && letters.len() < 4);
        let is_pattern = is_format && word.contains(&b'%') && secret.is_none();
        if !is_option && !is_pattern {
            let start = secret.map_or(argument.start, |first| first.start);
            secret = Some(start..argument.end);
        }
        let Some(next) = pipe(bytes, &argument).or_else(|| behind(bytes, &argument, before.end)) else { break };
        at = next;
        if bytes.get(at) == Some(&b'|') {
            break;
        }
    }
    let rest = bytes.get(at..before.end)?;
    let is_piped = rest.first() == Some(&b'|')
        && !rest.contains(&b';')
        && ["||", "&&"].iter().all(|and| memchr::memmem::find(rest, and.as_bytes()).is_none());
    secret.filter(|_| is_piped)
}

/// A word without the pipe that is glued to it, and without the sign that ends its command.
fn unpiped(bytes: &[u8], argument: Range<usize>) -> Range<usize> {
    let is_quoted = byte_before(bytes, argument.start).is_some_and(|byte| b"\"'".contains(&byte));
    let word = bytes.get(argument.clone()).unwrap_or_default();
    let end = memchr::memchr2(b'|', b';', word).filter(|end| !is_quoted && *end > 0);
    argument.start..end.map_or(argument.end, |end| argument.start + end)
}

/// A pipe right behind an argument, perhaps of a group of commands.
fn pipe(bytes: &[u8], argument: &Range<usize>) -> Option<usize> {
    let closed = argument.end + near(bytes, argument.end, |byte| b"\\\"'); }".contains(&byte)).min(8);
    (bytes.get(closed) == Some(&b'|')).then_some(closed)
}

impl Reader {
    fn keep(&self, text: &str, range: Range<usize>, found: &mut Found) {
        let Some(written) = text.get(range.clone()) else { return };
        // printf's own end of the line is no part of it
        let value = written.trim_end_matches("\\n").trim_end_matches('\\');
        let (start, value) = match self.reads {
            Pairs => {
                let Some((user, password)) = value.split_once(':') else { return };
                (range.start + user.len() + 1, password)
            }
            _ => (range.start, value),
        };
        let is_sentence = value.contains(' ') && value.split(' ').any(value::is_word);
        if is_argument(value) && value.len() > 2 && !is_sentence && !value.starts_with(['(', '{', '[']) {
            found.push(self::found(start, start + value.len(), "password"));
        }
    }
}
