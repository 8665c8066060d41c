//! Codex: hooks in `hooks.json`, the exporter in the table `[otel]` of `config.toml`.
//!
//! The folder is `~/.codex`, or what `CODEX_HOME` names, as the client itself has it. `hooks.json` takes `hooks` and
//! `description` and nothing else: with an `env` in it the client rejects the whole file, so the exporter cannot stand there.
//! The exporter is the user's alone: in a repository's folder it would come with the repository to everybody who checks it
//! out, with the key in it.
//!
//! Spans go as protobuf: the 600 spans of a short turn are 200 KB so and 1.25 MB as JSON, and the client waits for the
//! server at its exit.

use std::path::PathBuf;

use toml_edit::{InlineTable, Item, Table, TableLike, Value};

use super::hooks::{self, Event, event, tool_event};
use super::installed::{Installed, Written};
use super::{Agent, Change, Plan, Scope, Wanted, folder, route};
use crate::config::Environment;
use crate::edit::json::Json;
use crate::edit::toml::{Toml, put};
use crate::edit::{Content, Original, refused};
use crate::error::CliError;

const AGENT: Agent = Agent::Codex;

/// All that the client has; it ignores names that it does not know.
pub(super) const EVENTS: [Event; 12] = [
    event("SessionStart"),
    event("SessionEnd"),
    event("UserPromptSubmit"),
    tool_event("PreToolUse"),
    tool_event("PostToolUse"),
    tool_event("PermissionRequest"),
    event("PreCompact"),
    event("PostCompact"),
    event("SubagentStart"),
    event("SubagentStop"),
    event("Stop"),
    event("Interrupt"),
];

pub(super) const EXPORTERS: [(&str, &str); 3] =
    [("exporter", "logs"), ("trace_exporter", "traces"), ("metrics_exporter", "metrics")];
pub(super) const PROMPTS: &str = "log_user_prompt";

const TRUST: &str = "Codex runs hooks only once they are trusted, and skips them silently before: start `codex`, type /hooks, \
                     and trust the ones of modlake (`codex exec` has no way to ask)";

pub(super) fn hooks_path(scope: &Scope, environment: &Environment) -> Result<PathBuf, CliError> {
    Ok(folder(scope, environment.codex_home.as_deref(), ".codex", environment)?.join("hooks.json"))
}

pub(super) fn config_path(environment: &Environment) -> Result<PathBuf, CliError> {
    Ok(folder(&Scope::User, environment.codex_home.as_deref(), ".codex", environment)?.join("config.toml"))
}

/// The configuration, checked where we would edit it; `None` when there is no file.
pub(super) fn parse_config(original: &Original) -> Result<Option<Toml>, CliError> {
    let Some(text) = &original.text else { return Ok(None) };
    let toml = Toml::parse(text).map_err(|reason| refused(&original.path, &reason))?;
    match toml.document.get("otel") {
        Some(otel) if !otel.is_table_like() => Err(refused(&original.path, "has `otel` that is not a table")),
        _ => Ok(Some(toml)),
    }
}

pub(super) fn install(
    scope: &Scope,
    wanted: &Wanted,
    environment: &Environment,
    installed: &mut Installed,
) -> Result<Plan, CliError> {
    let hooks_file = Original::read(&hooks_path(scope, environment)?)?;
    let mut json = hooks::parse(&hooks_file)?.unwrap_or_else(Json::new);
    let config_file = if *scope == Scope::User { Some(Original::read(&config_path(environment)?)?) } else { None };
    let config = match &config_file {
        Some(original) => Some((original.clone(), parse_config(original)?.unwrap_or_else(Toml::new))),
        None => None,
    };

    let written = installed.note(&hooks_file);
    written.container(&json, &[]);
    hooks::install(&mut json, AGENT, &EVENTS, &[], &wanted.program, written);
    let hooks_change = Change { original: hooks_file, content: Content::Text(json.to_text()) };
    let mut notes = Vec::new();
    if hooks_change.is_change() {
        notes.push(TRUST.to_owned());
    }
    let mut changes = vec![hooks_change];
    if let Some((original, mut toml)) = config {
        let adopted = installed.known(&original).is_none();
        let written = installed.note(&original);
        if adopted {
            // Written by hand, or by a modlake whose note was lost.
            let otel = toml.document.get("otel").and_then(Item::as_table_like);
            let ours = EXPORTERS.iter().filter(|(name, signal)| is_ours(otel.and_then(|otel| otel.get(name)), signal));
            ours.for_each(|(name, _)| written.own_key(&format!("otel.{name}")));
        }
        install_otel(&mut toml, wanted, written, &mut notes);
        changes.push(Change { original, content: Content::Text(toml.to_text()) });
    } else {
        notes.push(
            "Codex keeps its exporter in the user's config.toml: `modlake hooks install --agent codex`".to_owned(),
        );
    }
    Ok(Plan { changes, notes })
}

