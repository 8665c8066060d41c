//! What stands for a value without being one.

/// Beginnings of references and of texts that ask for a value.
const BEGINNINGS: &[&str] = &[
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
];

/// Pieces that only stand in such texts.
const PIECES: &[&str] = &[
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
];

/// The bytes that pieces begin with.
const FIRST: [bool; 256] = {
    let mut first = [false; 256];
    let mut at = 0;
    while at < PIECES.len() {
        first[PIECES[at].as_bytes()[0] as usize] = true;
        at += 1;
    }
    first
};

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
        || BEGINNINGS.iter().any(|start| begins(bytes, start))
        || has_piece(bytes)
        || is_monotonous(bytes)
        || bytes.iter().all(|byte| b".*-_xX?#".contains(byte))
}

/// Whether `start`, in any case, begins the text; the first byte rules out most.
pub(super) fn begins(bytes: &[u8], start: &str) -> bool {
    let start = start.as_bytes();
    let is_likely = matches!((bytes, start), ([a, ..], [b, ..]) if a | 0x20 == b | 0x20);
    is_likely && bytes.get(..start.len()).is_some_and(|there| there.eq_ignore_ascii_case(start))
}

fn has_piece(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().any(|(at, byte)| {
        FIRST.get(usize::from(*byte)) == Some(&true)
            && bytes.get(at..).is_some_and(|rest| PIECES.iter().any(|piece| starts_with(rest, piece.as_bytes())))
    })
}

/// By the first two bytes before the rest: most have others.
fn starts_with(rest: &[u8], piece: &[u8]) -> bool {
    rest.first() == piece.first() && rest.get(1) == piece.get(1) && rest.starts_with(piece)
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
