//! `redaction scan` runs one engine over a file of texts and tells what it found and how long it took; `redaction hostile`
//! writes the texts that are made to be slow. `bench/redaction.py` drives both.

mod engine;
#[path = "../../../crates/redact/benches/redact/hostile.rs"]
mod hostile;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use engine::{Engine, Kind};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Scans a JSONL file of {"id","text"} and prints one JSON object: engine, seconds to make it ready, bytes, CPU seconds of each pass.
    Scan {
        #[arg(long)]
        engine: Kind,
        #[arg(long)]
        jsonl: PathBuf,
        /// Passes over all texts that are timed; the spans are from one before them.
        #[arg(long, default_value_t = 0)]
        repeat: usize,
        /// Time each text apart, and print {"id","bytes","seconds"} a line, the fastest pass's, before the object of the whole.
        #[arg(long)]
        each: bool,
        /// Where to write {"id","spans":[[start,end],…]}, in UTF-8 bytes.
        #[arg(long)]
        spans: Option<PathBuf>,
    },
    /// Prints hostile texts as JSONL of {"id","text"}.
    Hostile {
        #[arg(long, default_value_t = 256 * 1024)]
        bytes: usize,
        /// Those of each literal of our rules, repeated with seven different ends, too.
        #[arg(long)]
        rules: bool,
    },
}

#[derive(Deserialize, Serialize)]
struct Record {
    id: String,
    text: String,
    /// A file name's end; what a rule by path sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ext: Option<String>,
}

impl Record {
    fn path(&self) -> String {
        format!("{}.{}", self.id, self.ext.as_deref().unwrap_or("txt"))
    }
}

#[derive(Serialize)]
struct Spans<'t> {
    id: &'t str,
    spans: Vec<(usize, usize)>,
}

#[derive(Serialize)]
struct Each<'t> {
    id: &'t str,
    bytes: usize,
    seconds: f64,
}

#[derive(Serialize)]
struct Whole {
    engine: String,
    ready_seconds: f64,
    texts: usize,
    bytes: usize,
    /// One for each pass.
    seconds: Vec<f64>,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Scan { engine, jsonl, repeat, each, spans } => scan(engine, &jsonl, repeat, each, spans.as_deref()),
        Command::Hostile { bytes, rules } => write_hostile(bytes, rules),
    }
}

fn scan(kind: Kind, jsonl: &Path, repeat: usize, each: bool, spans: Option<&Path>) -> Result<()> {
    let texts = read(jsonl)?;
    let started = cpu_seconds();
    let engine = Engine::new(kind)?;
    let ready_seconds = cpu_seconds() - started;

    if let Some(path) = spans {
        let file = File::create(path).with_context(|| path.display().to_string())?;
        let mut out = BufWriter::new(file);
        for text in &texts {
            serde_json::to_writer(&mut out, &Spans { id: &text.id, spans: engine.spans(&text.path(), &text.text)? })?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
    }

    let mut out = std::io::stdout().lock();
    if each {
        for text in &texts {
            let mut seconds = f64::INFINITY;
            for _ in 0..repeat.max(1) {
                seconds = seconds.min(time(|| pass(&engine, std::slice::from_ref(text)))?);
            }
            serde_json::to_writer(&mut out, &Each { id: &text.id, bytes: text.text.len(), seconds })?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    let seconds = (0..if each { 0 } else { repeat }).map(|_| time(|| pass(&engine, &texts))).collect::<Result<_>>()?;
    let bytes = texts.iter().map(|text| text.text.len()).sum();
    let whole = Whole { engine: kind.to_string(), ready_seconds, texts: texts.len(), bytes, seconds };
    serde_json::to_writer(&mut out, &whole)?;
    writeln!(out)?;
    Ok(())
}

fn read(jsonl: &Path) -> Result<Vec<Record>> {
    let file = File::open(jsonl).with_context(|| jsonl.display().to_string())?;
    BufReader::new(file)
        .lines()
        .map(|line| serde_json::from_str(&line?).with_context(|| jsonl.display().to_string()))
        .collect()
}

fn pass(engine: &Engine, texts: &[Record]) -> Result<()> {
    for text in texts {
        black_box(engine.spans(&text.id, &text.text)?);
    }
    Ok(())
}

fn time(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = cpu_seconds();
    work()?;
    Ok(cpu_seconds() - started)
}

/// CPU time of this process, so that neither other programs nor further threads change what a figure per core means.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of a run are far below 2^53")]
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn write_hostile(bytes: usize, rules: bool) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut all = hostile::families(bytes);
    if rules {
        all.extend(hostile::of_rules(bytes));
    }
    for hostile::Hostile { name, text } in all {
        serde_json::to_writer(&mut out, &Record { id: name, text, ext: None })?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
