//! `!nunjucks`: output, `if`, `for`, `set`, `raw`, comments, and expressions with filters and tests.

use super::{Fault, MAX_DEPTH, Reference};
use crate::nearest::suggestion;
use crate::problem::quoted;

mod expression;
mod token;

use expression::Expression;
use token::{Token, tokens};

const TAGS: [&str; 9] = ["if", "elif", "elseif", "else", "endif", "for", "endfor", "set", "raw"];

pub(crate) fn parse(template: &str) -> Result<Vec<Reference>, Fault> {
    let mut parser = Parser { rest: template, blocks: Vec::new(), locals: Vec::new(), references: Vec::new() };
    while parser.step()? {}
    match parser.blocks.pop() {
        None => Ok(parser.references),
        Some(block) => Err(Fault::new(
            format!("`{{% {} %}}` is not closed", block.name),
            format!("close it with `{{% end{} %}}`", block.name),
        )),
    }
}

struct Parser<'t> {
    rest: &'t str,
    blocks: Vec<Block>,
    /// Names that `for` and `set` define.
    locals: Vec<String>,
    references: Vec<Reference>,
}

/// An `if` or `for` whose end has not come.
struct Block {
    name: &'static str,
    /// Names defined when it began.
    locals: usize,
}

impl Parser<'_> {
    /// Past the next tag; false at the end.
    fn step(&mut self) -> Result<bool, Fault> {
        let Some((open, behind)) = next_tag(self.rest) else { return Ok(false) };
        if open == "{#" {
            self.rest = behind.split_once("#}").ok_or_else(|| not_closed(open, "#}"))?.1;
            return Ok(true);
        }
        let close = if open == "{{" { "}}" } else { "%}" };
        let (found, rest) = tokens(behind.strip_prefix('-').unwrap_or(behind), close)?;
        self.rest = rest.ok_or_else(|| not_closed(open, close))?;
        if open == "{{" {
            self.whole(&found)?;
        } else {
            self.tag(&found)?;
        }
        Ok(true)
    }

    /// One expression and nothing behind it.
    fn whole(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        Expression::new(tokens, &self.locals, &mut self.references).whole()
    }

    fn tag(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let Some((Token::Name(name), rest)) = tokens.split_first() else {
            return Err(Fault::new("`{%` without the name of a tag", suggestion("", TAGS)));
        };
        match name.as_str() {
            "if" => {
                self.whole(rest)?;
                self.begin("if")
            }
            "elif" | "elseif" => {
                self.within(name, &["if"])?;
                self.whole(rest)
            }
            "else" => {
                self.within(name, &["if", "for"])?;
                nothing(rest)
            }
            "for" => self.for_tag(rest),
            "endif" => self.end(name, "if", rest),
            "endfor" => self.end(name, "for", rest),
            "set" => self.set(rest),
            "raw" => self.raw(rest),
            _ => {
                let message = format!("unknown tag {}", quoted(&format!("{{% {name} %}}")));
                Err(Fault::new(message, suggestion(name, TAGS)))
            }
        }
    }

    fn begin(&mut self, name: &'static str) -> Result<(), Fault> {
        self.blocks.push(Block { name, locals: self.locals.len() });
        if self.blocks.len() > MAX_DEPTH { Err(Fault::too_deep()) } else { Ok(()) }
    }

    fn within(&self, name: &str, blocks: &[&str]) -> Result<(), Fault> {
        match self.blocks.last() {
            Some(block) if blocks.contains(&block.name) => Ok(()),
            _ => Err(closes_nothing(name)),
        }
    }

    fn end(&mut self, name: &str, block: &str, rest: &[Token]) -> Result<(), Fault> {
        self.within(name, &[block])?;
        if let Some(ended) = self.blocks.pop()
            && ended.name == "for"
        {
            self.locals.truncate(ended.locals);
        }
        nothing(rest)
    }

    fn for_tag(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let is_in = |token: &Token| matches!(token, Token::Name(name) if name == "in");
        let fault = || Fault::new("`{% for %}` names no variable and list", "write `{% for item in @input.list %}`");
        let at = tokens.iter().position(is_in).ok_or_else(fault)?;
        let (names, list) = tokens.split_at(at);
        let list = list.get(1..).unwrap_or_default();
        let mut defined = Vec::new();
        for (index, token) in names.iter().enumerate() {
            match token {
                Token::Name(name) if index % 2 == 0 => defined.push(name.clone()),
                Token::Mark(",") if index % 2 == 1 => {}
                _ => return Err(fault()),
            }
        }
        if names.len() % 2 == 0 {
            return Err(fault());
        }
        self.whole(list)?;
        self.begin("for")?;
        self.locals.extend(defined);
        self.locals.push("loop".to_owned());
        Ok(())
    }

    fn set(&mut self, tokens: &[Token]) -> Result<(), Fault> {
        let [Token::Name(name), Token::Mark("="), value @ ..] = tokens else {
            return Err(Fault::new("`{% set %}` names no variable and value", "write `{% set name = @input.value %}`"));
        };
        self.whole(value)?;
        self.locals.push(name.clone());
        Ok(())
    }

    fn raw(&mut self, rest: &[Token]) -> Result<(), Fault> {
        nothing(rest)?;
        let mut from = self.rest;
        while let Some((_, tag)) = from.split_once("{%") {
            let tag = tag.strip_prefix('-').unwrap_or(tag).trim_start();
            if let Some(behind) = tag.strip_prefix("endraw") {
                let behind = behind.trim_start();
                if let Some(rest) = behind.strip_prefix('-').unwrap_or(behind).strip_prefix("%}") {
                    self.rest = rest;
                    return Ok(());
                }
            }
            from = tag;
        }
        Err(Fault::new("`{% raw %}` is not closed", "close it with `{% endraw %}`"))
    }
}

/// What the next tag begins with, and all behind that.
fn next_tag(text: &str) -> Option<(&'static str, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let tag = text.get(at..)?;
        ["{{", "{%", "{#"].into_iter().find_map(|open| Some((open, tag.strip_prefix(open)?)))
    })
}

fn nothing(rest: &[Token]) -> Result<(), Fault> {
    rest.first().map_or(Ok(()), |token| Err(token.unexpected()))
}

fn not_closed(open: &str, close: &str) -> Fault {
    Fault::new(format!("`{open}` is not closed"), format!("close it with `{close}`"))
}

fn closes_nothing(name: &str) -> Fault {
    let message = format!("`{{% {name} %}}` stands in no block it belongs to");
    Fault::new(message, "look for the `{% if %}` or `{% for %}` before it")
}
