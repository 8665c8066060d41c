//! Cursor: hooks in `~/.cursor/hooks.json`, or in `.cursor/hooks.json` of a repository. It has no exporter, and no
//! variable that names another folder. The file holds no key: the hook takes it from modlake's own configuration.

use std::path::PathBuf;

use super::hooks::{self, Event, event};
use super::installed::{Installed, Written};
use super::{Agent, Change, Plan, Scope, Wanted, folder};
use crate::config::Environment;
use crate::edit::json::{Json, State, Step};
use crate::edit::{Content, Original, refused};
use crate::error::CliError;

const AGENT: Agent = Agent::Cursor;

/// One event for each thing that happens. Left out are: what the agent waits for before it acts on a tool
/// (`preToolUse`, `before…Execution`, `beforeReadFile`: their answer is a permission, which is not ours to give);
/// `after…Execution` and `afterFileEdit`, which tell again what `postToolUse` told; `…Tab…`, which come with the typing;
/// `afterAgentThought` and `workspaceOpen`.
pub(super) const EVENTS: [Event; 10] = [
    event("sessionStart"),
    event("sessionEnd"),
    event("beforeSubmitPrompt"),
    event("postToolUse"),
    event("postToolUseFailure"),
    event("afterAgentResponse"),
    event("subagentStart"),
    event("subagentStop"),
    event("preCompact"),
    event("stop"),
];

const VERSION: [Step<'static>; 1] = [Step::Key("version")];

pub(super) fn path(scope: &Scope, environment: &Environment) -> Result<PathBuf, CliError> {
    Ok(folder(scope, None, ".cursor", environment)?.join("hooks.json"))
}

pub(super) fn parse(original: &Original) -> Result<Option<Json>, CliError> {
    let Some(json) = hooks::parse(original)? else { return Ok(None) };
    if version(&json).is_some_and(|version| version != "1") {
        return Err(refused(&original.path, "has a `version` other than 1, which this modlake does not know"));
    }
    Ok(Some(json))
}

fn version(json: &Json) -> Option<String> {
    json.at(&VERSION, |value| value.as_number_lit().map_or_else(String::new, |number| number.value.to_owned()))
}

pub(super) fn install(
    scope: &Scope,
    wanted: &Wanted,
    environment: &Environment,
    installed: &mut Installed,
) -> Result<Plan, CliError> {
    let original = Original::read(&path(scope, environment)?)?;
    let mut json = parse(&original)?.unwrap_or_else(Json::new);
    let written = installed.note(&original);
    written.container(&json, &[]);
    if json.state(&VERSION) == State::Absent {
        json.set(&[], "version", &1);
        written.own_key("version");
    }
    hooks::install(&mut json, AGENT, &EVENTS, &[], &wanted.program, written);
    let content = Content::Text(json.to_text());
    Ok(Plan { changes: vec![Change { original, content }], notes: Vec::new() })
}

pub(super) fn uninstall(scope: &Scope, environment: &Environment, installed: &mut Installed) -> Result<Plan, CliError> {
    let original = Original::read(&path(scope, environment)?)?;
    let Some(mut json) = parse(&original)? else { return Ok(Plan::default()) };
    let written = installed.forget(&original);
    hooks::uninstall(&mut json, AGENT, written.as_ref());
    // Hooks that the user added to a file of ours need the version, whoever wrote it.
    let needed = |written: &Written| written.made("hooks") && json.state(&[Step::Key("hooks")]) == State::Filled;
    if written.as_ref().is_some_and(|written| written.owns_key("version") && !needed(written)) {
        json.remove(&VERSION);
    }
    let content = hooks::content(json, written.as_ref());
    Ok(Plan { changes: vec![Change { original, content }], notes: Vec::new() })
}
