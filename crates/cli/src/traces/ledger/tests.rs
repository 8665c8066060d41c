use super::*;

fn entry(path: &str, id: &str, state: State, at: &str) -> Entry {
    Entry {
        destination: "s3://b".to_owned(),
        kind: "build".to_owned(),
        id: id.to_owned(),
        path: PathBuf::from(path),
        bytes: 1,
        modified: 2,
        sha256: "ab".to_owned(),
        key: format!("type=build/{id}.csv"),
        is_ours: state == State::Sent,
        state,
        at: at.to_owned(),
        reason: None,
    }
}

const AT: &str = "2026-02-19T00:12:48.000000Z";

#[test]
fn the_last_line_of_a_file_counts_and_the_first_owner_of_an_id() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::load(folder.path()).unwrap();
    ledger.add(entry("/q/1.csv", "1", State::Sending, AT)).unwrap();
    ledger.add(entry("/q/1/trace.csv", "1", State::Sent, AT)).unwrap();
    ledger.add(entry("/q/1.csv", "1", State::Sent, AT)).unwrap();
    let ledger = Ledger::load(folder.path()).unwrap();
    assert_eq!(ledger.of_path("s3://b", Path::new("/q/1.csv")).unwrap().state, State::Sent);
    assert_eq!(ledger.of_id("s3://b", "build", "1").unwrap().path, Path::new("/q/1.csv"));
    assert!(ledger.of_path("s3://other", Path::new("/q/1.csv")).is_none());
    assert!(ledger.of_id("s3://b", "run", "1").is_none());
}

#[test]
fn half_a_line_is_skipped_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::load(folder.path()).unwrap();
    ledger.add(entry("/q/1.csv", "1", State::Sent, AT)).unwrap();
    let path = folder.path().join("sent.ndjson");
    let whole = fs::read(&path).unwrap();
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let mut ledger = Ledger::load(folder.path()).unwrap();
        ledger.add(entry("/q/2.csv", "2", State::Sent, AT)).unwrap();
        let ledger = Ledger::load(folder.path()).unwrap();
        assert!(ledger.of_path("s3://b", Path::new("/q/2.csv")).is_some(), "cut at {cut}");
    }
}

#[test]
fn files_that_are_gone_are_forgotten_though_each_was_sent_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::load(folder.path()).unwrap();
    for nth in 0..=OLD_LINES {
        let (path, id) = (format!("/gone/{nth}.csv"), nth.to_string());
        for state in [State::Sending, State::Sent] {
            ledger.add(entry(&path, &id, state, "2025-01-01T00:00:00.000000Z")).unwrap();
        }
    }
    ledger.tidy(Timestamp::parse(AT).unwrap()).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("sent.ndjson")).unwrap(), "");
}

#[test]
fn old_lines_go_and_what_counts_stays() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("here.csv");
    fs::write(&here, "x").unwrap();
    let mut ledger = Ledger::load(folder.path()).unwrap();
    let old = "2025-01-01T00:00:00.000000Z";
    ledger.add(entry("/gone/old.csv", "old", State::Sent, old)).unwrap();
    ledger.add(entry("/gone/new.csv", "new", State::Sent, AT)).unwrap();
    for _ in 0..1_100 {
        ledger.add(entry(here.to_str().unwrap(), "here", State::Sent, old)).unwrap();
    }
    ledger.tidy(Timestamp::parse(AT).unwrap()).unwrap();
    let text = fs::read_to_string(folder.path().join("sent.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 2);
    let ledger = Ledger::load(folder.path()).unwrap();
    let known = |path: &Path| ledger.of_path("s3://b", path).is_some();
    assert!(known(&here) && known(Path::new("/gone/new.csv")) && !known(Path::new("/gone/old.csv")));
}
