//! Microseconds per record, raw row included: `cargo bench -p normalize`.

#[path = "../tests/normalize/support.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use normalize::{Output, normalize};
use record::arrival::Payload;
use record::envelope::Envelope;
use record::otlp::Otlp;
use record::source::{Provider, Signal};

/// At least so many records make a chunk.
const RECORDS: usize = 2_000;

/// A chunk of the journal as the drain reads it: the captured requests of a scenario, several times, into one output.
fn bench(criterion: &mut Criterion, name: &str, scenario: &str, part: &str, signal: Signal) {
    let provider = if scenario.starts_with("codex/") { Provider::Codex } else { Provider::ClaudeCode };
    let payloads: Vec<Payload<'static>> =
        support::scenario(scenario, part).iter().map(|(_, json)| support::payload(json)).collect();
    let once: usize = payloads.iter().map(Payload::record_count).sum();
    let times = RECORDS.div_ceil(once);
    let records = once * times;
    let envelope: Envelope = support::envelope(provider, signal);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(records as u64));
    group.bench_function("rows", |bencher| {
        bencher.iter(|| {
            let mut out = Output::default();
            for payload in payloads.iter().cycle().take(payloads.len() * times) {
                normalize(&envelope, Some(black_box(payload)), &mut out);
            }
            out
        });
    });
    let requests: Vec<&Otlp<'static>> = payloads
        .iter()
        .filter_map(|payload| match payload {
            Payload::Otlp(otlp) => Some(otlp),
            Payload::Hooks(_) => None,
        })
        .collect();
    if !requests.is_empty() {
        group.bench_function("otlp_json_alone", |bencher| {
            bencher.iter(|| {
                let mut out = Vec::new();
                for otlp in requests.iter().cycle().take(requests.len() * times) {
                    record::json::write_otlp(black_box(otlp), &mut out);
                }
                out
            });
        });
    }
    group.throughput(Throughput::Elements(payloads.first().map_or(0, Payload::record_count) as u64));
    group.bench_function("one_request", |bencher| {
        bencher.iter(|| {
            let mut out = Output::default();
            normalize(&envelope, black_box(payloads.first()), &mut out);
            out
        });
    });
    group.finish();
}

fn benches(criterion: &mut Criterion) {
    bench(criterion, "c01_logs", "claude_code/c01_basic_protobuf", "logs.decoded", Signal::Logs);
    bench(criterion, "c04_logs", "claude_code/c04_prompts_and_details", "logs.decoded", Signal::Logs);
    bench(criterion, "c20_logs", "claude_code/c20_hooks", "logs.decoded", Signal::Logs);
    bench(criterion, "c20_traces", "claude_code/c20_hooks", "traces", Signal::Traces);
    bench(criterion, "c20_metrics", "claude_code/c20_hooks", "metrics.decoded", Signal::Metrics);
    bench(criterion, "d03_metrics", "codex/d03_all_signals_json", "metrics.excerpt", Signal::Metrics);
    bench(criterion, "c20_hooks", "claude_code/c20_hooks", "_hooks.", Signal::Hooks);
}

criterion_group!(all, benches);
criterion_main!(all);
