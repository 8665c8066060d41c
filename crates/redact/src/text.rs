//! Steps over the bytes of a text.

/// As far as a place is looked at before it is known to hold a secret, so that no text is slow. A found value is taken whole.
pub(crate) const REACH: usize = 128;

/// A set of bytes.
#[derive(Debug)]
pub(crate) struct Set([bool; 256]);

impl Set {
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut at = 0;
        while at < bytes.len() {
            set[bytes[at] as usize] = true;
            at += 1;
        }
        Self(set)
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }
}

/// Texts to compare with, most of which the first byte rules out.
#[derive(Debug)]
pub(crate) struct Pieces {
    texts: &'static [&'static str],
    first: Set,
    any_case: bool,
}

impl Pieces {
    pub(crate) const fn of(texts: &'static [&'static str]) -> Self {
        Self::new(texts, false)
    }

    pub(crate) const fn in_any_case(texts: &'static [&'static str]) -> Self {
        Self::new(texts, true)
    }

    const fn new(texts: &'static [&'static str], any_case: bool) -> Self {
        let mut first = [false; 256];
        let mut at = 0;
        while at < texts.len() {
            let byte = texts[at].as_bytes()[0];
            first[byte as usize] = true;
            if any_case {
                first[byte.to_ascii_uppercase() as usize] = true;
                first[byte.to_ascii_lowercase() as usize] = true;
            }
            at += 1;
        }
        Self { texts, first: Set(first), any_case }
    }

    /// Whether one of them begins the text.
    pub(crate) fn begin(&self, bytes: &[u8]) -> bool {
        let Some(first) = bytes.first().filter(|first| self.first.has(**first)) else { return false };
        let fits = |text: &[u8]| match bytes.get(..text.len()) {
            Some(there) if self.any_case => there.eq_ignore_ascii_case(text),
            there => there == Some(text),
        };
        let is_likely = |text: &[u8]| text.first().is_some_and(|byte| byte | 0x20 == first | 0x20);
        self.texts.iter().any(|text| is_likely(text.as_bytes()) && fits(text.as_bytes()))
    }

    /// Whether one of them is in the text.
    pub(crate) fn stand_in(&self, bytes: &[u8]) -> bool {
        let likely = bytes.iter().enumerate().filter(|(_, byte)| self.first.has(**byte));
        likely.into_iter().any(|(at, _)| bytes.get(at..).is_some_and(|rest| self.begin(rest)))
    }
}

/// How many bytes from `from` on satisfy `test`.
pub(crate) fn run(bytes: &[u8], from: usize, test: impl Fn(u8) -> bool) -> usize {
    let length = bytes.get(from..).unwrap_or_default().iter().take_while(|byte| test(**byte)).count();
    steps::count(length);
    length
}

/// As [`run`], at most [`REACH`] bytes.
pub(crate) fn near(bytes: &[u8], from: usize, test: impl Fn(u8) -> bool) -> usize {
    run(bytes.get(..bytes.len().min(from.saturating_add(REACH))).unwrap_or_default(), from, test)
}

/// How many bytes before `to` satisfy `test`, at most `limit`.
pub(crate) fn back(bytes: &[u8], to: usize, limit: usize, test: impl Fn(u8) -> bool) -> usize {
    let before = bytes.get(..to).unwrap_or_default();
    let length = before.iter().rev().take(limit).take_while(|byte| test(**byte)).count();
    steps::count(length);
    length
}

/// At most [`REACH`] bytes from `from` on.
pub(crate) fn window(bytes: &[u8], from: usize) -> &[u8] {
    let window = bytes.get(from..bytes.len().min(from.saturating_add(REACH))).unwrap_or_default();
    steps::count(window.len());
    window
}

/// The place behind the blanks at `at`.
pub(crate) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    at + run(bytes.get(..bytes.len().min(at.saturating_add(24))).unwrap_or_default(), at, is_blank)
}

/// The place behind blanks and ends of lines, also escaped ones.
pub(crate) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    let end = at.saturating_add(64);
    while at < end {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'\\') if matches!(bytes.get(at + 1), Some(b'n' | b'r' | b't')) => at += 2,
            _ => break,
        }
    }
    at
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

pub(crate) fn byte_before(bytes: &[u8], at: usize) -> Option<u8> {
    at.checked_sub(1).and_then(|at| bytes.get(at)).copied()
}

/// Whether `prefix`, in any case, stands at `at`.
pub(crate) fn has_at(bytes: &[u8], at: usize, prefix: &str) -> bool {
    bytes.get(at..at + prefix.len()).is_some_and(|there| there.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// Whether the last byte before `at` is the letter of an escape (`\n`), no letter of a word.
pub(crate) fn ends_escape(bytes: &[u8], at: usize) -> bool {
    at >= 2
        && matches!(bytes.get(at - 1), Some(b'n' | b'r' | b't'))
        && back(bytes, at - 1, 8, |byte| byte == b'\\') % 2 == 1
}

/// Not in the middle of a word; an escape such as `\n` or `%3D` before it is no word.
pub(crate) fn is_left_edge(bytes: &[u8], start: usize) -> bool {
    let before = |back: usize| start.checked_sub(back).and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let last = before(1);
    !(last.is_ascii_alphanumeric() || last == b'_' || last == b'-')
        || b"nrt".contains(&last) && before(2) == b'\\'
        || last.is_ascii_hexdigit() && before(2).is_ascii_hexdigit() && before(3) == b'%'
}

/// Whether only blanks, list marks and comment signs stand between the start of the line and `at`.
pub(crate) fn is_line_start(bytes: &[u8], at: usize) -> bool {
    let start = at - back(bytes, at, 24, |byte| is_blank(byte) || b"-#+*;/!".contains(&byte));
    byte_before(bytes, start).is_none_or(|byte| byte == b'\n' || byte == b'\r') || ends_escape(bytes, start)
}

/// The end of the line that `at` is in, or of [`REACH`] bytes; also at an escaped line end.
pub(crate) fn line_end(bytes: &[u8], at: usize) -> usize {
    let window = window(bytes, at);
    let raw = memchr::memchr(b'\n', window).unwrap_or(window.len());
    let line = window.get(..raw).unwrap_or_default();
    at + memchr::memmem::find(line, b"\\n").unwrap_or(raw)
}

/// Whether the `"` at `at` may end a string of JSON: a sign of its structure follows, or nothing. What a finding replaces never
/// reaches across one, so that JSON stays JSON.
pub(crate) fn ends_json_string(bytes: &[u8], at: usize) -> bool {
    let behind = at + 1;
    let blanks = near(bytes, behind, |byte| byte.is_ascii_whitespace());
    bytes.get(behind + blanks).is_none_or(|next| b",:}]".contains(next)) || blanks >= REACH
}

/// Bytes looked at, counted in tests: the bound on work is a number, not a time.
pub(crate) mod steps {
    #[cfg(test)]
    thread_local! {
        pub(crate) static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(crate) fn count(bytes: usize) {
        STEPS.set(STEPS.get() + bytes + 1);
    }

    #[cfg(not(test))]
    pub(crate) fn count(_bytes: usize) {}
}
