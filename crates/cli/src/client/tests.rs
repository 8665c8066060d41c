use super::*;

#[test]
fn only_this_machine_is_loopback() {
    for server in ["http://127.0.0.1:4318", "http://localhost", "https://[::1]:1/x", "http://127.9.9.9"] {
        assert!(is_loopback(server), "{server}");
    }
    for server in ["http://localhost.example.com", "http://10.0.0.1", "http://[::2]", "http://example.com/127.0.0.1"] {
        assert!(!is_loopback(server), "{server}");
    }
}
