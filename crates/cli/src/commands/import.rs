//! `modlake import`: sessions from before telemetry was on, out of the agents' own files.
//!
//! Every file is read each time, so that a copy in a new file is known as one; what the ledger has is not sent again. A file is
//! entered in the ledger once the server has all of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::{HistoryAgent, ImportArgs};
use crate::client::Client;
use crate::config::{self, Environment, Settings};
use crate::error::CliError;
use crate::exit::Exit;
use crate::history::files::{self, SessionFile};
use crate::history::ledger::Ledger;
use crate::history::upload::Upload;
use crate::history::{self, Record, Seen};
use crate::print;

#[derive(Default)]
struct Summary {
    files: u64,
    unchanged: u64,
    records: BTreeMap<&'static str, u64>,
    /// Facts that an earlier line or file has told already.
    repeated: u64,
    unreadable_lines: u64,
    unreadable_files: u64,
}

pub(crate) fn run(
    args: &ImportArgs,
    server: Option<&str>,
    environment: &Environment,
    terminal: bool,
) -> Result<Exit, CliError> {
    let settings = Settings::load(server, environment)?;
    if !args.dry_run {
        settings.required_key()?;
    }
    let home = config::path(environment)?;
    let ledger_path = home.with_file_name("imported.json");
    let found = find(args, environment)?;
    let mut ledger = Ledger::load(&ledger_path);
    let client = Client::new(&settings);
    let import = Import { args, server: &settings.server, bar: bar(terminal && !args.json, &found) };
    let mut upload = Upload::new(&client, route(args.agent));
    let outcome = import.run(&found, &mut ledger, &mut upload);
    import.bar.finish_and_clear();
    // What reached the server is remembered even when the rest did not.
    if !args.dry_run && args.since.is_none() {
        ledger
            .save(&ledger_path)
            .map_err(|error| CliError::new(Exit::Config, format!("cannot write {}: {error}", ledger_path.display())))?;
    }
    report(args, &outcome?, &upload)
}

struct Import<'i> {
    args: &'i ImportArgs,
    server: &'i str,
    bar: ProgressBar,
}

impl Import<'_> {
    fn run(&self, found: &[SessionFile], ledger: &mut Ledger, upload: &mut Upload<'_>) -> Result<Summary, CliError> {
        let mut seen = Seen::default();
        let mut summary = Summary::default();
        // Files whose records are in the batch that waits.
        let mut whole = Vec::new();
        for file in found {
            let known = ledger.has(self.server, file);
            let Ok(session) = history::read(self.args.agent, &file.path, self.args.log_prompts) else {
                summary.unreadable_files += 1;
                print::note(&format!("cannot read {}", file.path.display()));
                continue;
            };
            summary.files += 1;
            summary.unchanged += u64::from(known);
            summary.unreadable_lines += session.unreadable;
            for fact in session.facts {
                if !seen.is_new(&fact) {
                    summary.repeated += 1;
                } else if !known && self.is_wanted(&fact.record) {
                    *summary.records.entry(fact.record.name).or_default() += 1;
                    if !self.args.dry_run {
                        upload.add(&fact.record)?;
                    }
                }
            }
            if !known && !self.args.dry_run {
                whole.push(file);
                if upload.is_between_batches() || whole.len() >= FILES_AT_ONCE {
                    upload.flush()?;
                    whole.drain(..).for_each(|file| ledger.add(self.server, file));
                }
            }
            self.bar.inc(file.bytes);
        }
        upload.flush()?;
        whole.drain(..).for_each(|file| ledger.add(self.server, file));
        Ok(summary)
    }

    fn is_wanted(&self, record: &Record) -> bool {
        self.args.since.as_ref().is_none_or(|since| since.admits(&record.timestamp))
    }
}

/// Small sessions share a batch.
const FILES_AT_ONCE: usize = 64;

fn find(args: &ImportArgs, environment: &Environment) -> Result<Vec<SessionFile>, CliError> {
    let folders: Vec<PathBuf> = match (&args.folder, &environment.home) {
        (Some(folder), _) if !folder.exists() => {
            return Err(CliError::new(Exit::Usage, format!("{} is not there", folder.display())));
        }
        (Some(folder), _) => vec![folder.clone()],
        (None, Some(home)) => {
            let (claude, codex) = (environment.claude_config_dir.as_deref(), environment.codex_home.as_deref());
            history::folders(args.agent, home, claude, codex)
        }
        (None, None) => {
            return Err(CliError::new(Exit::Config, "there is no home folder").hint("set HOME, or name DIR"));
        }
    };
    let found = files::list(&folders)
        .map_err(|error| CliError::new(Exit::Failed, format!("cannot look through {}: {error}", shown(&folders))))?;
    if found.is_empty() {
        print::note(&format!("no session files (*.jsonl) below {}", shown(&folders)));
    }
    Ok(found)
}

fn shown(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn route(agent: HistoryAgent) -> &'static str {
    match agent {
        HistoryAgent::Claude => "/v1/otel/claude/history",
        HistoryAgent::Codex => "/v1/otel/codex/history",
    }
}

fn bar(terminal: bool, found: &[SessionFile]) -> ProgressBar {
    if !terminal {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:32} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(found.iter().map(|file| file.bytes).sum())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn report(args: &ImportArgs, summary: &Summary, upload: &Upload<'_>) -> Result<Exit, CliError> {
    let total: u64 = summary.records.values().sum();
    let verb = if args.dry_run { "would send" } else { "sent" };
    let kinds: Vec<String> = summary.records.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    print::note(&format!(
        "{} files, {} of them as sent before: {verb} {total} records{kinds}; {} repeated, {} lines unreadable",
        summary.files, summary.unchanged, summary.repeated, summary.unreadable_lines
    ));
    if args.json {
        let told = json!({
            "files": summary.files,
            "files_unchanged": summary.unchanged,
            "files_unreadable": summary.unreadable_files,
            "records": summary.records,
            "sent": upload.sent,
            "repeated": summary.repeated,
            "lines_unreadable": summary.unreadable_lines,
        });
        print::text(&format!("{told}\n"))?;
    }
    Ok(if summary.unreadable_files == 0 { Exit::Ok } else { Exit::Failed })
}
