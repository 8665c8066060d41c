//! Numbers, enums, ids and bytes, in all the spellings that are met. `null` is the default of each.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::reader::{Digits, Reader};
use crate::error::Fault;

impl<'a> Reader<'a, '_> {
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        if self.null()? { Ok(Cow::default()) } else { self.string() }
    }

    pub(super) fn flag(&mut self) -> Result<bool, Fault> {
        Ok(!self.null()? && self.bool()?)
    }

    pub(super) fn int64(&mut self) -> Result<i64, Fault> {
        self.integer("an integer of 64 bits")
    }

    pub(super) fn uint64(&mut self) -> Result<u64, Fault> {
        self.integer("an unsigned integer of 64 bits")
    }

    pub(super) fn int32(&mut self) -> Result<i32, Fault> {
        self.integer("an integer of 32 bits")
    }

    pub(super) fn uint32(&mut self) -> Result<u32, Fault> {
        self.integer("an unsigned integer of 32 bits")
    }

    /// `names`: of the protocol's enum, in the order of their numbers.
    pub(super) fn enumeration(&mut self, names: &[&str]) -> Result<i32, Fault> {
        if self.peek() != Some(b'"') {
            return self.int32();
        }
        let at = self.at();
        let text = self.string()?;
        let named = names.iter().position(|name| *name == text).and_then(|number| i32::try_from(number).ok());
        named.or_else(|| text.parse().ok()).ok_or_else(|| Fault::new(at, "expected an integer, found another text"))
    }

    pub(super) fn double(&mut self) -> Result<f64, Fault> {
        Ok(self.optional_double()?.unwrap_or_default())
    }

    pub(super) fn optional_double(&mut self) -> Result<Option<f64>, Fault> {
        let at = self.at();
        match self.peek() {
            Some(b'n') => return self.null().map(|_| None),
            Some(b'"') => {}
            _ => return Ok(self.number()?.text.parse().ok()),
        }
        match self.string()?.as_ref() {
            "NaN" => Ok(Some(f64::NAN)),
            "Infinity" => Ok(Some(f64::INFINITY)),
            "-Infinity" => Ok(Some(f64::NEG_INFINITY)),
            text => match digits(text) {
                Some(digits) => Ok(digits.text.parse().ok()),
                None => Err(Fault::new(at, "expected a number, found another text")),
            },
        }
    }

    /// An id of `N` bytes in hex; empty and all-zero mean none.
    pub(super) fn id<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Fault> {
        self.peek();
        let at = self.at();
        let text = self.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        let mut id = [0; N];
        if pairs.len() != N || !odd.is_empty() {
            let reason = format!("an id must have 0 or {} hex digits, not {} characters", 2 * N, text.chars().count());
            return Err(Fault::new(at, reason));
        }
        for (byte, pair) in id.iter_mut().zip(pairs) {
            *byte = hex(*pair).ok_or_else(|| Fault::new(at, "an id must be in hex digits"))?;
        }
        Ok((id != [0; N]).then_some(id))
    }

    /// Base64.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Fault> {
        let at = self.at();
        let text = self.text()?;
        let engine = if text.contains(['-', '_']) { &LENIENT_URL_SAFE } else { &LENIENT };
        engine.decode(text.as_bytes()).map_err(|_| Fault::new(at, "expected base64, found another text"))
    }

    #[inline]
    fn integer<T: TryFrom<i128> + Default>(&mut self, expected: &str) -> Result<T, Fault> {
        let text;
        let byte = self.peek();
        let at = self.at();
        let digits = match byte {
            Some(b'n') => return self.null().map(|_| T::default()),
            Some(b'"') => {
                text = self.string()?;
                digits(&text)
            }
            Some(b'-' | b'0'..=b'9') => Some(self.number()?),
            _ => return Err(self.unexpected(expected)),
        };
        digits
            .and_then(whole)
            .and_then(|whole| T::try_from(whole).ok())
            .ok_or_else(|| Fault::new(at, format!("expected {expected}, found another text or number")))
    }
}

/// Text that is a JSON number and nothing else. (Rust's own parser takes `+1`, `1.` and `inf` too.)
fn digits(text: &str) -> Option<Digits<'_>> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let plain = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if plain && !unsigned.is_empty() {
        return Some(Digits { text, is_integer: true });
    }
    let numeric = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-');
    let looks = unsigned.starts_with(|first: char| first.is_ascii_digit()) && unsigned.bytes().all(numeric);
    (looks && text.parse::<f64>().is_ok()).then_some(Digits { text, is_integer: false })
}

/// The integer that was written, be it as `6`, `6.0` or `60e-1`.
#[expect(clippy::cast_possible_truncation, reason = "checked against the range first")]
fn whole(digits: Digits<'_>) -> Option<i128> {
    if digits.is_integer {
        return digits.text.parse().ok();
    }
    let double: f64 = digits.text.parse().ok()?;
    (double.fract() == 0.0 && double.abs() < 1e20).then_some(double as i128)
}

fn hex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

const LENIENT_CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

const LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT_CONFIG);

const LENIENT_URL_SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT_CONFIG);
