//! Checks the definition of a brick: a small program that a browser mod runs, written as YAML with the tags `!var`, `!mustache`,
//! `!handlebars`, `!nunjucks`, `!pipeline` and `!defer`, or as JSON with `{"__type__": "var", "__value__": "@input.x"}` for
//! the same. What is wrong is told with its path, its place in the file, and what to do.
//!
//! The browser SDK (`web/sdk/src/brick`) checks by the same rules and with the same words before it runs a definition; the files
//! in `fixtures/bricks` hold both to it. A change here is a change there.
//!
//! Architecture invariant: bytes → problems; no I/O, no clock, and nothing of the definition is run.

mod check;
mod json;
mod known;
mod nearest;
mod node;
mod path;
mod problem;
mod template;
mod yaml;

pub use node::Place;
pub use problem::{Problem, Severity};

use problem::{Problems, code};

/// What a definition may weigh. A file beyond is refused with one problem that names the limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Lists and mappings within each other.
    pub depth: usize,
    /// Values of the file with every alias written out, so that a few lines of aliases cannot stand for millions.
    pub nodes: usize,
    /// Problems that are told; with them the check ends.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 1 << 20, depth: 64, nodes: 10_000, problems: 100 }
    }
}

/// What was found out about one file.
#[derive(Debug, Default)]
pub struct Report {
    /// `metadata.id`, where the file could be read that far.
    pub id: Option<String>,
    /// `metadata.version`.
    pub version: Option<String>,
    /// By place in the file, errors and warnings together.
    pub problems: Vec<Problem>,
    /// Whether the check ended at [`Limits::problems`], so that there may be more.
    pub is_cut: bool,
}

impl Report {
    /// Whether nothing worse than warnings was found.
    pub fn is_good(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }
}

/// Checks one definition. Never fails otherwise than by what the report tells.
pub fn check(file: &[u8], limits: &Limits) -> Report {
    let mut problems = Problems::new(limits.problems);
    let mut report = Report::default();
    if let Some(root) = read(file, limits, &mut problems) {
        (report.id, report.version) = check::definition(&root, &mut problems);
    }
    (report.problems, report.is_cut) = problems.sorted();
    report
}

fn read(file: &[u8], limits: &Limits, problems: &mut Problems) -> Option<node::Node> {
    let start = Place::START;
    if file.len() > limits.bytes {
        let message = format!("the file has more than {} bytes", limits.bytes);
        problems.error(code::TOO_LARGE, "", start, message, "a definition is a small program: leave data out of it");
        return None;
    }
    let text = match std::str::from_utf8(file) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let readable = file.get(..error.valid_up_to()).and_then(|readable| str::from_utf8(readable).ok());
            let place = Place::after(readable.unwrap_or_default());
            problems.error(code::SYNTAX, "", place, "this byte is no UTF-8".to_owned(), "save the file as UTF-8");
            return None;
        }
    };
    if text.trim_start().starts_with('{') {
        return read_json(text, limits, problems);
    }
    yaml::read(text, limits, problems)
}

/// YAML has all of JSON but pairs of surrogates in its escapes, and takes a comma too many: what is no JSON may be YAML.
fn read_json(text: &str, limits: &Limits, problems: &mut Problems) -> Option<node::Node> {
    let mut found = Problems::new(limits.problems);
    let place = match json::read(text, limits, &mut found) {
        Ok(root) => {
            problems.append(found);
            return Some(root);
        }
        Err(place) => place,
    };
    let mut found = Problems::new(limits.problems);
    let root = yaml::read(text, limits, &mut found);
    if root.is_some() || found.has(code::TOO_LARGE) {
        problems.append(found);
        return root;
    }
    let hint = "look for a comma, a quote or a bracket that is off";
    problems.error(code::SYNTAX, "", place, "this is no JSON".to_owned(), hint);
    None
}

#[cfg(test)]
mod tests;
