//! Whether a text looks made by a generator rather than by a writer.
//!
//! Letters are judged by how well they follow each other in words. [`FOLLOWS`] was counted over the distinct words of this
//! project's documents and sources: row `a`, column `b` is `10 + 1.1 log2 P(b | a)`, rounded and held within 0 to 9. Words of 6 to
//! 12 letters have a mean of 5.3 or more in 95 of 100 cases, as many letters drawn evenly one of 4.6 or less.

const FOLLOWS: [&[u8; 26]; 26] = [
    b"15650250504757050767432240",
    b"70508000530721702551600040",
    b"70327007406520820536401020",
    b"62049230710420610561410040",
    b"51574430200557142775142520",
    b"70236630800623700645600040",
    b"60008155700446510753510023",
    b"71008003700021720535401031",
    b"43655450001558640457050304",
    b"61118111114111811171644111",
    b"42039030700405210074420000",
    b"71058200702601730055510040",
    b"74228000700353670041400020",
    b"60666370503224520167431031",
    b"33452340314667550755646100",
    b"71227103500600650756500030",
    b"11111111111711111111913111",
    b"61448140603244720465431050",
    b"50518106604312553168503040",
    b"60438206700310620664402040",
    b"45546340400567250777100000",
    b"71209000700222500210010120",
    b"70137007700316611662002000",
    b"62427224600020280048300430",
    b"34206003500657670377004044",
    b"60009000700430300050000040",
];

/// Means below this are no words.
const WORD: u32 = 45;

/// Ten times the mean of [`FOLLOWS`] over the pairs of letters, and how many pairs there were.
fn letters(text: &[u8]) -> (u32, u32) {
    let (mut sum, mut pairs) = (0_u32, 0_u32);
    let mut before = None;
    for byte in text {
        let letter = byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'));
        if let (Some(first), Some(second)) = (before, letter)
            && let Some(score) = FOLLOWS.get(first).and_then(|row: &&[u8; 26]| row.get(second))
        {
            sum += u32::from(score - b'0');
            pairs += 1;
        }
        before = letter;
    }
    ((sum * 10).checked_div(pairs).unwrap_or(0), pairs)
}

/// Letters that make no word.
pub(crate) fn is_gibberish(text: &str) -> bool {
    let (mean, pairs) = letters(text.as_bytes());
    pairs >= 4 && mean < if pairs < 8 { WORD - 3 } else { WORD }
}

/// No words, at least 6 characters: random letters, or letters and digits that change places often.
pub(crate) fn looks_random(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 6 || bytes.iter().any(u8::is_ascii_whitespace) {
        return false;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let alphabetic = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let changes = bytes.windows(2).filter(|pair| matches!(pair, [a, b] if class(*a) != class(*b))).count();
    if alphabetic == 0 {
        return digits >= 16;
    }
    let mixed = digits > 0 && changes * 5 >= bytes.len() && bytes.len() >= 8;
    let long_hex = digits > 3 && bytes.len() >= 16 && bytes.iter().all(u8::is_ascii_hexdigit);
    mixed || long_hex || is_gibberish(text) || digits == 0 && changes * 5 >= bytes.len() * 2 && bytes.len() >= 16
}

/// Lower case, upper case, digits, others. A capital before a small letter is as small as it.
fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_gibberish, looks_random};

    #[test]
    fn words_are_no_gibberish() {
        for word in
            ["password", "kubernetes", "newPasswordField", "not_a_valid_token", "supersecret", "CancellationToken"]
        {
            assert!(!is_gibberish(word) && !looks_random(word), "{word}");
        }
        for random in ["qzxwvkj", "vkqzjdhxwrtgpb", "kQzXwVjR", "F4k3gVxijtUmX0pEb6sDaF", "e41b7f02c9d6", "zqhkxv7"] {
            assert!(is_gibberish(random) || looks_random(random), "{random}");
        }
    }
}
