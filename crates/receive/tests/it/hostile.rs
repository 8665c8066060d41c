//! Bodies that want to crash the reader or fill the memory.

use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;
use receive::limits::{TREE_FACTOR, TREE_FLOOR};
use receive::unzip::{UnzipError, unzip};
use receive::{ContentEncoding, ContentType, decode_hooks, decode_otlp};
use record::otlp::{LogRecord, Otlp};
use record::source::Signal;

use crate::fixtures;
use crate::oracle;

/// Reads a body as everything it could be. In protobuf a body that both we and prost take must mean the same.
fn read_as_everything(body: &[u8]) {
    for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
        drop(decode_otlp(signal, ContentType::Json, body));
        agrees_with_prost(signal, body);
    }
    drop(decode_hooks(body));
}

fn agrees_with_prost(signal: Signal, body: &[u8]) {
    let ours = decode_otlp(signal, ContentType::Protobuf, body);
    match (ours, oracle::from_protobuf(signal, body)) {
        // as text, because a mutated double may be NaN
        (Ok(ours), Some(theirs)) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}")),
        (Ok(_), None) => panic!("only we take this {signal} body: {body:?}"),
        (Err(error), Some(_)) => panic!("only we refuse this {signal} body: {error}: {body:?}"),
        (Err(_), None) => {}
    }
}

/// Whether a body that is JSON to `serde_json` is JSON to us, seen through a field that is skipped and a hook that is
/// kept.
fn agrees_with_serde(json: &str) {
    let body = format!("{{\"x\":{json}}}");
    let theirs = serde_json::from_str::<serde_json::Value>(&body).is_ok();
    let skipped = decode_otlp(Signal::Logs, ContentType::Json, body.as_bytes()).is_ok();
    // what lies behind the object may be another event to hooks
    let kept = decode_hooks(body.as_bytes()).is_ok_and(|events| events.len() == 1);
    // half surrogate pairs and numbers beyond a double are no error to us where they are skipped
    assert!(theirs <= skipped, "{body}");
    assert!(theirs <= kept, "{body}");
    assert!(kept <= skipped, "{body}");
    if !json.contains("\\u") && !json.contains(['e', 'E']) {
        assert_eq!(theirs, skipped, "{body}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn arbitrary_bytes(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&body);
    }

    /// Bytes that often make keys and lengths of OTLP.
    #[test]
    fn bytes_that_look_like_protobuf(body in proptest::collection::vec(prop_oneof![
        4 => 0..20_u8,
        4 => proptest::sample::select(&[0x0A, 0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A, 0x42, 0x0B, 0x0C, 0x08, 0x09, 0x0D][..]),
        1 => any::<u8>(),
    ], 0..60)) {
        read_as_everything(&body);
    }

    #[test]
    fn text_that_looks_like_json(pieces in proptest::collection::vec(proptest::sample::select(&[
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\u00e9\"", "\"\\ud800\"", "\"\\n", "\"", "1", "-", "0", ".5", "e3", "null", "true",
        "fals", " ", "\n",
    ][..]), 0..16)) {
        agrees_with_serde(&pieces.concat());
    }
}

#[test]
fn cut_off_captures_are_refused_or_shorter() {
    for fixture in small_fixtures() {
        for length in (0..fixture.body.len()).step_by(7) {
            let body = &fixture.body[..length];
            match (fixture.signal, fixture.content_type) {
                (Signal::Hooks | Signal::History, _) => assert!(decode_hooks(body).is_err()),
                (signal, ContentType::Json) => assert!(decode_otlp(signal, ContentType::Json, body).is_err()),
                (signal, ContentType::Protobuf) => agrees_with_prost(signal, body),
            }
        }
    }
}

#[test]
fn captures_with_one_wrong_byte() {
    for (turn, fixture) in small_fixtures().into_iter().enumerate() {
        let mut body = fixture.body;
        for at in (turn % 31..body.len()).step_by(31) {
            for mask in [0x01, 0x80, 0xFF] {
                body[at] ^= mask;
                match (fixture.signal, fixture.content_type) {
                    (Signal::Hooks | Signal::History, _) => drop(decode_hooks(&body)),
                    (signal, ContentType::Json) => drop(decode_otlp(signal, ContentType::Json, &body)),
                    (signal, ContentType::Protobuf) => agrees_with_prost(signal, &body),
                }
                body[at] ^= mask;
            }
        }
    }
}

/// Up to four of each signal and encoding, to keep the runs short.
fn small_fixtures() -> Vec<fixtures::Fixture> {
    let mut chosen: Vec<fixtures::Fixture> = Vec::new();
    for fixture in fixtures::all() {
        let alike =
            |other: &&fixtures::Fixture| (other.signal, other.content_type) == (fixture.signal, fixture.content_type);
        if fixture.body.len() < 20_000 && chosen.iter().filter(alike).count() < 4 {
            chosen.push(fixture);
        }
    }
    chosen
}

#[test]
fn hostile_lengths() {
    for (body, reason) in [
        (
            &b"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"[..],
            "resource_logs[0]: cut off: 9223372036854775807 bytes wanted, 0 left (byte 1)",
        ),
        (b"\x0A\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "cut off: 9223372036854775808 bytes wanted"),
        (b"\x0A\x05\x12", "cut off: 5 bytes wanted, 1 left"),
        (b"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", "a varint over 64 bits"),
        (b"\x0A\x80", "cut off inside a varint"),
        (b"\x08\x01", "resource_logs[0]: expected a length, found a varint"),
        (b"\x0E", "resource_logs[0]: expected a length, found a wire type that does not exist"),
        (b"\x00\x01", "field number 0"),
        (b"\x16", "wire type 6"),
        (b"\x0C", "expected a length, found the end of a group"),
        (b"\x14", "a group ends that did not begin"),
        (b"\x13\x1C", "a group ends that did not begin"),
        (b"\x13", "cut off"),
        // resource_logs[0].scope_logs[0].log_records[0].trace_id of 3 bytes
        (
            b"\x0A\x09\x12\x07\x12\x05\x4A\x03abc",
            "resource_logs[0].scope_logs[0].log_records[0].trace_id: an id must have 0 or 16 bytes, not 3 (byte 7)",
        ),
    ] {
        let refusal = decode_otlp(Signal::Logs, ContentType::Protobuf, body).expect_err(reason).to_string();
        assert!(refusal.contains(reason), "{refusal}");
    }
}

#[test]
fn groups_are_skipped_with_all_they_hold() {
    // unknown group 2 holding a varint, a group, a text, a 32-bit and a 64-bit number; then an empty resource_logs
    let body = b"\x13\x08\x01\x1B\x1C\x22\x02hi\x2D1234\x3112345678\x14\x0A\x00";
    assert_eq!(decode_otlp(Signal::Logs, ContentType::Protobuf, body).expect("skipped").record_count(), 0);
    let deep = [vec![0x13; 5000], vec![0x14; 5000]].concat();
    assert!(decode_otlp(Signal::Logs, ContentType::Protobuf, &deep).is_err());
}

#[test]
fn deep_json_is_refused_without_a_deep_stack() {
    for open in ["[", "{\"a\":", "{\"resourceLogs\":[", "{\"body\":{\"kvlistValue\":{\"values\":[{\"value\":"] {
        let body = open.repeat(1_000_000 / open.len());
        for body in [body.clone(), format!("{{\"x\":{body}"), format!("[{{\"x\":{body}")] {
            read_as_everything(body.as_bytes());
            assert!(decode_hooks(body.as_bytes()).is_err());
        }
    }
}

/// Two bytes that claim a record are worth some 300 bytes of memory: 64 MiB of them would be 8 GiB.
#[test]
fn empty_records_cannot_fill_the_memory() {
    const SIZE: u32 = 8 << 20;
    let mut body = Vec::new();
    // resource_logs { scope_logs { log_records {} log_records {} … } }, lengths in five bytes
    for (key, length) in [(0x0A, SIZE + 6), (0x12, SIZE)] {
        body.push(key);
        body.extend((0..5).map(|at| (length >> (7 * at)).to_le_bytes()[0] & 0x7F | if at < 4 { 0x80 } else { 0 }));
    }
    body.extend([0x12, 0x00].repeat(SIZE as usize / 2));
    let json = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}{{}}]}}]}}]}}"#, "{},".repeat(1 << 20));
    for (content_type, body) in [(ContentType::Protobuf, body), (ContentType::Json, json.into_bytes())] {
        let before = peak_memory();
        let refusal = decode_otlp(Signal::Logs, content_type, &body).expect_err("too many").to_string();
        assert!(refusal.contains("more elements than a body of this size may hold"), "{refusal}");
        let grown = peak_memory() - before;
        assert!(grown < 3 * (TREE_FACTOR * body.len() + TREE_FLOOR), "{grown} bytes for {}", body.len());
    }
    // an honest small request of empty records passes
    let few = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{}{{}}]}}]}}]}}"#, "{},".repeat(999));
    let otlp = decode_otlp(Signal::Logs, ContentType::Json, few.as_bytes()).expect("few");
    assert_eq!(otlp.record_count(), 1000);
    let Otlp::Logs(groups) = otlp else { panic!("logs") };
    assert!(groups[0].scopes[0].records.iter().all(|record| *record == LogRecord::default()));
}

