//! Which program is `mod`: the one that is named by its path, or the CLI's own wrapper `modw` where that is named; else
//! `java -jar $MOD_JAR`, or the first `mod` on `PATH`. Wrappers of ours are passed over.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
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

/// A link to this program, or a script that calls it.
fn is_ours(file: &Path) -> bool {
    let itself = env::current_exe().and_then(fs::canonicalize).ok();
    if itself.is_some() && fs::canonicalize(file).ok() == itself {
        return true;
    }
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let text = String::from_utf8_lossy(&head);
    read.is_ok() && text.starts_with("#!") && text.lines().any(calls_us)
}

/// A line such as `exec "/opt/modlake" exec -- mod "$@"`.
fn calls_us(line: &str) -> bool {
    !line.trim_start().starts_with('#')
        && line
            .find("modlake")
            .is_some_and(|at| line.get(at..).unwrap_or_default().split_whitespace().any(|word| word == "exec"))
}
