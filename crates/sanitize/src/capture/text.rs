//! One text: redacted, cut, or withheld where it cannot be looked at.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::clean::Cleaner;
use super::marks::Marks;

/// Bytes of a name, path or address.
const NAME_BYTES: usize = 1024;
/// Bytes of an id, enum or number.
const WORD_BYTES: usize = 256;
/// Bytes of a value under an unknown key that ends like an identifier.
const MEASURE_BYTES: usize = 128;
/// Redaction sees this much more of a text than stays, so that a secret that the cut goes through is whole to it.
const BEYOND_THE_CUT: usize = 64 << 10;
/// Cuts of one text; each may leave a piece that redaction makes longer.
const CUTS: usize = 4;

/// The shape of a value that is metadata.
#[derive(Clone, Copy)]
pub(super) enum Line {
    Measure,
    Word,
    Name,
    /// As a name, of who sends it.
    Sender,
}

impl Line {
    fn fits(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Measure => bytes.len() <= MEASURE_BYTES && bytes.iter().all(u8::is_ascii_graphic),
            Self::Word => bytes.len() <= WORD_BYTES && bytes.iter().all(u8::is_ascii_graphic),
            Self::Name | Self::Sender => {
                bytes.len() <= NAME_BYTES && !bytes.iter().any(|byte| *byte == b'\n' || *byte == b'\r')
            }
        }
    }
}

impl Cleaner<'_> {
    /// Whether the text fits, redacted. A word (an id, a count, a state, a time) is never taken for a copy of a known value or for
    /// personal data: rows are joined by it. What is a secret by its own form goes from it too.
    pub(super) fn line(&self, text: &mut Cow<'_, str>, line: Line, marks: &mut Marks) -> bool {
        line.fits(text)
            && match line {
                Line::Name => self.redact(text, marks),
                Line::Word | Line::Measure | Line::Sender => self.redact_identity(text, marks),
            }
            && line.fits(text)
    }

    /// Replaces the secrets of a text, and the bare copies of those found before. False: the text must go, because it could not be
    /// looked at.
    #[must_use]
    pub(super) fn redact(&self, text: &mut Cow<'_, str>, marks: &mut Marks) -> bool {
        self.closed(text, |text| {
            self.redactor.redact_in_place(text, &mut marks.redactions);
            self.recall(text, marks);
        })
    }

    #[must_use]
    pub(super) fn redact_named(&self, name: &str, text: &mut Cow<'_, str>, marks: &mut Marks) -> bool {
        self.closed(text, |text| {
            self.redactor.redact_named_in_place(name, text, &mut marks.redactions);
            self.recall(text, marks);
        })
    }

    #[must_use]
    pub(super) fn redact_identity(&self, text: &mut Cow<'_, str>, marks: &mut Marks) -> bool {
        self.closed(text, |text| self.redactor.secrets_only().redact_in_place(text, &mut marks.redactions))
    }

    fn recall(&self, text: &mut Cow<'_, str>, marks: &mut Marks) {
        for known in [self.request_known, self.session.known()] {
            if !known.is_empty() {
                known.redact_in_place(self.redactor.key(), text, &mut marks.redactions);
            }
        }
    }

    /// Fails closed: nothing of a text stays that is over the budget, or that the engine failed on.
    fn closed<'t>(&self, text: &mut Cow<'t, str>, redact: impl FnOnce(&mut Cow<'t, str>)) -> bool {
        let done = text.len() <= self.max_value_bytes && catch_unwind(AssertUnwindSafe(|| redact(&mut *text))).is_ok();
        if !done {
            *text = Cow::Borrowed("");
        }
        done
    }

    /// Redacts and cuts; whether it was cut. Repeats while a cut changes what redaction sees. A text that cannot be looked at is
    /// emptied and named as withheld.
    pub(super) fn fit(&mut self, key: &str, text: &mut Cow<'_, str>, max_chars: usize, marks: &mut Marks) -> bool {
        let mut was_cut = cut_bytes(text, max_chars.saturating_mul(4).saturating_add(BEYOND_THE_CUT));
        let mut is_done = self.redact(text, marks);
        for _ in 0..CUTS {
            if text.len() <= max_chars {
                break;
            }
            let Some((end, _)) = text.char_indices().nth(max_chars) else { break };
            *text = Cow::Owned(text.get(..end).unwrap_or_default().to_owned());
            was_cut = true;
            is_done &= self.redact(text, marks);
        }
        if !is_done {
            self.report.unknown_withheld += 1;
            marks.withhold(key);
        }
        was_cut
    }

    /// Bytes of a content value that redaction looks at.
    pub(super) fn window(&self) -> usize {
        self.policy.max_text_chars.saturating_mul(4).saturating_add(BEYOND_THE_CUT)
    }
}

/// Whether anything went.
pub(super) fn cut_bytes(text: &mut Cow<'_, str>, most: usize) -> bool {
    if text.len() <= most {
        return false;
    }
    let end = text.floor_char_boundary(most);
    match text {
        Cow::Borrowed(text) => *text = text.get(..end).unwrap_or_default(),
        Cow::Owned(text) => text.truncate(end),
    }
    true
}
