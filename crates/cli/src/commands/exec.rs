//! `modlake exec -- mod build .`: runs `mod`, then sees to the trace files that it left.
//!
//! Installed as an alias of the shell, or as a link named `mod.sh`, to which its arguments are `mod`'s. Nothing comes
//! between `mod` and who called it: arguments, standard input and output, terminal, signals and exit code are handed through
//! ([`child`]), and only `[telemetry]` lines are added, on standard error. Telemetry never changes the result: whatever goes
//! wrong with it is one such line.

pub(crate) mod alias;
pub(crate) mod child;
pub(crate) mod program;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io, panic};

use crate::config::Environment;
use crate::print;
use crate::traces::destination::Target;
use crate::traces::queue::{self, Wanted};
use crate::traces::setup::{Setup, Upload};
use crate::traces::told::{self, Status};
use crate::traces::{self, lease};

/// The name under which this program is `mod`'s wrapper without further words.
const SCRIPT: &str = "mod.sh";
/// How long the user waits until we know what is new in a large queue.
const LOOK: Duration = Duration::from_millis(1);
/// File systems tell times in steps.
const CLOCK_STEP: Duration = Duration::from_millis(20);
/// Lines for one command; all else is counted.
const LINES: usize = 20;
const DEPTH: &str = "MODLAKE_EXEC_DEPTH";
/// A wrapper that calls us, which calls the wrapper, ends here.
const DEEPEST: u32 = 8;

/// What `mod` is given.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) arguments: Vec<OsString>,
    /// The first argument may be the name of the program.
    pub(crate) may_name_program: bool,
}

/// The call, when the command line is one that is not for us to read.
pub(crate) fn called(typed: impl Iterator<Item = OsString>) -> Option<Call> {
    let mut typed = typed.collect::<Vec<_>>().into_iter();
    let name = typed.next()?;
    if Path::new(&name).file_name().is_some_and(|name| name == SCRIPT) {
        return Some(Call { arguments: typed.collect(), may_name_program: false });
    }
    let is_ours = typed.next().is_some_and(|word| word == "exec") && typed.next().is_some_and(|word| word == "--");
    is_ours.then(|| Call { arguments: typed.collect(), may_name_program: true })
}

/// Runs `mod` and takes over its exit code.
pub(crate) fn main(call: Call, server: Option<&str>) -> ExitCode {
    let environment = Environment::read();
    let folders = folders(&environment);
    let setup = Setup::load(&environment, &folders, None);
    let depth = setup.get(DEPTH).and_then(|depth| depth.parse().ok()).unwrap_or(0);
    if depth >= DEEPEST {
        print::note("Error: modlake calls itself: the mod that it finds is a wrapper of modlake.");
        print::note("Set MOD_JAR to the path of your mod.jar, or put the real mod first on your PATH.");
        return ExitCode::FAILURE;
    }
    let path = setup.get("PATH").map(OsStr::new).or(environment.path.as_deref());
    let Some(mut command) = program::find(&setup, path, call) else {
        print::note("Error: Moderne CLI not found.");
        print::note("Set MOD_JAR to the path of your mod.jar, or ensure mod is on your PATH.");
        return ExitCode::FAILURE;
    };
    command.envs(setup.exported()).env(DEPTH, (depth + 1).to_string());
    let started = queue::now();
    let mut ran = child::run(&mut command);
    if let Err(error) = &ran
        && let Some(mut script) = program::without_interpreter(&command, error)
    {
        ran = child::run(&mut script);
    }
    let code = match ran {
        Ok(code) => code,
        Err(error) => {
            print::note(&format!("Error: cannot run {}: {error}", command.get_program().display()));
            // As shells say it.
            return ExitCode::from(if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 });
        }
    };
    panic::set_hook(Box::new(|_| {}));
    let after = || after(&setup, server, &environment, started);
    if panic::catch_unwind(panic::AssertUnwindSafe(after)).is_err() {
        told::telemetry("Warning: the upload could not be started");
    }
    ExitCode::from(code)
}

/// Where `modsh.env` and `mod.jar` may lie: beside the name that was called, as the shell found it on `PATH`, then beside the
/// program itself.
pub(crate) fn folders(environment: &Environment) -> Vec<PathBuf> {
    let called = env::args_os().next().map(PathBuf::from);
    let called = called.and_then(|called| match called.components().count() {
        0 | 1 => program::named_on_path(environment.path.as_deref()?, called.as_os_str()),
        _ => Some(called),
    });
    let called = called.and_then(|called| std::path::absolute(called).ok());
    let itself = env::current_exe().ok();
    let target = itself.as_ref().and_then(|itself| fs::canonicalize(itself).ok());
    let mut folders: Vec<PathBuf> =
        [called, itself, target].into_iter().flatten().filter_map(|file| Some(file.parent()?.to_path_buf())).collect();
    folders.dedup();
    folders
}

