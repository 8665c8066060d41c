//! What is on this machine: records that wait in the spool, agents and whether they run our hook.

use record::time::{Clock, Timestamp};

use super::report::{Finding, Report, Step};
use crate::agents::{self, Agent, AgentState, Scope, Verdict};
use crate::config::{Environment, Settings};
use crate::spool::status::Status;
use crate::spool::{Spool, State};

pub(super) fn examine(report: &mut Report<'_>, server: Option<&str>, environment: &Environment) {
    if let Some(spool) = Spool::of(environment) {
        report.add(Step::Spool, spooled(&spool));
    }
    // what is wrong with them is told by the first step
    let Ok(settings) = Settings::load(server, environment) else { return };
    for agent in Agent::ALL {
        if let Some(finding) = check(agent, &settings, environment) {
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

/// `None` when neither the agent nor anything of ours is on this machine. Not being installed is no failure: the first hint is the fix.
fn check(agent: Agent, settings: &Settings, environment: &Environment) -> Option<Finding> {
    let state = agents::check(agent, &Scope::User, settings, environment);
    if state.client.is_none() && state.verdict == Verdict::Absent {
        return None;
    }
    let client = state.client.as_ref().map_or_else(|| "not found here".to_owned(), |path| path.display().to_string());
    let version = state.client_version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let found = format!("{client}{version}");
    let hooks = format!("{} of {} hooks", state.hooks.installed, state.hooks.wanted);
    Some(match state.verdict {
        Verdict::Absent => Finding::ok(format!("{found}; not set up"))
            .hint(format!("modlake hooks install --agent {}", agent.as_str())),
        Verdict::Ok => Finding::ok(format!("{found}; {hooks}{}", exporter(&state))),
        Verdict::Incomplete => {
            let whats: Vec<&str> = state.problems.iter().map(|problem| problem.what.as_str()).collect();
            let fix = state.problems.first().map(|problem| problem.fix.clone());
            Finding::failed(format!("{found}; {hooks}{}; {}", exporter(&state), whats.join("; ")), fix)
        }
    })
}

fn exporter(state: &AgentState) -> String {
    match &state.exporter {
        Some(exporter) if exporter.signals.is_empty() => ", no exporter".to_owned(),
        Some(exporter) => format!(", {} exported", exporter.signals.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests;
