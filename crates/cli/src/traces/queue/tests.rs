use super::*;

struct Queue(tempfile::TempDir);

impl Queue {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn found(&self) -> Vec<String> {
        let found = find(self.0.path(), Wanted::default());
        let shown = |file: &TraceFile| format!("{} {}", file.kind, file.id.as_deref().unwrap_or("?"));
        found.files.iter().map(shown).collect()
    }
}

#[test]
fn all_namings_of_all_types_at_any_depth_are_found() {
    let queue = Queue::new();
    queue.write("build/trace-20260219000719-cYGAL.csv", "x");
    queue.write("run/20260219145356-EWS22/trace.csv", "x");
    queue.write("sync/20260219000000-AAAAA.csv", "x");
    queue.write("mcp/a/b/20260219000000-BBBBB.csv", "x");
    queue.write("publish/trace.csv", "x");
    queue.write("newer-type/20260219000000-CCCCC.csv", "x");
    assert_eq!(
        queue.found(),
        [
            "build 20260219000719-cYGAL",
            "mcp 20260219000000-BBBBB",
            "newer-type 20260219000000-CCCCC",
            "publish ?",
            "run 20260219145356-EWS22",
            "sync 20260219000000-AAAAA",
        ]
    );
}

#[test]
fn what_is_not_for_us_is_left_alone() {
    let queue = Queue::new();
    queue.write("rejected/build/1.csv", "x");
    queue.write("build/rejected/1.csv", "x");
    queue.write("build/a/failed/1.csv", "x");
    queue.write("build/trace.json", "x");
    queue.write("build/1.csv.lock", "");
    queue.write("Build/1.csv", "x");
    queue.write("loose.csv", "x");
    #[cfg(unix)]
    std::os::unix::fs::symlink(queue.write("../elsewhere.csv", "x"), queue.0.path().join("build/2.csv")).unwrap();
    assert_eq!(queue.found(), Vec::<String>::new());
    fs::remove_file(queue.0.path().join("../elsewhere.csv")).unwrap();
}

#[test]
fn files_being_written_and_empty_ones_are_counted() {
    let queue = Queue::new();
    let locked = queue.write("build/1/trace.csv", "x");
    let lock = queue.write("build/1/trace.csv.lock", "");
    queue.write("build/2.csv", "");
    let found = find(queue.0.path(), Wanted::default());
    assert_eq!((found.files.len(), found.locked, found.empty), (0, 1, 1));

    let old = now() - STALE_LOCK * 2;
    for file in [locked, lock] {
        fs::File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
    }
    assert_eq!(queue.found(), ["build 1"], "a lock that was forgotten");
}

#[test]
fn a_queue_that_is_not_there_is_empty() {
    let found = find(Path::new("/not/there"), Wanted::default());
    assert!(found.files.is_empty() && found.unreadable.is_empty());
}

#[test]
fn only_what_is_new_is_looked_at_and_no_longer_than_that() {
    let queue = Queue::new();
    let old = queue.write("build/1.csv", "x");
    fs::File::options().write(true).open(old).unwrap().set_modified(now() - Duration::from_mins(1)).unwrap();
    queue.write("build/2.csv", "x");
    let since = Wanted { since: Some(now() - Duration::from_secs(30)), until: None };
    assert_eq!(find(queue.0.path(), since).files.len(), 1);
    let over = Wanted { since: None, until: Some(Instant::now()) };
    assert!(!find(queue.0.path(), over).is_cut, "a small queue is seen whole");
    for number in 0..SMALL {
        queue.write(&format!("run/{number}.csv"), "x");
    }
    assert!(find(queue.0.path(), over).is_cut);
}
