//! Claude Code: hooks and the exporter's variables in `settings.json`.
//!
//! The folder is `~/.claude`, or what `CLAUDE_CONFIG_DIR` names, as the client itself has it. For one repository the file is
//! `.claude/settings.local.json` and not `.claude/settings.json`, which is made to be committed: the path of modlake is this
//! machine's. It gets hooks only, and no key: the client ignores the exporter's variables there ("project-scoped settings
//! can't set this key", 2.1.329).
//!
//! Of a variable that the shell exports as well, the client takes the value in `env` (2.1.329). One that is only exported
//! works too, so the [`PROTOCOLS`] of single signals can still lead an exporter astray.

use std::path::PathBuf;

use super::client::{Client, Version};
use super::hooks::{self, Event, event, tool_event};
use super::installed::{Installed, Written, restore};
use super::{Agent, Change, Plan, Scope, Wanted, folder, route};
use crate::config::Environment;
use crate::edit::json::{Json, State, Step};
use crate::edit::{Content, Original, refused};
use crate::error::CliError;

const AGENT: Agent = Agent::Claude;

/// Events that every client since 1.0.85 knows.
const EVENTS: [Event; 9] = [
    event("SessionStart"),
    event("SessionEnd"),
    event("UserPromptSubmit"),
    tool_event("PreToolUse"),
    tool_event("PostToolUse"),
    event("Notification"),
    event("Stop"),
    event("SubagentStop"),
    event("PreCompact"),
];

/// Later events. A client before [`TOLERANT`] that does not know one of them ignores the whole settings file.
///
/// Left out are: `MessageDisplay`, a process for each piece of text that appears; `WorktreeCreate` and `WorktreeRemove`, whose
/// hooks replace what the client does; `PostToolBatch` and `PreModelSwitch`, which repeat what other events say; `FileChanged`,
/// `DirectoryAdded`, `InstructionsLoaded`, `ConfigChange`, `Setup` and `TeammateIdle`, which no table counts.
const LATER_EVENTS: [Event; 13] = [
    tool_event("PostToolUseFailure"),
    tool_event("PermissionRequest"),
    tool_event("PermissionDenied"),
    event("UserPromptExpansion"),
    event("StopFailure"),
    event("SubagentStart"),
    event("PostCompact"),
    event("PostModelSwitch"),
    event("TaskCreated"),
    event("TaskCompleted"),
    event("Elicitation"),
    event("ElicitationResult"),
    event("CwdChanged"),
];

/// "an unrecognized hook event name in `settings.json` no longer causes the entire file to be ignored" (client's changelog).
const TOLERANT: Version = Version([2, 1, 101]);

pub(super) const SIGNALS: [(&str, &str); 3] = [
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "logs"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "traces"),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "metrics"),
];

