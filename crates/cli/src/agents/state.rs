//! What is installed for an agent now: the facts that `modlake hooks status` prints.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::client::{Client, Version};
use super::hooks::{self, Entry, Event};
use super::{Agent, Scope, claude, codex, cursor, program, route};
use crate::config::{Environment, Settings};
use crate::edit::Original;
use crate::edit::json::Json;
use crate::edit::toml::Toml;
use crate::error::CliError;

#[derive(Clone, Debug, Serialize)]
pub(crate) struct AgentState {
    pub(crate) agent: Agent,
    pub(crate) verdict: Verdict,
    /// The program or folder that tells that the agent is on this machine.
    pub(crate) client: Option<PathBuf>,
    pub(crate) client_version: Option<String>,
    pub(crate) hooks: HooksState,
    /// `None`: the agent has no exporter, or its files cannot be read.
    pub(crate) exporter: Option<Exporter>,
    pub(crate) files: Vec<FileState>,
    pub(crate) problems: Vec<Problem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Installed and without a problem.
    Ok,
    /// Nothing of ours is there.
    Absent,
    /// Something of ours is there, and something is missing or wrong.
    Incomplete,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct HooksState {
    /// Of `wanted` events these run modlake.
    pub(crate) installed: usize,
    pub(crate) wanted: usize,
    pub(crate) missing: Vec<&'static str>,
    /// Programs of hooks that are not there or cannot be run.
    pub(crate) stale: Vec<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Exporter {
    /// Signals that go to the configured server.
    pub(crate) signals: Vec<&'static str>,
    /// Where else signals go: name of the setting and its endpoint.
    pub(crate) elsewhere: Vec<(String, String)>,
    /// Other settings of ours that are missing or changed.
    pub(crate) missing: Vec<String>,
    /// Variables that overrule the settings for the worse: exported in this shell, or beside ours in the file.
    pub(crate) overruled_by: Vec<String>,
    /// Variables that this shell exports with another value than the settings have; the settings' value counts.
    pub(crate) exported_too: Vec<String>,
    pub(crate) key: KeyState,
    pub(crate) log_prompts: bool,
    pub(crate) log_tool_details: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    /// The key that modlake uses itself.
    Same,
    Other,
    Absent,
    /// There is one, and modlake has none to compare.
    Unknown,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileState {
    pub(crate) path: PathBuf,
    pub(crate) exists: bool,
    /// Whether others may read it.
    pub(crate) open: bool,
}

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    pub(crate) what: String,
    pub(crate) fix: String,
}

/// Looks at the agent's files; changes nothing. A file that cannot be read is a problem of the state.
pub(crate) fn check(agent: Agent, scope: &Scope, settings: &Settings, environment: &Environment) -> AgentState {
    let client = Client::find(agent, environment);
    let version = client.as_ref().and_then(Client::version);
    let mut state = AgentState {
        agent,
        verdict: Verdict::Absent,
        client: client.map(|client| client.found),
        client_version: version.map(|version| version.to_string()),
        hooks: HooksState::default(),
        exporter: None,
        files: Vec::new(),
        problems: Vec::new(),
    };
    let looked = match agent {
        Agent::Claude => look_at_claude(&mut state, scope, version, settings, environment),
        Agent::Codex => look_at_codex(&mut state, scope, settings, environment),
        Agent::Cursor => look_at_cursor(&mut state, scope, environment),
    };
    if let Err(error) = looked {
        state.problems.push(Problem { what: error.message, fix: error.hint.unwrap_or_default() });
        state.verdict = Verdict::Incomplete;
        return state;
    }
    let exports = state.exporter.as_ref().is_some_and(|exporter| !exporter.signals.is_empty());
    let nothing = state.hooks.installed == 0 && state.hooks.stale.is_empty() && !exports;
    if nothing {
        return state;
    }
    find_problems(&mut state, settings);
    state.verdict = if state.problems.is_empty() { Verdict::Ok } else { Verdict::Incomplete };
    state
}

fn look_at_claude(
    state: &mut AgentState,
    scope: &Scope,
    version: Option<Version>,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), CliError> {
    let original = state.read(&claude::path(scope, environment)?)?;
    let json = claude::parse(&original)?.unwrap_or_else(Json::new);
    let (events, tolerated) = claude::events(version);
    let entries = hooks::entries(&json, Agent::Claude);
    state.hooks = HooksState::new(&entries, &events);
    if version.is_some() && tolerated.is_empty() {
        let unknown = entries.iter().find(|entry| !events.iter().any(|event| event.name == entry.event));
        if let Some(entry) = unknown {
            state.problem(
                format!(
                    "{} is hooked, which this version of Claude Code may not know: it can then ignore all its settings",
                    entry.event
                ),
                "modlake hooks install --agent claude",
            );
        }
    }
    if *scope == Scope::User {
        state.exporter = Some(claude_exporter(&json, settings, environment));
    }
    Ok(())
}

fn claude_exporter(json: &Json, settings: &Settings, environment: &Environment) -> Exporter {
    let value = |name: &str| claude::value(json, name);
    let mut exporter = Exporter::new();
    for (name, signal) in claude::SIGNALS {
        exporter.point(name, signal, value(name), &format!("{}{}", settings.server, route(Agent::Claude, signal)));
    }
    let signals = claude::SIGNALS.map(|(name, _)| name);
    let rest = claude::variables().filter(|name| !signals.contains(name) && *name != claude::HEADERS);
    exporter.missing.extend(
        rest.filter(|name| !value(name).is_some_and(|found| claude::is_our_kind(name, &found))).map(str::to_owned),
    );
    exporter.key = KeyState::of(value(claude::HEADERS).as_deref().and_then(claude::key_of).as_deref(), settings);
    let exported = |name: &str| environment.exported.get(name).cloned();
    let counts = |name: &str| value(name).or_else(|| exported(name));
    exporter.log_prompts = counts(claude::PROMPTS).is_some_and(|value| value == "1");
    exporter.log_tool_details = counts(claude::TOOL_DETAILS).is_some_and(|value| value == "1");
    let astray = |name: &&str| counts(name).is_some_and(|value| !value.starts_with("http/"));
    exporter.overruled_by = claude::PROTOCOLS.into_iter().filter(astray).map(str::to_owned).collect();
    let differs = |name: &&str| value(name).is_some() && exported(name).is_some_and(|other| value(name) != Some(other));
    exporter.exported_too = claude::variables().filter(differs).map(str::to_owned).collect();
    exporter
}

fn look_at_codex(
    state: &mut AgentState,
    scope: &Scope,
    settings: &Settings,
    environment: &Environment,
) -> Result<(), CliError> {
    let original = state.read(&codex::hooks_path(scope, environment)?)?;
    let json = hooks::parse(&original)?.unwrap_or_else(Json::new);
    state.hooks = HooksState::new(&hooks::entries(&json, Agent::Codex), &codex::EVENTS);
    if json.at(&[crate::edit::json::Step::Key("env")], |_| ()).is_some() {
        state.problem(
            format!("{} has an `env`, for which Codex rejects the whole file", original.path.display()),
            "remove `env` from it; the exporter stands in config.toml",
        );
    }
    if *scope != Scope::User {
        return Ok(());
    }
    let original = state.read(&codex::config_path(environment)?)?;
    let toml = codex::parse_config(&original)?.unwrap_or_else(Toml::new);
    let otel = toml.document.get("otel").and_then(|otel| otel.as_table_like());
    let mut exporter = Exporter::new();
    let mut keys = Vec::new();
    for (name, signal) in codex::EXPORTERS {
        let item = otel.and_then(|otel| otel.get(name));
        let wanted = format!("{}{}", settings.server, route(Agent::Codex, signal));
        let found = codex::endpoint(item).or_else(|| item.and_then(|item| item.as_str())).map(str::to_owned);
        if codex::is_ours(item, signal) {
            keys.push(KeyState::of(codex::key(item), settings));
        }
        exporter.point(&format!("otel.{name}"), signal, found, &wanted);
    }
    exporter.key =
        keys.iter().copied().find(|key| *key != KeyState::Same).or(keys.first().copied()).unwrap_or(KeyState::Absent);
    exporter.log_prompts = otel.and_then(|otel| otel.get(codex::PROMPTS)?.as_bool()).unwrap_or(false);
    // Codex sends the arguments and the output of tools always.
    exporter.log_tool_details = true;
    state.exporter = Some(exporter);
    Ok(())
}

fn look_at_cursor(state: &mut AgentState, scope: &Scope, environment: &Environment) -> Result<(), CliError> {
    let original = state.read(&cursor::path(scope, environment)?)?;
    let json = cursor::parse(&original)?.unwrap_or_else(Json::new);
    state.hooks = HooksState::new(&hooks::entries(&json, Agent::Cursor), &cursor::EVENTS);
    Ok(())
}

fn find_problems(state: &mut AgentState, settings: &Settings) {
    let again = format!("modlake hooks install --agent {}", state.agent.as_str());
    let mut found = Vec::new();
    if !state.hooks.missing.is_empty() {
        found.push((format!("no hook for {}", state.hooks.missing.join(", ")), again.clone()));
    }
    for program in &state.hooks.stale {
        found.push((format!("hooks run {}, which is not there or cannot be run", program.display()), again.clone()));
    }
    if let Some(exporter) = &state.exporter {
        for (name, endpoint) in &exporter.elsewhere {
            found.push((format!("{name} points to {endpoint} and not to {}", settings.server), again.clone()));
        }
        if !exporter.missing.is_empty() {
            found.push((format!("not set: {}", exporter.missing.join(", ")), again.clone()));
        }
        match exporter.key {
            KeyState::Other => {
                found.push(("the settings hold another key than modlake uses".to_owned(), again.clone()));
            }
            KeyState::Absent => found.push(("the settings hold no key".to_owned(), again.clone())),
            KeyState::Same | KeyState::Unknown => {}
        }
        for name in &exporter.overruled_by {
            found.push((
                format!("{name} is set and keeps the exporter from sending over HTTP"),
                format!("remove it from the shell's profile or from `env`, `unset {name}`, and start the agent anew"),
            ));
        }
    }
    for file in state.files.iter().filter(|file| file.open) {
        let path = file.path.display();
        found.push((format!("others on this machine can read {path}"), format!("chmod 600 {path}")));
    }
    for (what, fix) in found {
        state.problem(what, &fix);
    }
}

impl AgentState {
    fn read(&mut self, path: &Path) -> Result<Original, CliError> {
        let original = Original::read(path)?;
        let open = original.is_open();
        self.files.push(FileState { path: path.to_path_buf(), exists: open.is_some(), open: open == Some(true) });
        Ok(original)
    }

    fn problem(&mut self, what: String, fix: &str) {
        self.problems.push(Problem { what, fix: fix.to_owned() });
    }
}

impl HooksState {
    fn new(entries: &[Entry], events: &[Event]) -> Self {
        let runs = |entry: &&Entry| program::runs(&entry.program);
        let hooked = |event: &&Event| entries.iter().filter(runs).any(|entry| entry.event == event.name);
        let mut stale: Vec<PathBuf> =
            entries.iter().filter(|entry| !runs(entry)).map(|entry| entry.program.clone()).collect();
        stale.dedup();
        let named = |event: &&Event| !entries.iter().any(|entry| entry.event == event.name);
        Self {
            installed: events.iter().filter(hooked).count(),
            wanted: events.len(),
            missing: events.iter().filter(named).map(|event| event.name).collect(),
            stale,
        }
    }
}

impl Exporter {
    fn new() -> Self {
        Self {
            signals: Vec::new(),
            elsewhere: Vec::new(),
            missing: Vec::new(),
            overruled_by: Vec::new(),
            exported_too: Vec::new(),
            key: KeyState::Absent,
            log_prompts: false,
            log_tool_details: false,
        }
    }

    fn point(&mut self, name: &str, signal: &'static str, found: Option<String>, wanted: &str) {
        match found {
            None => self.missing.push(name.to_owned()),
            Some(found) if found == wanted => self.signals.push(signal),
            Some(found) => self.elsewhere.push((name.to_owned(), without_credentials(&found))),
        }
    }
}

/// A URL without what may stand before `@` in it.
fn without_credentials(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

impl KeyState {
    fn of(found: Option<&str>, settings: &Settings) -> Self {
        match (found, &settings.key) {
            (None, _) => Self::Absent,
            (Some(_), None) => Self::Unknown,
            (Some(found), Some((key, _))) if found == key.reveal() => Self::Same,
            (Some(_), Some(_)) => Self::Other,
        }
    }
}
