//! One attribute at a time: keep, change or remove, by its key's class.

use std::borrow::Cow;

use record::json;
use record::source::Provider;
use record::value::{self, Attribute, Attributes, Value};
use redact::{Keyed, Known};

use super::keys::{self, Class, Keys, Place};
use super::marks::Marks;
use super::session::Session;
use super::structure::Around;
use super::text::{Line, cut_bytes};
use super::{Policy, command, error, exit_code, policy, sensitive_file};
use crate::{Report, SenderEmail};

/// Characters of an error message.
const ERROR_CHARS: usize = 1024;
/// Elements of a list of names.
const LIST_LENGTH: usize = 64;
/// Maps within maps of a hook.
const DEPTH: u8 = 8;

/// Cleans one request.
pub(super) struct Cleaner<'s> {
    pub(super) policy: &'s Policy,
    pub(super) keys: &'s Keys,
    /// A longer value is not looked at and does not stay.
    pub(super) max_value_bytes: usize,
    pub(super) sender_email: SenderEmail,
    /// Of files that exist to hold secrets no value stays.
    pub(super) masks_files: bool,
    /// Addresses in data keep their query and fragment.
    pub(super) keep_query: bool,
    pub(super) redactor: Keyed<'s>,
    /// What is known for all records of the request.
    pub(super) request_known: &'s Known,
    pub(super) session: Session<'s>,
    /// The record reads or writes a file that exists to hold secrets.
    pub(super) is_sensitive_file: bool,
    pub(super) provider: Provider,
    pub(super) report: Report,
}

/// What may stay of one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Consent {
    pub(super) prompts: bool,
    pub(super) outputs: bool,
}

/// What is around an attribute.
#[derive(Clone, Copy)]
pub(super) struct Context<'c, 'a> {
    pub(super) place: Place,
    pub(super) consent: Consent,
    /// Keys whose text the emitter's user has consented to.
    pub(super) emitter_keys: &'static [&'static str],
    /// `body` holds a model's answer only.
    pub(super) is_response_body: bool,
    /// The resource's attributes, which some agents copy to every record.
    pub(super) resource: &'c [Attribute<'a>],
    pub(super) depth: u8,
}

/// Which text a content value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Prompt,
    Output,
    Mixed,
}

