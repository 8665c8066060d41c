//! What is on this machine: records that wait in the spool, agents and whether they run our hook.

use std::fs;
use std::path::{Path, PathBuf};

use record::time::{Clock, Timestamp};

use super::report::{Finding, Report, Step};
use crate::agents::Agent;
use crate::config::Environment;
use crate::spool::status::Status;
use crate::spool::{Spool, State};

pub(super) fn examine(report: &mut Report<'_>, environment: &Environment) {
    if let Some(spool) = Spool::of(environment) {
        report.add(Step::Spool, spooled(&spool));
    }
    for agent in Agent::ALL {
        if let Some(finding) = check(agent, environment) {
            report.add(step(agent), finding);
        }
    }
}

fn step(agent: Agent) -> Step {
    match agent {
        Agent::Claude => Step::Claude,
        Agent::Codex => Step::Codex,
        Agent::Cursor => Step::Cursor,
    }
}

fn spooled(spool: &Spool) -> Finding {
    match spool.state() {
        Ok(state) => told(&state, &Status::load(spool), Clock::System.now()),
        Err(error) => {
            let folder = spool.folder().display();
            let hint = format!("make the folder yours again: chown -R \"$(id -un)\" {folder} && chmod 700 {folder}");
            Finding::failed(format!("cannot read {folder}: {error}"), Some(hint))
        }
    }
}

/// Failed when records wait and the last attempt to send them failed.
fn told(state: &State, status: &Status, now: Timestamp) -> Finding {
    let mut parts = vec![match (state.records, state.oldest) {
        (0, _) => "nothing waits".to_owned(),
        (records, oldest) => {
            let since = oldest.map(|oldest| format!(", the oldest for {}", ago(oldest, now))).unwrap_or_default();
            format!("{records} waiting ({} KiB){since}", state.bytes.div_ceil(1024))
        }
    }];
    let last = status.last_success.as_deref().and_then(Timestamp::parse);
    let last = last.map(|last| format!(", the last {} ago", ago(last, now))).unwrap_or_default();
    parts.push(format!("{} sent{last}", status.sent));
    for (count, what) in [(state.dropped, "dropped"), (state.rejected, "rejected"), (status.torn, "torn")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    let Some(trouble) = &status.trouble else { return Finding::ok(parts.join("; ")) };
    let at = Timestamp::parse(&trouble.at).map(|at| format!(" {} ago", ago(at, now))).unwrap_or_default();
    parts.push(format!("the last attempt failed{at}: {}", trouble.message));
    let detail = parts.join("; ");
    let retry = "`modlake hook send` tries again now";
    let hint = trouble.hint.as_ref().map_or_else(|| retry.to_owned(), |hint| format!("{hint}; then {retry}"));
    if state.records > 0 { Finding::failed(detail, Some(hint)) } else { Finding::ok(detail).hint(hint) }
}

/// `5 min`, in the largest unit that makes at least two.
fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.0.saturating_sub(then.0).max(0) / 1_000_000;
    let (divisor, unit) =
        [(86_400, "d"), (3_600, "h"), (60, "min")].into_iter().find(|(n, _)| seconds >= 2 * n).unwrap_or((1, "s"));
    format!("{} {unit}", seconds / divisor)
}

/// `None` when the agent is not on this machine.
fn check(agent: Agent, environment: &Environment) -> Option<Finding> {
    let (programs, settings) = match agent {
        Agent::Claude => (&["claude"][..], ".claude/settings.json"),
        Agent::Codex => (&["codex"][..], ".codex/hooks.json"),
        Agent::Cursor => (&["cursor", "cursor-agent"][..], ".cursor/hooks.json"),
    };
    let program = programs.iter().find_map(|program| on_path(program, environment));
    let settings = environment.home.as_ref()?.join(settings);
    let folder = settings.parent().is_some_and(Path::is_dir);
    if program.is_none() && !folder {
        return None;
    }
    let found = program.map_or_else(|| "no program on PATH".to_owned(), |path| path.display().to_string());
    let install = format!("modlake hooks install --agent {}", agent.as_str());
    // Written with or without a folder before it, quoted or not.
    let installed = fs::read_to_string(&settings)
        .is_ok_and(|text| text.contains("modlake") && text.contains(&format!("hook --agent {}", agent.as_str())));
    Some(match (installed, settings.exists()) {
        (true, _) => Finding::ok(format!("{found}; {} runs `modlake hook`", settings.display())),
        (false, true) => {
            Finding::ok(format!("{found}; {} does not run `modlake hook`", settings.display())).hint(install)
        }
        (false, false) => Finding::ok(format!("{found}; no {}", settings.display())).hint(install),
    })
}

fn on_path(program: &str, environment: &Environment) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(environment.search_path.as_ref()?)
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests;
