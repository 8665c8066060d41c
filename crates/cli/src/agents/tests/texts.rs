//! Settings as people write them: with comments, odd white space, trailing commas, both kinds of line ends.

/// Makes texts out of choices, so that what fails shrinks to few of them.
pub(super) struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    pub(super) fn new(choices: Vec<u8>) -> Self {
        Self(choices.into_iter())
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::from(self.0.next().unwrap_or(0)) % all.len()]
    }

    fn number(&mut self, below: u8) -> u8 {
        self.0.next().unwrap_or(0) % below
    }

    fn gap(&mut self) -> &'static str {
        self.one_of(&["", " ", "\n", "\n  ", "\n\t\t", " // note, \"x\": {\n", "/* a, b */", "\n\n    "])
    }

    /// `{…}` or `[…]` with gaps, comments and perhaps a trailing comma.
    fn container(&mut self, brackets: [&str; 2], members: &[String]) -> String {
        let mut text = format!("{}{}", brackets[0], self.gap());
        for (index, member) in members.iter().enumerate() {
            text.push_str(member);
            text.push_str(self.gap());
            if index + 1 < members.len() || self.number(3) == 1 {
                text.push(',');
                text.push_str(self.gap());
            }
        }
        text + brackets[1]
    }

    fn object(&mut self, members: Vec<(&str, String)>) -> String {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\"{}:{}{value}", self.gap(), self.gap()))
            .collect();
        self.container(["{", "}"], &members)
    }

    fn hooks(&mut self, events: [&'static str; 3]) -> String {
        let mut members = Vec::new();
        for event in events {
            let groups: Vec<String> = (0..self.number(4))
                .map(|_| {
                    let hook = self.object(vec![("type", "\"command\"".into()), ("command", "\"modlake sql\"".into())]);
                    let list = self.container(["[", "]"], &[hook]);
                    self.object(vec![("hooks", list)])
                })
                .collect();
            if groups.len() < 3 {
                members.push((event, self.container(["[", "]"], &groups)));
            }
        }
        self.object(members)
    }

    pub(super) fn settings(&mut self, events: [&'static str; 3], env: bool) -> String {
        let mut members = vec![("model", "\"x\"".to_owned())];
        if self.number(2) == 1 {
            members.push(("hooks", self.hooks(events)));
        }
        if env && self.number(2) == 1 {
            let names = ["A", "OTEL_LOG_USER_PROMPTS", "OTEL_LOGS_EXPORTER"];
            let values = ["\"1\"", "\"1\"", "\"otlp\""];
            let count = usize::from(self.number(4));
            let some = names.into_iter().zip(values.map(str::to_owned)).take(count).collect();
            members.push(("env", self.object(some)));
        }
        let drop = usize::from(self.number(2));
        let members = members.split_off(drop.min(members.len()));
        let text = format!("{}{}{}", self.gap(), self.object(members), self.gap());
        let text = if self.number(3) == 1 { text.replace('\n', "\r\n") } else { text };
        if self.number(4) == 1 { format!("\u{feff}{text}") } else { text }
    }

    pub(super) fn toml(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.number(3) {
            text.push_str(self.one_of(&["# a comment\n", "\n", "  \n"]));
        }
        text.push_str(self.one_of(&["", "model = 'x' # fast\n", "a = [\n  1, # one\n]\n", "otel.environment = 'x'\n"]));
        if !text.contains("otel") {
            text.push_str(self.one_of(&[
                "",
                "[otel]\n",
                "[otel]\nenvironment = \"x\" # why\n\n# end of it\n",
                "  [otel]\n  log_user_prompt = true\n[otel.span_attributes]\na = 'b'\n",
                "otel = { environment = 'x' }\n",
                "otel = {}\n",
            ]));
        }
        text.push_str(self.one_of(&[
            "",
            "[projects.\"/x\"]\ntrust_level = 'trusted'\n",
            "[[list]]\nx = 1\n\n",
            "# end\n",
        ]));
        if self.number(3) == 1 {
            text.truncate(text.trim_end_matches('\n').len());
        }
        let text = if self.number(3) == 1 { text.replace('\n', "\r\n") } else { text };
        if self.number(4) == 1 { format!("\u{feff}{text}") } else { text }
    }
}
