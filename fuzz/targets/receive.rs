//! Decoding never panics, and what was decoded is encoded into what decodes to the same. The first byte of the input says
//! which decoder: its value modulo 11.
#![no_main]

use libfuzzer_sys::fuzz_target;
use receive::unzip::unzip;
use receive::{ContentEncoding, ContentType, decode_hooks, decode_otlp, encode_hooks, encode_otlp};
use record::source::Signal;

const UNZIPPED: usize = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Some((&kind, body)) = data.split_first() else { return };
    match kind % 11 {
        kind @ 0..6 => {
            let signal = [Signal::Logs, Signal::Traces, Signal::Metrics][usize::from(kind % 3)];
            let content_type = if kind < 3 { ContentType::Protobuf } else { ContentType::Json };
            otlp(signal, content_type, body);
        }
        6 => hooks(body),
        kind => {
            let encodings =
                [ContentEncoding::Identity, ContentEncoding::Gzip, ContentEncoding::Deflate, ContentEncoding::Zstd];
            if let Ok(plain) = unzip(body, encodings[usize::from(kind - 7)], UNZIPPED) {
                assert!(plain.len() <= UNZIPPED, "{} bytes came out", plain.len());
            }
        }
    }
});

/// Bytes are compared, not trees, because a NaN is not equal to itself.
fn otlp(signal: Signal, content_type: ContentType, body: &[u8]) {
    let Ok(decoded) = decode_otlp(signal, content_type, body) else { return };
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    encode_otlp(&decoded, &mut once);
    let again = decode_otlp(signal, ContentType::Protobuf, &once).expect("what we encode decodes");
    encode_otlp(&again, &mut twice);
    assert!(once == twice, "encoded, decoded and encoded it is another message");
}

fn hooks(body: &[u8]) {
    let Ok(events) = decode_hooks(body) else { return };
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    encode_hooks(&events, &mut once);
    let again = decode_hooks(&once).expect("what we encode decodes");
    encode_hooks(&again, &mut twice);
    assert!(once == twice, "encoded, decoded and encoded these are other events");
}
