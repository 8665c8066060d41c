//! The words of a tag.

use crate::problem::quoted;
use crate::template::Fault;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number,
    Mark(&'static str),
}

/// Longer ones before those they begin with.
const MARKS: [&str; 27] = [
    "===", "!==", "==", "!=", "<=", ">=", "//", "**", "(", ")", "[", "]", "{", "}", ".", ",", ":", "|", "+", "-", "*",
    "/", "%", "~", "<", ">", "=",
];

impl Token {
    pub(super) fn unexpected(&self) -> Fault {
        let shown = match self {
            Self::Name(name) => quoted(name),
            Self::Text(_) => "a text".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Mark(mark) => format!("`{mark}`"),
        };
        Fault::new(
            format!("{shown} is unexpected in the template"),
            "look for an operator or a bracket that is missing",
        )
    }
}

/// The tokens up to `close`, and what is behind it: `None` where it does not come.
pub(super) fn tokens<'t>(text: &'t str, close: &str) -> Result<(Vec<Token>, Option<&'t str>), Fault> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(char) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix(close) {
            return Ok((found, Some(behind)));
        }
        if let Some(behind) = rest.strip_prefix('-').and_then(|rest| rest.strip_prefix(close)) {
            return Ok((found, Some(behind.trim_start())));
        }
        let (token, behind) = match char {
            '"' | '\'' => string(rest, char)?,
            char if char.is_ascii_digit() => number(rest),
            char if is_word(char) => {
                let end = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
                let (name, behind) = rest.split_at(end);
                (Token::Name(name.to_owned()), behind)
            }
            _ => mark(rest, char)?,
        };
        found.push(token);
        rest = behind.trim_start();
    }
    Ok((found, None))
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '_' | '$' | '@')
}

fn string(rest: &str, quote: char) -> Result<(Token, &str), Fault> {
    let mut text = String::new();
    let mut chars = rest.chars();
    chars.next();
    while let Some(char) = chars.next() {
        match char {
            '\\' => text.extend(chars.next()),
            char if char == quote => return Ok((Token::Text(text), chars.as_str())),
            char => text.push(char),
        }
    }
    Err(Fault::new("a text in the template is not closed", format!("close it with {quote}")))
}

fn number(rest: &str) -> (Token, &str) {
    let digits = |text: &str| text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (_, mut behind) = rest.split_at(digits(rest));
    if let Some(fraction) = behind.strip_prefix('.')
        && digits(fraction) > 0
    {
        behind = fraction.split_at(digits(fraction)).1;
    }
    (Token::Number, behind)
}

fn mark(rest: &str, char: char) -> Result<(Token, &str), Fault> {
    for mark in MARKS {
        if let Some(behind) = rest.strip_prefix(mark) {
            return Ok((Token::Mark(mark), behind));
        }
    }
    let message = format!("{} is unexpected in the template", quoted(&char.to_string()));
    Err(Fault::new(message, "look for an operator or a bracket that is missing"))
}
