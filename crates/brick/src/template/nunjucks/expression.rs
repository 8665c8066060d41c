//! Expressions, by the precedence of Nunjucks: inline `if`, `or`, `and`, `not`, `in`, `is`, comparison, `~`, arithmetic, unary
//! with filters, members and calls.

use super::Token;
use crate::nearest::suggestion;
use crate::problem::quoted;
use crate::template::{Fault, MAX_DEPTH, Reference};

/// Those of `web/sdk/src/brick/template/filters.ts`.
pub(super) const FILTERS: &[&str] = &[
    "abs",
    "batch",
    "capitalize",
    "center",
    "d",
    "default",
    "dictsort",
    "dump",
    "e",
    "escape",
    "first",
    "float",
    "forceescape",
    "groupby",
    "indent",
    "int",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "nl2br",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "trim",
    "truncate",
    "upper",
    "urlencode",
    "wordcount",
];
/// Those of `web/sdk/src/brick/template/tests.ts`.
pub(super) const TESTS: &[&str] = &[
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "even",
    "falsy",
    "ge",
    "greaterthan",
    "gt",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "null",
    "number",
    "odd",
    "sameas",
    "string",
    "truthy",
    "undefined",
    "upper",
];
/// Those of `web/sdk/src/brick/template/methods.ts`.
pub(super) const METHODS: &[&str] = &[
    "at",
    "charAt",
    "concat",
    "endsWith",
    "includes",
    "indexOf",
    "join",
    "lastIndexOf",
    "padEnd",
    "padStart",
    "repeat",
    "replace",
    "replaceAll",
    "slice",
    "split",
    "startsWith",
    "substring",
    "toFixed",
    "toLowerCase",
    "toString",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
];
const FUNCTIONS: [&str; 1] = ["range"];

const COMPARISONS: [&str; 8] = ["==", "===", "!=", "!==", "<", ">", "<=", ">="];
const ARITHMETIC: [&str; 8] = ["~", "+", "-", "*", "/", "//", "%", "**"];

pub(super) struct Expression<'e> {
    tokens: &'e [Token],
    locals: &'e [String],
    references: &'e mut Vec<Reference>,
    depth: usize,
}

impl<'e> Expression<'e> {
    pub(super) fn new(tokens: &'e [Token], locals: &'e [String], references: &'e mut Vec<Reference>) -> Self {
        Self { tokens, locals, references, depth: 0 }
    }

    pub(super) fn whole(mut self) -> Result<(), Fault> {
        self.any()?;
        super::nothing(self.tokens)
    }

