//! `modlake hooks`: makes coding agents send their telemetry, tells whether they do, and undoes it.

use serde_json::json;

use crate::agents::{
    self, Agent, AgentState, Change, Exporter, Installed, KeyState, Plan, Scope, Verdict, Wanted, hook_program, project,
};
use crate::args::{AgentChoice, InstallArgs, StatusArgs, UninstallArgs};
use crate::config::{Environment, Origin, Settings};
use crate::edit::{Content, Outcome, diff};
use crate::error::CliError;
use crate::exit::Exit;
use crate::print::{self, Printer, Tone};

const WIDTH: usize = "nothing".len();

/// What to do with the changes of a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Install,
    Uninstall,
    /// Show the difference only.
    DryRun,
}

/// `modlake hooks install`. One agent whose files are refused does not keep the others from being set up.
pub(crate) fn install(
    args: &InstallArgs,
    server: Option<&str>,
    environment: &Environment,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let settings = Settings::load(server, environment)?;
    let key = settings.required_key()?.clone();
    let scope = scope(args.project)?;
    let wanted = Wanted {
        program: hook_program(environment)?,
        server: settings.server.clone(),
        key,
        log_prompts: args.log_prompts,
        log_tool_details: args.log_tool_details,
    };
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Install };
    let exit = for_each(args.agent.agents(), mode, environment, printer, |agent, installed| {
        agents::install(agent, &scope, &wanted, environment, installed)
    })?;
    if !settings.key_is_in_file {
        let from = settings.key.as_ref().map_or(Origin::Default, |(_, from)| *from);
        note(
            printer,
            &format!("the key is in {from} only, which hooks may not see: store it with `modlake config set --key -`"),
        );
    }
    Ok(exit)
}

/// `modlake hooks uninstall`.
pub(crate) fn uninstall(args: &UninstallArgs, environment: &Environment, printer: &Printer) -> Result<Exit, CliError> {
    let scope = scope(args.project)?;
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Uninstall };
    for_each(args.agent.agents(), mode, environment, printer, |agent, installed| {
        agents::uninstall(agent, &scope, environment, installed)
    })
}

/// Plans and carries out for one agent after the other; the first failure gives the exit code.
fn for_each(
    agents: &[Agent],
    mode: Mode,
    environment: &Environment,
    printer: &Printer,
    plan: impl Fn(Agent, &mut Installed) -> Result<Plan, CliError>,
) -> Result<Exit, CliError> {
    let mut installed = Installed::load(environment)?;
    let mut exit = Exit::Ok;
    for agent in agents {
        let mut then = installed.clone();
        let done = plan(*agent, &mut then).and_then(|plan| {
            carry_out(*agent, &plan, mode, printer, || {
                if then != installed {
                    then.save(environment)?;
                }
                Ok(())
            })
        });
        match done {
            Ok(()) => installed = then,
            Err(error) if error.exit == Exit::OutputClosed => return Err(error),
            Err(error) => {
                printer.error(&error);
                exit = if exit == Exit::Ok { error.exit } else { exit };
            }
        }
    }
    Ok(exit)
}

fn carry_out(
    agent: Agent,
    plan: &Plan,
    mode: Mode,
    printer: &Printer,
    save: impl FnOnce() -> Result<(), CliError>,
) -> Result<(), CliError> {
    if mode == Mode::DryRun {
        for change in plan.changes.iter().filter(|change| change.is_change()) {
            print::text(&difference(change))?;
        }
    } else if mode == Mode::Install {
        // Before the files: a crash in between leaves names noted that are not there, and nothing that nobody owns.
        save()?;
        for change in &plan.changes {
            tell(printer, change, change.original.replace(&change.content, true)?);
        }
    } else {
        // A file without anything of ours keeps its mode too.
        for change in plan.changes.iter().filter(|change| change.is_change()) {
            tell(printer, change, change.original.replace(&change.content, false)?);
            if change.original.drop_needless_backup() {
                note(
                    printer,
                    &format!("the state before the first change stays in {}", change.original.backup().display()),
                );
            }
        }
        save()?;
    }
    if !plan.changes.iter().any(Change::is_change) {
        printer.tagged(Tone::Quiet, "nothing", WIDTH, &format!("to change for {}", agent.name()));
    }
    for line in &plan.notes {
        note(printer, line);
    }
    Ok(())
}

fn difference(change: &Change) -> String {
    let after = match &change.content {
        Content::Text(text) => Some(text.as_str()),
        Content::Gone => None,
    };
    diff::unified(&change.original.path, change.original.text.as_deref(), after)
}

