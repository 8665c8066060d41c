//! Rows of trace files per second: `cargo bench -p normalize --bench traces`. One file of 10,000 rows, made of the rows of a
//! fixture, and each step of its way; `all` is what a server does with it apart from disk and network.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use normalize::{Output, normalize};
use receive::TraceLimits;
use record::arrival::Payload;
use record::caller::{Caller, Scopes, Tenant};
use record::envelope::Envelope;
use record::source::{Provider, Signal};
use record::time::Timestamp;
use record::trace::{CommandId, CommandType, Trace};
use redact::HashKey;
use sanitize::Sanitizer;
use sanitize::capture::Policy;

const ROWS: usize = 10_000;

fn file(kind: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/traces/4.3.10").join(kind);
    let path = std::fs::read_dir(folder).expect("a folder").next().expect("a file").expect("readable").path();
    let text = std::fs::read_to_string(path).expect("text");
    let (header, rows) = text.split_once("\r\n").expect("a header");
    let rows = rows.split_inclusive("\r\n").cycle().take(ROWS);
    std::iter::once(header).chain(["\r\n"]).chain(rows).collect::<String>().into_bytes()
}

fn decode<'a>(kind: &str, file: &'a [u8]) -> Trace<'a> {
    let (kind, id) = (CommandType::new(kind).expect("a type"), CommandId::new("20260219145356-EWS22").expect("an id"));
    receive::decode_trace(kind, id, file, &TraceLimits::default()).expect("a trace file")
}

fn envelope() -> Envelope {
    let tenant = Tenant::new("acme").expect("a tenant");
    let caller = Caller::new(tenant, Scopes::ALL, "k_01");
    let received_at = Timestamp::parse("2026-11-21T12:00:00Z").expect("a time");
    Envelope::accepted(&caller, Provider::Mod, Signal::CliTraces, received_at, 0)
}

fn bench(criterion: &mut Criterion) {
    let (envelope, key) = (envelope(), HashKey::derive(b"bench", "placeholders"));
    let sanitizer = Sanitizer::new(Policy::default());
    for kind in ["build", "run", "exec"] {
        let file = file(kind);
        let payload = Payload::Trace(Box::new(decode(kind, &file)));
        let mut group = criterion.benchmark_group(format!("{kind}, {} bytes a row", file.len() / ROWS));
        group.sample_size(20).throughput(Throughput::Elements(payload.record_count() as u64));
        group.bench_function("decode", |bencher| bencher.iter(|| decode(kind, black_box(&file))));
        group.bench_function("sanitize", |bencher| {
            bencher.iter(|| {
                let mut payload = payload.clone();
                sanitizer.sanitize(&mut payload, Provider::Mod, &key)
            });
        });
        group.bench_function("normalize", |bencher| {
            bencher.iter(|| {
                let mut out = Output::default();
                normalize(&envelope, Some(black_box(&payload)), &mut out);
                out
            });
        });
        group.bench_function("all", |bencher| bencher.iter(|| all(kind, &file, &sanitizer, &key, &envelope)));
        group.finish();
    }
}

/// Received, sanitized, written to the journal's bytes, read again, made rows.
fn all(kind: &str, file: &[u8], sanitizer: &Sanitizer, key: &HashKey, envelope: &Envelope) -> Output {
    let mut payload = Payload::Trace(Box::new(decode(kind, file)));
    sanitizer.sanitize(&mut payload, Provider::Mod, key);
    let mut body = Vec::with_capacity(file.len() + 256);
    if let Payload::Trace(trace) = &payload {
        receive::encode_trace(trace, &mut body);
    }
    let trace = receive::decode_encoded_trace(&body, &TraceLimits::default()).expect("what was written");
    let mut out = Output::default();
    normalize(envelope, Some(&Payload::Trace(Box::new(trace))), &mut out);
    out
}

criterion_group!(benches, bench);
criterion_main!(benches);
