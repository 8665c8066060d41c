//! Which program is `mod`: the one that is named by its path, or the CLI's own wrapper `modw` where that is named; else
//! `java -jar $MOD_JAR`, or the first `mod` on `PATH`. Wrappers of ours are passed over.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Call;
use crate::traces::setup::Setup;

/// Names under which people call it.
const NAMES: [&str; 3] = ["mod", "mod.sh", "modw"];
/// The CLI's own wrapper.
const OWN_WRAPPER: &str = "modw";
/// Of a script, as far as it is looked at.
const HEAD: u64 = 4 << 10;

/// The command to run; `None`: there is no `mod`.
pub(crate) fn find(setup: &Setup, path: Option<&OsStr>, call: Call) -> Option<Command> {
    let mut arguments = call.arguments;
    let first = arguments.first().map(PathBuf::from).filter(|_| call.may_name_program);
    let named = first.filter(|first| first.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known)));
    if let Some(named) = named {
        arguments.remove(0);
        let found = if named.components().count() > 1 {
            Some(named).filter(|named| is_program(named) && !is_ours(named))
        } else {
            path.filter(|_| named == Path::new(OWN_WRAPPER)).and_then(|path| theirs_on_path(path, OWN_WRAPPER))
        };
        if let Some(found) = found {
            let mut command = Command::new(found);
            command.args(arguments);
            return Some(command);
        }
    }
    let mut command = match &setup.mod_jar {
        Some(jar) => {
            let mut java = Command::new("java");
            java.arg("-jar").arg(jar);
            java
        }
        None => Command::new(on_path(path?)?),
    };
    command.args(arguments);
    Some(command)
}

/// What a shell would run for `mod`, our own wrappers left out.
pub(crate) fn on_path(path: &OsStr) -> Option<PathBuf> {
    theirs_on_path(path, "mod")
}

fn theirs_on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_program(file) && !is_ours(file))
}

/// What a shell runs for a name.
pub(crate) fn named_on_path(path: &OsStr, name: &OsStr) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// What a shell does with a text that no line `#!` gives to an interpreter, once the system has refused to run it.
#[cfg(unix)]
pub(crate) fn without_interpreter(refused: &Command, error: &io::Error) -> Option<Command> {
    let program = Path::new(refused.get_program());
    if error.raw_os_error() != Some(libc::ENOEXEC) || head(program).ok()?.contains(&0) {
        return None;
    }
    let mut script = Command::new("/bin/sh");
    script.arg(program).args(refused.get_args());
    script.envs(refused.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(script)
}

#[cfg(not(unix))]
pub(crate) fn without_interpreter(_: &Command, _: &io::Error) -> Option<Command> {
    None
}

/// A link to this program, or a script that calls it.
fn is_ours(file: &Path) -> bool {
    let itself = env::current_exe().and_then(fs::canonicalize).ok();
    if itself.is_some() && fs::canonicalize(file).ok() == itself {
        return true;
    }
    let head = head(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&head);
    text.starts_with("#!") && text.lines().any(calls_us)
}

fn head(file: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(file)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// A line such as `exec "/opt/modlake" exec -- mod "$@"`.
fn calls_us(line: &str) -> bool {
    !line.trim_start().starts_with('#')
        && line
            .find("modlake")
            .is_some_and(|at| line.get(at..).unwrap_or_default().split_whitespace().any(|word| word == "exec"))
}