fn tell(printer: &Printer, change: &Change, outcome: Outcome) {
    let path = change.original.path.display();
    match outcome {
        Outcome::Unchanged => {}
        Outcome::Written => printer.tagged(Tone::Good, "wrote", WIDTH, &path.to_string()),
        Outcome::Removed => printer.tagged(Tone::Good, "removed", WIDTH, &path.to_string()),
        Outcome::MadePrivate => printer.tagged(Tone::Good, "closed", WIDTH, &format!("{path} to others (0600)")),
    }
}

fn note(printer: &Printer, line: &str) {
    printer.tagged(Tone::Hint, "note:", WIDTH, line);
}

fn scope(project: bool) -> Result<Scope, CliError> {
    if !project {
        return Ok(Scope::User);
    }
    let here = std::env::current_dir()
        .map_err(|error| CliError::new(Exit::Failed, format!("cannot tell the current folder: {error}")))?;
    Ok(Scope::Project(project::root(&here)))
}

/// `modlake hooks status`: exit code 0 when all is well with each agent asked for, 1 otherwise. Of all agents, one that is
/// neither found nor set up is well too, unless none is set up.
pub(crate) fn status(
    args: &StatusArgs,
    server: Option<&str>,
    environment: &Environment,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let settings = Settings::load(server, environment)?;
    let states: Vec<AgentState> =
        args.agent.agents().iter().map(|agent| agents::check(*agent, &Scope::User, &settings, environment)).collect();
    let needless = |state: &AgentState| {
        args.agent == AgentChoice::All && state.verdict == Verdict::Absent && state.client.is_none()
    };
    let ok = states.iter().all(|state| state.verdict == Verdict::Ok || needless(state))
        && states.iter().any(|state| state.verdict == Verdict::Ok);
    if args.json {
        let shown = json!({"ok": ok, "server": settings.server, "agents": states});
        print::text(&format!("{shown}\n"))?;
    } else {
        for state in &states {
            show(printer, state, &settings);
        }
    }
    Ok(if ok { Exit::Ok } else { Exit::Failed })
}

fn show(printer: &Printer, state: &AgentState, settings: &Settings) {
    const WIDTH: usize = "incomplete".len();
    let (tone, word) = match state.verdict {
        Verdict::Ok => (Tone::Good, "ok"),
        Verdict::Absent => (Tone::Quiet, "absent"),
        Verdict::Incomplete => (Tone::Bad, "incomplete"),
    };
    let client = state.client.as_ref().map_or_else(
        || "not found on this machine".to_owned(),
        |found| {
            let version = state.client_version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            format!("{}{version}", found.display())
        },
    );
    let mut facts = vec![client, format!("hooks {} of {}", state.hooks.installed, state.hooks.wanted)];
    if let Some(exporter) = &state.exporter {
        facts.extend(exporter_facts(exporter, state.agent, settings));
    }
    printer.tagged(tone, word, WIDTH, &format!("{}: {}", state.agent.name(), facts.join("; ")));
    for problem in &state.problems {
        printer.tagged(Tone::Bad, "", WIDTH, &problem.what);
        printer.tagged(Tone::Hint, "hint:", WIDTH, &problem.fix);
    }
    for name in state.exporter.iter().flat_map(|exporter| &exporter.exported_too) {
        let line = format!("this shell exports {name} with another value; what the settings say counts");
        printer.tagged(Tone::Hint, "note:", WIDTH, &line);
    }
    if state.verdict == Verdict::Absent && state.client.is_some() {
        printer.tagged(Tone::Hint, "hint:", WIDTH, &format!("modlake hooks install --agent {}", state.agent.as_str()));
    }
}

fn exporter_facts(exporter: &Exporter, agent: Agent, settings: &Settings) -> Vec<String> {
    if exporter.signals.is_empty() {
        return vec!["no exporter".to_owned()];
    }
    let key = match exporter.key {
        KeyState::Same => "key set",
        KeyState::Other => "another key",
        KeyState::Absent => "no key",
        KeyState::Unknown => "key set (modlake has none to compare)",
    };
    let on = |on: bool| if on { "on" } else { "off" };
    let mut facts = vec![format!("{} to {}", exporter.signals.join(", "), settings.server), key.to_owned()];
    facts.push(format!("prompts {}", on(exporter.log_prompts)));
    if agent == Agent::Claude {
        facts.push(format!("tool details {}", on(exporter.log_tool_details)));
    }
    facts
}
