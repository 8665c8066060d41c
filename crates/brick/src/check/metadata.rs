//! `metadata`: who the brick is.

use super::Checker;
use crate::node::{Node, Value};
use crate::path::Step;
use crate::problem::{code, expected, quoted};

const MAX_ID_CHARS: usize = 214;

impl<'a> Checker<'a, '_> {
    pub(super) fn metadata(&mut self, metadata: &'a Node) {
        if !matches!(metadata.value, Value::Map(_)) {
            let message = expected("a mapping with id, version and name", metadata);
            return self.error(code::TYPE, metadata.place, message, "indent them below `metadata:`");
        }
        self.required(metadata, "id", "id: \"@team/brick\"", |checker, id| {
            checker.text_of(id, is_id, "an id such as `@team/collection/brick`", ID_HINT);
        });
        self.required(metadata, "version", "version: 1.0.0", |checker, version| {
            let what = "a semantic version such as `1.0.0`";
            checker.text_of(version, is_semver, what, "write three numbers: major.minor.patch");
        });
        self.required(metadata, "name", "name: My brick", |checker, name| {
            let what = "a name of 1 to 256 characters";
            checker.text_of(name, is_name, what, "write what people read in a list of bricks");
        });
        if let Some(description) = metadata.get("description")
            && description.text().is_none()
        {
            self.at(Step::Key("description"), |checker| {
                let message = expected("a text", description);
                checker.error(code::TYPE, description.place, message, "put it into quotes");
            });
        }
    }

    fn text_of(&mut self, node: &'a Node, is_good: fn(&str) -> bool, what: &str, hint: &str) {
        match node.text() {
            None => self.error(code::TYPE, node.place, expected(what, node), "put it into quotes"),
            Some(text) if !is_good(text) => {
                self.error(code::VALUE, node.place, format!("expected {what}, found {}", quoted(text)), hint);
            }
            Some(_) => {}
        }
    }
}

const ID_HINT: &str =
    "use lower case letters, digits and - . _ ~ in parts divided by /, the first of which may begin with @";

fn is_id(id: &str) -> bool {
    let is_char = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-._~".contains(char);
    let is_part = |part: &str| {
        part.chars().all(is_char) && part.starts_with(|char: char| char.is_ascii_lowercase() || char.is_ascii_digit())
    };
    id.chars().count() <= MAX_ID_CHARS && id.strip_prefix('@').unwrap_or(id).split('/').all(is_part)
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= 256
}

/// semver.org, version 2.0.0.
fn is_semver(version: &str) -> bool {
    let is_identifier =
        |part: &str| !part.is_empty() && part.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
    let is_digits = |part: &str| !part.is_empty() && part.chars().all(|char| char.is_ascii_digit());
    let is_number = |part: &str| is_digits(part) && (part == "0" || !part.starts_with('0'));
    let (version, build) = version.split_once('+').map_or((version, None), |(version, build)| (version, Some(build)));
    let (numbers, release) = version.split_once('-').map_or((version, None), |(numbers, rest)| (numbers, Some(rest)));
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && build.is_none_or(|build| build.split('.').all(is_identifier))
        && release.is_none_or(|release| {
            release.split('.').all(|part| is_identifier(part) && (!is_digits(part) || is_number(part)))
        })
}
