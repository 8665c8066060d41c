//! Plants a unique text in every content field of every captured payload, sanitizes, and looks for it in what would be written.
//!
//! The lists of content keys here are written from the agents' documents, apart from the product's tables.

use std::borrow::Cow;
use std::collections::HashSet;

use record::arrival::Payload;
use record::otlp::{MetricData, Otlp};
use record::value::{Attributes, Value};

use super::{fixtures, sanitizer, written};
use crate::capture::Policy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Prompt,
    Output,
    Mixed,
    Command,
    Input,
    Unknown,
}

const CONTENT: &[(&str, Kind)] = &[
    ("prompt", Kind::Prompt),
    ("prompt_text", Kind::Prompt),
    ("user_prompt", Kind::Prompt),
    ("system_prompt", Kind::Prompt),
    ("system_prompt_preview", Kind::Prompt),
    ("user_system_prompt", Kind::Prompt),
    ("system_reminders", Kind::Prompt),
    ("tools", Kind::Prompt),
    ("tool", Kind::Prompt),
    ("hook_definitions", Kind::Prompt),
    ("input-messages", Kind::Prompt),
    ("command_args", Kind::Prompt),
    ("custom_instructions", Kind::Prompt),
    ("gen_ai.system_instructions", Kind::Prompt),
    ("gen_ai.tool.definitions", Kind::Prompt),
    ("gen_ai.prompt.0.content", Kind::Prompt),
    ("gen_ai.completion.0.content", Kind::Output),
    ("gen_ai.input.messages", Kind::Mixed),
    ("gen_ai.output.messages", Kind::Output),
    ("gen_ai.tool.call.result", Kind::Output),
    ("gen_ai.tool.call.arguments", Kind::Input),
    ("request_text", Kind::Mixed),
    ("response_text", Kind::Output),
    ("new_context", Kind::Mixed),
    ("body", Kind::Mixed),
    ("response", Kind::Output),
    ("response.model_output", Kind::Output),
    ("output", Kind::Output),
    ("content", Kind::Output),
    ("diff", Kind::Output),
    ("exception.stacktrace", Kind::Output),
    ("tool_response", Kind::Output),
    ("tool_output", Kind::Output),
    ("last_assistant_message", Kind::Output),
    ("last-assistant-message", Kind::Output),
    ("delta", Kind::Output),
    ("message", Kind::Output),
    ("compact_summary", Kind::Output),
    ("task_subject", Kind::Output),
    ("task_description", Kind::Output),
    ("agent_message", Kind::Output),
    ("result_json", Kind::Output),
    ("text", Kind::Output),
    ("summary", Kind::Output),
    ("task", Kind::Output),
    ("edits", Kind::Output),
    ("description", Kind::Output),
    ("full_command", Kind::Command),
    ("bash_command", Kind::Command),
    ("command", Kind::Command),
    ("tool_input", Kind::Input),
    ("tool_parameters", Kind::Input),
    ("arguments", Kind::Input),
    ("shared_notes", Kind::Unknown),
];

/// Keys of hooks whose strings are metadata.
const HOOK_METADATA: &[&str] = &[
    "agent_id",
    "agent_transcript_path",
    "agent_type",
    "cache_ttl",
    "client",
    "command_name",
    "command_source",
    "composer_mode",
    "conversation_id",
    "cursor_version",
    "cwd",
    "destination",
    "directories",
    "expansion_type",
    "failure_type",
    "filePath",
    "file_path",
    "final_status",
    "from_model",
    "generation_id",
    "git_branch",
    "hook_event_name",
    "id",
    "level",
    "load_reason",
    "memory_type",
    "message_id",
    "mode",
    "model",
    "modified_files",
    "new_cwd",
    "old_cwd",
    "parent_conversation_id",
    "permission_mode",
    "pricing",
    "prompt_id",
    "reason",
    "requested_model",
    "session_id",
    "source",
    "status",
    "subagent_id",
    "subagent_model",
    "subagent_type",
    "target_file",
    "task_id",
    "thread-id",
    "to_model",
    "tool_call_id",
    "tool_name",
    "tool_use_id",
    "transcript_path",
    "trigger",
    "turn-id",
    "turn_id",
    "type",
    "user_email",
    "workspace_roots",
];

