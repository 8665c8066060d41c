//! `!mustache` and `!handlebars`: values, sections and, in Handlebars, `if`, `unless`, `each` and `with`.

use super::{Fault, MAX_DEPTH, Reference};
use crate::problem::quoted;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Mustache,
    Handlebars,
}

const HELPERS: [&str; 4] = ["if", "unless", "each", "with"];
/// What Handlebars itself puts behind an `@`.
const DATA: [&str; 5] = ["@index", "@key", "@first", "@last", "@root"];

pub(crate) fn parse(template: &str, dialect: Dialect) -> Result<Vec<Reference>, Fault> {
    let mut references = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = template;
    while let Some((_, behind)) = rest.split_once("{{") {
        let (close, inner) = match behind.strip_prefix('{') {
            Some(inner) => ("}}}", inner),
            None => ("}}", behind),
        };
        let Some((tag, after)) = inner.split_once(close) else {
            return Err(Fault::new("`{{` is not closed", "close it with `}}`"));
        };
        rest = after;
        let tag = tag.trim();
        let (mark, name) = match tag.chars().next() {
            Some(mark @ ('#' | '^' | '/' | '!' | '&' | '>' | '=')) if close == "}}" => {
                (mark, tag.strip_prefix(mark).unwrap_or_default().trim())
            }
            _ => (' ', tag),
        };
        match mark {
            '!' => {}
            '>' | '=' => {
                let message = format!("{} is not supported", quoted(&format!("{{{{{mark}")));
                return Err(Fault::new(message, "partials and other delimiters are not: write the template out"));
            }
            '/' => {
                let opened = open.pop();
                if opened != Some(name) {
                    return Err(closes_another(name, opened));
                }
            }
            '#' | '^' => {
                let (opens, value) = section(name, mark, dialect)?;
                references.extend(reference(value, !open.is_empty(), dialect)?);
                open.push(opens);
                if open.len() > MAX_DEPTH {
                    return Err(Fault::too_deep());
                }
            }
            _ if name == "else" && dialect == Dialect::Handlebars => {
                if open.is_empty() {
                    return Err(Fault::new(
                        "`{{else}}` stands in no block",
                        "put it between `{{#if …}}` and `{{/if}}`",
                    ));
                }
            }
            _ => references.extend(reference(name, !open.is_empty(), dialect)?),
        }
    }
    match open.pop() {
        None => Ok(references),
        Some(name) => {
            let message = format!("{} is not closed", quoted(&format!("{{{{#{name}}}}}")));
            Err(Fault::new(message, format!("close it with `{{{{/{name}}}}}`")))
        }
    }
}

fn closes_another(name: &str, opened: Option<&str>) -> Fault {
    let closed = quoted(&format!("{{{{/{name}}}}}"));
    match opened {
        None => Fault::new(format!("{closed} closes nothing"), "take it out, or open the section before it"),
        Some(opened) => Fault::new(
            format!("{closed} closes another section than the one that is open"),
            format!("close it with {}", quoted(&format!("{{{{/{opened}}}}}"))),
        ),
    }
}

/// What closes the section, and the value it looks at.
fn section(name: &str, mark: char, dialect: Dialect) -> Result<(&str, &str), Fault> {
    if dialect == Dialect::Mustache {
        return Ok((name, name));
    }
    match name.split_once(char::is_whitespace) {
        None => Ok((name, name)),
        Some((helper, value)) if mark == '#' && HELPERS.contains(&helper) => Ok((helper, value.trim())),
        Some((helper, _)) => {
            let message = format!("unknown helper {}", quoted(helper));
            Err(Fault::new(message, crate::nearest::suggestion(helper, HELPERS)))
        }
    }
}

/// Within a section a name without `@` may be one of the value at hand.
fn reference(name: &str, within: bool, dialect: Dialect) -> Result<Option<Reference>, Fault> {
    if name == "." || (dialect == Dialect::Handlebars && is_relative(name)) {
        return Ok(None);
    }
    let mut parts = name.split('.');
    let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '@' | '$');
    let is_path = parts.all(|part| !part.is_empty() && part.chars().all(is_word));
    if !is_path {
        let message = format!("{} is no path of a variable", quoted(name));
        return Err(Fault::new(message, "write a path such as `@input.data`"));
    }
    if within && !name.starts_with('@') {
        return Ok(None);
    }
    let (root, member) = name.split_once('.').map_or((name, None), |(root, member)| (root, Some(member)));
    let member = member.map(|member| member.split('.').next().unwrap_or_default().to_owned());
    Ok(Some(Reference { root: root.to_owned(), member, may_miss: false }))
}

fn is_relative(name: &str) -> bool {
    let root = name.split(['.', '/']).next().unwrap_or_default();
    root == "this" || name.starts_with("../") || DATA.contains(&root)
}
