//! Where in a definition a value is: `pipeline[0].config.body[3].outputKey`.

use crate::problem::quoted;

/// Steps from the root. They are put together only for what is told.
#[derive(Default)]
pub(crate) struct Path<'a>(Vec<Step<'a>>);

#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(crate) fn push(&mut self, step: Step<'a>) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for step in &self.0 {
            match step {
                Step::Key(key) if is_plain(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                }
                Step::Key(key) => {
                    let quoted = quoted(key);
                    text.extend(["[\"", quoted.trim_matches('`'), "\"]"]);
                }
                Step::Index(index) => text.extend(["[", &index.to_string(), "]"]),
            }
        }
        text
    }
}

fn is_plain(key: &str) -> bool {
    let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '$' | '-');
    !key.is_empty()
        && key.len() <= 60
        && key.chars().all(is_word)
        && !key.starts_with(|char: char| char.is_ascii_digit())
}