#[derive(Default)]
struct Planter {
    planted: Vec<(String, Kind)>,
}

impl Planter {
    fn canary(&mut self, kind: Kind) -> Value<'static> {
        let text = format!("canary{:06}{kind:?}", self.planted.len());
        self.planted.push((text.clone(), kind));
        Value::text(text)
    }

    fn otlp(&mut self, attributes: &mut Attributes<'_>, event: &str) {
        for (key, value) in attributes {
            let Some((_, kind)) = CONTENT.iter().find(|(known, _)| known == key) else { continue };
            let kind = if key == "body" && event == "api_response_body" { Kind::Output } else { *kind };
            self.content(value, kind);
        }
    }

    fn content(&mut self, value: &mut Value<'_>, kind: Kind) {
        if kind == Kind::Input
            && let Some(text) = value.as_str()
            && let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text)
        {
            self.json(&mut json, "");
            *value = Value::text(json.to_string());
            return;
        }
        *value = self.canary(kind);
    }

    fn json(&mut self, json: &mut serde_json::Value, key: &str) {
        match json {
            serde_json::Value::String(text)
                if !["file_path", "workdir", "skill", "skill_name", "subagent_type", "git_branch"].contains(&key) =>
            {
                let is_command = ["cmd", "command", "full_command", "bash_command"].contains(&key);
                self.canary(if is_command { Kind::Command } else { Kind::Input });
                text.clone_from(&self.planted.last().unwrap().0);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.json(item, key)),
            serde_json::Value::Object(entries) => entries.iter_mut().for_each(|(key, item)| self.json(item, key)),
            _ => {}
        }
    }

    /// Every string leaf that is not metadata.
    fn hook(&mut self, value: &mut Value<'_>, key: &str, around: Option<Kind>) {
        let kind = CONTENT
            .iter()
            .chain(&[("error", Kind::Output), ("error_message", Kind::Output)])
            .find(|(known, _)| *known == key)
            .map(|(_, kind)| *kind);
        let kind = match (around, kind) {
            (Some(Kind::Input), Some(Kind::Command)) => Some(Kind::Command),
            (Some(around), _) => Some(around),
            (None, kind) => kind,
        };
        match value {
            Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| self.hook(value, key, kind)),
            Value::List(items) => items.iter_mut().for_each(|item| self.hook(item, key, kind)),
            Value::Text(_) if HOOK_METADATA.contains(&key) && around != Some(Kind::Output) => {}
            Value::Text(_) => *value = self.canary(kind.unwrap_or(Kind::Unknown)),
            _ => {}
        }
    }

    fn payload(&mut self, payload: &mut Payload<'_>) {
        match payload {
            Payload::Hooks(events) => events.iter_mut().for_each(|event| self.hook(event, "", None)),
            Payload::Otlp(Otlp::Logs(groups)) => {
                for record in groups.iter_mut().flat_map(|g| &mut g.scopes).flat_map(|s| &mut s.records) {
                    let event = record.attributes.iter().find(|(key, _)| key == "event.name");
                    let event = event.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned();
                    self.otlp(&mut record.attributes, &event);
                    record.body = self.canary(Kind::Mixed);
                    record.attributes.push((Cow::Borrowed("shared_notes"), self.canary(Kind::Unknown)));
                }
            }
            Payload::Otlp(Otlp::Traces(groups)) => {
                for span in groups.iter_mut().flat_map(|g| &mut g.scopes).flat_map(|s| &mut s.records) {
                    self.otlp(&mut span.attributes, "");
                    for event in &mut span.events {
                        self.otlp(&mut event.attributes, "");
                        event.attributes.push((Cow::Borrowed("shared_notes"), self.canary(Kind::Unknown)));
                    }
                    span.attributes.push((Cow::Borrowed("shared_notes"), self.canary(Kind::Unknown)));
                }
            }
            Payload::Otlp(Otlp::Metrics(groups)) => {
                for metric in groups.iter_mut().flat_map(|g| &mut g.scopes).flat_map(|s| &mut s.records) {
                    self.points(&mut metric.data);
                }
            }
            Payload::Trace(_) | Payload::Product(_) => unreachable!("no agent sends one"),
        }
    }

    /// The dimensions of metrics are names; what no table knows may be anything.
    fn points(&mut self, data: &mut MetricData<'_>) {
        let all: Vec<&mut Attributes<'_>> = match data {
            MetricData::None => Vec::new(),
            MetricData::Gauge(points) | MetricData::Sum { points, .. } => {
                points.iter_mut().map(|point| &mut point.attributes).collect()
            }
            MetricData::Histogram { points, .. } => points.iter_mut().map(|point| &mut point.attributes).collect(),
            MetricData::ExponentialHistogram { points, .. } => {
                points.iter_mut().map(|point| &mut point.attributes).collect()
            }
            MetricData::Summary(points) => points.iter_mut().map(|point| &mut point.attributes).collect(),
        };
        for attributes in all {
            attributes.push((Cow::Borrowed("shared_notes"), self.canary(Kind::Unknown)));
        }
    }
}

