use std::fs;

use super::*;

const SEED: &str = include_str!("../../../../../fixtures/bricks/telemetry-record.yaml");

fn checked(text: &str) -> Checked {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("brick.yaml");
    fs::write(&file, text).expect("a file");
    let mut checked = Checked::of(file.to_str().expect("a UTF-8 path"), &Limits::default());
    "brick.yaml".clone_into(&mut checked.file);
    checked
}

#[test]
fn the_published_definition_is_ok() {
    let checked = checked(SEED);
    assert_eq!(checked.code(), 0);
    let report = checked.report.as_ref().expect("it can be read");
    assert_eq!(checked.summary(report), "brick.yaml (@pixies/telemetry/record 1.0.0): ok");
}

#[test]
fn an_error_is_told_with_its_place_and_what_to_do() {
    let checked = checked(&SEED.replace("mergeStrategy: replace", "mergeStrategy: replce"));
    assert_eq!(checked.code(), HAS_ERRORS);
    let answer = checked.to_json();
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["id"], "@pixies/telemetry/record");
    assert_eq!(
        answer["problems"],
        json!([{
            "severity": "error",
            "code": "value",
            "path": "pipeline[0].config.body[3].config.mergeStrategy",
            "line": 54,
            "column": 13,
            "message": "unknown value `replce`",
            "hint": "did you mean `replace`?",
        }])
    );
}

#[test]
fn warnings_alone_are_no_failure() {
    let checked = checked(&SEED.replace("apiVersion: v3", "apiVersion: v2"));
    assert_eq!(checked.code(), 0);
    let report = checked.report.as_ref().expect("it can be read");
    assert_eq!(checked.summary(report), "brick.yaml (@pixies/telemetry/record 1.0.0): ok, 1 warning");
}

#[test]
fn a_file_that_is_not_there_is_unreadable() {
    let checked = Checked::of("no/such/brick.yaml", &Limits::default());
    assert_eq!(checked.code(), UNREADABLE);
    assert_eq!(checked.to_json()["ok"], false);
}

#[test]
fn a_file_is_read_no_further_than_it_may_be() {
    let limits = Limits { bytes: 64, ..Limits::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("large.yaml");
    fs::write(&file, "x".repeat(1000)).expect("a file");
    assert_eq!(read(file.to_str().expect("a UTF-8 path"), &limits).expect("readable").len(), 65);
}
