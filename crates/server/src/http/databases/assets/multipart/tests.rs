use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What a form of these parts looks like.
fn form(boundary: &str, parts: &[(String, Option<String>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content_type, content) in parts {
        out.extend(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n").bytes());
        if let Some(content_type) = content_type {
            out.extend(format!("Content-Type: {content_type}\r\n").bytes());
        }
        out.extend(b"\r\n");
        out.extend(content);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{boundary}--\r\n").bytes());
    out
}

/// All parts of a form that arrives in pieces of these sizes, over and over.
fn read(boundary: &str, form: &[u8], sizes: &[usize]) -> Result<Vec<(Part, Vec<u8>)>, Malformed> {
    let mut reader = Reader::new(boundary);
    let mut parts: Vec<(Part, Vec<u8>)> = Vec::new();
    let (mut rest, mut sizes) = (form, sizes.iter().cycle());
    while !rest.is_empty() {
        let size = (*sizes.next().expect("a size")).clamp(1, rest.len());
        let (piece, after) = rest.split_at(size);
        rest = after;
        reader.push(piece);
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Part(part) => parts.push((part, Vec::new())),
                Piece::Content(bytes) => {
                    assert!(!bytes.is_empty());
                    parts.last_mut().expect("a part").1.extend_from_slice(&bytes);
                }
                Piece::End => {}
            }
        }
        assert!(reader.held.len() <= MOST_HEAD_BYTES + 100 + size, "only a head is gathered");
    }
    if reader.is_over() { Ok(parts) } else { Err(Malformed::Unfinished) }
}

/// Bytes that like to look like boundaries.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => vec(any::<u8>(), 0..40),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\r\n--".to_vec()),
        1 => Just(b"\r\n--XbounDar".to_vec()),
        1 => Just(b"--XbounDary--".to_vec()),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat()).prop_filter("not a boundary", |content| {
        memmem::find(content, b"\r\n--XbounDary").is_none() && !content.starts_with(b"--XbounDary")
    })
}

proptest! {
    #[test]
    fn every_part_comes_out_as_it_went_in_however_it_arrives(
        parts in vec(("[a-zA-Z0-9 ;=._-]{0,12}", prop::option::of("[a-z]{1,8}/[a-z]{1,8}"), content()), 0..5),
        sizes in vec(1_usize..50, 1..6),
    ) {
        let parts: Vec<_> = parts;
        let expected: Vec<(Part, Vec<u8>)> = parts
            .iter()
            .map(|(name, content_type, content)| {
                (Part { name: name.clone(), content_type: content_type.clone() }, content.clone())
            })
            .collect();
        prop_assert_eq!(read("XbounDary", &form("XbounDary", &parts), &sizes), Ok(expected));
    }

    #[test]
    fn anything_is_read_or_refused_alike_however_it_arrives(
        pieces in vec(prop_oneof![
            vec(any::<u8>(), 0..30),
            Just(b"\r\n--b".to_vec()),
            Just(b"--b\r\n".to_vec()),
            Just(b"\r\n\r\n".to_vec()),
            Just(b"Content-Disposition: form-data; name=\"x".to_vec()),
            Just(b"\"\r\n".to_vec()),
            Just(b"--".to_vec()),
        ], 0..12),
        sizes in vec(1_usize..9, 1..6),
    ) {
        let form = pieces.concat();
        prop_assert_eq!(read("b", &form, &[form.len().max(1)]), read("b", &form, &sizes));
    }
}

#[test]
fn what_clients_send_is_understood() {
    // a preamble, blanks behind a boundary, headers in other letters, an epilogue
    let sent = b"ignored\r\n--b \t\r\nCONTENT-disposition: form-data; filename=\"a;\\\"b.png\"; NAME=file\r\n\
                 content-TYPE: image/png\r\nX-Other: y\r\n\r\nPNG\r\n\r\n--b--\r\nignored";
    let part = Part { name: "file".to_owned(), content_type: Some("image/png".to_owned()) };
    assert_eq!(read("b", sent, &[3]), Ok(vec![(part, b"PNG\r\n".to_vec())]));
    let fields =
        fields("b", b"--b\r\nContent-Disposition: form-data; name=\"n\xff\"\r\n\r\nv\r\n--b--").expect("a form");
    assert_eq!(fields, [("n\u{fffd}".to_owned(), "v".to_owned())]);
}

#[test]
fn what_is_no_form_is_refused_before_it_fills_the_memory() {
    let long = vec![b'x'; 3 * MOST_HEAD_BYTES];
    let headed = |head: &str| [format!("--b\r\n{head}\r\n\r\nx\r\n--b--").as_bytes()].concat();
    for (form, fault) in [
        (b"--c\r\n".to_vec(), Malformed::Unfinished),
        (long.clone(), Malformed::NoBoundary),
        (b"--bc\r\n".to_vec(), Malformed::Boundary),
        ([b"--b".to_vec(), vec![b' '; 100]].concat(), Malformed::Boundary),
        ([b"--b\r\nX: ".to_vec(), long].concat(), Malformed::LongHead),
        (headed("X: y"), Malformed::NoName),
        (headed("Content-Disposition: form-data"), Malformed::NoName),
        (headed("Content-Disposition: form-data; name=\"x"), Malformed::NoName),
        (b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\nabc".to_vec(), Malformed::Unfinished),
        (b"".to_vec(), Malformed::Unfinished),
    ] {
        assert_eq!(read("b", &form, &[7, 1_000]), Err(fault), "{}", String::from_utf8_lossy(&form));
    }
    let many: Vec<_> = (0..=MOST_FIELDS).map(|n| (n.to_string(), None, Vec::new())).collect();
    assert_eq!(fields("b", &form("b", &many)), Err(Malformed::ManyFields));
}

#[test]
fn a_boundary_is_named_with_or_without_quotes() {
    for (header, expected) in [
        ("multipart/form-data; boundary=----WebKitFormBoundaryAb1", Some("----WebKitFormBoundaryAb1")),
        ("multipart/form-data; charset=utf-8; Boundary=\"a b\"", Some("a b")),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=\"x", None),
        ("multipart/form-data; boundary=é", None),
    ] {
        assert_eq!(boundary(header).as_deref(), expected, "{header}");
    }
    assert_eq!(boundary(&format!("multipart/form-data; boundary={}", "x".repeat(71))), None);
}
