use std::net::TcpListener;
use std::thread;

use super::*;

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}

/// Reads frames until one ends a stream; their kinds, and the bytes of data.
fn read_call(stream: &mut TcpStream) -> (Vec<u8>, usize) {
    let (mut kinds, mut data) = (Vec::new(), 0);
    loop {
        let mut head = [0; HEAD_BYTES];
        stream.read_exact(&mut head).unwrap();
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).unwrap();
        kinds.push(head[3]);
        if head[3] == DATA {
            data += payload.len();
            if head[4] & END_STREAM != 0 {
                return (kinds, data);
            }
        }
    }
}

#[test]
fn two_calls_of_one_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface).unwrap();
        assert_eq!(preface, PREFACE);
        // a window that the message of the first call just fits in
        stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 3, 13, 69])).unwrap();
        stream.write_all(&frame(WINDOW_UPDATE, 0, 0, &500_000_u32.to_be_bytes())).unwrap();
        let first = read_call(&mut stream);
        let taken = [frame(HEADERS, END_HEADERS, 1, &[]), frame(DATA, 0, 1, &[0; 5])].concat();
        stream.write_all(&[taken, frame(HEADERS, END_HEADERS | END_STREAM, 1, &[])].concat()).unwrap();
        let second = read_call(&mut stream);
        stream.write_all(&frame(PING, 0, 0, &[7; 8])).unwrap();
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 3, &[])).unwrap();
        (first, second)
    });
    let mut connection = Connection::new(address, "key");
    let taken = Answer { status: 200, body_bytes: 0, closes: false };
    assert_eq!(connection.exchange(&vec![1; 200_000]).unwrap(), taken);
    assert_eq!(connection.exchange(b"second").unwrap(), Answer { status: 503, ..taken });
    let ((first, first_bytes), (second, second_bytes)) = server.join().unwrap();
    assert_eq!((first_bytes, second_bytes), (200_005, 11));
    assert!(first.contains(&HEADERS) && second.contains(&HEADERS));
}

#[test]
fn long_texts_have_long_lengths() {
    let mut out = Vec::new();
    literal(&"x".repeat(300), &mut out);
    assert_eq!(out[..3], [127, 173, 1]);
    assert_eq!(out.len(), 303);
}
