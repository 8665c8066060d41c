//! What the operator allows.

/// The capture policy. [`Policy::default`] keeps metadata only, and what emitters opted in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Keep every prompt.
    pub capture_prompts: bool,
    /// Keep every output, cut at `max_text_chars`.
    pub capture_output_snippets: bool,
    /// Heed `moda.capture_prompts` and `moda.capture_outputs` on events.
    pub allow_event_level_opt_in: bool,
    /// Take real prompt text in a user prompt event as its user's consent.
    pub honor_emitter_prompts: bool,
    /// Keep whole command lines instead of the program and its subcommand.
    pub capture_commands: bool,
    /// Captured text is cut after this many characters.
    pub max_text_chars: usize,
    /// Unknown attributes that are metadata here.
    pub keep_attributes: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            capture_prompts: false,
            capture_output_snippets: false,
            allow_event_level_opt_in: false,
            honor_emitter_prompts: true,
            capture_commands: false,
            max_text_chars: 16_384,
            keep_attributes: Vec::new(),
        }
    }
}

/// The variables [`Policy::set_variable`] knows.
pub const VARIABLES: [&str; 5] = [
    "CODING_AGENT_CAPTURE_PROMPTS",
    "CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS",
    "CODING_AGENT_ALLOW_EVENT_LEVEL_OPT_IN",
    "CODING_AGENT_HONOR_EMITTER_PROMPTS",
    "CODING_AGENT_CAPTURE_COMMANDS",
];

impl Policy {
    /// This policy with what the environment says. `variable` gives a variable's text when it is set; only `true` and `1` are
    /// true, every other text is false (seed page: "including empty, `yes`, `on`").
    #[must_use]
    pub fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        for name in VARIABLES {
            if let Some(text) = variable(name) {
                self.set_variable(name, &text);
            }
        }
        self
    }

    /// Takes over one variable; false when the name is none of [`VARIABLES`].
    pub fn set_variable(&mut self, name: &str, text: &str) -> bool {
        let field = match name {
            "CODING_AGENT_CAPTURE_PROMPTS" => &mut self.capture_prompts,
            "CODING_AGENT_CAPTURE_OUTPUT_SNIPPETS" => &mut self.capture_output_snippets,
            "CODING_AGENT_ALLOW_EVENT_LEVEL_OPT_IN" => &mut self.allow_event_level_opt_in,
            "CODING_AGENT_HONOR_EMITTER_PROMPTS" => &mut self.honor_emitter_prompts,
            "CODING_AGENT_CAPTURE_COMMANDS" => &mut self.capture_commands,
            _ => return false,
        };
        *field = is_true(text);
        true
    }
}

/// `true` or `1`, nothing else.
pub(super) fn is_true(text: &str) -> bool {
    text == "true" || text == "1"
}

#[cfg(test)]
mod tests;
