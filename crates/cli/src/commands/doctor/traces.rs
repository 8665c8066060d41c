//! The way of `mod`'s trace files: the command itself, what says where they go, that place, and what waits.
//!
//! Skipped on a machine that has neither `mod` nor its folder nor a `BI_ENDPOINT`.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::report::{Finding, Report, Step};
use crate::commands::exec::{alias, program};
use crate::commands::traces::{setup, stand};
use crate::config::Environment;
use crate::traces;
use crate::traces::destination::Target;
use crate::traces::ledger::Ledger;
use crate::traces::setup::{Setup, Upload};
use crate::traces::told::Status;

/// The first version that writes trace files.
const FIRST: [u32; 3] = [3, 45, 0];
/// A Java program takes its time to tell its version.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn examine(report: &mut Report<'_>, server: Option<&str>, environment: &Environment) {
    let setup = setup(environment);
    let found = environment.path.as_deref().and_then(program::on_path);
    let is_used = found.is_some() || setup.mod_jar.is_some() || setup.cli_home.is_dir();
    if !is_used && setup.get("BI_ENDPOINT").is_none() {
        return;
    }
    report.add(Step::Mod, command(&setup, found, environment));
    let target = Target::of(&setup, server, environment);
    report.add(Step::Traces, configured(&setup, &target));
    let identity = match &target {
        Ok(Some(target)) => {
            report.add(Step::Upload, reaches(target));
            Some(target.identity())
        }
        _ => None,
    };
    report.add(Step::Queue, queued(&setup, identity.as_deref(), environment));
}

/// Whether trace files are sent past modlaked: such a machine needs no server.
pub(super) fn go_elsewhere(environment: &Environment) -> bool {
    setup(environment).get("BI_ENDPOINT").is_some()
}

/// `mod`, its Java, its version.
fn command(setup: &Setup, found: Option<PathBuf>, environment: &Environment) -> Finding {
    let (what, mut command) = match (&setup.mod_jar, found) {
        (Some(jar), _) => {
            if environment.find_program("java").is_none() {
                let hint = "install Java 25 or newer, or put its folder on your PATH".to_owned();
                return Finding::failed(format!("{} needs java, which is not on PATH", jar.display()), Some(hint));
            }
            let mut java = Command::new("java");
            java.arg("-jar").arg(jar);
            (jar.clone(), java)
        }
        (None, Some(found)) => (found.clone(), Command::new(found)),
        (None, None) => {
            let hint = "put mod on your PATH, or set MOD_JAR to the path of your mod.jar".to_owned();
            return Finding::failed("mod is not on PATH, and MOD_JAR names no file".to_owned(), Some(hint));
        }
    };
    command.arg("--version");
    let aliased = match alias::is_installed(environment) {
        Some((_, true)) => "; the alias is installed",
        _ => "",
    };
    match version(&mut command) {
        None => Finding::ok(format!("{}, whose version cannot be told{aliased}", what.display()))
            .hint(format!("try `{} --version`", what.display())),
        Some(version) => {
            let [major, minor, patch] = version;
            let told = format!("{} {major}.{minor}.{patch}{aliased}", what.display());
            if version < FIRST {
                let hint = "update it: trace files are written since 3.45.0".to_owned();
                return Finding::failed(told, Some(hint));
            }
            let finding = Finding::ok(told);
            if aliased.is_empty() {
                return finding.hint("`modlake exec --install-alias` makes `mod` send what it leaves".to_owned());
            }
            finding
        }
    }
}

/// The first `n.n.n` that it prints.
fn version(command: &mut Command) -> Option<[u32; 3]> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let start = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().ok()?;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let mut text = String::new();
    child.stdout.take()?.take(64 << 10).read_to_string(&mut text).ok()?;
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let parts: Vec<u32> = word.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        parts.try_into().ok()
    })
}

