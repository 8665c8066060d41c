//! `modlaked brick check`: whether a definition of a brick can run, and if not, why and where. Reads files and nothing else.

use std::fs::File;
use std::io::{self, Read};
use std::process::ExitCode;

use ::brick::{Limits, Report, Severity};
use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

use super::print;

/// Some definition has errors. Warnings alone are 0; clap's own 2 is for a wrong command line.
const HAS_ERRORS: u8 = 1;
/// Some file cannot be read, whatever the others are.
const UNREADABLE: u8 = 2;

pub(super) fn command() -> Command {
    let check = "Checks definitions of bricks (YAML or JSON): exits with 0 when all can run, 1 when one has errors, 2 when a file \
                 cannot be read";
    Command::new("brick")
        .about("Checks definitions of bricks before a mod runs them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("check")
                .about(check)
                .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, for scripts"))
                .arg(
                    Arg::new("file")
                        .value_name("FILE")
                        .required(true)
                        .action(ArgAction::Append)
                        .help("`-`: standard input"),
                ),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some(("check", matches)) = matches.subcommand() else { return Ok(ExitCode::SUCCESS) };
    let files = matches.get_many::<String>("file").into_iter().flatten();
    let checked: Vec<Checked> = files.map(|file| Checked::of(file, &Limits::default())).collect();
    if matches.get_flag("json") {
        let answers: Vec<Value> = checked.iter().map(Checked::to_json).collect();
        print::data(&serde_json::to_string_pretty(&answers)?);
    } else {
        checked.iter().for_each(Checked::print);
    }
    Ok(ExitCode::from(checked.iter().map(Checked::code).max().unwrap_or_default()))
}

/// A file that was looked at.
struct Checked {
    /// As it was named.
    file: String,
    report: io::Result<Report>,
}

impl Checked {
    fn of(file: &str, limits: &Limits) -> Self {
        Self { file: file.to_owned(), report: read(file, limits).map(|bytes| ::brick::check(&bytes, limits)) }
    }

    fn code(&self) -> u8 {
        match &self.report {
            Err(_) => UNREADABLE,
            Ok(report) if report.is_good() => 0,
            Ok(_) => HAS_ERRORS,
        }
    }

    fn to_json(&self) -> Value {
        match &self.report {
            Err(error) => json!({"file": self.file, "ok": false, "error": error.to_string()}),
            Ok(report) => json!({
                "file": self.file,
                "ok": report.is_good(),
                "id": report.id,
                "version": report.version,
                "problems": report.problems,
                "is_cut": report.is_cut,
            }),
        }
    }

    /// A line for each problem, as compilers write it, so that editors find the place.
    fn print(&self) {
        let report = match &self.report {
            Err(error) => return print::note(&format!("{}: cannot be read: {error}", self.file)),
            Ok(report) => report,
        };
        for problem in &report.problems {
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let path = if problem.path.is_empty() { String::new() } else { format!("{}: ", problem.path) };
            let place = format!("{}:{}:{}", self.file, problem.line, problem.column);
            print::data(&format!("{place}: {severity}[{}]: {path}{}", problem.code, problem.message));
            print::data(&format!("  hint: {}", problem.hint));
        }
        print::note(&self.summary(report));
    }

    fn summary(&self, report: &Report) -> String {
        let count = |severity| report.problems.iter().filter(|problem| problem.severity == severity).count();
        let of = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let name = match (&report.id, &report.version) {
            (Some(id), Some(version)) => format!(" ({id} {version})").replace(char::is_control, "\u{fffd}"),
            _ => String::new(),
        };
        let found = match (count(Severity::Error), count(Severity::Warning)) {
            (0, 0) => "ok".to_owned(),
            (0, warnings) => format!("ok, {}", of(warnings, "warning")),
            (errors, warnings) => format!("{}, {}", of(errors, "error"), of(warnings, "warning")),
        };
        let more = if report.is_cut { "; there may be more" } else { "" };
        format!("{}{name}: {found}{more}", self.file)
    }
}

/// No more than what a definition may have: one byte beyond tells that it is too large.
fn read(file: &str, limits: &Limits) -> io::Result<Vec<u8>> {
    let most = limits.bytes as u64 + 1;
    let mut bytes = Vec::new();
    if file == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
