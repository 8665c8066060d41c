//! The command that hooks run: which modlake, quoted for a shell, and recognized again.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::Agent;
use crate::config::Environment;
use crate::error::CliError;
use crate::exit::Exit;

/// This program as a word of a shell. The name under which `PATH` finds it goes before the file behind it: a link such as
/// `/opt/homebrew/bin/modlake` stays when an upgrade moves the file.
pub(crate) fn hook_program(environment: &Environment) -> Result<String, CliError> {
    let running = std::env::current_exe()
        .map_err(|error| CliError::new(Exit::Failed, format!("cannot find the modlake that is running: {error}")))?;
    let file = running.canonicalize().unwrap_or_else(|_| running.clone());
    let named =
        environment.find_program("modlake").filter(|found| found.canonicalize().is_ok_and(|found| found == file));
    let program = named.unwrap_or(running);
    let text = program.to_str().ok_or_else(|| {
        CliError::new(Exit::Failed, format!("the path of modlake is not UTF-8 text: {}", program.display()))
    })?;
    Ok(quoted(text).into_owned())
}

pub(super) fn command(program: &str, agent: Agent) -> String {
    format!("{program} hook --agent {}", agent.as_str())
}

/// The program of a command of ours: one word whose file is called modlake, then `hook --agent X`.
pub(super) fn program_of(command: &str, agent: Agent) -> Option<PathBuf> {
    let word = command.trim().strip_suffix(agent.as_str())?.trim_end().strip_suffix("--agent")?;
    let word = word.strip_suffix([' ', '\t'])?.trim_end().strip_suffix("hook")?;
    let word = unquoted(word.strip_suffix([' ', '\t'])?.trim_end())?;
    let path = PathBuf::from(&*word);
    let name = path.file_name()?.to_str()?;
    (name == "modlake" || name == "modlake.exe" || name.starts_with("modlake-")).then_some(path)
}

/// A word for POSIX shells, in single quotes when it holds anything but letters, digits and `/._-+@%:,`.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%:,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

/// The text of one word as a shell would read it; `None` for anything but one plain or quoted word.
fn unquoted(word: &str) -> Option<Cow<'_, str>> {
    let special = |c: char| c.is_whitespace() || "'\"\\$`;&|<>()*?[]#~!{}".contains(c);
    if !word.contains(special) {
        return Some(Cow::Borrowed(word));
    }
    if let Some(inner) = word.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return (!inner.contains(['"', '\\', '$', '`'])).then_some(Cow::Borrowed(inner));
    }
    let inner = word.strip_prefix('\'')?.strip_suffix('\'')?.replace(r"'\''", "\u{0}");
    (!inner.contains('\'')).then(|| Cow::Owned(inner.replace('\u{0}', "'")))
}

/// Whether the program is there and may be run.
pub(super) fn runs(program: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        program.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    program.is_file()
}

#[cfg(test)]
mod tests;
