//! What a pattern cannot say about a secret.

use crate::text::Pieces;

/// What must hold of a match besides its pattern. A text that stands for a key (`ghp_xxxx…`, `AKIA…EXAMPLE`) never passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Nothing else.
    Pattern,
    /// A digit and a letter behind the literal.
    Mixed,
    /// A digit behind the literal.
    Digit,
    /// As [`Self::Mixed`], or, of letters alone, with the checksum that GitHub and npm put into their tokens: the last six
    /// characters are the CRC-32 of those before them in base 62 (github.blog, "Behind GitHub's new authentication token formats").
    Checksum,
    /// As [`Self::Mixed`], with 3 bits of entropy (Shannon) a byte: hex digits at random have 3.5 or more, words less. A long one may be of letters alone,
    /// of both cases, with 4.3 bits.
    Random,
    /// 3.8 bits of entropy a byte, where a secret may be of letters alone.
    Letters,
    /// The part before the first dot is the base64url of a JSON object, as in a JSON Web Token (RFC 7519).
    JsonHeader,
}

impl Check {
    /// `body` is the part of the secret behind its literal.
    pub(super) fn accepts(self, secret: &[u8], body: &[u8]) -> bool {
        !stands_for_another(body)
            && match self {
                Self::Pattern => true,
                Self::Mixed => is_mixed(body),
                Self::Digit => body.iter().any(u8::is_ascii_digit),
                Self::Checksum => is_mixed(body) || has_checksum(body),
                Self::Random => is_mixed(body) && entropy(body) >= 3.0 || is_long_mix_of_cases(body),
                Self::Letters => entropy(body) >= 3.8,
                Self::JsonHeader => has_json_header(secret),
            }
    }
}

/// Letters of both cases at random: rarely, a long key has no digit.
fn is_long_mix_of_cases(body: &[u8]) -> bool {
    let has_both = body.iter().any(u8::is_ascii_uppercase) && body.iter().any(u8::is_ascii_lowercase);
    body.len() >= 32 && has_both && !body.iter().any(|byte| b"_-./ ".contains(byte)) && entropy(body) >= 4.3
}

fn is_mixed(body: &[u8]) -> bool {
    body.iter().any(u8::is_ascii_digit) && body.iter().any(u8::is_ascii_alphabetic)
}

fn has_checksum(body: &[u8]) -> bool {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, checksum)) = body.len().checked_sub(6).map(|at| body.split_at(at)) else { return false };
    let mut rest = crc32(random) as usize;
    checksum.iter().rev().all(|byte| {
        let expected = DIGITS[rest % DIGITS.len()];
        rest /= DIGITS.len();
        *byte == expected
    })
}

/// The CRC-32 of ISO 3309, reflected, as in zlib.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

/// Bits a byte (Shannon).
pub(super) fn entropy(body: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in body {
        counts[usize::from(*byte)] += 1;
    }
    let length: f64 = counts.iter().map(|count| f64::from(*count)).sum();
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length).map(|p| -p * p.log2()).sum()
}

/// Words of manuals; long enough not to occur in random text.
static STANDING: Pieces = Pieces::in_any_case(&[
    "xxxx",
    "example",
    "replace",
    "your_",
    "your-",
    "changeme",
    "placeholder",
    "redacted",
    "insert_",
    "dummy_",
]);

fn stands_for_another(body: &[u8]) -> bool {
    let body = body.get(..body.len().min(128)).unwrap_or_default();
    STANDING.stand_in(body)
}

fn has_json_header(secret: &[u8]) -> bool {
    let header = secret.split(|byte| *byte == b'.').next().unwrap_or_default();
    let mut decoded = Vec::with_capacity(header.len());
    let (mut word, mut bits) = (0_u32, 0);
    for byte in header {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => break,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            decoded.push((word >> bits & 0xff) as u8);
        }
    }
    let text = decoded.trim_ascii();
    text.starts_with(b"{") && text.contains(&b'"') && text.contains(&b':')
}