/// The files that were read, and what they say.
fn configured(setup: &Setup, target: &Result<Option<Target>, String>) -> Finding {
    let files: Vec<String> = setup.files.iter().map(|file| file.display().to_string()).collect();
    let read = if files.is_empty() { "no modsh.env, no telemetry.env".to_owned() } else { files.join(", ") };
    let write = setup.wrapper_config.as_ref().map_or_else(
        || "a modsh.env beside mod.sh, or a file that MODERNE_CLI_WRAPPER_CONFIG names".to_owned(),
        |file| file.display().to_string(),
    );
    if let Some(warning) = setup.warnings.first() {
        let hint = "write it as NAME=value; commands are not run".to_owned();
        return Finding::failed(format!("{read}; {warning}"), Some(hint));
    }
    match target {
        Ok(Some(target)) if setup.upload() == Upload::Off => Finding::ok(format!("{read}; to {}", target.identity()))
            .hint("MODLAKE_UPLOAD=off: nothing is sent".to_owned()),
        Ok(Some(target)) => Finding::ok(format!("{read}; to {}", target.identity())),
        Ok(None) => Finding::failed(
            format!("{read}; nothing says where trace files go"),
            Some(format!("run `modlake init`, or write BI_ENDPOINT and BI_ORG into {write}")),
        ),
        Err(sentence) => Finding::failed(format!("{read}; {sentence}"), Some(format!("correct it in {write}"))),
    }
}

fn reaches(target: &Target) -> Finding {
    let start = Instant::now();
    match target.connect().and_then(|connection| connection.check()) {
        Ok(told) => {
            let finding = Finding::ok(told).took(start.elapsed());
            match target {
                Target::Bucket(bucket) => finding.hint(format!(
                    "`{}` registers them with a query engine; where that finds no rows: {}",
                    bucket.ddl(),
                    "conditions on org (or tenant) and type, and the day of the command in UTC"
                )),
                _ => finding,
            }
        }
        Err(error) => error.into(),
    }
}

fn queued(setup: &Setup, identity: Option<&str>, environment: &Environment) -> Finding {
    let queue = setup.queue.display();
    let Some(folder) = traces::folder(environment, &setup.queue) else {
        return Finding::failed("there is no home folder".to_owned(), Some("set HOME".to_owned()));
    };
    let ledger = match Ledger::load(&folder) {
        Ok(ledger) => ledger,
        Err(error) => {
            let folder = folder.display();
            let hint = format!("make the folder yours again: chown -R \"$(id -un)\" {folder} && chmod 700 {folder}");
            return Finding::failed(format!("cannot read {folder}: {error}"), Some(hint));
        }
    };
    let stand = stand(setup, &ledger, identity);
    if let Some((folder, error)) = stand.found.unreadable.first() {
        let hint = format!("make it readable: chmod u+rx {}", folder.display());
        return Finding::failed(format!("cannot read {}: {error}", folder.display()), Some(hint));
    }
    let counts = [(stand.refused.len() as u64, "refused"), (stand.found.locked, "being written")];
    let more = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {count} {what}"));
    let more: String = more.collect();
    let told = format!("{queue}: {} waiting, {} sent{more}", stand.waiting.len(), stand.sent);
    let status = Status::load(&folder);
    match status.trouble {
        Some(trouble) if !stand.waiting.is_empty() => {
            let retry = "`modlake traces push` tries again now";
            let hint = trouble.hint.map_or_else(|| retry.to_owned(), |hint| format!("{hint}; then {retry}"));
            Finding::failed(format!("{told}; the last upload failed: {}: {}", trouble.file, trouble.reason), Some(hint))
        }
        _ if stand.found.files.is_empty() => Finding::ok(told)
            .hint(format!("mod writes trace files there since 3.45.0; run a `mod build`, or set MODERNE_CLI_TELEMETRY_DIR when it is not {queue}")),
        _ if stand.waiting.is_empty() && stand.refused.is_empty() => Finding::ok(told),
        _ if stand.waiting.is_empty() => {
            Finding::ok(told).hint("`modlake traces status --json` says why; `modlake traces push --refused` tries again".to_owned())
        }
        _ => Finding::ok(told).hint("`modlake traces push` sends them".to_owned()),
    }
}
