//! Where a value ends: at its closing quote, or at what cannot belong to it.

use std::ops::Range;

use super::name::Family;
use crate::text::{self, REACH, Set};
use crate::value::Evidence;

/// A value's place, without quotes and without an authorization scheme.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    pub(super) range: Range<usize>,
    pub(super) evidence: Evidence,
    /// What ends it, when it is longer than [`REACH`].
    pub(super) end: End,
}

/// What ends a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// This quote, behind at most so many backslashes.
    Quote(u8, usize),
    /// Cookies and whole headers run to the end of their line.
    Line,
    Word,
    /// An element of a list: a comma ends it, too.
    Element,
    /// The text of an XML element.
    Tag,
}

impl End {
    pub(super) fn of(family: Family) -> Self {
        match family {
            Family::Cookie | Family::Authorization => Self::Line,
            Family::Password => Self::Word,
            _ => Self::Element,
        }
    }

    /// The bytes that end a value.
    fn stops(self) -> &'static Set {
        match self {
            Self::Quote(..) => &QUOTE,
            Self::Line => &LINE,
            Self::Word => &WORD,
            Self::Element => &ELEMENT,
            Self::Tag => &TAG,
        }
    }

    /// The place where a value that begins at `start` ends, looking no further than `limit` bytes.
    fn find(self, bytes: &[u8], start: usize, limit: usize) -> usize {
        let near = bytes.get(..bytes.len().min(start.saturating_add(limit))).unwrap_or_default();
        if let Self::Quote(quote, slashes) = self {
            return closing(near, start, quote, slashes);
        }
        let stops = self.stops();
        start + text::run(near, start, |byte| !stops.has(byte))
    }
}

static QUOTE: Set = Set::of(b"\n");
static LINE: Set = Set::of(b"\r\n\"'`\\<>");
static WORD: Set = Set::of(b" \t\r\n\x0c\"'`;&<>)]}|\\");
static ELEMENT: Set = Set::of(b" \t\r\n\x0c\"'`;&<>)]}|\\,");
static TAG: Set = Set::of(b"<\n\"");

impl Extent {
    /// The value that begins at `at`, perhaps with a quote.
    pub(super) fn at(text: &str, at: usize, family: Family, evidence: Evidence) -> Option<Self> {
        let bytes = text.as_bytes();
        match quote_at(bytes, at) {
            Some((quote, slashes, start)) => {
                Self::until(text, start, End::Quote(quote, slashes), family, Evidence::Quoted)
            }
            None => Self::until(text, at, End::of(family), family, evidence),
        }
    }

    pub(super) fn until(
        text: &str,
        mut start: usize,
        mut end: End,
        family: Family,
        mut evidence: Evidence,
    ) -> Option<Self> {
        let bytes = text.as_bytes();
        if family != Family::Cookie
            && let Some((behind, scheme)) = scheme(text, start)
            && (family != Family::Password)
        {
            start = behind;
            evidence = if family == Family::Authorization { Evidence::Strong } else { evidence };
            if matches!(end, End::Line | End::Element) && !scheme.eq_ignore_ascii_case("digest") {
                end = End::Word;
            }
        }
        let stop = end.find(bytes, start, REACH);
        (start < stop).then_some(Self { range: start..stop, evidence, end })
    }

    /// Where a value in quotes ends.
    pub(super) fn closing(bytes: &[u8], start: usize, quote: u8, slashes: usize) -> usize {
        End::Quote(quote, slashes).find(bytes, start, REACH)
    }

    /// The whole of a value that was looked at in part.
    pub(super) fn whole(&self, bytes: &[u8]) -> Range<usize> {
        if self.range.len() < REACH {
            return self.range.clone();
        }
        self.range.start..self.end.find(bytes, self.range.start, usize::MAX)
    }
}

/// Schemes of RFC 9110 section 11 and of providers, before a value: the place behind one.
fn scheme(text: &str, start: usize) -> Option<(usize, &str)> {
    let bytes = text.as_bytes();
    let length =
        text::run(bytes.get(..bytes.len().min(start + 16))?, start, |byte| byte.is_ascii_alphabetic() || byte == b'-');
    let blank = bytes.get(start + length)?;
    let word = text.get(start..start + length)?;
    let is_scheme = [
        "bearer",
        "basic",
        "token",
        "apikey",
        "api-key",
        "digest",
        "key",
        "negotiate",
        "oauth",
        "ssws",
        "bot",
        "jwt",
        "sso-key",
        "genie-key",
        "snowflake",
    ]
    .iter()
    .any(|scheme| word.eq_ignore_ascii_case(scheme));
    (is_scheme && *blank == b' ').then(|| (text::skip_blanks(bytes, start + length), word))
}

/// A quote at `at`, behind backslashes and letters that belong to it (`b"`, `r'`, `@"`): the quote, its backslashes, what follows.
pub(super) fn quote_at(bytes: &[u8], at: usize) -> Option<(u8, usize, usize)> {
    let prefix = text::run(bytes.get(..bytes.len().min(at + 2))?, at, |byte| b"bBrRfFuUL@$".contains(&byte));
    for start in [at + prefix, at] {
        let slashes = text::run(bytes.get(..bytes.len().min(start + 8))?, start, |byte| byte == b'\\');
        if let Some(quote) = bytes.get(start + slashes).copied().filter(|byte| b"\"'`".contains(byte)) {
            // in JSON it may as well be the end of the string that the name ends
            let closes = quote == b'"' && text::ends_json_string(bytes, start + slashes);
            return (!closes).then_some((quote, slashes, start + slashes + 1));
        }
    }
    None
}

/// The closing quote at the same level of escaping, the end of the line or of an enclosing string of JSON when there is none.
fn closing(bytes: &[u8], start: usize, quote: u8, slashes: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let mut end = rest.len();
    for at in memchr::memchr3_iter(quote, b'\n', b'"', rest) {
        let byte = rest.get(at).copied().unwrap_or_default();
        let escapes = text::back(rest, at, at, |byte| byte == b'\\');
        let closes = byte == quote && closes(escapes, slashes)
            || byte == b'"' && text::ends_json_string(rest, at) && quote != b'"';
        if byte == b'\n' || closes {
            end = if byte == b'\n' { at } else { at - escapes };
            break;
        }
    }
    text::steps::count(end);
    start + end
}

/// Whether a quote behind so many backslashes ends a string whose first quote had `slashes`, or a string around it: in each string
/// of a string, a backslash and a quote have a backslash more.
fn closes(escapes: usize, slashes: usize) -> bool {
    escapes.is_multiple_of(2) || slashes > 0 && closes((escapes - 1) / 2, (slashes - 1) / 2)
}
