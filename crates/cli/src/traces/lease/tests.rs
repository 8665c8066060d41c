use super::*;

const NOW: Duration = Duration::ZERO;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn one_has_it_and_the_next_one_gets_it() {
    let folder = folder();
    let first = Lease::take(folder.path(), NOW).unwrap().unwrap();
    assert!(Lease::take(folder.path(), NOW).unwrap().is_none());
    assert!(!first.is_lost());
    drop(first);
    assert!(!folder.path().join("send.lease").exists());
    assert!(Lease::take(folder.path(), NOW).unwrap().is_some());
}

#[test]
fn a_dead_owner_of_this_machine_is_known_at_once() {
    let folder = folder();
    fs::write(folder.path().join("send.lease"), format!("{} 1 x", host())).unwrap();
    assert!(Lease::take(folder.path(), NOW).unwrap().is_some());
}

#[test]
fn an_owner_on_another_machine_is_given_its_time() {
    let folder = folder();
    let lease = folder.path().join("send.lease");
    fs::write(&lease, "elsewhere 1 x").unwrap();
    assert!(Lease::take(folder.path(), NOW).unwrap().is_none());
    let old = crate::traces::queue::now() - STALE * 2;
    File::options().write(true).open(&lease).unwrap().set_modified(old).unwrap();
    let taken = Lease::take(folder.path(), NOW).unwrap().unwrap();
    assert!(fs::read_to_string(&lease).unwrap().starts_with(&taken.name));
}

#[test]
fn what_somebody_else_took_over_is_not_taken_away_from_them() {
    let folder = folder();
    let lease = Lease::take(folder.path(), NOW).unwrap().unwrap();
    fs::write(folder.path().join("send.lease"), "elsewhere 1 x").unwrap();
    drop(lease);
    assert_eq!(fs::read_to_string(folder.path().join("send.lease")).unwrap(), "elsewhere 1 x");
}

#[test]
fn of_many_at_once_one_has_it() {
    let folder = folder();
    let inside = AtomicBool::new(false);
    let turns = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let lease = Lease::take(folder.path(), Duration::from_mins(1)).unwrap().unwrap();
                assert!(!inside.swap(true, Ordering::SeqCst), "two have it");
                std::thread::yield_now();
                inside.store(false, Ordering::SeqCst);
                turns.fetch_add(1, Ordering::SeqCst);
                drop(lease);
            });
        }
    });
    assert_eq!(turns.into_inner(), 8);
}

#[test]
fn an_announcement_is_taken_once() {
    let folder = folder();
    assert!(!take_announcement(folder.path()));
    announce(folder.path()).unwrap();
    announce(folder.path()).unwrap();
    assert!(is_announced(folder.path()) && take_announcement(folder.path()) && !is_announced(folder.path()));
}
