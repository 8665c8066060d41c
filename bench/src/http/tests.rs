use super::*;

#[test]
fn sends_to_this_machine_only() {
    for url in ["http://127.0.0.1:4318", "http://localhost:4318/", "http://[::1]:4318", "http://127.9.9.9:1/x"] {
        assert!(Target::parse(url).is_ok(), "{url}");
    }
    for url in ["http://10.0.0.1:4318", "http://[2001:db8::1]:80", "http://0.0.0.0:4318", "http://example.com:80"] {
        assert!(Target::parse(url).is_err(), "{url}");
    }
    let far = Target::parse("http://192.168.1.4:4318").unwrap_err().to_string();
    assert!(far.contains("192.168.1.4 is not this machine"), "{far}");
}

#[test]
fn the_path_is_claude_codes_logs_unless_given() {
    assert_eq!(Target::parse("http://127.0.0.1:4318").unwrap().path, "/v1/otel/claude/logs");
    assert_eq!(Target::parse("http://127.0.0.1:4318/v1/logs").unwrap().path, "/v1/logs");
}

#[test]
fn answers_are_read_whole_however_they_are_cut() {
    let cases: [(&[u8], Answer); 3] = [
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: x\r\n\r\nab",
            Answer { status: 200, body_bytes: 2, closes: false },
        ),
        (
            b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Answer { status: 503, body_bytes: 0, closes: true },
        ),
        (
            b"HTTP/1.1 400 Bad\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n",
            Answer { status: 400, body_bytes: 4, closes: false },
        ),
    ];
    for (bytes, expected) in cases {
        for cut in 0..bytes.len() {
            assert_eq!(parse_answer(&bytes[..cut]).unwrap(), None, "cut at {cut}");
        }
        assert_eq!(parse_answer(bytes).unwrap(), Some(expected));
    }
}

#[test]
fn nonsense_is_an_error() {
    for bytes in [&b"nonsense\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"] {
        assert!(parse_answer(bytes).is_err());
    }
}
