//! Findings of a file of texts, and how fast they were found.
//!
//! Reads lines of `{"id","text"}` from the file named, or standard input; writes `{"id","text","findings":[{"start","end","rule"}]}`
//! with offsets in Unicode code points. `--quiet` writes the speed alone, `--repeat N` searches N times, `--slowest N` names the N
//! slowest texts.

#![expect(clippy::print_stderr, reason = "a program for a terminal")]

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::time::Instant;

use redact::{Finding, Redactor};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut quiet, mut repeat, mut slowest, mut file) = (false, 1, 0, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quiet" => quiet = true,
            "--repeat" => repeat = arguments.next().ok_or("--repeat needs a number")?.parse()?,
            "--slowest" => slowest = arguments.next().ok_or("--slowest needs a number")?.parse()?,
            _ => file = Some(argument),
        }
    }
    let input: Box<dyn io::BufRead> = match file {
        Some(path) => Box::new(io::BufReader::new(std::fs::File::open(path)?)),
        None => Box::new(io::stdin().lock()),
    };
    let mut records = Vec::new();
    for line in input.lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let text = record["text"].as_str().ok_or("a line without text")?.to_owned();
        records.push((record["id"].clone(), text));
    }

    let redactor = Redactor::new();
    let start = Instant::now();
    let mut found: Vec<Vec<Finding>> = Vec::new();
    for _ in 0..repeat {
        found = records.iter().map(|(_, text)| redactor.find(text)).collect();
    }
    let seconds = start.elapsed().as_secs_f64();
    let bytes = repeat * records.iter().map(|(_, text)| text.len()).sum::<usize>();
    let count: usize = found.iter().map(Vec::len).sum();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let speed = bytes as f64 / seconds / 1e6;
    eprintln!("{bytes} bytes, {count} findings, {speed:.1} MB/s");
    let mut times: Vec<(f64, &Value)> = Vec::new();
    for (id, text) in records.iter().filter(|_| slowest > 0) {
        let start = Instant::now();
        redactor.find(text);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        times.push((text.len() as f64 / start.elapsed().as_secs_f64() / 1e6, id));
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times.iter().take(slowest).for_each(|(speed, id)| eprintln!("{speed:8.1} MB/s {id}"));
    if quiet {
        return Ok(());
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    for ((id, text), findings) in records.iter().zip(&found) {
        let findings: Vec<Value> = findings.iter().map(|finding| in_code_points(text, finding)).collect();
        writeln!(out, "{}", json!({ "id": id, "text": text, "findings": findings }))?;
    }
    Ok(out.flush()?)
}

fn in_code_points(text: &str, finding: &Finding) -> Value {
    let characters = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    json!({ "start": characters(finding.range.start), "end": characters(finding.range.end), "rule": finding.rule })
}
