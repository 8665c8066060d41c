//! The text of a script: comments, statements, and what ends a statement.

/// A script that grows.
pub(super) struct Script {
    text: String,
    end: &'static str,
}

impl Script {
    /// `end` closes each statement: `;`, and for T-SQL the end of the batch.
    pub(super) fn new(end: &'static str) -> Self {
        Self { text: String::new(), end }
    }

    /// Each line as a comment.
    pub(super) fn comment(&mut self, lines: &str) {
        for line in lines.lines() {
            self.text.push_str("--");
            if !line.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A heading over what follows.
    pub(super) fn heading(&mut self, title: &str) {
        self.comment(&format!("==== {title} ===="));
        self.blank();
    }

    pub(super) fn statement(&mut self, sql: &str) {
        self.text.push_str(sql);
        self.text.push_str(self.end);
    }

    pub(super) fn finish(self) -> String {
        let mut text = self.text.trim_end().to_owned();
        text.push('\n');
        text
    }
}

/// Lines of a list between parentheses: four spaces before each, commas between.
pub(super) fn lines(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("    {item}")).collect();
    items.join(",\n")
}
