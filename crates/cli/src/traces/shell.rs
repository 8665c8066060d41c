//! `modsh.env` and `telemetry.env`: shell assignments, read without running them.
//!
//! | is read | example |
//! |---|---|
//! | assignments, several on a line, `;` between them | `A=1 B=2; C=3` |
//! | `export`, before an assignment or of a name alone; `set -a`, `set +a` | `export BI_ORG=acme` |
//! | single and double quotes, `\` before a character, a line that goes on behind `\` | `A="x y"'z'\!` |
//! | a value known so far, or one in its place | `$HOME`, `${A}`, `${A:-text}`, `${A-text}` |
//! | `~` at the beginning of a value | `~/bin/mod.jar` |
//! | comments, empty lines, line ends of Windows | `# …` |
//!
//! All else (commands, `$(…)`, `` `…` ``, redirections, `if`, arrays, values of names that have none) is a [`Trouble`] of
//! its line, and that line's statement does nothing. What is read means what bash makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Names and values, as the shell that reads such a file would have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
    /// Those that a program started by the shell would see.
    exported: BTreeSet<String>,
}

/// A statement that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// From 1.
    pub(crate) line: usize,
    what: Unread,
}

/// Never holds a value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Unread {
    NoAssignment,
    Substitution,
    Unset(String),
    Expansion,
    Operator(char),
    OpenQuote,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Unread::NoAssignment => f.write_str("this is no assignment, and commands are not run"),
            Unread::Substitution => f.write_str("commands inside of a value are not run"),
            Unread::Unset(name) => write!(f, "{name} has no value here"),
            Unread::Expansion => f.write_str("only $NAME, ${NAME} and ${NAME:-text} are expanded"),
            Unread::Operator(operator) => write!(f, "`{operator}` outside of quotes"),
            Unread::OpenQuote => f.write_str("a quote is not closed"),
        }
    }
}

impl Variables {
    /// The variables of a process, all of them exported.
    pub(crate) fn exported(values: BTreeMap<String, String>) -> Self {
        let exported = values.keys().cloned().collect();
        Self { values, exported }
    }

    /// The value; an empty one counts as none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value, also when it is empty.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What a program that this shell starts gets, where it differs from `before`.
    pub(crate) fn changes<'v>(&'v self, before: &'v Self) -> impl Iterator<Item = (&'v str, &'v str)> {
        let exported = self.iter().filter(|(name, _)| self.exported.contains(*name));
        exported.filter(|(name, value)| before.values.get(*name).map(String::as_str) != Some(*value))
    }

    /// Takes over what `other` has under this name.
    pub(crate) fn copy(&mut self, name: &str, other: &Self) {
        if let Some(value) = other.values.get(name) {
            self.values.insert(name.to_owned(), value.clone());
        }
        if other.exported.contains(name) {
            self.exported.insert(name.to_owned());
        }
    }

    /// Reads a file into these variables; what could not be read.
    pub(crate) fn read(&mut self, text: &str) -> Vec<Trouble> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { rest: text.chars().collect::<Vec<_>>(), at: 0, line: 1 };
        let mut troubles = Vec::new();
        let mut export_all = false;
        while reader.next_statement() {
            let line = reader.line;
            match reader.statement(self) {
                Ok(Statement::Nothing) => {}
                Ok(Statement::ExportAll(all)) => export_all = all,
                Ok(Statement::Assign { pairs, export }) => {
                    for (name, value) in pairs {
                        if export || export_all {
                            self.exported.insert(name.clone());
                        }
                        if let Some(value) = value {
                            self.values.insert(name, value);
                        }
                    }
                }
                Err(what) => {
                    troubles.push(Trouble { line, what });
                    reader.skip_line();
                }
            }
        }
        troubles
    }
}

enum Statement {
    Nothing,
    /// `None`: the name alone, to be exported.
    Assign {
        pairs: Vec<(String, Option<String>)>,
        export: bool,
    },
    ExportAll(bool),
}

