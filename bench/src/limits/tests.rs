use super::*;

#[test]
fn decoding_counts_what_it_decoded() {
    let result = decode(Shape::Small, Duration::from_millis(30)).unwrap();
    let requests = result["requests"].as_u64().unwrap();
    assert!(requests > 0);
    assert_eq!(result["records"].as_u64().unwrap(), requests * 13);
}

#[test]
fn syncing_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let result = fdatasync(dir.path(), 512, 5).unwrap();
    assert_eq!(result["count"], 5);
    assert!(result["micros"]["p50"].as_u64() <= result["micros"]["max"].as_u64());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_missing_folder_is_named() {
    let error = fdatasync(Path::new("/nowhere/at/all"), 1, 1).unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"));
}