impl Cleaner<'_> {
    /// What a record may keep, by its own attributes and those around it.
    pub(super) fn consent(&self, attributes: &[&[Attribute<'_>]]) -> Consent {
        let opted = |key| self.policy.allow_event_level_opt_in && attributes.iter().any(|some| is_opted_in(some, key));
        Consent {
            prompts: self.policy.capture_prompts || opted("moda.capture_prompts"),
            outputs: self.policy.capture_output_snippets || opted("moda.capture_outputs"),
        }
    }

    /// The attributes of a record: what they tell, then what may stay of them.
    pub(super) fn record<'a>(&mut self, context: &Context<'_, 'a>, attributes: &mut Attributes<'a>, marks: &mut Marks) {
        self.session.enter(&[context.resource, attributes]);
        self.is_sensitive_file = self.masks_files && sensitive_file::is_touched(context.consent, attributes);
        let exit_code = exit_code::of(attributes);
        self.attributes(context, attributes, marks);
        if let Some(code) = exit_code {
            attributes.push((Cow::Borrowed(exit_code::KEY), Value::Int(code)));
        }
    }

    /// A map within an event, which may tell of a file of its own.
    pub(super) fn inner_record<'a>(
        &mut self,
        context: &Context<'_, 'a>,
        entries: &mut Attributes<'a>,
        marks: &mut Marks,
    ) {
        let around = self.is_sensitive_file;
        self.is_sensitive_file |= self.masks_files && sensitive_file::is_touched(context.consent, entries);
        self.attributes(context, entries, marks);
        self.is_sensitive_file = around;
    }

    pub(super) fn attributes<'a>(
        &mut self,
        context: &Context<'_, 'a>,
        attributes: &mut Attributes<'a>,
        marks: &mut Marks,
    ) {
        attributes.retain_mut(|(key, value)| self.entry(context, key, value, marks));
    }

    /// Whether the entry stays.
    fn entry<'a>(&mut self, context: &Context<'_, 'a>, key: &str, value: &mut Value<'a>, marks: &mut Marks) -> bool {
        let Some(class) = self.keys.class(context.place, key) else { return self.unknown(context, key, value, marks) };
        let consent = context.consent;
        match class {
            Class::Word => self.metadata(key, value, Line::Word, marks),
            Class::Name => self.metadata(key, value, Line::Name, marks),
            Class::Sender => self.sender(key, value, marks),
            Class::Error => self.error(key, consent, value, marks),
            Class::HookError if is_error_code(value) => true,
            Class::HookError | Class::Output => self.content(key, Content::Output, consent, value, marks),
            Class::UserPrompt => {
                let prompts = consent.prompts || context.emitter_keys.contains(&key);
                self.content(key, Content::Prompt, Consent { prompts, ..consent }, value, marks)
            }
            Class::Prompt => self.content(key, Content::Prompt, consent, value, marks),
            Class::Mixed if context.is_response_body => self.content(key, Content::Output, consent, value, marks),
            Class::Mixed => self.content(key, Content::Mixed, consent, value, marks),
            Class::Command => self.command(key, value, marks),
            Class::ToolInput => self.tool_input(key, value, marks),
            Class::Walk => self.walk(context, key, value, marks),
            Class::Withheld => self.withheld(key, value, marks),
            Class::OptIn => match value.as_str() {
                Some(text) if !["true", "false", "1", "0"].contains(&text) => self.withheld(key, value, marks),
                _ => matches!(value, Value::Bool(_) | Value::Int(_) | Value::Text(_)),
            },
            Class::Mark(mark) => {
                self.earlier_mark(mark, value, marks);
                false
            }
        }
    }

    /// A key that no table knows: numbers and truth values stay, text only where key and value look like an identifier or
    /// where it is a copy of what the operator declared on the resource.
    fn unknown<'a>(&mut self, context: &Context<'_, 'a>, key: &str, value: &mut Value<'a>, marks: &mut Marks) -> bool {
        let on_resource = context.place == Place::Resource;
        let is_key = keys::is_key(key) || on_resource && keys::is_key(&key.replace(['/', ':'], "."));
        let mut redacted = Cow::Borrowed(key);
        if !self.redact(&mut redacted, marks) || !is_key || redacted != key {
            self.report.unknown_withheld += 1;
            marks.withhold("other");
            return false;
        }
        match value {
            Value::Int(number) if self.number(*number, Around::key(key), marks).is_some() => {
                self.withheld(key, value, marks)
            }
            Value::Int(_) | Value::Null | Value::Bool(_) | Value::Double(_) => true,
            Value::List(items) if !items.iter().any(holds_text) => true,
            Value::Map(entries) if entries.is_empty() => true,
            Value::Text(text) if text.is_empty() || is_scalar(text) => true,
            Value::Bytes(_) | Value::Map(_) => self.withheld(key, value, marks),
            Value::Text(_) | Value::List(_) => {
                if on_resource || value::get(context.resource, key) == Some(value) {
                    self.named_metadata(key, value, Line::Name, marks)
                } else if keys::is_measure(key) {
                    self.named_metadata(key, value, Line::Measure, marks)
                } else {
                    self.withheld(key, value, marks)
                }
            }
        }
    }

    fn withheld(&mut self, key: &str, value: &Value<'_>, marks: &mut Marks) -> bool {
        if matches!(value, Value::Null) {
            return true;
        }
        self.report.unknown_withheld += 1;
        marks.withhold(key);
        false
    }

    fn metadata(&mut self, key: &str, value: &mut Value<'_>, line: Line, marks: &mut Marks) -> bool {
        let fits = match value {
            Value::Text(text) => self.line(text, line, marks),
            Value::List(items) => {
                items.len() <= LIST_LENGTH
                    && items.iter_mut().all(|item| match item {
                        Value::Text(text) => self.line(text, line, marks),
                        Value::List(_) | Value::Map(_) | Value::Bytes(_) => false,
                        _ => true,
                    })
            }
            Value::Map(_) | Value::Bytes(_) => false,
            _ => true,
        };
        fits || self.withheld(key, value, marks)
    }

    /// The sender's address.
    fn sender(&mut self, key: &str, value: &mut Value<'_>, marks: &mut Marks) -> bool {
        if let (SenderEmail::Hash, Value::Text(text)) = (self.sender_email, &mut *value)
            && !text.is_empty()
        {
            self.mask("email", text, marks);
        }
        self.metadata(key, value, Line::Sender, marks)
    }

    /// One line: a name or a path.
    pub(super) fn name(&mut self, key: &str, value: &mut Value<'_>, marks: &mut Marks) -> bool {
        self.metadata(key, value, Line::Name, marks)
    }

    /// As [`Self::metadata`], where the key may name a secret.
    fn named_metadata(&mut self, key: &str, value: &mut Value<'_>, line: Line, marks: &mut Marks) -> bool {
        let done = match value {
            Value::Text(text) => self.redact_named(key, text, marks),
            Value::List(items) => items.iter_mut().all(|item| match item {
                Value::Text(text) => self.redact_named(key, text, marks),
                _ => true,
            }),
            _ => true,
        };
        if done { self.metadata(key, value, line, marks) } else { self.withheld(key, value, marks) }
    }

    /// The text of a name field: redacted, or emptied when it is no name.
    pub(super) fn label(&mut self, name: &'static str, text: &mut Cow<'_, str>, marks: &mut Marks) {
        if !self.line(text, Line::Name, marks) {
            self.report.unknown_withheld += 1;
            marks.withhold(name);
            *text = Cow::Borrowed("");
        }
    }

    fn error(&mut self, key: &str, consent: Consent, value: &mut Value<'_>, marks: &mut Marks) -> bool {
        match value {
            Value::Text(text) => {
                let was_empty = text.is_empty();
                self.error_text(key, consent, text, marks);
                was_empty || !text.is_empty()
            }
            Value::Map(_) | Value::List(_) | Value::Bytes(_) => self.withheld(key, value, marks),
            _ => true,
        }
    }

    /// What went wrong; what it went wrong with is output.
    pub(super) fn error_text(&mut self, key: &str, consent: Consent, text: &mut Cow<'_, str>, marks: &mut Marks) {
        if !consent.outputs
            && let Some(reduced) = error::reduced(text)
        {
            *text = Cow::Owned(reduced.into_owned());
            self.report.outputs_suppressed += 1;
            marks.withhold(key);
        }
        self.fit(key, text, ERROR_CHARS, marks);
    }

    /// A prompt or an output: removed, or redacted and cut.
    pub(super) fn content(
        &mut self,
        key: &str,
        content: Content,
        consent: Consent,
        value: &mut Value<'_>,
        marks: &mut Marks,
    ) -> bool {
        match value {
            Value::Null => return true,
            Value::Text(text) if text.is_empty() => return true,
            Value::List(items) if items.is_empty() => return true,
            Value::Map(entries) if entries.is_empty() => return true,
            Value::Text(text) if is_emitter_placeholder(text) => return false,
            _ => {}
        }
        let prompts = content != Content::Output;
        let outputs = content != Content::Prompt;
        if prompts && !consent.prompts || outputs && !consent.outputs {
            if prompts && !consent.prompts {
                self.report.prompts_suppressed += 1;
                marks.prompt_redacted = true;
            }
            if outputs && !consent.outputs {
                self.report.outputs_suppressed += 1;
                marks.output_redacted = true;
            }
            return false;
        }
        let mut was_cut = false;
        if let Value::List(_) | Value::Map(_) = value {
            let mut room = self.window();
            if !self.leaves(value, Around::key(key), &mut room, marks, 0) {
                return self.withheld(key, value, marks);
            }
            was_cut = room == 0;
        }
        if let Value::List(_) | Value::Map(_) | Value::Bytes(_) = value {
            *value = Value::text(plain_text(value));
        }
        if let Value::Text(text) = value {
            was_cut |= cut_bytes(text, self.window());
            if outputs && self.is_sensitive_file {
                was_cut |= self.mask_file(text, marks);
            }
            was_cut |= self.fit(key, text, self.policy.max_text_chars, marks);
        }
        marks.prompt_truncated |= was_cut && prompts;
        marks.output_truncated |= was_cut && outputs;
        true
    }

    /// A command line: its program alone, or redacted and cut.
    pub(super) fn command(&mut self, key: &str, value: &mut Value<'_>, marks: &mut Marks) -> bool {
        if let Value::List(items) = value {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            *value = Value::text(words.join(" "));
        }
        match value {
            Value::Text(text) if text.is_empty() => {}
            Value::Text(text) if self.policy.capture_commands && !command::is_patch(text) => {
                self.mask_heredoc(text, marks);
                self.fit(key, text, self.policy.max_text_chars, marks);
            }
            Value::Text(text) => self.reduce_command(key, text, marks),
            Value::Map(_) | Value::Bytes(_) => return self.withheld(key, value, marks),
            _ => {}
        }
        true
    }

    pub(super) fn reduce_command(&mut self, key: &str, text: &mut Cow<'_, str>, marks: &mut Marks) {
        let program = command::program(text);
        if program != *text {
            self.report.commands_reduced += 1;
            marks.withhold(key);
            *text = Cow::Owned(program);
        }
    }

    /// A map or list of maps whose entries are judged one by one.
    fn walk<'a>(&mut self, context: &Context<'_, 'a>, key: &str, value: &mut Value<'a>, marks: &mut Marks) -> bool {
        let inner = Context { depth: context.depth + 1, ..*context };
        match value {
            _ if inner.depth > DEPTH => return self.withheld(key, value, marks),
            Value::Map(entries) => self.inner_record(&inner, entries, marks),
            Value::List(items) => items.retain_mut(|item| match item {
                Value::Map(entries) => {
                    self.inner_record(&inner, entries, marks);
                    true
                }
                Value::Text(_) | Value::Bytes(_) | Value::List(_) => self.withheld(key, item, marks),
                _ => true,
            }),
            _ => return self.metadata(key, value, Line::Word, marks),
        }
        true
    }
}

