//! Our decoding and encoding beside prost's, on captured bodies. `cargo bench -p receive`; the ratio of two lines of
//! one group is the figure.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use receive::unzip::unzip;
use receive::{ContentEncoding, ContentType, decode_otlp, encode_otlp};
use record::json::write_otlp;
use record::source::Signal;

const BODIES: [(&str, Signal, ContentEncoding); 3] = [
    ("claude_code/c01_basic_protobuf/001_logs.bin", Signal::Logs, ContentEncoding::Identity),
    ("claude_code/c20_hooks/038_logs.bin", Signal::Logs, ContentEncoding::Identity),
    ("codex/d02_all_signals_binary/001_traces.bin.gz", Signal::Traces, ContentEncoding::Gzip),
];

fn bodies(criterion: &mut Criterion) {
    for (path, signal, encoding) in BODIES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agents").join(path);
        let stored = std::fs::read(file).expect("fixture");
        let body = unzip(&stored, encoding, 64 << 20).expect("whole");
        one_body(criterion, path, signal, &body);
    }
}

fn one_body(criterion: &mut Criterion, path: &str, signal: Signal, body: &[u8]) {
    let otlp = decode_otlp(signal, ContentType::Protobuf, body).expect("decodes");
    let mut json = Vec::new();
    write_otlp(&otlp, &mut json);
    let mut out = Vec::with_capacity(2 * json.len());

    let mut group = criterion.benchmark_group(path);
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("decode prost", |bencher| match signal {
        Signal::Traces => bencher.iter(|| ExportTraceServiceRequest::decode(black_box(body)).expect("decodes")),
        _ => bencher.iter(|| ExportLogsServiceRequest::decode(black_box(body)).expect("decodes")),
    });
    group.bench_function("decode ours", |bencher| {
        bencher.iter(|| decode_otlp(signal, ContentType::Protobuf, black_box(body)).expect("decodes"));
    });
    let (logs, traces) = match signal {
        Signal::Traces => (None, ExportTraceServiceRequest::decode(body).ok()),
        _ => (ExportLogsServiceRequest::decode(body).ok(), None),
    };
    group.bench_function("encode prost", |bencher| {
        bencher.iter(|| {
            out.clear();
            match (black_box(&logs), black_box(&traces)) {
                (Some(logs), _) => logs.encode(&mut out),
                (_, Some(traces)) => traces.encode(&mut out),
                _ => Ok(()),
            }
        });
    });
    group.bench_function("encode ours", |bencher| {
        bencher.iter(|| {
            out.clear();
            encode_otlp(black_box(&otlp), &mut out);
        });
    });
    // MB/s below are of the protobuf body, too, so that all lines compare
    group.bench_function("write JSON", |bencher| {
        bencher.iter(|| {
            out.clear();
            write_otlp(black_box(&otlp), &mut out);
        });
    });
    group.bench_function("decode JSON", |bencher| {
        bencher.iter(|| decode_otlp(signal, ContentType::Json, black_box(&json)).expect("decodes"));
    });
    group.bench_function("decode JSON serde", |bencher| match signal {
        Signal::Traces => {
            bencher.iter(|| serde_json::from_slice::<ExportTraceServiceRequest>(black_box(&json)).expect("decodes"));
        }
        _ => bencher.iter(|| serde_json::from_slice::<ExportLogsServiceRequest>(black_box(&json)).expect("decodes")),
    });
    group.finish();
}

criterion_group!(benches, bodies);
criterion_main!(benches);
