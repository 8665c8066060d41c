//! `modlaked redaction rules | test | scan`: what would be redacted, and why. Reads the settings and nothing else: no folder of
//! data is opened, nothing is kept.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use redact::Redactor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::print;
use crate::config::Config;

mod place;
mod rules;

use place::Places;

/// `test` found something that would go. Nothing found is 0, an error 1, a wrong command line 2.
const FOUND: u8 = 3;
/// Characters of the text that are shown on either side of a finding.
const AROUND: usize = 32;

pub(super) fn command() -> Command {
    let with_settings = |command| super::with_settings(command, |key| key.starts_with("redaction."));
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON, for scripts");
    let test = "Reads a text from standard input and says what would go and why; exits with 3 when something would, 0 when \
                nothing would";
    let scan = "Reads lines of {\"id\",\"text\"} and writes lines of {\"id\",\"text\",\"findings\":[{\"start\",\"end\",\"rule\"}]}, \
                offsets in Unicode code points";
    Command::new("redaction")
        .about("Lists the rules of redaction and tries them on texts")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(Command::new("rules").about("Lists the rules")).arg(json.clone()))
        .subcommand(with_settings(Command::new("test").about(test)).arg(json))
        .subcommand(
            with_settings(Command::new("scan").about(scan))
                .arg(Arg::new("jsonl").long("jsonl").required(true).value_name("FILE").help("`-`: standard input")),
        )
}

pub(super) fn run(matches: &ArgMatches) -> Result<ExitCode> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(ExitCode::SUCCESS) };
    let config = super::load(matches)?;
    match name {
        "rules" => rules::list(&config, matches.get_flag("json"))?,
        "test" => return test(&config, matches.get_flag("json")),
        _ => scan(&config, matches.get_one::<String>("jsonl").map_or("-", String::as_str))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn test(config: &Config, as_json: bool) -> Result<ExitCode> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).context("cannot read standard input as UTF-8")?;
    let found = tested(&config.redaction.redactor()?, &text);
    if as_json {
        print::data(&serde_json::to_string_pretty(&found)?);
    } else {
        for finding in &found {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let place = format!("{}:{}", finding["line"], finding["column"]);
            print::data(&format!("{place:<10}{:<24}{}", text("rule"), text("preview")));
            print::data(&format!("{:<10}{}", "", text("description")));
        }
        print::note(&match found.len() {
            0 => "nothing would go".to_owned(),
            1 => "1 secret would go".to_owned(),
            count => format!("{count} secrets would go"),
        });
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// What would go, why, and where; the preview shows what is around it, with every secret masked.
fn tested(redactor: &Redactor, text: &str) -> Vec<Value> {
    let findings = redactor.find(text);
    let descriptions: HashMap<&str, &str> = redactor.rules().collect();
    let mut places = Places::of(text);
    let mut masked = String::new();
    let mut copied = 0;
    let mut spots = Vec::with_capacity(findings.len());
    for finding in &findings {
        masked.push_str(text.get(copied..finding.range.start).unwrap_or_default());
        let start = masked.len();
        masked.extend(["[REDACTED:", finding.rule, "]"]);
        spots.push(start..masked.len());
        copied = finding.range.end;
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    let of = |(finding, spot): (&redact::Finding, &std::ops::Range<usize>)| {
        let start = places.next(finding.range.start);
        let end = places.next(finding.range.end);
        json!({
            "rule": finding.rule,
            "description": descriptions.get(finding.rule).copied().unwrap_or_default(),
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "preview": around(&masked, spot),
        })
    };
    findings.iter().zip(&spots).map(of).collect()
}

/// The part of one line around a placeholder.
fn around(masked: &str, spot: &std::ops::Range<usize>) -> String {
    let before = masked.get(..spot.start).unwrap_or_default();
    let before = before.rsplit('\n').next().unwrap_or_default();
    let skipped = before.chars().count().saturating_sub(AROUND);
    let before: String = before.chars().skip(skipped).collect();
    let behind = masked.get(spot.end..).unwrap_or_default().lines().next().unwrap_or_default();
    let after: String = behind.chars().take(AROUND).collect();
    let more = |cut: bool| if cut { "…" } else { "" };
    let is_longer = behind.len() > after.len();
    let shown = masked.get(spot.clone()).unwrap_or_default();
    format!("{}{before}{shown}{after}{}", more(skipped > 0), more(is_longer))
        .escape_debug()
        .to_string()
        .replace("\\\"", "\"")
        .replace("\\'", "'")
}

/// A line of what is scanned; other fields of it are left out.
#[derive(Deserialize)]
struct Scanned {
    id: Value,
    text: String,
}

fn scan(config: &Config, file: &str) -> Result<()> {
    let redactor = config.redaction.redactor()?;
    let mut output = print::stream();
    let done = if file == "-" {
        scan_lines(&redactor, io::stdin().lock(), &mut output).context("in standard input")
    } else {
        let input = File::open(file).with_context(|| format!("cannot open {file}"))?;
        scan_lines(&redactor, BufReader::with_capacity(1 << 16, input), &mut output)
            .with_context(|| format!("in {file}"))
    };
    output.flush().or_else(ended)?;
    done
}

fn scan_lines(redactor: &Redactor, mut input: impl BufRead, mut output: impl Write) -> Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if input.read_until(b'\n', &mut line).with_context(|| format!("cannot read line {number}"))? == 0 {
            break;
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let scanned: Scanned = match serde_json::from_slice(&line) {
            Ok(scanned) => scanned,
            // serde's message may quote a value
            Err(error) if error.is_data() => bail!("line {number} is no object with `id` and a text `text`"),
            Err(error) => bail!("line {number} is no JSON (column {})", error.column()),
        };
        let mut places = Places::of(&scanned.text);
        let findings: Vec<Value> = redactor
            .find(&scanned.text)
            .into_iter()
            .map(|finding| {
                let start = places.next(finding.range.start).points;
                json!({"start": start, "end": places.next(finding.range.end).points, "rule": finding.rule})
            })
            .collect();
        let answer = json!({"id": scanned.id, "text": scanned.text, "findings": findings});
        if let Err(error) =
            serde_json::to_writer(&mut output, &answer).map_err(io::Error::from).and_then(|()| output.write_all(b"\n"))
        {
            return ended(error).map_err(Into::into);
        }
    }
    Ok(())
}

/// Who reads our output may stop reading.
fn ended(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
}

#[cfg(test)]
mod tests;
