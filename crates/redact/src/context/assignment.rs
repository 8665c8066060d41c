//! `name = value`: where an identifier promises a secret, find the value and say whether it is one.
//!
//! Between name and value may stand, with quotes at any level of escaping:
//!
//! - `=`, `:`, `:=`, `=>`, a comparison, an escaped form (`%3D`), for a flag one space;
//! - a type (`password: str = "x"`, `password string = "x"`), the end of an XML tag, the bars of a table;
//! - for a quoted name a comma (`define('DB_PASSWORD', 'x')`), for a bare one a parenthesis (`withPassword("x")`);
//! - `value` as the name of a neighbour (`{"name": "DB_PASSWORD", "value": "x"}`, `<add key="Password" value="x"/>`);
//! - the mark of a block of lines (YAML's `|` and `>`), a list, see [`super::collection`];
//! - words (`password is x`, `set API_KEY to x`), see [`super::prose`].

use std::ops::Range;

use super::extent::{self, End, Extent};
use super::name::{Family, Promise, Trust};
use super::{prose, table};
use crate::find::Found;
use crate::text::{self, REACH, Set, byte_before, has_at, near, skip_blanks, skip_space};
use crate::value::{self, Evidence};

/// A name that promises a secret.
pub(super) struct Named<'t> {
    pub(super) text: &'t str,
    pub(super) promise: Promise,
    pub(super) range: Range<usize>,
}

static NAME_BYTES: Set = Set::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

/// What may follow a name that has a value.
static BEHIND_NAME: Set = Set::of(b"\"'`\\]=:,(>< \t\r\n%|!?)/");

/// How far a name is looked for on both sides of its literal.
const NAME: usize = 64;

/// The value of the name around `start..end`.
pub(crate) fn find(text: &str, literal: Range<usize>, found: &mut Found) {
    let bytes = text.as_bytes();
    let is_name = |byte: u8| NAME_BYTES.has(byte);
    let is_whole = |at: Option<u8>| at.is_none_or(|byte| !is_name(byte));
    let literal_is_key = literal.len() == 3 && bytes.get(literal.start).is_some_and(|byte| byte | 0x20 == b'k');
    if literal_is_key && is_whole(byte_before(bytes, literal.start)) {
        return prose::key(text, literal, found);
    }
    let begin = literal.start + usize::from(bytes.get(literal.start) == Some(&b'"'));
    let near_end = bytes.get(..bytes.len().min(begin + NAME)).unwrap_or_default();
    let end = begin + text::run(near_end, begin, is_name);
    found.examined = end;
    if !bytes.get(end).is_some_and(|byte| BEHIND_NAME.has(*byte)) {
        return;
    }
    let mut start = begin - text::back(bytes, begin, NAME, is_name);
    if start < begin && text::ends_escape(bytes, start + 1) {
        start += 1;
    }
    let Some(identifier) = text.get(start..end).map(|name| name.trim_end_matches(['.', '-'])) else { return };
    let range = start..start + identifier.len();
    let Some(promise) = found.names.promise(text, &range) else { return };
    let named = Named { text, promise, range };
    if bytes.get(skip_blanks(bytes, end)) == Some(&b'|') && table::find(&named, found) {
        return;
    }
    if let Some(place) = named.place() {
        named.examine(&place, found);
    } else {
        prose::find(&named, found);
    }
}

/// Where the value begins, how the name was quoted, and how sure it is that a value follows.
struct Place {
    at: usize,
    is_key: bool,
    evidence: Evidence,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Only a literal in quotes is a value here.
    Literal,
    /// As [`Self::Literal`], the first argument of a call.
    Call,
    /// The text of an XML element.
    Tag,
    /// What stands in the lines below, further in.
    Below,
}

/// The place behind what YAML puts before a value: a type (`!!str`), a name (`&pw`).
fn behind_tag(bytes: &[u8], at: usize) -> usize {
    if !matches!(bytes.get(at..), Some([b'!', b'!', ..] | [b'&', ..])) {
        return at;
    }
    let tag = near(bytes, at, |byte| byte.is_ascii_alphanumeric() || b"!&_-".contains(&byte));
    let next = skip_blanks(bytes, at + tag);
    if next > at + tag { next } else { at }
}