#[test]
fn a_gzip_bomb_is_refused_in_little_memory() {
    const LIMIT: usize = 64 << 20;
    let bomb = gzip_of_zeros(400);
    assert!(bomb.len() < 500_000);
    let before = peak_memory();
    assert_eq!(unzip(&bomb, ContentEncoding::Gzip, LIMIT), Err(UnzipError::TooLarge { limit: LIMIT }));
    let grown = peak_memory() - before;
    assert!(grown < 2 * LIMIT, "{grown} bytes");
}

/// One gzip member of so many MiB of zeros. Each MiB but the first is packed the same, so one is packed and repeated.
fn gzip_of_zeros(mebibytes: u32) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut compress = Compress::new(Compression::best(), false);
    let mut pack = || {
        let mut packed = Vec::with_capacity(8192);
        compress.compress_vec(&zeros, &mut packed, FlushCompress::Sync).expect("packs");
        packed
    };
    let mut member = b"\x1F\x8B\x08\0\0\0\0\0\0\xFF".to_vec();
    member.extend(pack());
    let again = pack();
    (1..mebibytes).for_each(|_| member.extend_from_slice(&again));
    // an empty last block, a checksum that nobody gets to, the size
    member.extend(b"\x03\0\0\0\0\0");
    member.extend((mebibytes << 20).to_le_bytes());
    member
}

/// The most memory this process ever held, in bytes.
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") * 1024
}
