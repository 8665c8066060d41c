//! JSON → [`crate::node::Node`], with places.

use crate::Limits;
use crate::node::{Entry, Node, Place, Value};
use crate::problem::{Problems, code, quoted};
use crate::yaml::from_json_form;

/// Where the text is no JSON or beyond a limit: the place of that, and `problems` is of no use.
pub(crate) fn read(text: &str, limits: &Limits, problems: &mut Problems) -> Result<Node, Place> {
    let mut reader = Reader { rest: text, place: Place::START, limits, problems, nodes: 0 };
    reader.skip_blanks();
    let root = reader.value(0, None);
    reader.skip_blanks();
    root.filter(|_| reader.rest.is_empty()).ok_or(reader.place)
}

struct Reader<'t, 'l> {
    rest: &'t str,
    place: Place,
    limits: &'l Limits,
    problems: &'l mut Problems,
    nodes: usize,
}

impl Reader<'_, '_> {
    /// `key`: the place of its key, where it has one.
    fn value(&mut self, depth: usize, key: Option<Place>) -> Option<Node> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes || depth > self.limits.depth {
            return None;
        }
        let place = key.unwrap_or(self.place);
        let value = match self.rest.chars().next()? {
            '{' => {
                let map = self.map(depth)?;
                return Some(from_json_form(Node { place, value: map }, self.problems));
            }
            '[' => self.list(depth)?,
            '"' => Value::Text(self.text()?),
            't' => self.word("true", Value::Bool(true))?,
            'f' => self.word("false", Value::Bool(false))?,
            'n' => self.word("null", Value::Null)?,
            _ => self.number()?,
        };
        Some(Node { place, value })
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.expect('[')?;
        let mut items = Vec::new();
        if self.takes(']') {
            return Some(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1, None)?);
            self.skip_blanks();
            if self.takes(']') {
                return Some(Value::List(items));
            }
            self.expect(',')?;
            self.skip_blanks();
        }
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        self.expect('{')?;
        let mut entries: Vec<Entry> = Vec::new();
        if self.takes('}') {
            return Some(Value::Map(entries));
        }
        loop {
            let place = self.place;
            let key = self.text()?;
            self.skip_blanks();
            self.expect(':')?;
            self.skip_blanks();
            let value = self.value(depth + 1, Some(place))?;
            if entries.iter().any(|entry| entry.key == key) {
                let message = format!("{} stands here twice", quoted(&key));
                self.problems.error(code::DUPLICATE, "", place, message, "keep one of them");
            } else {
                entries.push(Entry { key, value });
            }
            self.skip_blanks();
            if self.takes('}') {
                return Some(Value::Map(entries));
            }
            self.expect(',')?;
            self.skip_blanks();
        }
    }

    fn text(&mut self) -> Option<String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                char if char < ' ' => return None,
                char => text.push(char),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let Some(behind) = self.rest.strip_prefix("\\u") else { return Some(char::REPLACEMENT_CHARACTER) };
                let second = behind.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let Some(second) = second.filter(|second| (0xdc00..0xe000).contains(second)) else {
                    return Some(char::REPLACEMENT_CHARACTER);
                };
                self.skip(6);
                char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))?
            }
            char @ ('"' | '\\' | '/') => char,
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest.get(..4).filter(|digits| digits.chars().all(|char| char.is_ascii_hexdigit()))?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.skip(4);
        Some(code)
    }

    fn number(&mut self) -> Option<Value> {
        let end = self.rest.find(|char: char| !(char.is_ascii_digit() || "+-.eE".contains(char)));
        let (digits, _) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let unsigned = digits.strip_prefix('-').unwrap_or(digits);
        let leads = unsigned.starts_with(|char: char| char.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| leads)?;
        self.skip(digits.len());
        Some(Value::Number(number))
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.rest.strip_prefix(word)?;
        self.skip(word.len());
        Some(value)
    }

    fn expect(&mut self, char: char) -> Option<()> {
        (self.next()? == char).then(|| self.skip_blanks_behind(char))
    }

    fn skip_blanks_behind(&mut self, char: char) {
        if char != '"' {
            self.skip_blanks();
        }
    }

    fn takes(&mut self, char: char) -> bool {
        let there = self.rest.starts_with(char);
        if there {
            self.next();
        }
        there
    }

    fn skip_blanks(&mut self) {
        while self.rest.starts_with([' ', '\t', '\n', '\r']) {
            self.next();
        }
    }

    fn skip(&mut self, chars: usize) {
        for _ in 0..chars {
            self.next();
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let char = chars.next()?;
        self.rest = chars.as_str();
        if char == '\n' {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
        Some(char)
    }
}