/// What happens once the command has ended.
fn after(setup: &Setup, server: Option<&str>, environment: &Environment, started: SystemTime) {
    for warning in &setup.warnings {
        told::telemetry(&format!("Warning: {warning}"));
    }
    let upload = setup.upload();
    if upload == Upload::Off {
        return;
    }
    let target = match Target::of(setup, server, environment) {
        Ok(Some(target)) => target,
        Ok(None) => return,
        Err(sentence) => return told::telemetry(&format!("Warning: {sentence}. Skipping telemetry upload.")),
    };
    let Some(folder) = traces::folder(environment, &setup.queue) else {
        return told::telemetry("Warning: there is no home folder. Skipping telemetry upload.");
    };
    let status = remembered(&folder, setup);
    let wanted = Wanted { since: new_since(started, &status), until: Some(Instant::now() + LOOK) };
    let fresh = queue::find(&setup.queue, wanted);
    let has_more = fresh.is_cut || fresh.locked > 0 || status.left > 0 || status.last_run.is_none();
    if fresh.files.is_empty() && !has_more {
        return;
    }
    let names: Vec<String> =
        fresh.files.iter().map(|file| format!("{}.csv", file.id.as_deref().unwrap_or("trace"))).collect();
    let first = names.first().map_or("trace.csv", String::as_str);
    if let Err(error) = lease::announce(&folder) {
        return told::telemetry(&told::failed(first, &format!("cannot use {}: {error}", folder.display())));
    }
    if upload == Upload::Background {
        for name in names.iter().take(LINES) {
            told::telemetry(&told::uploading(name, &target.place()));
        }
        if names.len() > LINES {
            told::telemetry(&format!("Uploading {} more files to {}...", names.len() - LINES, target.place()));
        }
    }
    if let Err(error) = send(upload, setup, server, &folder) {
        told::telemetry(&told::failed(first, &format!("cannot start the upload: {error}")));
    }
}

/// From when on a file is new: from the command's start on, or from the newest file on that an upload has seen. The second
/// is told by the file system's own clock, which on a shared home may be behind ours.
fn new_since(started: SystemTime, status: &Status) -> Option<SystemTime> {
    let started = started.checked_sub(CLOCK_STEP);
    let newest = status.newest.and_then(|micros| u64::try_from(micros).ok());
    let behind = newest.and_then(|micros| UNIX_EPOCH.checked_add(Duration::from_micros(micros + 1)));
    behind.map_or(started, |behind| started.min(Some(behind)))
}

/// The status, after what is new in it was told and this command's configuration was noted.
fn remembered(folder: &Path, setup: &Setup) -> Status {
    let mut status = Status::load(folder);
    let before = status.clone();
    if let Some(trouble) = status.trouble.as_mut().filter(|trouble| trouble.is_news) {
        told::telemetry(&told::failed(&trouble.file, &trouble.reason));
        trouble.is_news = false;
    }
    let used = setup.wrapper_config.as_ref().filter(|file| file.is_file() && file.to_str().is_some());
    if let Some(file) = used.and_then(|file| std::path::absolute(file).ok()) {
        status.wrapper_config = Some(file);
    }
    if status != before {
        // Without it the same is told again.
        status.save(folder).ok();
    }
    status
}

/// Starts the upload, and waits for it where that is wanted: a process of its own, which can neither change our exit code
/// nor be ended by it.
fn send(upload: Upload, setup: &Setup, server: Option<&str>, folder: &Path) -> io::Result<()> {
    let mut command = Command::new(env::current_exe()?);
    if let Some(server) = server {
        command.args(["--server", server]);
    }
    command.args(["traces", "send"]).arg("--queue").arg(std::path::absolute(&setup.queue)?);
    if let Some(file) = &setup.wrapper_config {
        command.env("MODERNE_CLI_WRAPPER_CONFIG", std::path::absolute(file)?);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    if upload == Upload::Wait {
        command.arg("--wait");
        return child::run(&mut command).map(drop);
    }
    command.stderr(Stdio::null()).current_dir(folder);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()?;
    Ok(())
}

#[cfg(test)]
mod tests;