/// Plants in every fixture: canaries of these kinds survive everywhere, all others nowhere.
fn check(policy: &Policy, prepare: impl Fn(&mut Payload<'_>), survives: &[Kind]) {
    let sanitizer = sanitizer(policy.clone());
    let kinds = [Kind::Prompt, Kind::Output, Kind::Mixed, Kind::Command, Kind::Input, Kind::Unknown];
    let mut planted = [0_u64; 6];
    let mut wrong = Vec::new();
    for fixture in fixtures::all() {
        let mut payload = fixture.decode();
        let mut planter = Planter::default();
        planter.payload(&mut payload);
        prepare(&mut payload);
        sanitizer.sanitize(&mut payload, fixture.provider, &super::key());
        let text = written(&payload);
        let found: HashSet<&str> = text
            .match_indices("canary")
            .map(|(at, _)| text.get(at..).unwrap().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap())
            .collect();
        for (canary, kind) in &planter.planted {
            let at = kinds.iter().position(|known| known == kind).unwrap();
            planted[at] += 1;
            if found.contains(canary.as_str()) != survives.contains(kind) {
                wrong.push(format!("{canary} in {}", fixture.name));
            }
        }
    }
    assert!(planted.iter().all(|count| *count > 20), "too few canaries: {planted:?}");
    assert_eq!(wrong, Vec::<String>::new());
}

fn closed() -> Policy {
    Policy { honor_emitter_prompts: false, ..Policy::default() }
}

#[test]
fn nothing_survives_the_default_policy_without_emitters() {
    check(&closed(), |_| (), &[]);
}

#[test]
fn the_server_captures_what_it_says() {
    check(&Policy { capture_prompts: true, ..closed() }, |_| (), &[Kind::Prompt]);
    check(&Policy { capture_output_snippets: true, ..closed() }, |_| (), &[Kind::Output]);
    check(&Policy { capture_commands: true, ..closed() }, |_| (), &[Kind::Command]);
    let both = Policy { capture_prompts: true, capture_output_snippets: true, ..closed() };
    check(&both, |_| (), &[Kind::Prompt, Kind::Output, Kind::Mixed]);
}

#[test]
fn an_event_opts_in_only_where_the_server_allows_it() {
    let opt_in = |payload: &mut Payload<'_>| {
        let pair = |value: Value<'static>| (Cow::Borrowed("moda.capture_outputs"), value);
        match payload {
            Payload::Hooks(events) => {
                for event in events {
                    if let Value::Map(entries) = event {
                        entries.push((Cow::Borrowed("attributes"), Value::Map(vec![pair(Value::text("1"))])));
                    }
                }
            }
            Payload::Otlp(Otlp::Logs(groups)) => {
                for group in groups {
                    group.resource.attributes.push(pair(Value::Bool(true)));
                }
            }
            Payload::Otlp(Otlp::Traces(groups)) => {
                for span in groups.iter_mut().flat_map(|g| &mut g.scopes).flat_map(|s| &mut s.records) {
                    span.attributes.push(pair(Value::text("true")));
                }
            }
            Payload::Otlp(Otlp::Metrics(_)) | Payload::Trace(_) | Payload::Product(_) => {}
        }
    };
    check(&closed(), opt_in, &[]);
    check(&Policy { allow_event_level_opt_in: true, ..closed() }, opt_in, &[Kind::Output]);
}