/// The same for every server. Without `…_ENHANCED_TELEMETRY_BETA` the client exports no spans; they go as JSON because the
/// hosted service takes them so, and both sides of a move to it then stay alike.
const FIXED: [(&str, &str); 7] = [
    ("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
    ("CLAUDE_CODE_ENHANCED_TELEMETRY_BETA", "1"),
    ("OTEL_METRICS_EXPORTER", "otlp"),
    ("OTEL_LOGS_EXPORTER", "otlp"),
    ("OTEL_TRACES_EXPORTER", "otlp"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
];

pub(super) const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
pub(super) const PROMPTS: &str = "OTEL_LOG_USER_PROMPTS";
pub(super) const TOOL_DETAILS: &str = "OTEL_LOG_TOOL_DETAILS";

/// Variables that we do not write and that go before `OTEL_EXPORTER_OTLP_PROTOCOL`; with `grpc` the client sends nothing to
/// our endpoints.
pub(super) const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"];

/// All variables that we write, but for those of the flags.
pub(super) fn variables() -> impl Iterator<Item = &'static str> {
    FIXED.iter().chain(&SIGNALS).map(|(name, _)| *name).chain([HEADERS])
}

pub(super) fn path(scope: &Scope, environment: &Environment) -> Result<PathBuf, CliError> {
    let folder = folder(scope, environment.claude_config_dir.as_deref(), ".claude", environment)?;
    Ok(folder.join(if *scope == Scope::User { "settings.json" } else { "settings.local.json" }))
}

/// The settings, checked where we would edit them; `None` when there is no file or nothing in it.
pub(super) fn parse(original: &Original) -> Result<Option<Json>, CliError> {
    let Some(json) = hooks::parse(original)? else { return Ok(None) };
    if json.at(&ENV, |value| value.as_object().is_none()) == Some(true) {
        return Err(refused(&original.path, "has `env` that is not an object"));
    }
    if let Some(name) = json.repeated_key(&ENV) {
        return Err(refused(&original.path, &format!("has the key `env.{name}` twice")));
    }
    Ok(Some(json))
}

const ENV: [Step<'static>; 1] = [Step::Key("env")];

/// The events to hook for a client, and those that may stay when they are hooked already.
pub(super) fn events(version: Option<Version>) -> (Vec<Event>, &'static [Event]) {
    match version {
        Some(version) if version >= TOLERANT => ([&EVENTS[..], &LATER_EVENTS].concat(), &[]),
        Some(_) => (EVENTS.to_vec(), &[]),
        None => (EVENTS.to_vec(), &LATER_EVENTS),
    }
}

pub(super) fn install(
    scope: &Scope,
    wanted: &Wanted,
    environment: &Environment,
    installed: &mut Installed,
) -> Result<Plan, CliError> {
    let original = Original::read(&path(scope, environment)?)?;
    let mut json = parse(&original)?.unwrap_or_else(Json::new);
    let mut notes = Vec::new();
    let adopted = installed.known(&original).is_none() && is_ours(&json);
    let written = installed.note(&original);
    written.container(&json, &[]);
    if adopted {
        // Written by a modlake whose note was lost.
        let ours = |name: &&str| value(&json, name).is_some_and(|found| is_our_kind(name, &found));
        variables().filter(ours).for_each(|name| written.own_key(&format!("env.{name}")));
    }
    let version = Client::find(AGENT, environment).and_then(|client| client.version());
    if version.is_none_or(|version| version < TOLERANT) {
        let which = version.map_or_else(|| "of unknown version".to_owned(), |version| version.to_string());
        notes.push(format!(
            "Claude Code {which}: only the hooks that every version knows; install again once {TOLERANT} or later is on PATH"
        ));
    }
    let (events, tolerated) = events(version);
    hooks::install(&mut json, AGENT, &events, tolerated, &wanted.program, written);
    if *scope == Scope::User {
        install_env(&mut json, wanted, written, &mut notes);
    } else {
        notes.push(
            "Claude Code takes its exporter from the user's settings only: `modlake hooks install --agent claude`"
                .to_owned(),
        );
    }
    let content = Content::Text(json.to_text());
    Ok(Plan { changes: vec![Change { original, content }], notes })
}

fn install_env(json: &mut Json, wanted: &Wanted, written: &mut Written, notes: &mut Vec<String>) {
    written.container(json, &["env"]);
    if json.state(&ENV) == State::Absent {
        json.set(&[], "env", &serde_json::Map::new());
    }
    let fixed = FIXED.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let endpoints = SIGNALS.iter().map(|(name, signal)| (*name, wanted.endpoint(AGENT, signal)));
    let headers = (HEADERS, format!("Authorization=Bearer {}", escaped(wanted.key.reveal())));
    let flags = [(PROMPTS, wanted.log_prompts), (TOOL_DETAILS, wanted.log_tool_details)];
    let on = flags.iter().filter(|(_, on)| *on).map(|(name, _)| (*name, "1".to_owned()));
    for (name, value) in fixed.chain(endpoints).chain([headers]).chain(on) {
        let place = [ENV[0], Step::Key(name)];
        let found = json.string(&place);
        if found.as_ref() == Some(&value) {
            continue;
        }
        if json.state(&place) != State::Absent && !found.is_some_and(|found| is_our_kind(name, &found)) {
            notes.push(format!("{name} had another value, which was replaced"));
        }
        json.set(&ENV, name, &value);
        written.own_key(&format!("env.{name}"));
    }
    for (name, _) in flags.iter().filter(|(_, on)| !*on) {
        let key = format!("env.{name}");
        if written.owns_key(&key) {
            json.remove(&[ENV[0], Step::Key(name)]);
            written.disown_key(&key);
        } else if json.string(&[ENV[0], Step::Key(name)]).is_some_and(|value| value == "1") {
            notes.push(format!("{name}=1 was set by somebody else and stays"));
        }
    }
}

pub(super) fn uninstall(scope: &Scope, environment: &Environment, installed: &mut Installed) -> Result<Plan, CliError> {
    let original = Original::read(&path(scope, environment)?)?;
    let Some(mut json) = parse(&original)? else { return Ok(Plan::default()) };
    let written = installed.forget(&original);
    let mut notes = Vec::new();
    // In the opposite order of installing, so that each edit undoes one.
    uninstall_env(&mut json, written.as_ref(), &mut notes);
    hooks::uninstall(&mut json, AGENT, written.as_ref());
    let content = hooks::content(json, written.as_ref());
    Ok(Plan { changes: vec![Change { original, content }], notes })
}

fn uninstall_env(json: &mut Json, written: Option<&Written>, notes: &mut Vec<String>) {
    let ours_point = is_ours(json);
    let mut removed = false;
    let names: Vec<&str> = variables().chain([PROMPTS, TOOL_DETAILS]).collect();
    for name in names.into_iter().rev() {
        let Some(found) = value(json, name) else { continue };
        let own = match written {
            Some(written) => written.owns_key(&format!("env.{name}")),
            None => ours_point && ![PROMPTS, TOOL_DETAILS].contains(&name),
        };
        if !own {
            continue;
        }
        if is_our_kind(name, &found) {
            json.remove(&[ENV[0], Step::Key(name)]);
            removed = true;
        } else {
            notes.push(format!("{name} was changed since it was installed and stays"));
        }
    }
    if removed {
        restore(json, &["env"], written);
    }
}

/// Whether an endpoint is one of ours.
fn is_ours(json: &Json) -> bool {
    SIGNALS.iter().any(|(name, _)| value(json, name).is_some_and(|found| is_our_kind(name, &found)))
}

/// A variable of `env`.
pub(super) fn value(json: &Json, name: &str) -> Option<String> {
    json.string(&[ENV[0], Step::Key(name)])
}

/// Whether a value is of the kind that we write, for whatever server and key.
pub(super) fn is_our_kind(name: &str, value: &str) -> bool {
    if name == HEADERS {
        return value.starts_with("Authorization=Bearer ");
    }
    if let Some((_, signal)) = SIGNALS.iter().find(|(known, _)| *known == name) {
        return value.ends_with(&route(AGENT, signal));
    }
    FIXED.iter().find(|(known, _)| *known == name).map_or(value == "1", |(_, fixed)| *fixed == value)
}

/// The key as a value of the header list: `,` parts entries there and `%` begins an escape (OpenTelemetry's environment
/// variables take the syntax of W3C baggage).
fn escaped(key: &str) -> String {
    key.replace('%', "%25").replace(',', "%2C").replace(';', "%3B").replace('"', "%22").replace('\\', "%5C")
}

/// The key of a header list as we write it.
pub(super) fn key_of(headers: &str) -> Option<String> {
    let key = headers.strip_prefix("Authorization=Bearer ")?;
    let mut parts = key.split('%');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        plain.push(char::from(u8::from_str_radix(code, 16).ok()?));
        plain.push_str(rest);
    }
    Some(plain)
}

#[cfg(test)]
mod tests;
