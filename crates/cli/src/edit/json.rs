//! JSON with comments, edited in place.
//!
//! Each edit replaces a few bytes of the text and leaves all others as they are. Removing what was inserted gives back the
//! text before, but for the white space inside of a container that was empty: `Json::state` tells it before the edit, and
//! `Json::replace` puts it back.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

const BOM: char = '\u{feff}';

/// A text that is JSON, perhaps with comments and trailing commas; its root is an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Json {
    text: String,
    bom: bool,
}

/// One step on the way from the root to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    /// An object or list without members, as it is written.
    Empty(String),
    Filled,
}

impl Json {
    /// The text, or where and why it is not JSON. The reason holds nothing of the text but names of keys.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (bom, text) = text.strip_prefix(BOM).map_or((false, text), |text| (true, text));
        let root = parse(text)?;
        match root {
            Some(Value::Object(_)) => Ok(Self { text: text.to_owned(), bom }),
            Some(_) => Err("does not hold an object".to_owned()),
            None => Err("is empty".to_owned()),
        }
    }

    /// An object without members.
    pub(crate) fn new() -> Self {
        Self { text: "{}\n".to_owned(), bom: false }
    }

    pub(crate) fn to_text(&self) -> String {
        if self.bom { format!("{BOM}{}", self.text) } else { self.text.clone() }
    }

    /// What `read` makes of the value at `path`, `None` when there is none.
    pub(crate) fn at<T>(&self, path: &[Step<'_>], read: impl FnOnce(&Value<'_>) -> T) -> Option<T> {
        let root = parse(&self.text).ok().flatten()?;
        walk(&root, path).map(read)
    }

    /// The text at `path`, if there is one.
    pub(crate) fn string(&self, path: &[Step<'_>]) -> Option<String> {
        self.at(path, |value| value.as_string_lit().map(|text| text.value.to_string())).flatten()
    }

    pub(crate) fn state(&self, path: &[Step<'_>]) -> State {
        let empty =
            |value: &Value<'_>| members(value).is_empty().then(|| self.slice(value.range().start..value.range().end));
        match self.at(path, empty) {
            None => State::Absent,
            Some(Some(text)) => State::Empty(text.to_owned()),
            Some(None) => State::Filled,
        }
    }

    /// Sets the member `key` of the object at `path`. There must be an object.
    pub(crate) fn set(&mut self, path: &[Step<'_>], key: &str, value: &impl Serialize) {
        let member = [path, &[Step::Key(key)]].concat();
        if let Some(range) = self.at(&member, span) {
            let indent = self.indent_of_line(range.start).to_owned();
            let text = self.render(value, &indent, self.is_broken(path));
            self.text.replace_range(range, &text);
        } else {
            self.append(path, Some(key), value);
        }
    }

    /// Appends to the list at `path`. There must be a list.
    pub(crate) fn push(&mut self, path: &[Step<'_>], value: &impl Serialize) {
        self.append(path, None, value);
    }

    /// Writes `text`, which is JSON, in place of the value at `path`.
    pub(crate) fn replace(&mut self, path: &[Step<'_>], text: &str) {
        if let Some(range) = self.at(path, span) {
            self.text.replace_range(range, text);
        }
    }

    /// Removes a member of an object or list with its comma; comments stay.
    pub(crate) fn remove(&mut self, path: &[Step<'_>]) {
        let Some((last, parent)) = path.split_last() else { return };
        let Some((open, close, all, index)) = self.at(parent, |container| {
            let all = members(container);
            let index = match last {
                Step::Index(index) => *index,
                Step::Key(key) => container.as_object().and_then(|object| position(object, key)).unwrap_or(all.len()),
            };
            (container.start() + 1, container.end() - 1, all, index)
        }) else {
            return;
        };
        let Some(member) = all.get(index).cloned() else { return };
        let before = index.checked_sub(1).map_or(open, |index| all[index].end);
        let after = all.get(index + 1).map_or(close, |next| next.start);
        if all.len() == 1 && self.slice(before..member.start).trim().is_empty() {
            let rest = self.slice(member.end..after).trim();
            if rest.is_empty() || rest == "," {
                return self.text.replace_range(open..close, "");
            }
        }
        // White space goes back to what stands before: a bracket, a comma or a comment.
        let blank = self.slice(before..member.start);
        let kept = blank.trim_end();
        let comma = self.comma(member.end..after);
        // A comment up to the end of its line must not swallow what comes next.
        let swallows = kept.lines().next_back().is_some_and(|line| line.contains("//"))
            && !self
                .slice(comma.map_or(member.end, |comma| comma + 1)..self.text.len())
                .trim_start_matches([' ', '\t'])
                .starts_with(['\n', '\r']);
        let from = if swallows { member.start } else { before + kept.len() };
        if let Some(comma) = comma {
            self.text.replace_range(comma..=comma, "");
            self.text.replace_range(from..member.end, "");
        } else {
            self.text.replace_range(from..member.end, "");
            if let Some(comma) = self.comma(before..from) {
                self.text.replace_range(comma..=comma, "");
            }
        }
    }

    /// The keys of the object at `path` that it has twice.
    pub(crate) fn repeated_key(&self, path: &[Step<'_>]) -> Option<String> {
        self.at(path, |value| {
            let names: Vec<&str> =
                value.as_object()?.properties.iter().map(|property| property.name.as_str()).collect();
            names
                .iter()
                .enumerate()
                .find(|(index, name)| names[..*index].contains(name))
                .map(|(_, name)| (*name).to_owned())
        })
        .flatten()
    }

    fn append(&mut self, path: &[Step<'_>], key: Option<&str>, value: &impl Serialize) {
        let Some((open, close, last)) =
            self.at(path, |container| (container.start() + 1, container.end() - 1, members(container).pop()))
        else {
            return;
        };
        let broken = self.is_broken(path);
        let Some(last) = last else {
            let outer = self.indent_of_line(open).to_owned();
            let indent = format!("{outer}{}", self.unit());
            let member = self.member(key, value, &indent, true);
            let inner = self.slice(open..close);
            let newline = self.newline();
            let text = if inner.trim().is_empty() {
                format!("{newline}{indent}{member}{newline}{outer}")
            } else {
                // Only comments: they stay where they are.
                let kept = inner.trim_end();
                format!("{kept}{newline}{indent}{member}{newline}{outer}")
            };
            return self.text.replace_range(open..close, &text);
        };
        let tail = self.slice(last.end..close);
        let at = last.end + tail.trim_end().len();
        let comma = self.comma(last.end..close);
        let comment_line = self.slice(last.end..at).contains("//");
        let indent = self.indent_of_line(last.start).to_owned();
        let member = self.member(key, value, &indent, broken);
        let gap = if broken || comment_line { format!("{}{indent}", self.newline()) } else { " ".to_owned() };
        let end = if comma.is_some() { "," } else { "" };
        self.text.insert_str(at, &format!("{gap}{member}{end}"));
        if comma.is_none() {
            self.text.insert(last.end, ',');
        }
    }

    fn member(&self, key: Option<&str>, value: &impl Serialize, indent: &str, broken: bool) -> String {
        let value = self.render(value, indent, broken);
        key.map_or_else(|| value.clone(), |key| format!("{}: {value}", serde_json::Value::from(key)))
    }

    /// The value as text: over several lines behind `indent`, or in one.
    fn render(&self, value: &impl Serialize, indent: &str, broken: bool) -> String {
        let unit = self.unit();
        let mut bytes = Vec::new();
        let written = if broken {
            value.serialize(&mut Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(unit.as_bytes())))
        } else {
            value.serialize(&mut Serializer::new(&mut bytes))
        };
        written.expect("texts, numbers and lists of them are JSON");
        let text = String::from_utf8(bytes).expect("JSON is UTF-8");
        text.replace('\n', &format!("{}{indent}", self.newline()))
    }

    /// Whether the members at `path` stand on lines of their own; an empty one counts as such.
    fn is_broken(&self, path: &[Step<'_>]) -> bool {
        self.at(path, |container| {
            members(container).first().is_none_or(|first| self.slice(container.start()..first.start).contains('\n'))
        })
        .unwrap_or(true)
    }

    /// The comma in a range that holds white space, comments and at most one comma.
    fn comma(&self, range: Range<usize>) -> Option<usize> {
        let text = self.slice(range.clone());
        let mut rest = text;
        loop {
            rest = rest.trim_start();
            let at = range.start + (text.len() - rest.len());
            if rest.starts_with(',') {
                return Some(at);
            }
            rest = if let Some(comment) = rest.strip_prefix("//") {
                comment.split_once('\n')?.1
            } else {
                rest.strip_prefix("/*")?.split_once("*/")?.1
            };
        }
    }

    /// The indent of one level: that of the root's first member, two spaces when it has none on a line of its own.
    fn unit(&self) -> String {
        let first = self.at(&[], |root| members(root).first().map(|first| first.start)).flatten();
        let indent = first.map_or("", |start| self.indent_of_line(start));
        if indent.is_empty() { "  ".to_owned() } else { indent.to_owned() }
    }

    fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The white space that the line of `at` begins with.
    fn indent_of_line(&self, at: usize) -> &str {
        let line = self.slice(0..at).rfind('\n').map_or(0, |end| end + 1);
        let rest = self.slice(line..self.text.len());
        let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        self.slice(line..line + indent)
    }

    fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}

fn parse(text: &str) -> Result<Option<Value<'_>>, String> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    parse_to_ast(text, &CollectOptions::default(), &options).map(|parsed| parsed.value).map_err(|error| {
        format!("is not JSON: line {} column {}: {}", error.line_display(), error.column_display(), error.kind())
    })
}

fn walk<'a, 'b>(value: &'b Value<'a>, path: &[Step<'_>]) -> Option<&'b Value<'a>> {
    let Some((step, rest)) = path.split_first() else { return Some(value) };
    let next = match step {
        Step::Key(key) => &value.as_object()?.get(key)?.value,
        Step::Index(index) => value.as_array()?.elements.get(*index)?,
    };
    walk(next, rest)
}

/// The places of the members of an object (with their names) or a list.
fn members(value: &Value<'_>) -> Vec<Range<usize>> {
    match value {
        Value::Object(object) => object.properties.iter().map(|one| one.range.start..one.range.end).collect(),
        Value::Array(list) => list.elements.iter().map(span).collect(),
        _ => Vec::new(),
    }
}

fn span(value: &Value<'_>) -> Range<usize> {
    value.start()..value.end()
}

fn position(object: &Object<'_>, key: &str) -> Option<usize> {
    object.properties.iter().position(|property| property.name.as_str() == key)
}

#[cfg(test)]
mod tests;
