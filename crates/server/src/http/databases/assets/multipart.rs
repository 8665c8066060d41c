//! `multipart/form-data` (RFC 7578, RFC 2046 section 5.1), read while it arrives.
//!
//! Bytes go in as they come, pieces of parts come out. What is held is at most what was pushed last and one head of a part; a part's
//! content is handed on and never gathered here.

use bytes::{Bytes, BytesMut};
use memchr::memmem::{self, Finder};
use thiserror::Error;

/// Before the first part, and of one part's headers.
const MOST_HEAD_BYTES: usize = 8 << 10;
/// Of blanks behind a boundary, which senders may put there.
const MOST_PADDING_BYTES: usize = 64;
/// Fields of a form that is taken as a whole.
pub(in crate::http::databases) const MOST_FIELDS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::http::databases) enum Malformed {
    #[error("the form does not begin with the boundary that Content-Type names")]
    NoBoundary,
    #[error("what follows a boundary of the form is neither a part nor its end")]
    Boundary,
    #[error("a part of the form has more than {MOST_HEAD_BYTES} bytes of headers")]
    LongHead,
    #[error("a part of the form has no Content-Disposition with a name")]
    NoName,
    #[error("the form has more than {MOST_FIELDS} fields")]
    ManyFields,
    #[error("the form ends before its last boundary")]
    Unfinished,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http::databases) enum Piece {
    /// A part begins.
    Part(Part),
    /// Some of its content, never empty.
    Content(Bytes),
    /// It has ended.
    End,
}

/// What a part's headers say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::http::databases) struct Part {
    pub(in crate::http::databases) name: String,
    pub(in crate::http::databases) content_type: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first boundary.
    Before,
    /// Behind a boundary.
    Behind,
    Head,
    Content,
    /// Behind the last boundary; what comes there means nothing.
    Over,
}

#[derive(Debug)]
pub(in crate::http::databases) struct Reader {
    /// A boundary with the end of the line before it, which belongs to it.
    delimiter: Finder<'static>,
    held: BytesMut,
    state: State,
}

impl Reader {
    pub(in crate::http::databases) fn new(boundary: &str) -> Self {
        let delimiter = Finder::new(&format!("\r\n--{boundary}")).into_owned();
        // the first boundary needs no line before it
        Self { delimiter, held: BytesMut::from(&b"\r\n"[..]), state: State::Before }
    }

    pub(in crate::http::databases) fn push(&mut self, bytes: &[u8]) {
        if self.state != State::Over {
            self.held.extend_from_slice(bytes);
        }
    }

    /// Whether the last boundary was seen.
    pub(in crate::http::databases) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// The next piece of what was pushed; `None`: more must be pushed first, or it is over.
    pub(in crate::http::databases) fn next(&mut self) -> Result<Option<Piece>, Malformed> {
        loop {
            match self.state {
                State::Before => {
                    let found = self.delimiter.find(&self.held);
                    // where it could still stand at the earliest
                    let at = found.unwrap_or((self.held.len() + 1).saturating_sub(self.delimiter.needle().len()));
                    if at > MOST_HEAD_BYTES {
                        return Err(Malformed::NoBoundary);
                    }
                    let Some(at) = found else { return Ok(None) };
                    self.pass_delimiter(at);
                }
                State::Behind => {
                    if !self.pass_boundary_line()? {
                        return Ok(None);
                    }
                }
                State::Head => return self.head(),
                State::Content => match self.delimiter.find(&self.held) {
                    Some(0) => {
                        self.pass_delimiter(0);
                        return Ok(Some(Piece::End));
                    }
                    Some(at) => return Ok(Some(Piece::Content(self.held.split_to(at).freeze()))),
                    None => return Ok(self.safe_content()),
                },
                State::Over => return Ok(None),
            }
        }
    }

    fn pass_delimiter(&mut self, at: usize) {
        drop(self.held.split_to(at + self.delimiter.needle().len()));
        self.state = State::Behind;
    }

