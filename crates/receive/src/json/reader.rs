//! JSON (RFC 8259) as a stream of tokens over borrowed text. Nothing here knows OTLP.

use std::borrow::Cow;

use crate::error::Fault;
use crate::limits::{Account, MAX_SKIP_DEPTH};

/// A place in a body.
pub(super) struct Reader<'a, 'c> {
    text: &'a str,
    at: usize,
    pub(super) account: &'c Account,
}

/// A number as written, of JSON's grammar.
#[derive(Clone, Copy)]
pub(super) struct Digits<'a> {
    pub(super) text: &'a str,
    /// Neither fraction nor exponent.
    pub(super) is_integer: bool,
}

impl<'a, 'c> Reader<'a, 'c> {
    /// The body must be UTF-8; a byte order mark is passed over (RFC 8259, 8.1).
    pub(super) fn new(body: &'a [u8], account: &'c Account) -> Result<Self, Fault> {
        let text = str::from_utf8(body).map_err(|error| Fault::new(error.valid_up_to(), "the body is not UTF-8"))?;
        let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        Ok(Self { text, at, account })
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Which line of the body a place is on, from 1.
    pub(super) fn line_of(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.split(|byte| *byte == b'\n').count()
    }

    /// The first byte of the next token.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                byte => return byte,
            }
        }
    }

    /// Nothing may follow.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("text follows the end of the JSON")),
        }
    }

    /// Passes over a `null`, if one is next.
    #[inline]
    pub(super) fn null(&mut self) -> Result<bool, Fault> {
        if self.peek() == Some(b'n') { self.literal("null").map(|()| true) } else { Ok(false) }
    }

    pub(super) fn bool(&mut self) -> Result<bool, Fault> {
        match self.peek() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => Err(self.unexpected("true or false")),
        }
    }

    /// Calls `field` with each key, standing before its value.
    #[inline]
    pub(super) fn object(
        &mut self,
        mut field: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.peek() != Some(b'{') {
            return Err(self.unexpected("an object"));
        }
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            let key = self.key()?;
            field(self, key)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return Err(self.unexpected("a comma or the end of the object")),
            }
        }
    }

    /// Calls `item` before each element. The path of its faults gets the index.
    #[inline]
    pub(super) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.peek() != Some(b'[') {
            return Err(self.unexpected("an array"));
        }
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            item(self).map_err(|fault| fault.index(index))?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.unexpected("a comma or the end of the array")),
            }
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("text"));
        }
        self.at += 1;
        let start = self.at;
        match self.plain_until_special()? {
            b'"' => {
                let text = self.text.get(start..self.at).unwrap_or_default();
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.escaped(start).map(Cow::Owned),
        }
    }

    pub(super) fn number(&mut self) -> Result<Digits<'a>, Fault> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.unexpected("a number"));
        }
        let start = self.at;
        self.pass(b"-");
        if !self.pass(b"0") && !self.digits() {
            return Err(self.fault("a number without digits"));
        }
        let mut is_integer = true;
        if self.pass(b".") {
            is_integer = false;
            if !self.digits() {
                return Err(self.fault("a number without digits after its point"));
            }
        }
        if self.pass(b"eE") {
            is_integer = false;
            self.pass(b"+-");
            if !self.digits() {
                return Err(self.fault("a number without digits in its exponent"));
            }
        }
        Ok(Digits { text: self.text.get(start..self.at).unwrap_or_default(), is_integer })
    }

    /// Passes over any value.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let mut open = Vec::new();
        loop {
            let opened = self.skip_token(&mut open)?;
            if open.len() > MAX_SKIP_DEPTH {
                return Err(self.fault(format!("objects and arrays nest deeper than {MAX_SKIP_DEPTH}")));
            }
            if !self.seek_in_skipped(&mut open, opened)? {
                return Ok(());
            }
        }
    }

    /// Passes over a scalar, or into an object or array; whether it was one of these.
    fn skip_token(&mut self, open: &mut Vec<u8>) -> Result<bool, Fault> {
        match self.peek() {
            Some(byte @ (b'{' | b'[')) => {
                self.at += 1;
                open.push(if byte == b'{' { b'}' } else { b']' });
                return Ok(true);
            }
            Some(b'"') => drop(self.string()?),
            Some(b'n') => self.literal("null")?,
            Some(b't' | b'f') => drop(self.bool()?),
            Some(b'-' | b'0'..=b'9') => drop(self.number()?),
            _ => return Err(self.unexpected("a value")),
        }
        Ok(false)
    }

    /// Goes on to the next value of what is `open`, closing what ends; whether there is one. `opened`: the innermost
    /// has just begun.
    fn seek_in_skipped(&mut self, open: &mut Vec<u8>, mut opened: bool) -> Result<bool, Fault> {
        while let Some(close) = open.last().copied() {
            match self.peek() {
                Some(byte) if byte == close => {
                    self.at += 1;
                    open.pop();
                    opened = false;
                    continue;
                }
                _ if opened => {}
                Some(b',') => self.at += 1,
                _ => return Err(self.unexpected("a comma or the end of the object or array")),
            }
            if close == b'}' {
                self.key()?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// What was expected, and what stands here instead: its kind, never its text.
    #[cold]
    pub(super) fn unexpected(&mut self, expected: &str) -> Fault {
        let found = match self.peek() {
            None => "the end of the body",
            Some(b'"') => "text",
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "a number",
            Some(_) => "something that is not JSON",
        };
        self.fault(format!("expected {expected}, found {found}"))
    }

    #[cold]
    pub(super) fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(self.at, reason)
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// A key and its colon.
    #[inline]
    fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.at += 1;
        Ok(key)
    }

    fn literal(&mut self, literal: &str) -> Result<(), Fault> {
        let end = self.at + literal.len();
        if self.text.as_bytes().get(self.at..end) != Some(literal.as_bytes()) {
            return Err(self.fault("something that is not JSON"));
        }
        self.at = end;
        Ok(())
    }

    /// Passes over one byte, if it is one of `bytes`.
    fn pass(&mut self, bytes: &[u8]) -> bool {
        let passes = self.byte().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(passes);
        passes
    }

    /// Passes over digits; whether there were any.
    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > start
    }

    /// Passes over text as it is, to the quote or backslash that ends it.
    #[inline]
    fn plain_until_special(&mut self) -> Result<u8, Fault> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| SPECIAL[usize::from(*byte)]) else {
            self.at = self.text.len();
            return Err(self.fault("cut off inside text"));
        };
        self.at += length;
        match rest.get(length) {
            Some(byte @ (b'"' | b'\\')) => Ok(*byte),
            _ => Err(self.fault("a control character inside text")),
        }
    }

    /// Goes on, at the first backslash, with text that began at `start`.
    fn escaped(&mut self, start: usize) -> Result<String, Fault> {
        let mut text = self.text.get(start..self.at).unwrap_or_default().to_owned();
        loop {
            let plain = self.at;
            let special = self.plain_until_special()?;
            text.push_str(self.text.get(plain..self.at).unwrap_or_default());
            self.at += 1;
            if special == b'"' {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    /// The character after a backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let character = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.fault("an escape that JSON does not have")),
        };
        self.at += 1;
        Ok(character)
    }

    /// At the `u` of `\uD83D\uDE00` or `\u0041`.
    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let unit = self.hex4(self.at + 1).ok_or_else(|| self.fault("\\u without four hex digits"))?;
        self.at += 5;
        if (0xD800..0xDC00).contains(&unit) && self.text.as_bytes().get(self.at..self.at + 2) == Some(b"\\u") {
            // a low half joins it; anything else is left to be read by itself
            if let Some(low @ 0xDC00..0xE000) = self.hex4(self.at + 2) {
                self.at += 6;
                let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.text.as_bytes().get(at..at + 4)?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    }
}

/// What ends plain text: quotes, backslashes, and control characters, which must be escaped.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

#[cfg(test)]
mod tests;
