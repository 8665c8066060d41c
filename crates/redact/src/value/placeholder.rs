//! What stands for a value without being one.

use crate::text::Pieces;

/// Beginnings of references and of texts that ask for a value.
static BEGINNINGS: Pieces = Pieces::in_any_case(&[
    "xxx",
    "your-",
    "your_",
    "your ",
    "my-secret",
    "insert-",
    "insert_",
    "replace",
    "process.env",
    "os.environ",
    "os.getenv",
    "env.",
    "env[",
    "secrets.",
    "secret.",
    "vars.",
    "var.",
    "local.",
    "data.",
    "config.",
    "self.",
    "this.",
    "vault:",
    "ssm:",
    "arn:",
    "op://",
    "file:",
    "todo",
    "changeme",
    "change-me",
    "change_me",
    "redacted",
    "removed",
    "example",
    "placeholder",
    "dummy",
    "!ref",
    "!sub",
    "!vault",
    "!getatt",
    "!secret",
    "!env",
    "fn::",
    "\\u",
]);

/// Pieces that only stand in such texts.
static PIECES: Pieces = Pieces::of(&[
    "[REDACTED",
    "***",
    "${",
    "{{",
    "$(",
    "...",
    "…",
    "<%",
    "YOUR_",
    "YOUR-",
    "your_",
    "your-",
    "_HERE",
    "-here",
    "_here",
    "REPLACE",
    "CHANGE_ME",
    "XXXXX",
    "xxxxx",
    "<your",
    "#{",
    "[redacted",
    "<redacted",
    "REDACTED>",
]);

pub(crate) fn is_placeholder(value: &str) -> bool {
    let bytes = value.as_bytes();
    let first = bytes.first().copied().unwrap_or(b' ');
    let second = bytes.get(1).copied().unwrap_or(b' ');
    let is_reference = match first {
        b'$' => {
            (second.is_ascii_alphabetic() || b"{(_:".contains(&second) || second.is_ascii_digit() && bytes.len() == 2)
                && !is_crypt(bytes)
        }
        b'%' => bytes.len() > 2 && value.ends_with('%') || second == b'(' || bytes.len() == 2,
        b'<' => true,
        b'{' => {
            second == b'{'
                || second == b'}'
                || value.contains('(')
                || value.ends_with('}') && !bytes.iter().any(u8::is_ascii_digit)
        }
        b'[' | b'(' => true,
        b'#' => second == b'{' || bytes.iter().skip(1).all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(byte)),
        b'@' => second == b'{',
        b'-' => second == b'-' || second == b' ',
        _ => false,
    };
    is_reference
        || BEGINNINGS.begin(bytes)
        || PIECES.stand_in(bytes)
        || is_monotonous(bytes)
        || bytes.iter().all(|byte| b".*-_xX?#".contains(byte))
}

/// Whether `start`, in any case, begins the text; the first byte rules out most.
pub(super) fn begins(bytes: &[u8], start: &str) -> bool {
    let start = start.as_bytes();
    let is_likely = matches!((bytes, start), ([a, ..], [b, ..]) if a | 0x20 == b | 0x20);
    is_likely && bytes.get(..start.len()).is_some_and(|there| there.eq_ignore_ascii_case(start))
}

/// `$2y$…`, `$6$…`: a hash in the format of crypt.
fn is_crypt(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'$', bytes).nth(2).is_some()
}

/// One byte over and over, after at most a short beginning: `sk-XXXXXXXXXXXXXXXX`.
fn is_monotonous(bytes: &[u8]) -> bool {
    let last = bytes.last().copied().unwrap_or_default();
    let same = bytes.iter().rev().take_while(|byte| **byte == last).count();
    let first = bytes.first().copied().unwrap_or_default();
    let leading = bytes.iter().take_while(|byte| **byte == first).count();
    same.max(leading) * 3 >= bytes.len() * 2
}