impl Named<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn name(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }

    fn place(&self) -> Option<Place> {
        let bytes = self.bytes();
        let end = self.range.end;
        let closing = text::run(bytes.get(..bytes.len().min(end + 8))?, end, |byte| b"\\\"'`])".contains(&byte));
        // the backslash of `\n` ends a line, it quotes nothing
        let closing = if closing == 1 && bytes.get(end) == Some(&b'\\') { 0 } else { closing };
        let closers = self.text.get(end..end + closing)?;
        let is_key = closers.ends_with('"');
        let is_quoted = closers.contains(['"', '\'', '`']);
        let after = end + closing;
        let separator = skip_blanks(bytes, after);
        let spaced = separator > after;
        let place = |length: usize, evidence, kind| {
            Some(Place { at: skip_blanks(bytes, separator + length), is_key, evidence, kind })
        };
        let next = bytes.get(separator + 1).copied().unwrap_or(b' ');
        match bytes.get(separator)? {
            b'=' if next == b'>' => place(2, Evidence::Weak, Kind::Plain),
            b'=' if next == b'=' => {
                place(if bytes.get(separator + 2) == Some(&b'=') { 3 } else { 2 }, Evidence::Quoted, Kind::Literal)
            }
            b'!' if next == b'=' => {
                place(if bytes.get(separator + 2) == Some(&b'=') { 3 } else { 2 }, Evidence::Quoted, Kind::Literal)
            }
            b'=' if next == b'~' => None,
            b'=' if !spaced && !next.is_ascii_whitespace() => place(1, self.assigned(), Kind::Plain),
            b'=' => place(1, Evidence::Weak, Kind::Plain),
            b'?' if next == b'=' || next == b':' => place(2, Evidence::Weak, Kind::Plain),
            b':' if next == b':' || is_quoted && self.is_ternary() => None,
            b':' if next == b'=' => place(2, Evidence::Weak, Kind::Plain),
            b':' if self.has_lines_below(separator + 1) => place(1, Evidence::Weak, Kind::Below),
            b':' if matches!(next, b'\n' | b'\r') => None,
            b':' if closing == 0 && self.is_expansion() => self.default(separator),
            b':' => {
                let at = behind_tag(bytes, skip_blanks(bytes, separator + 1));
                Some(Place { at, is_key, evidence: Evidence::Weak, kind: Kind::Plain })
            }
            b'%' if has_at(bytes, separator, "%3D") || has_at(bytes, separator, "%3A") => {
                place(3, Evidence::Strong, Kind::Plain)
            }
            b'>' if self.is_tag() => place(1, Evidence::Strong, Kind::Tag),
            b'<' if is_quoted || has_at(bytes, separator, "</") => self.sibling_element(separator),
            b'>' if is_quoted => place(1, Evidence::Strong, Kind::Tag),
            b',' if is_quoted && self.is_string(closers) => {
                self.neighbour(separator).or_else(|| self.argument(&place(1, Evidence::Quoted, Kind::Literal)?))
            }
            b'(' if !is_quoted && !spaced => place(1, Evidence::Quoted, Kind::Call),
            b'|' if spaced && (!is_quoted || closers.starts_with('`')) => place(1, Evidence::Loose, Kind::Plain),
            b'\n' | b'\r' | b'\\' => self.neighbour(separator),
            b'v' | b'V' if is_quoted => self.neighbour(separator),
            byte if spaced && closing == 0 && self.is_flag() && *byte != b'-' => {
                place(0, self.flag(separator), Kind::Plain)
            }
            byte if spaced && !is_quoted && byte.is_ascii_alphabetic() => self.typed(separator, is_key),
            _ => None,
        }
    }

    /// `is_ok ? "PASS" : "FAIL"`
    fn is_ternary(&self) -> bool {
        let bytes = self.bytes();
        let quotes = text::back(bytes, self.range.start, 4, |byte| b"\\\"'`".contains(&byte));
        let before = self.range.start - quotes;
        byte_before(bytes, before - text::back(bytes, before, 4, text::is_blank)) == Some(b'?')
    }

    /// Whether the name is all of a string that ends with these quotes.
    fn is_string(&self, closers: &str) -> bool {
        byte_before(self.bytes(), self.range.start)
            .is_some_and(|quote| b"\"'".contains(&quote) && closers.as_bytes().contains(&quote))
    }

    /// `define('DB_PASSWORD', 'x')`: a value follows the first argument of a call, in a list perhaps another name.
    fn argument(&self, place: &Place) -> Option<Place> {
        let bytes = self.bytes();
        let (quote, slashes, start) = extent::quote_at(bytes, place.at)?;
        let behind = Extent::closing(bytes, start, quote, slashes) + slashes + 1;
        if bytes.get(skip_blanks(bytes, behind)) == Some(&b':') {
            return None;
        }
        let quotes = text::back(bytes, self.range.start, 4, |byte| b"\\\"'".contains(&byte));
        let is_first = byte_before(bytes, self.range.start - quotes) == Some(b'(');
        Some(Place { evidence: if is_first { Evidence::Quoted } else { Evidence::Loose }, ..*place })
    }

    /// `${NAME`
    fn is_expansion(&self) -> bool {
        let start = self.range.start;
        byte_before(self.bytes(), start) == Some(b'{')
            && start >= 2
            && byte_before(self.bytes(), start - 1) == Some(b'$')
    }

    /// `${NAME:-default}` of shells, `${name:default}` of Spring.
    fn default(&self, separator: usize) -> Option<Place> {
        let at = match self.bytes().get(separator + 1)? {
            b'?' | b'+' => return None,
            b'-' | b'=' => separator + 2,
            _ => separator + 1,
        };
        Some(Place { at, is_key: false, evidence: Evidence::Quoted, kind: Kind::Plain })
    }

    fn is_flag(&self) -> bool {
        self.name().starts_with('-')
            && byte_before(self.bytes(), self.range.start).is_none_or(|byte| b" \t\n\"'".contains(&byte))
    }

    /// `--password options` may be a sentence, `--password 'options'` is none.
    fn flag(&self, at: usize) -> Evidence {
        let bytes = self.bytes();
        let word = near(bytes, at, |byte| byte.is_ascii_lowercase());
        let is_word =
            word > 0 && bytes.get(at + word).is_none_or(|byte| byte.is_ascii_whitespace() || b".,:)".contains(byte));
        let is_plain = is_word && self.text.get(at..at + word).is_some_and(|word| !value::is_gibberish(word));
        if is_plain { Evidence::Loose } else { Evidence::Strong }
    }

    /// `<password>`, `<ns:password>`
    fn is_tag(&self) -> bool {
        let bytes = self.bytes();
        let space = text::back(bytes, self.range.start, 24, |byte| byte.is_ascii_alphanumeric() || byte == b':');
        byte_before(bytes, self.range.start - space) == Some(b'<')
            && bytes.get(self.range.start - space..self.range.start).is_some_and(|space| !space.ends_with(b"::"))
    }

    /// `NAME=value` in capitals, `--name=value` and `?name=value` are never code.
    fn assigned(&self) -> Evidence {
        let is_query = matches!(byte_before(self.bytes(), self.range.start), Some(b'?' | b'&' | b';'));
        let is_environment = !self.name().bytes().any(|byte| byte.is_ascii_lowercase());
        if is_query || is_environment || self.name().starts_with('-') { Evidence::Strong } else { Evidence::Weak }
    }

    /// `{"name": "DB_PASSWORD", "value": "x"}`, also as lines of YAML and attributes of XML.
    fn neighbour(&self, from: usize) -> Option<Place> {
        let bytes = self.bytes();
        let comma = from + usize::from(bytes.get(from) == Some(&b','));
        let at = skip_space(bytes, comma);
        let at = at + near(bytes, at, |byte| b"\\\"'".contains(&byte)).min(8);
        if !has_at(bytes, at, "value") && !has_at(bytes, at, "val\"") {
            return None;
        }
        let end = at + near(bytes, at, |byte| byte.is_ascii_alphabetic());
        let end = end + near(bytes, end, |byte| b"\\\"'".contains(&byte)).min(8);
        let separator = skip_blanks(bytes, end);
        matches!(bytes.get(separator), Some(b':' | b'=')).then(|| Place {
            at: skip_blanks(bytes, separator + 1),
            is_key: byte_before(bytes, end) == Some(b'"'),
            evidence: Evidence::Quoted,
            kind: Kind::Plain,
        })
    }

    /// `<key>Password</key><string>x</string>`
    fn sibling_element(&self, from: usize) -> Option<Place> {
        let bytes = self.bytes();
        let close = from + near(bytes, from, |byte| byte != b'>');
        let open = skip_space(bytes, close + 1);
        let is_value = ["<string", "<data", "<value", "<val", "<td"].iter().any(|tag| has_at(bytes, open, tag));
        let at = open + near(bytes, open, |byte| byte != b'>') + 1;
        is_value.then_some(Place { at, is_key: false, evidence: Evidence::Strong, kind: Kind::Tag })
    }

    /// `password string = "x"`, and attributes of an XML tag before its text.
    fn typed(&self, at: usize, is_key: bool) -> Option<Place> {
        let bytes = self.bytes();
        if self.is_tag() {
            let end = at + near(bytes, at, |byte| byte != b'>' && byte != b'<');
            return (bytes.get(end) == Some(&b'>') && bytes.get(end - 1) != Some(&b'/')).then_some(Place {
                at: end + 1,
                is_key,
                evidence: Evidence::Strong,
                kind: Kind::Tag,
            });
        }
        let word = near(bytes, at, |byte| byte.is_ascii_alphanumeric() || b"_*[]<>&.".contains(&byte));
        let equals = skip_blanks(bytes, at + word);
        let is_assignment = bytes.get(equals) == Some(&b'=') && bytes.get(equals + 1) != Some(&b'=');
        (is_assignment && equals > at + word).then(|| Place {
            at: skip_blanks(bytes, equals + 1),
            is_key,
            evidence: Evidence::Quoted,
            kind: Kind::Literal,
        })
    }

    fn examine(&self, place: &Place, found: &mut Found) {
        let bytes = self.bytes();
        let Place { mut at, is_key, mut evidence, kind } = *place;
        let mut is_key = is_key;
        if matches!(kind, Kind::Literal | Kind::Call) && extent::quote_at(bytes, at).is_none() {
            return;
        }
        if kind == Kind::Tag {
            let at = skip_space(bytes, at);
            let extent = Extent::until(self.text, at, End::Tag, self.promise.family, evidence);
            if let Some(extent) =
                extent.filter(|extent| extent.range.len() >= REACH || has_at(bytes, extent.range.end, "</"))
            {
                self.keep(&extent, false, found);
            }
            return;
        }
        if kind == Kind::Below {
            return self.below(at, found);
        }
        if self.has_many(at, found) || kind == Kind::Call && self.arguments(at, found) {
            return;
        }
        // a type annotation stands where the value would: `password: str = "x"`
        for _ in 0..2 {
            let is_bare = is_key && extent::quote_at(bytes, at).is_none();
            let extent = if is_bare {
                // a number of JSON, an expression of code: no header that runs to the end of its line
                Extent::until(self.text, at, End::Element, self.promise.family, evidence)
            } else {
                Extent::at(self.text, at, self.promise.family, evidence)
            };
            let Some(mut extent) = extent else { return };
            if kind == Kind::Literal && evidence == Evidence::Loose {
                extent.evidence = evidence;
            }
            let quoted = matches!(extent.end, End::Quote(..));
            let equals = skip_blanks(bytes, extent.range.end);
            let is_assignment = !quoted
                && bytes.get(equals) == Some(&b'=')
                && equals > extent.range.end
                && !matches!(bytes.get(equals + 1), Some(b'=' | b'>'));
            if !is_assignment && self.keep(&extent, is_key, found) {
                return;
            }
            if !is_assignment {
                if !quoted {
                    self.expression(at, found);
                }
                return;
            }
            at = skip_blanks(bytes, equals + 1);
            is_key = false;
            evidence = Evidence::Weak;
        }
    }

    /// Keeps the value when it is a secret.
    pub(super) fn keep(&self, extent: &Extent, is_key: bool, found: &mut Found) -> bool {
        let bytes = self.bytes();
        let Some(value) = self.text.get(extent.range.clone()) else { return false };
        let is_open = matches!(extent.end, End::Quote(..));
        let mut evidence = extent.evidence;
        // a bare value before a comma or a bracket is a variable more often than not
        let comma = evidence == Evidence::Weak && value.ends_with(',');
        let (value, next) = if comma {
            (value.trim_end_matches(','), b',')
        } else {
            (value, bytes.get(extent.range.end).copied().unwrap_or(b'\n'))
        };
        let ends_statement = next == b';' && bytes.get(extent.range.end + 1).is_none_or(u8::is_ascii_whitespace);
        if evidence == Evidence::Weak && !is_key && (b",)]}".contains(&next) || ends_statement) {
            evidence = Evidence::Code;
        }
        if found.is_exhausted_by(&extent.range) {
            found.push(super::found(found.refused.start, extent.whole(bytes).end, self.promise.family.rule()));
            return true;
        }
        if !value::is_secret(value, self.promise, evidence) {
            found.refuse(bytes, &extent.range);
            return false;
        }
        let mut range = extent.whole(bytes);
        if !is_open && extent.end != End::Tag {
            range.end = self.to_line_end(&range);
        }
        if !is_open && evidence != Evidence::Strong {
            let value = self.text.get(range.clone()).unwrap_or_default();
            range.end -= value.len() - value.trim_end_matches(['.', ',', ';', ':', '!', '?']).len();
        }
        if let End::Quote(quote, 0) = extent.end {
            range.end = self.end_of_lines(range.end, &[quote], found).unwrap_or(range.end);
        }
        let trimmed = self.text.get(range.clone()).unwrap_or_default();
        range.end -= trimmed.len() - trimmed.trim_end().len();
        found.push(super::found(range.start, range.end, self.promise.family.rule()));
        true
    }

    /// In `NAME=a)b&c` alone on its line the value goes on where it would end elsewhere.
    fn to_line_end(&self, range: &Range<usize>) -> usize {
        let bytes = self.bytes();
        let is_own_line = text::is_line_start(bytes, self.range.start)
            && byte_before(bytes, range.start) == Some(b'=')
            && !bytes.get(range.end).is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'\\`".contains(byte));
        if !is_own_line {
            return range.end;
        }
        let end = range.end + near(bytes, range.end, |byte| byte.is_ascii_graphic() && !b"\"'\\`".contains(&byte));
        let is_last = bytes.get(end).is_none_or(u8::is_ascii_whitespace);
        let more = self.text.get(range.end..end).unwrap_or_default();
        if is_last && !more.starts_with(['}', ']', ')', ';', '>']) {
            range.end + more.trim_end_matches([';', ',']).len()
        } else {
            range.end
        }
    }

    /// The literal in `getenv("DB_PASSWORD", "x")`, `options.password || "x"`, `String::from("x")`, `b64encode(b"x")`.
    fn expression(&self, at: usize, found: &mut Found) {
        let bytes = self.bytes();
        if bytes.get(at) == Some(&b'$') {
            return;
        }
        if !found.spend(REACH) || memchr::memchr3(b'"', b'\'', b'`', text::window(bytes, at)).is_none() {
            return;
        }
        let line = text::line_end(bytes, at);
        let Some(line) = self.text.get(at..line).and_then(|line| line.split(';').next()) else { return };
        let is_expression = line.contains(['(', '|', '?', '[']) || line.contains(" or ") || line.contains(":-");
        if !is_expression {
            return;
        }
        let mut from = 0;
        let mut literal = None;
        for _ in 0..4 {
            let Some(open) =
                line.as_bytes().get(from..).and_then(|rest| rest.iter().position(|byte| b"\"'`".contains(byte)))
            else {
                break;
            };
            let open = from + open;
            let Some((quote, slashes, start)) = extent::quote_at(bytes, at + open) else { break };
            let Some(extent) =
                Extent::until(self.text, start, End::Quote(quote, slashes), self.promise.family, Evidence::Loose)
            else {
                break;
            };
            from = extent.range.end + 1 + slashes - at;
            literal = Some(extent);
            if from >= line.len() {
                break;
            }
        }
        if let Some(extent) = literal {
            self.keep(&extent, false, found);
        }
    }

    pub(super) fn is_loose(&self) -> bool {
        self.promise.trust == Trust::Loose
    }

    pub(super) fn is_header(&self) -> bool {
        matches!(self.promise.family, Family::Authorization | Family::Cookie)
    }
}