struct Reader {
    rest: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn peek_behind(&self) -> Option<char> {
        self.rest.get(self.at + 1).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// A line's end behind a backslash, which is nothing.
    fn skip_continuation(&mut self) -> bool {
        let is_long =
            self.peek() == Some('\\') && self.peek_behind() == Some('\r') && self.rest.get(self.at + 2) == Some(&'\n');
        let is_short = self.peek() == Some('\\') && self.peek_behind() == Some('\n');
        for _ in 0..(if is_long { 3 } else { 2 * usize::from(is_short) }) {
            self.next();
        }
        is_long || is_short
    }

    fn at_line_end(&self) -> bool {
        match self.peek() {
            None | Some('\n') => true,
            Some('\r') => matches!(self.peek_behind(), None | Some('\n')),
            Some(_) => false,
        }
    }

    fn skip_blanks(&mut self) {
        while self.skip_continuation() || matches!(self.peek(), Some(' ' | '\t')) {
            if matches!(self.peek(), Some(' ' | '\t')) {
                self.next();
            }
        }
        if self.peek() == Some('#') {
            while !self.at_line_end() {
                self.next();
            }
        }
    }

    fn skip_line(&mut self) {
        while let Some(c) = self.peek() {
            if !self.skip_continuation() {
                if c == '\n' {
                    return;
                }
                self.next();
            }
        }
    }

    /// Goes to the next statement; whether there is one.
    fn next_statement(&mut self) -> bool {
        loop {
            self.skip_blanks();
            match self.peek() {
                None => return false,
                Some('\n' | ';') => {}
                Some('\r') if self.at_line_end() => {}
                Some(_) => return true,
            }
            self.next();
        }
    }

    fn at_statement_end(&self) -> bool {
        self.at_line_end() || self.peek() == Some(';')
    }

    fn statement(&mut self, known: &Variables) -> Result<Statement, Unread> {
        let mut export = false;
        let mut pairs = Vec::new();
        let mut seen = known.clone();
        loop {
            self.skip_blanks();
            if self.at_statement_end() {
                let nothing = pairs.is_empty() && !export;
                return Ok(if nothing { Statement::Nothing } else { Statement::Assign { pairs, export } });
            }
            let name = self.name();
            if self.peek() == Some('=') && !name.is_empty() {
                self.next();
                let value = self.word(&seen)?;
                seen.values.insert(name.clone(), value.clone());
                pairs.push((name, Some(value)));
            } else if name == "export" && pairs.is_empty() && !export && matches!(self.peek(), Some(' ' | '\t')) {
                export = true;
            } else if name == "set" && pairs.is_empty() && !export {
                return self.set();
            } else if export && !name.is_empty() && (self.at_statement_end() || matches!(self.peek(), Some(' ' | '\t')))
            {
                pairs.push((name, None));
            } else {
                return Err(Unread::NoAssignment);
            }
        }
    }

    fn set(&mut self) -> Result<Statement, Unread> {
        self.skip_blanks();
        let sign = self.next();
        let flag = self.name();
        self.skip_blanks();
        match (sign, flag.as_str(), self.at_statement_end()) {
            (Some('-'), "a", true) => Ok(Statement::ExportAll(true)),
            (Some('+'), "a", true) => Ok(Statement::ExportAll(false)),
            _ => Err(Unread::NoAssignment),
        }
    }

    /// Letters, digits and underscores, not beginning with a digit; perhaps none.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '_' || c.is_ascii_alphabetic() || (c.is_ascii_digit() && !name.is_empty()) {
                name.push(c);
                self.next();
            } else if !self.skip_continuation() {
                break;
            }
        }
        name
    }

    /// A value: everything up to a blank or the statement's end, outside of quotes.
    fn word(&mut self, known: &Variables) -> Result<String, Unread> {
        let mut value = String::new();
        if self.peek() == Some('~') && matches!(self.peek_behind(), None | Some('/' | ' ' | '\t' | '\n' | '\r' | ';')) {
            self.next();
            value.push_str(known.get("HOME").ok_or_else(|| Unread::Unset("HOME".to_owned()))?);
        }
        loop {
            if self.skip_continuation() {
                continue;
            }
            if self.at_statement_end() {
                return Ok(value);
            }
            match self.peek() {
                None | Some(' ' | '\t') => return Ok(value),
                Some('\'') => self.single_quoted(&mut value)?,
                Some('"') => self.double_quoted(known, &mut value)?,
                Some('\\') => {
                    self.next();
                    value.extend(self.next());
                }
                Some('$') => self.dollar(known, &mut value, false)?,
                Some('`') => return Err(Unread::Substitution),
                Some(c @ ('|' | '&' | '<' | '>' | '(' | ')')) => return Err(Unread::Operator(c)),
                Some(c) => {
                    value.push(c);
                    self.next();
                }
            }
        }
    }

    fn single_quoted(&mut self, value: &mut String) -> Result<(), Unread> {
        self.next();
        loop {
            match self.next() {
                None => return Err(Unread::OpenQuote),
                Some('\'') => return Ok(()),
                Some(c) => value.push(c),
            }
        }
    }

    fn double_quoted(&mut self, known: &Variables, value: &mut String) -> Result<(), Unread> {
        self.next();
        loop {
            if self.skip_continuation() {
                continue;
            }
            match self.peek() {
                None => return Err(Unread::OpenQuote),
                Some('"') => {
                    self.next();
                    return Ok(());
                }
                Some('\\') if matches!(self.peek_behind(), Some('"' | '\\' | '$' | '`')) => {
                    self.next();
                    value.extend(self.next());
                }
                Some('$') => self.dollar(known, value, true)?,
                Some('`') => return Err(Unread::Substitution),
                Some(c) => {
                    value.push(c);
                    self.next();
                }
            }
        }
    }

    /// What a `$` begins. Outside of quotes `$'…'` and `$"…"` begin other kinds of quotes.
    fn dollar(&mut self, known: &Variables, value: &mut String, quoted: bool) -> Result<(), Unread> {
        self.next();
        match self.peek() {
            Some('(') => Err(Unread::Substitution),
            Some('{') => {
                self.next();
                self.braced(known, value)
            }
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                let name = self.name();
                value.push_str(known.values.get(&name).ok_or(Unread::Unset(name))?);
                Ok(())
            }
            Some('\'' | '"') if !quoted => Err(Unread::Expansion),
            Some(c) if c.is_ascii_digit() || "@*#?-$![".contains(c) => Err(Unread::Expansion),
            _ => {
                value.push('$');
                Ok(())
            }
        }
    }

    /// `NAME}`, `NAME:-text}` or `NAME-text}`.
    fn braced(&mut self, known: &Variables, value: &mut String) -> Result<(), Unread> {
        let name = self.name();
        let found = known.values.get(&name);
        let found = match self.next() {
            _ if name.is_empty() => return Err(Unread::Expansion),
            Some('}') => return found.map(|found| value.push_str(found)).ok_or(Unread::Unset(name)),
            Some('-') => found,
            Some(':') if self.next() == Some('-') => found.filter(|found| !found.is_empty()),
            _ => return Err(Unread::Expansion),
        };
        let mut default = String::new();
        loop {
            if self.skip_continuation() {
                continue;
            }
            match self.peek() {
                None => return Err(Unread::OpenQuote),
                Some('}') => break,
                Some('\'') => return Err(Unread::Expansion),
                Some('"') => return Err(Unread::Expansion),
                Some('`') => return Err(Unread::Substitution),
                Some('$') => self.dollar(known, &mut default, true)?,
                Some('\\') => {
                    self.next();
                    match self.next() {
                        Some(c @ ('}' | '\\' | '$' | '`')) => default.push(c),
                        _ => return Err(Unread::Expansion),
                    }
                }
                Some(c) => {
                    default.push(c);
                    self.next();
                }
            }
        }
        self.next();
        value.push_str(found.map_or(&default, |found| found));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