fn is_opted_in(attributes: &[Attribute<'_>], key: &str) -> bool {
    attributes.iter().any(|(name, value)| {
        name == key
            && match value {
                Value::Bool(opted) => *opted,
                Value::Text(text) => policy::is_true(text),
                _ => false,
            }
    })
}

/// What Claude Code and Codex send in place of a prompt they were not allowed to send.
fn is_emitter_placeholder(text: &str) -> bool {
    matches!(text.trim(), "<REDACTED>" | "[REDACTED]")
}

/// The codes of Claude Code's `StopFailure`.
fn is_error_code(value: &Value<'_>) -> bool {
    const CODES: [&str; 11] = [
        "authentication_failed",
        "billing_error",
        "invalid_request",
        "max_output_tokens",
        "model_not_found",
        "oauth_org_not_allowed",
        "overloaded",
        "rate_limit",
        "server_error",
        "timeout",
        "unknown",
    ];
    value.as_str().is_some_and(|text| CODES.contains(&text))
}

fn is_scalar(text: &str) -> bool {
    text == "true"
        || text == "false"
        || text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit() || b".+-".contains(&byte))
}

fn holds_text(value: &Value<'_>) -> bool {
    matches!(value, Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_))
}

fn plain_text(value: &Value<'_>) -> String {
    if let Value::Bytes(bytes) = value {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let mut out = Vec::new();
    json::write_value(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
