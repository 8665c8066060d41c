use super::*;

/// Gives its bytes and then neither more nor an end.
struct Open(Option<Vec<u8>>);

impl Read for Open {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(bytes) = self.0.take() else {
            loop {
                thread::park();
            }
        };
        bytes.as_slice().read(buffer)
    }
}

fn read(mut reader: Patient) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn it_gives_what_it_is_given() {
    let bytes: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(read(Patient::new(io::Cursor::new(bytes.clone()))), bytes);
    assert_eq!(read(Patient::new(io::empty())), b"");
}

#[test]
fn what_is_never_closed_ends_too() {
    let patience = Duration::from_millis(50);
    let start = Instant::now();
    assert_eq!(read(Patient::with_patience(Open(Some(b"{}".to_vec())), patience)), b"{}");
    assert!(start.elapsed() >= patience);
}

#[test]
fn an_error_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let error = Patient::new(Broken).read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
}
