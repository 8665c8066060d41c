use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const SMALL: Limits = Limits { total_bytes: 1_000, files: 20, segment_bytes: 100 };

fn spool(limits: Limits) -> (tempfile::TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::new(folder.path().join("state").join("spool"), limits);
    (folder, spool)
}

fn record(n: usize) -> Vec<u8> {
    format!(r#"{{"n":{n}}}"#).into_bytes()
}

/// All that is sealed.
fn all(spool: &Spool) -> Vec<String> {
    let records = spool.sealed().unwrap().iter().flat_map(|segment| segment.read().unwrap().whole).collect::<Vec<_>>();
    records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect()
}

fn number(text: &str, key: &str) -> Option<u64> {
    serde_json::from_str::<serde_json::Value>(text).unwrap()[key].as_u64()
}

#[test]
fn records_come_out_as_they_went_in_once_sealed() {
    let (_folder, spool) = spool(Limits::default());
    spool.append(Agent::Claude, &record(1)).unwrap();
    spool.append(Agent::Codex, &record(2)).unwrap();
    spool.append(Agent::Claude, &record(3)).unwrap();
    assert_eq!(spool.sealed().unwrap(), []);
    spool.seal().unwrap();
    let sealed = spool.sealed().unwrap();
    assert_eq!(sealed.iter().map(|segment| segment.agent).collect::<Vec<_>>(), [Agent::Claude, Agent::Codex]);
    assert_eq!(all(&spool), [r#"{"n":1}"#, r#"{"n":3}"#, r#"{"n":2}"#]);
    sealed[0].remove().unwrap();
    sealed[0].remove().unwrap();
    assert_eq!(sealed[0].read().unwrap(), Lines::default());
    assert_eq!(all(&spool), [r#"{"n":2}"#]);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_folder, spool) = spool(Limits::default());
    spool.append(Agent::Claude, &record(1)).unwrap();
    spool.set_aside(Agent::Claude, &record(2)).unwrap();
    drop(spool.lock_sending().unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut seen = 0;
    for folder in [spool.folder().to_path_buf(), spool.folder().join("rejected")] {
        assert_eq!(mode(&folder), 0o700);
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            assert_eq!(mode(&entry), 0o600, "{}", entry.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn half_a_record_costs_only_itself() {
    let (_folder, spool) = spool(Limits::default());
    spool.append(Agent::Claude, &record(1)).unwrap();
    open_to_append(&spool.open_path(Agent::Claude)).unwrap().write_all(br#"{"n":2,"te"#).unwrap();
    spool.append(Agent::Claude, &record(3)).unwrap();
    // What a power cut may leave.
    open_to_append(&spool.open_path(Agent::Claude)).unwrap().write_all(b"\0\0\0\0").unwrap();
    spool.seal().unwrap();
    let lines = spool.sealed().unwrap()[0].read().unwrap();
    assert_eq!(lines, Lines { whole: vec![record(1), record(3)], torn: 2 });
}

#[test]
fn the_oldest_make_room_and_their_number_is_told() {
    let (_folder, spool) = spool(SMALL);
    for n in 0..500 {
        spool.append(Agent::Claude, &record(n)).unwrap();
        spool.append(Agent::Cursor, &record(n)).unwrap();
        let bytes: u64 = fs::read_dir(spool.folder())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().extension().is_none_or(|extension| extension != "json"))
            .map(|entry| entry.metadata().unwrap().len())
            .sum();
        assert!(bytes <= SMALL.total_bytes, "{bytes}");
    }
    let state = spool.state().unwrap();
    assert_eq!(state.records + state.dropped, 1_000);
    assert!(state.dropped > 800, "{state:?}");
    spool.seal().unwrap();
    let left = all(&spool);
    assert!(left.iter().all(|text| number(text, "n").unwrap() > 400), "{left:?}");
    assert!(left.iter().any(|text| number(text, "spool_dropped").is_some()), "{left:?}");
}

#[test]
fn what_was_dropped_is_told_once() {
    let (_folder, spool) = spool(SMALL);
    let mut told = 0;
    for n in 0..300 {
        spool.append(Agent::Codex, &record(n)).unwrap();
        let newest = fs::read_to_string(spool.open_path(Agent::Codex)).unwrap();
        told += number(newest.lines().last().unwrap(), "spool_dropped").unwrap_or(0);
    }
    assert_eq!(told, spool.dropped());
    assert!(told > 100);
}

#[test]
fn many_files_make_room_too() {
    let (_folder, spool) = spool(Limits { files: 3, ..Limits::default() });
    private::create_folder(spool.folder()).unwrap();
    let _busy = spool.lock("write.lock", Duration::ZERO).unwrap().unwrap();
    for n in 0..10 {
        spool.append(Agent::Claude, &record(n)).unwrap();
    }
    let sealed = spool.sealed().unwrap().len();
    assert_eq!((sealed, spool.dropped()), (4, 6));
}

#[test]
fn who_cannot_have_the_lock_writes_a_segment_of_its_own() {
    let (_folder, spool) = spool(Limits::default());
    spool.append(Agent::Claude, &record(1)).unwrap();
    let busy = spool.lock("write.lock", Duration::ZERO).unwrap().unwrap();
    let start = Instant::now();
    spool.append(Agent::Claude, &record(2)).unwrap();
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(all(&spool), [r#"{"n":2}"#]);
    spool.seal().unwrap();
    assert_eq!(all(&spool).len(), 1);
    drop(busy);
    spool.seal().unwrap();
    assert_eq!(all(&spool).len(), 2);
}

#[test]
fn one_process_sends() {
    let (_folder, spool) = spool(Limits::default());
    assert!(spool.lock_sending().unwrap().is_none() && !spool.folder().exists());
    spool.append(Agent::Claude, &record(1)).unwrap();
    let first = spool.lock_sending().unwrap();
    assert!(first.is_some() && spool.lock_sending().unwrap().is_none());
    drop(first);
    assert!(spool.lock_sending().unwrap().is_some());
}

#[test]
fn rejected_records_are_bounded() {
    let (_folder, spool) = spool(Limits::default());
    private::create_folder(spool.folder()).unwrap();
    for n in 0..REJECTED_FILES + 5 {
        spool.set_aside(Agent::Claude, &record(n)).unwrap();
    }
    assert_eq!(spool.state().unwrap().rejected, REJECTED_FILES as u64);
    let large = format!(r#"{{"n":"{}"}}"#, "x".repeat(usize::try_from(REJECTED_BYTES).unwrap() - 100)).into_bytes();
    spool.set_aside(Agent::Claude, &large).unwrap();
    assert!(spool.state().unwrap().rejected < 12);
}

#[test]
fn a_record_that_is_too_large_is_an_error() {
    let (_folder, spool) = spool(Limits::default());
    assert!(spool.append(Agent::Claude, &vec![b' '; RECORD_BYTES + 1]).is_err());
}

#[test]
fn sweeping_leaves_what_is_being_written() {
    let (_folder, spool) = spool(Limits::default());
    spool.append(Agent::Claude, &record(1)).unwrap();
    let [old, new] = ["old.part", "new.part"].map(|name| spool.folder().join(name));
    for path in [&old, &new] {
        fs::write(path, "x").unwrap();
    }
    let long_ago = fs::metadata(&old).unwrap().modified().unwrap() - 2 * PART_AGE;
    File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    spool.sweep().unwrap();
    assert!(!old.exists() && new.exists());
    assert_eq!(spool.state().unwrap().records, 1);
}

#[test]
fn the_state_knows_the_oldest_record() {
    let (_folder, spool) = spool(Limits::default());
    assert_eq!(spool.state().unwrap(), State::default());
    spool.append(Agent::Claude, br#"{"timestamp":"2026-03-01T09:00:00.000Z"}"#).unwrap();
    spool.append(Agent::Codex, br#"{"timestamp":"2026-02-01T09:00:00.000Z"}"#).unwrap();
    let state = spool.state().unwrap();
    assert_eq!((state.records, state.oldest), (2, Timestamp::parse("2026-02-01T09:00:00Z")));
}

#[test]
fn hooks_of_all_agents_and_a_sender_lose_nothing_to_each_other() {
    const EACH: usize = 150;
    let (_folder, spool) = spool(Limits { segment_bytes: 400, ..Limits::default() });
    let done = AtomicBool::new(false);
    let taken = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut taken = Vec::new();
            loop {
                let last = done.load(Ordering::SeqCst);
                if spool.folder().exists() {
                    spool.seal().unwrap();
                    for segment in spool.sealed().unwrap() {
                        let lines = segment.read().unwrap();
                        assert_eq!(lines.torn, 0);
                        taken.extend(lines.whole);
                        segment.remove().unwrap();
                    }
                }
                if last {
                    return taken;
                }
            }
        });
        let hooks: Vec<_> = (0..6)
            .map(|hook| {
                let spool = &spool;
                scope.spawn(move || {
                    for n in 0..EACH {
                        spool.append(Agent::ALL[hook % 3], &record(hook * EACH + n)).unwrap();
                    }
                })
            })
            .collect();
        for hook in hooks {
            hook.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        sender.join().unwrap()
    });
    assert_eq!(taken.len(), 6 * EACH);
    assert_eq!(taken.iter().collect::<HashSet<_>>().len(), 6 * EACH);
}
