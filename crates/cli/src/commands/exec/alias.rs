//! `modlake exec --install-alias`: `mod` in the user's shell is `modlake exec -- mod`.
//!
//! Written between two lines of ours, so that it can be found again; all else in the file, its mode too, stays.

use std::path::{Path, PathBuf};

use crate::args::{ExecArgs, Shell};
use crate::config::Environment;
use crate::edit::{Content, Mode, Original, Outcome, diff};
use crate::error::CliError;
use crate::exit::Exit;
use crate::print::{self, Printer, Tone};

const BEGIN: &str = "# >>> modlake exec >>>";
const END: &str = "# <<< modlake exec <<<";
const WIDTH: usize = "unchanged".len();

pub(crate) fn run(args: &ExecArgs, environment: &Environment, printer: &Printer) -> Result<Exit, CliError> {
    let path = profile(shell(args, environment)?, environment)?;
    let original = Original::read(&path)?.with_mode(Mode::Kept);
    let wanted = if args.uninstall_alias { None } else { Some(alias(&program(environment)?)?) };
    let text = original.text.as_deref().unwrap_or_default();
    let edited = edit(text, wanted.as_deref()).map_err(|what| crate::edit::refused(&path, what))?;
    // A file that was made for the alias goes with it; one that was empty before stays.
    let content = if edited.is_empty() && !text.is_empty() || original.text.is_none() && edited.is_empty() {
        Content::Gone
    } else {
        Content::Text(edited)
    };
    if args.dry_run {
        let after = match &content {
            Content::Text(text) => Some(text.as_str()),
            Content::Gone => None,
        };
        let is_same = !original.would_change(&content);
        return if is_same {
            Ok(Exit::Ok)
        } else {
            print::text(&diff::unified(&path, original.text.as_deref(), after))
        };
    }
    let (tone, word) = match original.replace(&content, false)? {
        Outcome::Unchanged | Outcome::MadePrivate => (Tone::Quiet, "unchanged"),
        Outcome::Written => (Tone::Good, "wrote"),
        Outcome::Removed => (Tone::Good, "removed"),
    };
    printer.tagged(tone, word, WIDTH, &path.display().to_string());
    if word != "unchanged" {
        print::note("it holds in shells that are started from now on");
    }
    Ok(Exit::Ok)
}

/// As `modlake exec --install-alias`.
pub(crate) fn install(environment: &Environment, printer: &Printer) -> Result<Exit, CliError> {
    let args =
        ExecArgs { command: Vec::new(), install_alias: true, uninstall_alias: false, shell: None, dry_run: false };
    run(&args, environment, printer)
}

/// Whether the profile of the user's shell has our alias; `None` where the shell is not known.
pub(crate) fn is_installed(environment: &Environment) -> Option<(PathBuf, bool)> {
    let path = profile(known_shell(environment)?, environment).ok()?;
    let text = Original::read(&path).ok()?.text.unwrap_or_default();
    Some((path, text.lines().any(|line| line.trim() == BEGIN)))
}

fn shell(args: &ExecArgs, environment: &Environment) -> Result<Shell, CliError> {
    args.shell.or_else(|| known_shell(environment)).ok_or_else(|| {
        CliError::new(Exit::Usage, "the variable SHELL names neither bash nor zsh nor fish")
            .hint("name it: --shell bash, or call modlake through a link: ln -s \"$(command -v modlake)\" mod.sh")
    })
}

fn known_shell(environment: &Environment) -> Option<Shell> {
    match environment.shell.as_ref()?.file_name()?.to_str()? {
        "bash" => Some(Shell::Bash),
        "zsh" => Some(Shell::Zsh),
        "fish" => Some(Shell::Fish),
        _ => None,
    }
}

/// The file that the shell reads when somebody sits before it.
fn profile(shell: Shell, environment: &Environment) -> Result<PathBuf, CliError> {
    let home = environment.required_home()?;
    Ok(match shell {
        Shell::Bash => home.join(".bashrc"),
        Shell::Zsh => environment.zdotdir.as_deref().unwrap_or(home).join(".zshrc"),
        Shell::Fish => {
            let config = environment.xdg_config_home.clone().unwrap_or_else(|| home.join(".config"));
            config.join("fish").join("config.fish")
        }
    })
}

/// This program, by the path that outlives an upgrade where `PATH` has one.
fn program(environment: &Environment) -> Result<PathBuf, CliError> {
    environment
        .find_program("modlake")
        .map_or_else(std::env::current_exe, Ok)
        .map_err(|error| CliError::new(Exit::Config, format!("cannot tell where this program is: {error}")))
}

fn alias(program: &Path) -> Result<String, CliError> {
    let text = program.to_str().filter(|text| !text.contains(['\'', '"', '\n', '\\'])).ok_or_else(|| {
        CliError::new(Exit::Config, format!("{} cannot stand in an alias", program.display()))
            .hint("install modlake in a folder whose name has no quotes")
    })?;
    Ok(format!("{BEGIN}\nalias mod='\"{text}\" exec -- mod'\n{END}\n"))
}

/// The file's text with this block in place of the one that is there, or without one.
fn edit(text: &str, block: Option<&str>) -> Result<String, &'static str> {
    let at = |wanted: &str| {
        let mut at = 0;
        text.split_inclusive('\n').find_map(|line| {
            let start = at;
            at += line.len();
            (line.trim_end() == wanted).then_some((start, at))
        })
    };
    let (before, after) = match (at(BEGIN), at(END)) {
        (Some((start, _)), Some((_, end))) if start < end => (text.get(..start), text.get(end..)),
        (None, None) => (Some(text), Some("")),
        _ => return Err("has one of modlake's two marks and not the other"),
    };
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let Some(block) = block else { return Ok(format!("{before}{after}")) };
    let line_end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    Ok(format!("{before}{line_end}{block}{after}"))
}

#[cfg(test)]
mod tests;