    fn any(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::too_deep());
        }
        self.binary()?;
        if self.takes_name("if") {
            self.binary()?;
            if self.takes_name("else") {
                self.any()?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Which operator binds closer decides about the value, not about what can be read, but for `not` and `is`.
    fn binary(&mut self) -> Result<(), Fault> {
        while self.takes_name("not") {}
        self.operand()?;
        // `is` binds weaker than comparison and arithmetic, so none of them goes on behind a test.
        let mut is_tested = false;
        loop {
            if self.takes_name("or") || self.takes_name("and") {
                while self.takes_name("not") {}
            } else if self.takes_name("not") {
                if !self.takes_name("in") {
                    return Err(self.unexpected());
                }
            } else if !is_tested && self.takes_name("is") {
                self.test()?;
                is_tested = true;
                continue;
            } else if !(self.takes_name("in")
                || !is_tested && (self.takes_mark_of(&COMPARISONS) || self.takes_mark_of(&ARITHMETIC)))
            {
                return Ok(());
            }
            self.operand()?;
            is_tested = false;
        }
    }

    fn test(&mut self) -> Result<(), Fault> {
        self.takes_name("not");
        let name = self.name()?;
        if !TESTS.contains(&name) {
            let message = format!("unknown test {}", quoted(name));
            return Err(Fault::new(message, suggestion(name, TESTS.iter().copied())));
        }
        if self.takes_mark("(") { self.arguments() } else { Ok(()) }
    }

    fn operand(&mut self) -> Result<(), Fault> {
        while self.takes_mark("-") || self.takes_mark("+") {}
        self.postfix()?;
        while self.takes_mark("|") {
            let name = self.name()?;
            if !FILTERS.contains(&name) {
                let message = format!("unknown filter {}", quoted(name));
                return Err(Fault::new(message, suggestion(name, FILTERS.iter().copied())));
            }
            if self.takes_mark("(") {
                self.arguments()?;
            }
        }
        Ok(())
    }

    fn postfix(&mut self) -> Result<(), Fault> {
        let reference = self.primary()?;
        let is_root = reference.is_some();
        if let Some(root) = reference {
            self.references.push(Reference { root, member: None, may_miss: false });
        }
        let index = self.references.len();
        let mut is_first = is_root;
        loop {
            let member = if self.takes_mark(".") {
                let name = self.name()?.to_owned();
                if self.takes_mark("(") {
                    if !METHODS.contains(&name.as_str()) {
                        let message = format!("unknown method {}", quoted(&name));
                        return Err(Fault::new(message, suggestion(&name, METHODS.iter().copied())));
                    }
                    self.arguments()?;
                    None
                } else {
                    Some(name)
                }
            } else if self.takes_mark("[") {
                let text = match self.tokens {
                    [Token::Text(text), Token::Mark("]"), ..] => Some(text.clone()),
                    _ => None,
                };
                self.any()?;
                self.expect("]")?;
                text
            } else {
                return Ok(());
            };
            if is_first && let Some(reference) = self.references.get_mut(index - 1) {
                reference.member = member;
            }
            is_first = false;
        }
    }

    /// The root of a variable that has to be defined, where it is one.
    fn primary(&mut self) -> Result<Option<String>, Fault> {
        let Some((token, rest)) = self.tokens.split_first() else { return Err(self.unexpected()) };
        self.tokens = rest;
        match token {
            Token::Text(_) | Token::Number => Ok(None),
            Token::Name(name) => self.symbol(name),
            Token::Mark("(") => {
                self.list(")")?;
                Ok(None)
            }
            Token::Mark("[") => {
                self.list("]")?;
                Ok(None)
            }
            Token::Mark("{") => {
                self.mapping()?;
                Ok(None)
            }
            Token::Mark(_) => Err(token.unexpected()),
        }
    }

    fn symbol(&mut self, name: &str) -> Result<Option<String>, Fault> {
        if self.takes_mark("(") {
            if !FUNCTIONS.contains(&name) {
                let message = format!("unknown function {}", quoted(name));
                return Err(Fault::new(message, suggestion(name, FUNCTIONS)));
            }
            self.arguments()?;
            return Ok(None);
        }
        match name {
            "true" | "false" | "none" | "null" => Ok(None),
            "if" | "else" | "and" | "or" | "not" | "in" | "is" => Err(Token::Name(name.to_owned()).unexpected()),
            _ if self.locals.iter().any(|local| local == name) => Ok(None),
            _ => Ok(Some(name.to_owned())),
        }
    }

    fn list(&mut self, close: &'static str) -> Result<(), Fault> {
        if self.takes_mark(close) {
            return Ok(());
        }
        loop {
            self.any()?;
            if self.takes_mark(close) {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn mapping(&mut self) -> Result<(), Fault> {
        if self.takes_mark("}") {
            return Ok(());
        }
        loop {
            match self.tokens {
                [Token::Text(_) | Token::Name(_), rest @ ..] => self.tokens = rest,
                _ => return Err(self.unexpected()),
            }
            self.expect(":")?;
            self.any()?;
            if self.takes_mark("}") {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    /// Behind `(`.
    fn arguments(&mut self) -> Result<(), Fault> {
        if self.takes_mark(")") {
            return Ok(());
        }
        loop {
            if let [Token::Name(_), Token::Mark("="), rest @ ..] = self.tokens {
                self.tokens = rest;
            }
            self.any()?;
            if self.takes_mark(")") {
                return Ok(());
            }
            self.expect(",")?;
        }
    }

    fn name(&mut self) -> Result<&'e str, Fault> {
        match self.tokens {
            [Token::Name(name), rest @ ..] => {
                self.tokens = rest;
                Ok(name)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn takes_name(&mut self, name: &str) -> bool {
        let there = matches!(self.tokens.first(), Some(Token::Name(first)) if first == name);
        if there {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        there
    }

    fn takes_mark(&mut self, mark: &str) -> bool {
        self.takes_mark_of(&[mark])
    }

    fn takes_mark_of(&mut self, marks: &[&str]) -> bool {
        let there = matches!(self.tokens.first(), Some(Token::Mark(first)) if marks.contains(first));
        if there {
            self.tokens = self.tokens.get(1..).unwrap_or_default();
        }
        there
    }

    fn expect(&mut self, mark: &str) -> Result<(), Fault> {
        if self.takes_mark(mark) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> Fault {
        match self.tokens.first() {
            Some(token) => token.unexpected(),
            None => Fault::new("an expression in the template ends too early", "write the value that is missing"),
        }
    }
}
