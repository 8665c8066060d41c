//! How fast secrets are found: in what agents really send, in text without any, and in texts made to be slow. After the
//! criterion groups the slowest of all hostile texts are printed, at two sizes: a rule that is not linear shows there.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench may fail and prints"
)]

mod hostile;

use std::borrow::Cow;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use redact::{Counts, HashKey, Redactor};
use serde_json::Value;

use hostile::Hostile;

const CLEAN: &str =
    "The build is green again; 512 of 512 cases pass, the input had 1203 tokens, commit 4f1c2d9 is pushed to main.\n";
const HOSTILE_BYTES: usize = 64 * 1024;
const LARGER: usize = 16;
const SHOWN: usize = 12;

/// Bodies that agents sent as JSON.
fn bodies() -> Vec<String> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents"), &mut files);
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "json") && !path.ends_with("requests.json") {
            files.push(path);
        }
    }
}

/// Every string of the value, keys too: what the server hands to the engine.
fn strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            into.push(name.clone());
            strings(value, into);
        }),
        _ => {}
    }
}

fn everyday(criterion: &mut Criterion) {
    let redactor = Redactor::new();
    let key = HashKey::new([7; 32]);
    let bodies = bodies();
    let mut leaves = Vec::new();
    for body in &bodies {
        strings(&serde_json::from_str(body).unwrap(), &mut leaves);
    }
    let cases = [
        ("captured bodies", bodies),
        ("strings of captured bodies", leaves),
        ("clean text", vec![CLEAN.repeat(4096)]),
        ("clean lines", vec![CLEAN.to_owned(); 4096]),
    ];
    let mut group = criterion.benchmark_group("redact");
    for (name, texts) in cases {
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_function(format!("find in {name}"), |bencher| {
            bencher.iter(|| texts.iter().map(|text| redactor.find(black_box(text)).len()).sum::<usize>());
        });
        group.bench_function(format!("redact {name}"), |bencher| {
            bencher.iter(|| {
                let mut counts = Counts::default();
                for text in &texts {
                    black_box(redactor.with_key(&key).redact(Cow::Borrowed(black_box(text)), &mut counts));
                }
                counts
            });
        });
    }
    group.finish();
    criterion.bench_function("redact/make ready", |bencher| bencher.iter(Redactor::new));
}

fn worst(criterion: &mut Criterion) {
    let redactor = Redactor::new();
    let mut group = criterion.benchmark_group("hostile");
    group.sample_size(10).warm_up_time(Duration::from_millis(50)).measurement_time(Duration::from_millis(200));
    for Hostile { name, text } in hostile::families(HOSTILE_BYTES) {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name.replace('/', "slash"), |bencher| {
            bencher.iter(|| redactor.find(black_box(&text)).len());
        });
    }
    group.finish();
}

/// The slowest of the families and of each literal that the rules begin from.
fn summary(_: &mut Criterion) {
    // `cargo test --benches` only looks whether each bench runs
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let redactor = Redactor::new();
    let of_size = |bytes| {
        let mut all = hostile::families(bytes);
        all.extend(hostile::of_rules(bytes));
        all
    };
    let mut speeds: Vec<(f64, usize)> =
        of_size(HOSTILE_BYTES).iter().enumerate().map(|(at, one)| (speed(&redactor, &one.text), at)).collect();
    speeds.sort_by(|one, other| one.0.total_cmp(&other.0));
    println!(
        "\nslowest of {} hostile texts, MB/s at {HOSTILE_BYTES} bytes and at {LARGER} times as many:",
        speeds.len()
    );
    let larger = of_size(HOSTILE_BYTES * LARGER);
    for (small, at) in speeds.into_iter().take(SHOWN) {
        println!("{small:9.1} {:9.1}  {}", speed(&redactor, &larger[at].text), larger[at].name);
    }
}

/// Megabytes a second, of the fastest of three passes.
fn speed(redactor: &Redactor, text: &str) -> f64 {
    let pass = || {
        let started = Instant::now();
        black_box(redactor.find(black_box(text)));
        started.elapsed()
    };
    text.len() as f64 / (0..3).map(|_| pass()).min().unwrap_or_default().as_secs_f64() / 1e6
}

criterion_group!(benches, everyday, worst, summary);
criterion_main!(benches);
