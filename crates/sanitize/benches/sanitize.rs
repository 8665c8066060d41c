//! How fast captured requests are sanitized, in bytes of their bodies, and how slow hostile text gets.
#![expect(clippy::unwrap_used, reason = "a bench may fail")]

use std::fs;
use std::io::Read;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use receive::ContentType;
use record::arrival::Payload;
use record::source::{Provider, Signal};
use redact::HashKey;
use sanitize::Sanitizer;
use sanitize::capture::Policy;

fn body(path: &str) -> Vec<u8> {
    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents").join(path)).unwrap();
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).unwrap();
    plain
}

fn requests(criterion: &mut Criterion) {
    let sanitizer = Sanitizer::new(Policy::default());
    let open = Sanitizer::new(Policy {
        capture_prompts: true,
        capture_output_snippets: true,
        capture_commands: true,
        ..Policy::default()
    });
    let protobuf = ContentType::Protobuf;
    let cases = [
        (
            "claude logs",
            Provider::ClaudeCode,
            Signal::Logs,
            protobuf,
            "claude_code/c04_prompts_and_details/001_logs.bin",
        ),
        (
            "claude metrics",
            Provider::ClaudeCode,
            Signal::Metrics,
            protobuf,
            "claude_code/c04_prompts_and_details/002_metrics.bin",
        ),
        (
            "claude traces json",
            Provider::ClaudeCode,
            Signal::Traces,
            ContentType::Json,
            "claude_code/c20_hooks/007_traces.json",
        ),
        ("claude hook", Provider::ClaudeCode, Signal::Hooks, ContentType::Json, "claude_code/c20_hooks/003_hooks.json"),
        ("codex logs", Provider::Codex, Signal::Logs, protobuf, "codex/d02_all_signals_binary/004_logs.bin"),
        ("codex traces", Provider::Codex, Signal::Traces, protobuf, "codex/d02_all_signals_binary/001_traces.bin.gz"),
        (
            "codex metrics",
            Provider::Codex,
            Signal::Metrics,
            protobuf,
            "codex/d02_all_signals_binary/003_metrics.bin.gz",
        ),
        ("long prompts", Provider::ClaudeCode, Signal::Logs, protobuf, "claude_code/c25_long_values/002_logs.bin.gz"),
    ];
    let mut group = criterion.benchmark_group("sanitize");
    for (name, provider, signal, content_type, path) in cases {
        let bytes = body(path);
        let decode = || match signal {
            Signal::Hooks => Payload::Hooks(receive::decode_hooks(&bytes).unwrap()),
            _ => Payload::Otlp(receive::decode_otlp(signal, content_type, &bytes).unwrap()),
        };
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        for (policy, sanitizer) in [("default", &sanitizer), ("open", &open)] {
            group.bench_function(format!("{name}/{policy}"), |bencher| {
                bencher.iter_batched_ref(
                    decode,
                    |payload| sanitizer.sanitize(payload, provider, &HashKey::derive(b"bench", "placeholders")),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

fn text(criterion: &mut Criterion) {
    let sanitizer = Sanitizer::new(Policy::default());
    let key = HashKey::derive(b"bench", "placeholders");
    let mut group = criterion.benchmark_group("redact");
    let pieces = [
        "The quick brown fox jumps over the lazy dog. ",
        "token=",
        "token ",
        "tokentoken",
        "password:",
        "password: \"",
        "curl -u ",
        "eyJ.",
        "eyJa.a ",
        "://",
        "Bearer ",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY",
        "token=\"",
        "token='\"",
        "basic a",
        "token:a",
        "a.token:",
    ];
    for piece in pieces {
        let text = piece.repeat((1 << 20) / piece.len());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(piece, |bencher| bencher.iter(|| sanitizer.redact_text(&text, &key).len()));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(std::time::Duration::from_millis(300)).measurement_time(std::time::Duration::from_secs(1));
    targets = requests, text
}
criterion_main!(benches);
