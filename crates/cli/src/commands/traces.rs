//! `modlake traces`: sends the queue of `mod`'s trace files without a command, or tells how it stands.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::exec;
use crate::args::{PushArgs, SendArgs, TracesStatusArgs};
use crate::config::Environment;
use crate::error::CliError;
use crate::exit::Exit;
use crate::print::{self, Printer, Tone};
use crate::traces;
use crate::traces::destination::Target;
use crate::traces::ledger::{Ledger, State};
use crate::traces::push::{self, Job, Limits, Outcome};
use crate::traces::queue::{self, Found, Wanted};
use crate::traces::setup::Setup;
use crate::traces::told::{self, Audience, Status, Teller};

/// What a command that waits for its upload has to wait at most.
const WAIT: Duration = Duration::from_secs(30);
/// What an upload in the background takes at most.
const BACKGROUND: Duration = Duration::from_mins(5);
/// A person who pushes has hours of backlog, and can interrupt it.
const PUSH: Duration = Duration::from_hours(12);

/// The setup of a command that was not called through the wrapper: the wrapper's last file counts where no other is named.
pub(crate) fn setup(environment: &Environment) -> Setup {
    let remembered = traces::folder_at_home(environment).and_then(|folder| Status::load(&folder).wrapper_config);
    Setup::load(environment, &exec::folders(environment), remembered.as_deref())
}

fn folder(environment: &Environment, queue: &Path) -> Result<PathBuf, CliError> {
    traces::folder(environment, queue)
        .ok_or_else(|| CliError::new(Exit::Config, "there is no home folder, so no ~/.modlake/traces").hint("set HOME"))
}

fn target(setup: &Setup, server: Option<&str>, environment: &Environment) -> Result<Target, CliError> {
    let hint = match &setup.wrapper_config {
        Some(file) => format!("set it in {}", file.display()),
        None => "set it in the environment, or in a file that MODERNE_CLI_WRAPPER_CONFIG names".to_owned(),
    };
    match Target::of(setup, server, environment) {
        Ok(Some(target)) => Ok(target),
        Ok(None) => Err(CliError::new(Exit::Config, "nothing says where trace files go")
            .hint("run `modlake init`, or set BI_ENDPOINT and BI_ORG")),
        Err(sentence) => Err(CliError::new(Exit::Config, sentence).hint(hint)),
    }
}

/// What `modlake exec` starts.
pub(crate) fn send(args: &SendArgs, server: Option<&str>, environment: &Environment) -> Result<Exit, CliError> {
    #[cfg(unix)]
    if !args.wait {
        crate::inherited::close();
    }
    let setup = setup(environment);
    let queue = args.queue.as_deref().unwrap_or(&setup.queue);
    let folder = folder(environment, queue)?;
    let target = target(&setup, server, environment)?;
    let (audience, total) = if args.wait { (Audience::People, WAIT) } else { (Audience::Log, BACKGROUND) };
    let job = Job {
        queue,
        folder: &folder,
        limits: Limits { total, patience: if args.wait { WAIT } else { Duration::ZERO } },
        delete_sent: false,
        retries_refused: false,
        teller: Teller { audience, folder: folder.clone() },
        failures_are_news: !args.wait,
    };
    let outcome = push::run(&job, &target).inspect_err(|error| job.teller.failed("trace.csv", &error.message))?;
    Ok(outcome.error.map_or(Exit::Ok, |error| error.exit))
}

pub(crate) fn push(args: &PushArgs, server: Option<&str>, environment: &Environment) -> Result<Exit, CliError> {
    let setup = setup(environment);
    let folder = folder(environment, &setup.queue)?;
    for warning in &setup.warnings {
        told::telemetry(&format!("Warning: {warning}"));
    }
    let target = target(&setup, server, environment)?;
    let job = Job {
        queue: &setup.queue,
        folder: &folder,
        limits: Limits { total: PUSH, patience: if args.wait { BACKGROUND * 2 } else { Duration::ZERO } },
        delete_sent: args.delete_sent,
        retries_refused: args.refused,
        teller: Teller { audience: Audience::People, folder: folder.clone() },
        failures_are_news: false,
    };
    let outcome = push::run(&job, &target)?;
    if args.json {
        let refused: Vec<_> =
            outcome.refused.iter().map(|(file, reason)| json!({"file": file, "reason": reason})).collect();
        let told = json!({
            "destination": target.identity(),
            "sent": outcome.sent,
            "refused": refused,
            "deleted": outcome.deleted,
            "left": outcome.left,
            "busy": outcome.is_busy,
            "error": outcome.error.as_ref().map(|error| &error.message),
        });
        print::text(&format!("{told}\n"))?;
    }
    summed_up(outcome, args)
}

