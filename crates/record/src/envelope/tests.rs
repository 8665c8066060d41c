use proptest::prelude::*;

use super::*;
use crate::caller::Scopes;

fn envelope(error: Option<String>) -> Envelope {
    let caller = Caller::new(Tenant::new("acme").expect("valid"), Scopes::ALL, "k_01");
    Envelope {
        error,
        ..Envelope::accepted(&caller, Provider::Codex, Signal::Hooks, Timestamp(1_700_000_000_000_000), 42)
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        error in proptest::option::of(".{1,200}"),
        user_agent in proptest::option::of("[ -~]{1,300}"),
        email in proptest::option::of("[a-z]{1,9}@example[.]com"),
        body: Vec<u8>,
    ) {
        let client = Client { email, user_agent };
        let written = Envelope { client, ..envelope(error) };
        let mut payload = Vec::new();
        written.write(BodyEncoding::Json, &mut payload);
        payload.extend_from_slice(&body);
        let (read, encoding, rest) = Envelope::read(&payload).expect("readable");
        prop_assert_eq!(read, written);
        prop_assert_eq!(encoding, BodyEncoding::Json);
        prop_assert_eq!(rest, &body[..]);
    }

    #[test]
    fn any_bytes_are_refused_or_read(payload: Vec<u8>) {
        let _outcome = Envelope::read(&payload);
    }
}

#[test]
fn the_first_version_is_read_too() {
    let written = envelope(Some("why".to_owned()));
    let mut payload = Vec::new();
    written.write(BodyEncoding::Json, &mut payload);
    payload.truncate(payload.len() - 3);
    payload[0] = 1;
    payload.extend_from_slice(b"body");
    assert_eq!(Envelope::read(&payload), Ok((written, BodyEncoding::Json, &b"body"[..])));
    payload[0] = 3;
    assert_eq!(Envelope::read(&payload), Err(EnvelopeError::Version(3)));
}

#[test]
fn a_cut_payload_is_refused_at_every_length() {
    let mut payload = Vec::new();
    envelope(None).write(BodyEncoding::Protobuf, &mut payload);
    for len in 0..payload.len() {
        assert!(Envelope::read(&payload[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn a_long_error_is_cut_at_a_character() {
    let written = envelope(Some("ä".repeat(40_000)));
    let mut payload = Vec::new();
    written.write(BodyEncoding::None, &mut payload);
    let (read, _, rest) = Envelope::read(&payload).expect("readable");
    assert_eq!(read.error.map(|error| error.len()), Some(65_534));
    assert!(rest.is_empty());
}
