use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;
use crate::content::ContentEncoding::{Deflate, Gzip, Identity, Zstd};

const LIMIT: usize = 1 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 3).unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// Each way to pack, with the encoding that names it.
const PACKERS: [(ContentEncoding, Pack); 4] =
    [(Gzip, gzip), (Deflate, zlib), (Deflate, raw_deflate), (Zstd, zstandard)];

fn is_broken(body: &[u8], encoding: ContentEncoding) -> bool {
    matches!(unzip(body, encoding, LIMIT), Err(UnzipError::Broken { .. }))
}

fn some_text() -> Vec<u8> {
    (0..20_000_u32).flat_map(|number| number.to_string().into_bytes()).collect()
}

#[test]
fn everything_comes_back() {
    for plain in [Vec::new(), b"{}".to_vec(), some_text(), vec![0; LIMIT]] {
        for (encoding, pack) in PACKERS {
            assert_eq!(unzip(&pack(&plain), encoding, LIMIT).as_deref(), Ok(plain.as_slice()), "{encoding}");
        }
        assert!(matches!(unzip(&plain, Identity, LIMIT), Ok(Cow::Borrowed(same)) if same == plain));
    }
}

#[test]
fn the_limit_is_exact() {
    let plain = some_text();
    let too_large = Err(UnzipError::TooLarge { limit: plain.len() - 1 });
    for (encoding, pack) in PACKERS.into_iter().chain([(Identity, <[u8]>::to_vec as Pack)]) {
        let packed = pack(&plain);
        assert!(unzip(&packed, encoding, plain.len()).is_ok(), "{encoding}");
        assert_eq!(unzip(&packed, encoding, plain.len() - 1), too_large, "{encoding}");
    }
}

#[test]
fn a_cut_off_body_is_broken_wherever_it_is_cut() {
    let plain = some_text();
    for (encoding, pack) in PACKERS {
        let packed = pack(&plain);
        for length in (0..packed.len()).step_by(997).chain(packed.len() - 9..packed.len()) {
            assert!(is_broken(&packed[..length], encoding), "{encoding} at {length} of {}", packed.len());
        }
    }
}

#[test]
fn garbage_after_the_end_is_broken() {
    for (encoding, pack) in PACKERS {
        let packed = [pack(b"text"), b"garbage, long enough for a header".to_vec()].concat();
        assert!(is_broken(&packed, encoding), "{encoding}");
    }
    assert!(is_broken(b"not compressed at all", Gzip));
    assert!(is_broken(b"not compressed at all", Zstd));
    assert!(is_broken(b"\x78\x9Cnot compressed at all", Deflate));
}

#[test]
fn members_and_frames_are_joined() {
    assert_eq!(unzip(&[gzip(b"one "), gzip(b"two")].concat(), Gzip, LIMIT).as_deref(), Ok(&b"one two"[..]));
    assert_eq!(unzip(&[zstandard(b"one "), zstandard(b"two")].concat(), Zstd, LIMIT).as_deref(), Ok(&b"one two"[..]));
}

#[test]
fn a_wrong_checksum_is_broken() {
    for (encoding, pack) in [(Gzip, gzip as Pack), (Deflate, zlib)] {
        let mut packed = pack(&some_text());
        let at = packed.len() - if encoding == Gzip { 6 } else { 2 };
        packed[at] ^= 1;
        assert!(is_broken(&packed, encoding), "{encoding}");
    }
}

#[test]
fn a_claimed_size_is_not_believed() {
    let mut packed = gzip(b"text");
    let size = packed.len() - 4;
    packed[size..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(is_broken(&packed, Gzip));
    assert!(Sink::new(&packed, u32::MAX as usize, 1 << 30).buffer.len() < 64 << 10);
}

#[test]
fn a_zstd_window_over_8_mib_is_broken() {
    // RFC 8878, 3.1.1: magic, no content size, window descriptor of 2^27, an empty last raw block
    assert!(is_broken(b"\x28\xB5\x2F\xFD\x00\x88\x01\x00\x00", Zstd));
    assert_eq!(unzip(b"\x28\xB5\x2F\xFD\x00\x68\x01\x00\x00", Zstd, LIMIT).as_deref(), Ok(&b""[..]));
}

#[test]
fn messages_name_the_fault() {
    let messages = [
        unzip(b"", Gzip, LIMIT).unwrap_err().to_string(),
        unzip(&zlib(&some_text())[..99], Deflate, LIMIT).unwrap_err().to_string(),
        unzip(b"1234", Identity, 3).unwrap_err().to_string(),
    ];
    assert!(messages[0].starts_with("the gzip body is broken: "), "{messages:?}");
    assert_eq!(messages[1], "the deflate body is broken: it is cut off");
    assert_eq!(messages[2], "the body is larger than 3 bytes after decompression; send smaller batches");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_an_answer(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for encoding in [Gzip, Deflate, Zstd] {
            if let Ok(plain) = unzip(&body, encoding, 1000) {
                prop_assert!(plain.len() <= 1000);
            }
        }
    }
}
