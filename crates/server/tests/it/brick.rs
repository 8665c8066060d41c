//! `modlaked brick check` as scripts and editors meet it: exit codes, and what stands on which output.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::architecture::root;

/// In the folder of the fixtures, with `input` on standard input.
fn check(arguments: &[&str], input: &str) -> Output {
    let mut modlaked = Command::new(env!("CARGO_BIN_EXE_modlaked"))
        .args(["brick", "check"])
        .args(arguments)
        .current_dir(root().join("fixtures/bricks"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("modlaked starts");
    let mut stdin = modlaked.stdin.take().expect("a standard input");
    stdin.write_all(input.as_bytes()).expect("it is read");
    drop(stdin);
    modlaked.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_good_definition_is_0_and_says_nothing_on_standard_output() {
    let output = check(&["telemetry-record.yaml"], "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(text(&output.stderr), "telemetry-record.yaml (@pixies/telemetry/record 1.0.0): ok\n");
}

#[test]
fn errors_are_1_and_stand_in_lines_that_editors_read() {
    let output = check(&["telemetry-record.yaml", "bad/unquoted-variable.yaml", "bad/missing-kind.yaml"], "");
    assert_eq!(output.status.code(), Some(1));
    let stdout = text(&output.stdout);
    assert!(stdout.starts_with("bad/unquoted-variable.yaml:19:23: error[syntax]: this is no YAML: "), "{stdout}");
    let missing = "bad/missing-kind.yaml:1:1: error[missing]: kind: Component definition is missing a 'kind' property\n  \
                   hint: write `kind: component`\n";
    assert!(stdout.ends_with(missing), "{stdout}");
}

#[test]
fn a_file_that_cannot_be_read_is_2_whatever_the_others_are() {
    let output = check(&["bad/missing-kind.yaml", "no-such.yaml", "telemetry-record.yaml"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no-such.yaml: cannot be read: "), "{}", text(&output.stderr));
}

#[test]
fn standard_input_and_json_are_for_scripts() {
    let output = check(&["--json", "-", "no-such.yaml"], "kind: reader\n");
    assert_eq!(output.status.code(), Some(2));
    let answers: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answers[0]["file"], "-");
    assert_eq!(answers[0]["problems"][0]["path"], "kind");
    assert_eq!(answers[0]["problems"][0]["line"], 1);
    assert_eq!(answers[1]["ok"], false);
    assert!(answers[1]["error"].is_string());
}
