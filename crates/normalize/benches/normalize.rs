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

/// A chunk of the journal as the drain reads it: the captured requests of a scenario as the sanitizer leaves them, several times,
/// into one output.
fn bench(criterion: &mut Criterion, name: &str, provider: Provider, scenario: &str, part: &str, signal: Signal) {
    let requests = support::scenario(scenario, part);
    let payloads: Vec<Payload<'static>> =
        requests.iter().map(|(_, json)| support::sanitized(support::payload(json), provider)).collect();
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
            _ => None,
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
    use Provider::{ClaudeCode, Codex, Cursor};
    use Signal::{Hooks, Logs, Metrics, Traces};
    for (name, provider, scenario, part, signal) in [
        ("claude_logs_c01", ClaudeCode, "claude_code/c01_basic_protobuf", "logs.decoded", Logs),
        ("claude_logs_c04", ClaudeCode, "claude_code/c04_prompts_and_details", "logs.decoded", Logs),
        ("claude_logs_c20", ClaudeCode, "claude_code/c20_hooks", "logs.decoded", Logs),
        ("claude_traces_c20", ClaudeCode, "claude_code/c20_hooks", "traces", Traces),
        ("claude_hooks_c20", ClaudeCode, "claude_code/c20_hooks/hooks_stdin", "", Hooks),
        ("claude_metrics_c20", ClaudeCode, "claude_code/c20_hooks", "metrics.decoded", Metrics),
        ("codex_logs_d10", Codex, "codex/d10_hooks", "_logs", Logs),
        ("codex_traces_d03", Codex, "codex/d03_all_signals_json", "traces", Traces),
        ("codex_metrics_d03", Codex, "codex/d03_all_signals_json", "metrics.excerpt", Metrics),
        ("codex_hooks_d10", Codex, "codex/d10_hooks/hooks_stdin", "", Hooks),
        ("cursor_hooks_h01", Cursor, "cursor/h01_by_hand/hooks_stdin", "", Hooks),
        ("any_logs_d10", Provider::Other, "codex/d10_hooks", "_logs", Logs),
        ("any_traces_d03", Provider::Other, "codex/d03_all_signals_json", "traces", Traces),
    ] {
        bench(criterion, name, provider, scenario, part, signal);
    }
}

criterion_group!(all, benches);
criterion_main!(all);
