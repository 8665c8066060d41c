//! Offsets in bytes as people and other programs count: lines, columns, Unicode code points.

/// Where something stands. `line` and `column` count from 1, a column is a code point; `points` counts from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) points: usize,
}

/// Walks a text once, from one place to a later one.
pub(super) struct Places<'t> {
    text: &'t str,
    bytes: usize,
    at: Place,
}

impl<'t> Places<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, bytes: 0, at: Place { line: 1, column: 1, points: 0 } }
    }

    /// The place of an offset in bytes, which is none before the last one.
    pub(super) fn next(&mut self, bytes: usize) -> Place {
        for letter in self.text.get(self.bytes..bytes).unwrap_or_default().chars() {
            self.at.points += 1;
            self.at.column += 1;
            if letter == '\n' {
                self.at.line += 1;
                self.at.column = 1;
            }
        }
        self.bytes = bytes.max(self.bytes);
        self.at
    }
}
