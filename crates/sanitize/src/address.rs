//! What addresses carry beside the place they name: user info, queries and fragments, which hold tokens, search words and names.
//!
//! An address within a text begins with a scheme and `://` (`:\/\/` where the text is JSON) and ends before white space, a quote,
//! an angle bracket, a closing bracket or a control character. `:12:34` at its end, a line and a column of a stack trace, stays.

use std::borrow::Cow;

/// Ends of keys whose text is an address.
const NAMING: [&str; 6] = ["url", "uri", "href", "link", "referrer", "referer"];
/// Keys whose text is one, or a path below one.
const NAMES: [&str; 13] = [
    "urls",
    "links",
    "location",
    "page",
    "src",
    "path",
    "pathname",
    "endpoint",
    "origin",
    "redirect",
    "callback",
    "urlfull",
    "documenturi",
];
/// Keys whose text is a query or a fragment where it begins like one.
const PARTS: [&str; 3] = ["search", "hash", "query"];
/// Keys whose text is one however it begins: OpenTelemetry's `url.query` and `url.fragment` come without the mark.
const WHOLE_PARTS: [&str; 3] = ["urlquery", "urlfragment", "querystring"];
/// Keys whose text may hold addresses among others words.
const PROSE: [&str; 10] = [
    "stack",
    "stacktrace",
    "exceptionstacktrace",
    "message",
    "exceptionmessage",
    "errormessage",
    "error",
    "cause",
    "reason",
    "componentstack",
];

/// What a key says of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Address,
    Part,
    WholePart,
    Prose,
    Other,
}

impl Kind {
    /// `key`: in lower case, letters and digits alone.
    pub(crate) fn of(key: &str) -> Self {
        if WHOLE_PARTS.contains(&key) {
            Self::WholePart
        } else if NAMES.contains(&key) || NAMING.iter().any(|end| key.ends_with(end)) {
            Self::Address
        } else if PARTS.contains(&key) {
            Self::Part
        } else if PROSE.contains(&key) {
            Self::Prose
        } else {
            Self::Other
        }
    }
}

/// Takes user info, and unless `keeps_query` query and fragment, from the addresses of a text.
pub(crate) fn trim(kind: Kind, text: &mut Cow<'_, str>, keeps_query: bool) {
    let is_part = kind == Kind::WholePart || kind == Kind::Part && text.starts_with(['?', '#']);
    if is_part && !keeps_query {
        *text = Cow::Borrowed("");
        return;
    }
    if text.contains("://") || text.contains(r":\/\/") {
        within(text, keeps_query);
    }
    if kind == Kind::Prose && !keeps_query {
        paths_within(text);
    }
    if kind != Kind::Address || keeps_query || text.contains(char::is_whitespace) {
        return;
    }
    // the content of a `data:` address stands in it
    let is_data = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let end = if is_data { text.find(',') } else { text.find(['?', '#']) };
    if let Some(end) = end {
        cut(text, end);
    }
}

fn cut(text: &mut Cow<'_, str>, end: usize) {
    match text {
        Cow::Borrowed(text) => *text = text.get(..end).unwrap_or_default(),
        Cow::Owned(text) => text.truncate(end),
    }
}

/// All addresses of a text.
fn within(text: &mut Cow<'_, str>, keeps_query: bool) {
    let mut kept = String::new();
    let mut from = 0;
    let mut rest = 0;
    while let Some((colon, authority)) = next(text, from) {
        let address = Address::at(text, colon, authority);
        from = address.end;
        let user = address.user.unwrap_or(authority);
        let query = if keeps_query { address.end } else { address.query.unwrap_or(address.end) };
        if user == authority && query == address.end {
            continue;
        }
        kept.push_str(text.get(rest..authority).unwrap_or_default());
        kept.push_str(text.get(user..query).unwrap_or_default());
        rest = address.end;
    }
    if rest > 0 {
        kept.push_str(text.get(rest..).unwrap_or_default());
        *text = Cow::Owned(kept);
    }
}

/// Queries of paths that stand as words of a text: `GET /orders?mail=ana failed`.
fn paths_within(text: &mut Cow<'_, str>) {
    let (mut kept, mut rest) = (String::new(), 0);
    while let Some(mark) = text.get(rest..).and_then(|tail| tail.find('?')).map(|at| rest + at) {
        let bytes = text.as_bytes();
        let word = bytes[..mark].iter().rposition(|byte| ends_word(*byte)).map_or(0, |at| at + 1);
        let length = bytes[mark..].iter().position(|byte| ends_word(*byte)).unwrap_or(bytes.len() - mark);
        let is_query = word >= rest && bytes[word] == b'/' && length > 1;
        let end = if is_query { mark + without_place(&bytes[mark..mark + length]) } else { mark + 1 };
        kept.push_str(text.get(rest..if is_query { mark } else { end }).unwrap_or_default());
        rest = end;
    }
    if kept.len() < rest {
        kept.push_str(text.get(rest..).unwrap_or_default());
        *text = Cow::Owned(kept);
    }
}

fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"'`<>()[]{}".contains(&byte)
}

/// Where the next scheme's colon stands, and where the authority behind it begins.
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let tail = text.get(from..)?;
    let plain = tail.find("://").map(|at| (from + at, from + at + 3));
    let escaped = tail.find(r":\/\/").map(|at| (from + at, from + at + 5));
    [plain, escaped].into_iter().flatten().min()
}

struct Address {
    /// Behind the user info, if there is any.
    user: Option<usize>,
    /// Where query or fragment begin.
    query: Option<usize>,
    /// Where it ends, a line and column not counted.
    end: usize,
}

impl Address {
    fn at(text: &str, colon: usize, authority: usize) -> Self {
        let bytes = text.as_bytes();
        let has_scheme = colon > 0 && bytes[colon - 1].is_ascii_alphanumeric();
        let mut end = authority;
        while let Some(byte) = bytes.get(end) {
            let ends = byte.is_ascii_whitespace()
                || byte.is_ascii_control()
                || b"\"'`<>)]}".contains(byte)
                || *byte == b'\\' && bytes.get(end + 1) != Some(&b'/');
            // an IPv6 host stands in brackets
            if ends && !(*byte == b']' && is_in_brackets(&bytes[authority..end])) {
                break;
            }
            end += 1;
        }
        if !has_scheme {
            return Self { user: None, query: None, end };
        }
        let whole = &bytes[authority..end];
        let host_end = whole.iter().position(|byte| b"/?#\\".contains(byte)).unwrap_or(whole.len());
        let user = whole[..host_end].iter().rposition(|byte| *byte == b'@').map(|at| authority + at + 1);
        let query = whole.iter().position(|byte| b"?#".contains(byte)).map(|at| authority + at);
        let end = query.map_or(end, |query| query + without_place(&bytes[query..end]));
        Self { user, query, end }
    }
}

fn is_in_brackets(authority: &[u8]) -> bool {
    let open = authority.iter().rposition(|byte| *byte == b'[');
    open.is_some_and(|open| authority[open + 1..].iter().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(byte)))
}

/// The length without `:12:34` at the end.
fn without_place(query: &[u8]) -> usize {
    let number = |end: usize| {
        let digits = query[..end].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let colon = end.checked_sub(digits + 1)?;
        ((1..=7).contains(&digits) && query[colon] == b':').then_some(colon)
    };
    number(query.len()).and_then(number).unwrap_or(query.len())
}

#[cfg(test)]
mod tests;