fn summed_up(outcome: Outcome, args: &PushArgs) -> Result<Exit, CliError> {
    if outcome.is_busy {
        return Err(CliError::new(
            Exit::Unreachable,
            "another process is sending just now; it has been asked to look again",
        )
        .hint("`modlake traces push --wait` waits for it"));
    }
    if !args.json {
        let deleted = if outcome.deleted > 0 { format!(", {} deleted here", outcome.deleted) } else { String::new() };
        print::note(&format!("{} sent, {} left{deleted}", outcome.sent.len(), outcome.left));
    }
    match outcome.error {
        Some(error) => Err(error),
        None => Ok(Exit::Ok),
    }
}

/// What the queue holds, against the ledger.
pub(crate) struct Stand {
    pub(crate) found: Found,
    /// Places in `found.files`.
    pub(crate) waiting: Vec<usize>,
    pub(crate) sent: usize,
    /// Names and reasons.
    pub(crate) refused: Vec<(String, String)>,
}

pub(crate) fn stand(setup: &Setup, ledger: &Ledger, identity: Option<&str>) -> Stand {
    let mut stand = Stand {
        found: queue::find(&setup.queue, Wanted::default()),
        waiting: Vec::new(),
        sent: 0,
        refused: Vec::new(),
    };
    for (at, file) in stand.found.files.iter().enumerate() {
        let entry = identity.and_then(|identity| ledger.of_path(identity, &file.path));
        match entry.filter(|entry| entry.is_of(file.stamp)) {
            Some(entry) if entry.state == State::Sent => stand.sent += 1,
            Some(entry) if entry.state == State::Refused => {
                stand.refused.push((format!("{}.csv", entry.id), entry.reason.clone().unwrap_or_default()));
            }
            _ => stand.waiting.push(at),
        }
    }
    stand
}

pub(crate) fn status(
    args: &TracesStatusArgs,
    server: Option<&str>,
    environment: &Environment,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let setup = setup(environment);
    let folder = folder(environment, &setup.queue)?;
    let target = Target::of(&setup, server, environment);
    let identity = target.as_ref().ok().and_then(Option::as_ref).map(Target::identity);
    let ledger = Ledger::load(&folder)
        .map_err(|error| CliError::new(Exit::Config, format!("cannot read {}: {error}", folder.display())))?;
    let report = Standing {
        stand: stand(&setup, &ledger, identity.as_deref()),
        setup: &setup,
        skipped_because: target.err(),
        identity,
        status: Status::load(&folder),
    };
    if args.json {
        return print::text(&format!("{}\n", report.to_json()));
    }
    let exit = print::text(&report.to_text())?;
    if let Some(trouble) = &report.status.trouble {
        printer.tagged(Tone::Bad, "failed", 6, &format!("{} at {}: {}", trouble.file, trouble.at, trouble.reason));
        if let Some(hint) = &trouble.hint {
            printer.tagged(Tone::Hint, "hint:", 6, hint);
        }
    }
    Ok(exit)
}

/// What `modlake traces status` tells.
struct Standing<'s> {
    setup: &'s Setup,
    stand: Stand,
    identity: Option<String>,
    skipped_because: Option<String>,
    status: Status,
}

impl Standing<'_> {
    fn to_json(&self) -> Value {
        let Stand { found, waiting, sent, refused } = &self.stand;
        let waiting = waiting.iter().filter_map(|at| found.files.get(*at));
        let waiting: Vec<_> = waiting
            .map(|file| json!({"type": file.kind, "id": file.id, "path": file.path.display().to_string(), "bytes": file.stamp.bytes}))
            .collect();
        let refused: Vec<_> = refused.iter().map(|(file, reason)| json!({"file": file, "reason": reason})).collect();
        let trouble = self.status.trouble.as_ref().map(
            |trouble| json!({"at": trouble.at, "file": trouble.file, "reason": trouble.reason, "hint": trouble.hint}),
        );
        let files: Vec<String> = self.setup.files.iter().map(|file| file.display().to_string()).collect();
        json!({
            "queue": self.setup.queue.display().to_string(),
            "files": files,
            "destination": self.identity,
            "skipped_because": self.skipped_because,
            "waiting": waiting,
            "being_written": found.locked,
            "empty": found.empty,
            "sent": sent,
            "refused": refused,
            "last_run": self.status.last_run,
            "last_success": self.status.last_success,
            "trouble": trouble,
        })
    }

    fn to_text(&self) -> String {
        let Stand { found, waiting, sent, refused } = &self.stand;
        let destination = match (&self.identity, &self.skipped_because) {
            (Some(identity), _) => identity.as_str(),
            (None, Some(sentence)) => sentence.as_str(),
            (None, None) => "none: `modlake init`, or BI_ENDPOINT and BI_ORG",
        };
        let more = [(refused.len() as u64, "refused"), (found.locked, "being written"), (found.empty, "empty")];
        let more = more.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
        let more: String = more.collect();
        format!(
            "queue        {}\ndestination  {}\nfiles        {} waiting, {sent} sent{more}\nlast upload  {}\n",
            self.setup.queue.display(),
            print::printable(destination),
            waiting.len(),
            self.status.last_success.as_deref().unwrap_or("never"),
        )
    }
}
