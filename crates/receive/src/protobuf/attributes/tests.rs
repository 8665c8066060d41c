use super::*;

#[test]
fn the_short_cut_takes_its_one_shape() {
    assert_eq!(short_text(b"\x0A\x03key\x12\x06\x0A\x04text"), Some(("key", "text")));
    assert_eq!(short_text(b"\x0A\x00\x12\x02\x0A\x00"), Some(("", "")));
    assert_eq!(short_text("\x0A\x02ü\x12\x04\x0A\x02ä".as_bytes()), Some(("ü", "ä")));
    let longest = [b"\x0A\x01k\x12\x7F\x0A\x7D".to_vec(), vec![b'x'; 125]].concat();
    assert_eq!(short_text(&longest).map(|(_, text)| text.len()), Some(125));
}

#[test]
fn the_short_cut_leaves_every_other_shape() {
    let too_long = [b"\x0A\x01k\x12\x80\x0A\x7E".to_vec(), vec![b'x'; 126]].concat();
    let wraps = [b"\x0A\x01k\x12\x00\x0A\xFE".to_vec(), vec![b'x'; 254]].concat();
    for bytes in [
        &b""[..],
        b"\x0A\x03key",
        b"\x0A\x7Fkey\x12\x06\x0A\x04text",
        b"\x12\x06\x0A\x04text\x0A\x03key",
        b"\x0A\x03key\x12\x06\x0A\x04text\x0A\x03key",
        b"\x0A\x03key\x12\x05\x0A\x04text",
        b"\x0A\x03key\x12\x06\x0A\x05text",
        b"\x0A\x03key\x12\x02\x18\x04",
        b"\x0A\x01\xC3\x12\x03\x0A\x01\xA4",
        &too_long,
        &wraps,
    ] {
        assert_eq!(short_text(bytes), None, "{bytes:?}");
    }
}