    /// Goes on to the head of a part, whose first line's end is left, or to the end. `false`: not enough is there to tell.
    fn pass_boundary_line(&mut self) -> Result<bool, Malformed> {
        if self.held.starts_with(b"--") {
            self.held.clear();
            self.state = State::Over;
            return Ok(true);
        }
        let padding = self.held.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if padding > MOST_PADDING_BYTES {
            return Err(Malformed::Boundary);
        }
        match self.held.get(padding..).unwrap_or_default() {
            [] | [b'\r'] => Ok(false),
            [b'-'] if padding == 0 => Ok(false),
            [b'\r', b'\n', ..] => {
                drop(self.held.split_to(padding));
                self.state = State::Head;
                Ok(true)
            }
            _ => Err(Malformed::Boundary),
        }
    }

    fn head(&mut self) -> Result<Option<Piece>, Malformed> {
        const END: &[u8] = b"\r\n\r\n";
        let found = memmem::find(&self.held, END);
        if found.unwrap_or((self.held.len() + 1).saturating_sub(END.len())) > MOST_HEAD_BYTES {
            return Err(Malformed::LongHead);
        }
        let Some(end) = found else { return Ok(None) };
        let head = self.held.split_to(end + END.len());
        self.state = State::Content;
        part(&String::from_utf8_lossy(&head)).map(Piece::Part).map(Some).ok_or(Malformed::NoName)
    }

    /// What is content whatever comes next.
    fn safe_content(&mut self) -> Option<Piece> {
        let kept = self.delimiter.needle().len() - 1;
        let safe = self.held.len().saturating_sub(kept);
        (safe > 0).then(|| Piece::Content(self.held.split_to(safe).freeze()))
    }
}

/// `None`: it has no name.
fn part(head: &str) -> Option<Part> {
    let mut part = Part::default();
    let mut is_named = false;
    for line in head.split("\r\n") {
        let Some((header, value)) = line.split_once(':') else { continue };
        if header.trim().eq_ignore_ascii_case("content-disposition") {
            part.name = parameter(value, "name")?;
            is_named = true;
        } else if header.trim().eq_ignore_ascii_case("content-type") {
            part.content_type = Some(value.trim().to_owned());
        }
    }
    is_named.then_some(part)
}

/// The parameter of a header's value: `x` of `form-data; name="x"`. What stands in quotes may hold semicolons.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = value.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (text, after) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            unquoted(quoted)?
        } else {
            let (text, after) = after.split_at(after.find(';').unwrap_or(after.len()));
            (text.trim().to_owned(), after)
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = after.split_once(';')?.1;
    }
}

/// A text up to its closing quote, and what stands behind that.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = quoted.chars();
    loop {
        match rest.next()? {
            '"' => return Some((text, rest.as_str())),
            '\\' if rest.as_str().starts_with(['"', '\\']) => text.push(rest.next()?),
            other => text.push(other),
        }
    }
}

/// The boundary that a `Content-Type` names; `None`: it names none that can be one.
pub(in crate::http::databases) fn boundary(content_type: &str) -> Option<String> {
    let is_one = |text: &String| {
        (1..=70).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    parameter(content_type, "boundary").filter(is_one)
}

/// The fields of a form that is there as a whole; what is no UTF-8 becomes U+FFFD.
pub(in crate::http::databases) fn fields(boundary: &str, form: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
    let mut reader = Reader::new(boundary);
    reader.push(form);
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(piece) = reader.next()? {
        match piece {
            Piece::Part(_) if fields.len() == MOST_FIELDS => return Err(Malformed::ManyFields),
            Piece::Part(part) => fields.push((part.name, Vec::new())),
            Piece::Content(bytes) => {
                if let Some((_, text)) = fields.last_mut() {
                    text.extend_from_slice(&bytes);
                }
            }
            Piece::End => {}
        }
    }
    if !reader.is_over() {
        return Err(Malformed::Unfinished);
    }
    Ok(fields.into_iter().map(|(name, text)| (name, String::from_utf8_lossy(&text).into_owned())).collect())
}

#[cfg(test)]
mod tests;