fn install_otel(toml: &mut Toml, wanted: &Wanted, written: &mut Written, notes: &mut Vec<String>) {
    if !toml.document.contains_key("otel") {
        toml.document.insert("otel", Item::Table(Table::new()));
        written.own_container("otel");
    }
    let Some(otel) = toml.document.get_mut("otel").and_then(Item::as_table_like_mut) else { return };
    if wanted.log_prompts && otel.get(PROMPTS).and_then(Item::as_bool) != Some(true) {
        if otel.contains_key(PROMPTS) {
            notes.push(format!("otel.{PROMPTS} had another value, which was replaced"));
        }
        put(otel, PROMPTS, true);
        written.own_key(&format!("otel.{PROMPTS}"));
    } else if !wanted.log_prompts && written.owns_key(&format!("otel.{PROMPTS}")) {
        otel.remove(PROMPTS);
        written.disown_key(&format!("otel.{PROMPTS}"));
    } else if !wanted.log_prompts && otel.get(PROMPTS).and_then(Item::as_bool) == Some(true) {
        notes.push(format!("otel.{PROMPTS} = true was set by somebody else and stays"));
    }
    let key = format!("Bearer {}", wanted.key.reveal());
    for (name, signal) in EXPORTERS {
        let endpoint = wanted.endpoint(AGENT, signal);
        if is_exactly(otel.get(name), &endpoint, &key) {
            continue;
        }
        if otel.contains_key(name) && !is_ours(otel.get(name), signal) {
            notes.push(format!("otel.{name} had another value, which was replaced"));
        }
        if !refresh(otel.get_mut(name), signal, &endpoint, &key) {
            // A table of its own would stay where it was, behind the keys of `[otel]`.
            if otel.get(name).is_some_and(Item::is_table) {
                otel.remove(name);
            }
            put(otel, name, exporter(&endpoint, &key));
        }
        written.own_key(&format!("otel.{name}"));
    }
}

/// `{ otlp-http = { endpoint = "…", protocol = "binary", headers = { "authorization" = "Bearer …" } } }`
fn exporter(endpoint: &str, key: &str) -> InlineTable {
    let headers = InlineTable::from_iter([("authorization", Value::from(key))]);
    let http = InlineTable::from_iter([
        ("endpoint", Value::from(endpoint)),
        ("protocol", Value::from("binary")),
        ("headers", Value::from(headers)),
    ]);
    InlineTable::from_iter([("otlp-http", Value::from(http))])
}

/// Renews an exporter of ours where it stands, in whatever form of TOML; tells whether it was one.
fn refresh(item: Option<&mut Item>, signal: &str, endpoint: &str, key: &str) -> bool {
    if !is_ours(item.as_deref(), signal) {
        return false;
    }
    let http = item.and_then(Item::as_table_like_mut).and_then(|table| table.get_mut("otlp-http"));
    let Some(http) = http.and_then(Item::as_table_like_mut) else { return false };
    put(http, "endpoint", endpoint);
    put(http, "protocol", "binary");
    if let Some(headers) = http.get_mut("headers").and_then(Item::as_table_like_mut) {
        put(headers, "authorization", key);
    } else {
        put(http, "headers", InlineTable::from_iter([("authorization", Value::from(key))]));
    }
    true
}

/// The table of an exporter over HTTP.
fn http(item: Option<&Item>) -> Option<&dyn TableLike> {
    item?.as_table_like()?.get("otlp-http")?.as_table_like()
}

pub(super) fn endpoint(item: Option<&Item>) -> Option<&str> {
    http(item)?.get("endpoint")?.as_str()
}

/// The bearer token of an exporter.
pub(super) fn key(item: Option<&Item>) -> Option<&str> {
    http(item)?.get("headers")?.as_table_like()?.get("authorization")?.as_str()?.strip_prefix("Bearer ")
}

pub(super) fn is_ours(item: Option<&Item>, signal: &str) -> bool {
    endpoint(item).is_some_and(|endpoint| endpoint.ends_with(&route(AGENT, signal)))
}

fn is_exactly(item: Option<&Item>, wanted: &str, bearer: &str) -> bool {
    endpoint(item) == Some(wanted)
        && key(item) == bearer.strip_prefix("Bearer ")
        && http(item).and_then(|http| http.get("protocol")?.as_str()) == Some("binary")
}

pub(super) fn uninstall(scope: &Scope, environment: &Environment, installed: &mut Installed) -> Result<Plan, CliError> {
    let hooks_file = Original::read(&hooks_path(scope, environment)?)?;
    let json = hooks::parse(&hooks_file)?;
    let config = if *scope == Scope::User {
        let original = Original::read(&config_path(environment)?)?;
        parse_config(&original)?.map(|toml| (original, toml))
    } else {
        None
    };
    let mut plan = Plan::default();
    if let Some(mut json) = json {
        let written = installed.forget(&hooks_file);
        hooks::uninstall(&mut json, AGENT, written.as_ref());
        let content = hooks::content(json, written.as_ref());
        plan.changes.push(Change { original: hooks_file, content });
    }
    if let Some((original, mut toml)) = config {
        let written = installed.forget(&original);
        uninstall_otel(&mut toml, written.as_ref(), &mut plan.notes);
        let text = toml.to_text();
        let gone = text.trim().is_empty() && written.is_some_and(|written| written.created);
        let content = if gone { Content::Gone } else { Content::Text(text) };
        plan.changes.push(Change { original, content });
    }
    Ok(plan)
}

fn uninstall_otel(toml: &mut Toml, written: Option<&Written>, notes: &mut Vec<String>) {
    let Some(otel) = toml.document.get_mut("otel").and_then(Item::as_table_like_mut) else { return };
    let own = |name: &str| written.map(|written| written.owns_key(&format!("otel.{name}")));
    let mut removed = false;
    for (name, signal) in EXPORTERS {
        if !otel.contains_key(name) || own(name) == Some(false) {
            continue;
        }
        if is_ours(otel.get(name), signal) {
            otel.remove(name);
            removed = true;
        } else if own(name) == Some(true) {
            notes.push(format!("otel.{name} was changed since it was installed and stays"));
        }
    }
    if own(PROMPTS) == Some(true) && otel.get(PROMPTS).and_then(Item::as_bool) == Some(true) {
        otel.remove(PROMPTS);
        removed = true;
    }
    if removed && otel.is_empty() && written.is_none_or(|written| written.made("otel")) {
        toml.document.remove("otel");
    }
}
