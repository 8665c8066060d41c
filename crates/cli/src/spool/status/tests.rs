use super::*;
use crate::exit::Exit;

const NOW: Timestamp = Timestamp(1_772_355_600_000_000);

fn failed(next_seconds: i64) -> Status {
    let mut status = Status::default();
    let error = CliError::new(Exit::Unreachable, "x".repeat(1_000)).hint("do something");
    status.failed(NOW, &error, NOW.plus_micros(next_seconds * 1_000_000));
    status
}

#[test]
fn it_comes_back_as_it_was_saved() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::new(folder.path().to_path_buf(), super::super::Limits::default());
    assert_eq!(Status::load(&spool), Status::default());
    let mut status = failed(60);
    status.save(&spool).unwrap();
    assert_eq!(Status::load(&spool), status);
    assert_eq!((status.failures, status.trouble.as_ref().unwrap().message.len()), (1, MESSAGE_CHARS));
    status.succeeded(NOW, 7);
    assert_eq!((status.failures, &status.trouble, status.sent), (0, &None, 7));
    fs::write(folder.path().join("status.json"), "broken").unwrap();
    assert_eq!(Status::load(&spool), Status::default());
}

#[test]
fn a_hook_waits_for_the_next_attempt() {
    assert!(Status::default().is_due(NOW, None, true));
    let status = failed(60);
    assert!(!status.is_due(NOW, None, true));
    assert!(!status.is_due(NOW.plus_micros(59_000_000), None, true));
    assert!(status.is_due(NOW.plus_micros(60_000_000), None, true));
}

#[test]
fn a_new_configuration_is_tried_at_once() {
    let at = |seconds: u64| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let now = NOW.0.unsigned_abs() / 1_000_000;
    assert!(!failed(60).is_due(NOW, at(now - 1), false));
    assert!(failed(60).is_due(NOW, at(now + 1), false));
}

#[test]
fn a_clock_that_was_set_back_stops_nothing() {
    assert!(failed(2 * 3_600).is_due(NOW, None, true));
}

#[test]
fn a_key_that_was_missing_is_tried_at_once() {
    let mut status = Status::default();
    status.failed(NOW, &no_key(), NOW.plus_micros(60_000_000));
    assert!(status.is_due(NOW, None, true) && !status.is_due(NOW, None, false));
}
